"""The configurations of access token managers: reference tokens and JWTs (rows S171, S172 of the reference)."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Minutes, OneWord, Text, Url, WholeNumber
from ostiary.server_settings.configuration import SealedKind, SealedValue, Table
from ostiary.words import ContentEncryption, KeyManagement, SigningAlgorithm, Spelled, Word

MOST_MINUTES = 60 * 24 * 366 * 10


class ExtensionPolicy(Word):
    """Whether looking at a reference token prolongs its life."""

    NONE = Spelled("NONE", label="None")
    TRANSIENT = Spelled("TRANSIENT", label="Transient grants only", also=("TRANSIENT_GRANTS", "Transient"))
    ALL = Spelled("ALL", label="All", also=("ALL_GRANTS",))


class KeyEncoding(Word):
    """How the text of a symmetric key stands for its bytes."""

    BASE64URL = Spelled("b64u", label="Base64url", also=("b64url", "base64url"))
    HEX = Spelled("hex", label="Hexadecimal")
    TEXT = Spelled("text", label="Text", also=("utf-8", "plain", "none"))


@section("Reference Tokens")
class ReferenceConfiguration:
    """Tokens that mean nothing until the server is asked."""

    token_length: int = setting(
        kind=WholeNumber(at_least=22, at_most=256, unit="characters"),
        default=28,
        label="Token Length",
        help="How many characters a token has.",
        admin="Token Length",
    )
    token_lifetime_minutes: int = setting(
        kind=Minutes(at_least=1, at_most=MOST_MINUTES),
        default=120,
        label="Token Lifetime",
        help="How many minutes a token counts.",
        admin="Token Lifetime",
    )
    lifetime_extension_policy: ExtensionPolicy = setting(
        kind=OneWord(ExtensionPolicy),
        default=ExtensionPolicy.NONE,
        label="Lifetime Extension Policy",
        help="Which tokens live longer when somebody asks about them.",
        admin="Lifetime Extension Policy",
    )
    maximum_lifetime_minutes: int | None = setting(
        kind=Minutes(at_least=1, at_most=MOST_MINUTES),
        default=None,
        label="Maximum Token Lifetime",
        help="How many minutes a token counts at most, however often it is prolonged; empty: no limit.",
        admin="Maximum Token Lifetime",
    )
    extension_threshold_percent: int = setting(
        kind=WholeNumber(at_least=1, at_most=100),
        default=30,
        label="Lifetime Extension Threshold Percentage",
        help="A token is prolonged when less than this share of its life is left.",
        admin="Lifetime Extension Threshold Percentage",
    )
    rpc_mode: int = setting(
        kind=WholeNumber(at_least=0, at_most=100),
        default=3,
        label="Mode for Synchronous RPC",
        help="Kept for older tools; it has no effect here.",
        admin="Mode for Synchronous RPC",
    )
    rpc_timeout_ms: int = setting(
        kind=WholeNumber(at_least=0, at_most=600_000),
        default=500,
        label="RPC Timeout",
        help="Kept for older tools; it has no effect here.",
        admin="RPC Timeout",
    )
    expand_scope_groups: bool = setting(
        kind=Flag(),
        default=False,
        label="Expand Scope Groups",
        help="Names the members of a scope group instead of the group.",
        admin="Expand Scope Groups",
    )


@section("Symmetric Key")
class SymmetricKey:
    """A key of the table Symmetric Keys."""

    key_id: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Key ID",
        help="The name of the key; no other manager may use it.",
        admin=key("Key ID", required=True),
    )
    key: SealedValue | None = setting(
        kind=SealedKind(),
        default=None,
        label="Key",
        help="The key itself.",
        admin=key("Key", required=True),
    )
    encoding: KeyEncoding = setting(
        kind=OneWord(KeyEncoding),
        default=KeyEncoding.BASE64URL,
        label="Encoding",
        help="How the key is written.",
        admin="Encoding",
    )


@section("Certificate")
class CertificateKey:
    """A key of the table Certificates."""

    key_id: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Key ID",
        help="The name of the key; no other manager may use it.",
        admin=key("Key ID", required=True),
    )
    certificate: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Certificate",
        help="The id of a signing key pair of the server.",
        admin=key("Certificate", required=True),
    )


@section("JWT Access Tokens")
class JwtConfiguration:
    """RFC 9068: tokens that a resource server can check by itself."""

    token_lifetime_minutes: int = setting(
        kind=Minutes(at_least=1, at_most=MOST_MINUTES),
        default=120,
        label="Token Lifetime",
        help="How many minutes a token counts.",
        admin="Token Lifetime",
    )
    use_central_key: bool = setting(
        kind=Flag(),
        default=False,
        label="Use Centralized Signing Key",
        help="Signs with the server's own keys, which are rotated and published.",
        admin="Use Centralized Signing Key",
    )
    algorithm: SigningAlgorithm | None = setting(
        kind=OneWord(SigningAlgorithm),
        default=None,
        label="JWS Algorithm",
        help="How tokens are signed; empty only for tokens that are encrypted with a symmetric key.",
        admin="JWS Algorithm",
        source="RFC 7518 §3.1",
    )
    active_symmetric_key: str | None = setting(
        kind=Text(at_most=256),
        default=None,
        label="Active Symmetric Key ID",
        help="The symmetric key that signs.",
        admin="Active Symmetric Key ID",
    )
    active_certificate_key: str | None = setting(
        kind=Text(at_most=256),
        default=None,
        label="Active Signing Certificate Key ID",
        help="The certificate whose key signs.",
        admin="Active Signing Certificate Key ID",
    )
    encryption: KeyManagement | None = setting(
        kind=OneWord(KeyManagement),
        default=None,
        label="JWE Algorithm",
        help="How the key of the content is protected; empty: tokens are not encrypted.",
        admin="JWE Algorithm",
        source="RFC 7518 §4.1",
    )
    content_encryption: ContentEncryption | None = setting(
        kind=OneWord(ContentEncryption),
        default=None,
        label="JWE Content Encryption Algorithm",
        help="How the content is encrypted; goes with the JWE algorithm.",
        admin="JWE Content Encryption Algorithm",
        source="RFC 7518 §5.1",
    )
    active_encryption_key: str | None = setting(
        kind=Text(at_most=256),
        default=None,
        label="Active Symmetric Encryption Key ID",
        help="The symmetric key that encrypts.",
        admin="Active Symmetric Encryption Key ID",
    )
    encryption_jwk: str | None = setting(
        kind=Text(at_most=16384),
        default=None,
        label="Asymmetric Encryption Key",
        help="The public JWK of those who read the tokens.",
        admin="Asymmetric Encryption Key",
    )
    encryption_jwks_url: str | None = setting(
        kind=Url(),
        default=None,
        label="Asymmetric Encryption JWKS URL",
        help="Where their keys are published.",
        admin="Asymmetric Encryption JWKS URL",
    )
    enable_revocation: bool = setting(
        kind=Flag(),
        default=False,
        label="Enable Token Revocation",
        help="A token can be revoked; needs a JWT ID of at least 22 characters and the client ID claim.",
        admin="Enable Token Revocation",
        source="RFC 7009 §2",
    )
    include_key_id: bool = setting(
        kind=Flag(),
        default=True,
        label="Include Key ID Header Parameter",
        help="Says which key signed, in kid.",
        admin="Include Key ID Header Parameter",
    )
    include_thumbprint: bool = setting(
        kind=Flag(),
        default=False,
        label="Include X.509 Thumbprint Header Parameter",
        help="Says which certificate's key signed, in x5t.",
        admin="Include X.509 Thumbprint Header Parameter",
    )
    jwks_url_cache_minutes: int = setting(
        kind=Minutes(at_least=0, at_most=MOST_MINUTES),
        default=720,
        label="Default JWKS URL Cache Duration",
        help="How many minutes fetched keys are kept when their answer does not say.",
        admin="Default JWKS URL Cache Duration",
    )
    include_encryption_key_id: bool = setting(
        kind=Flag(),
        default=True,
        label="Include JWE Key ID Header Parameter",
        help="Says which key encrypted, in kid.",
        admin="Include JWE Key ID Header Parameter",
    )
    include_encryption_thumbprint: bool = setting(
        kind=Flag(),
        default=False,
        label="Include JWE X.509 Thumbprint Header Parameter",
        help="Says which certificate's key encrypted, in x5t.",
        admin="Include JWE X.509 Thumbprint Header Parameter",
    )
    client_id_claim: str = setting(
        kind=Text(at_most=256, keeps_empty=True),
        default="client_id",
        label="Client ID Claim Name",
        help="The claim that names the client; empty: none.",
        admin="Client ID Claim Name",
        source="RFC 9068 §2.2",
    )
    scope_claim: str = setting(
        kind=Text(at_most=256, keeps_empty=True),
        default="scope",
        label="Scope Claim Name",
        help="The claim that holds the scopes; empty: none.",
        admin="Scope Claim Name",
        source="RFC 9068 §2.2.3",
    )
    space_delimit_scope: bool = setting(
        kind=Flag(),
        default=True,
        label="Space Delimit Scope Values",
        help="Writes the scopes as one text instead of a list.",
        admin="Space Delimit Scope Values",
        source="RFC 8693 §4.2",
    )
    authorization_details_claim: str = setting(
        kind=Text(at_most=256, keeps_empty=True),
        default="authorization_details",
        label="Authorization Details Claim Name",
        help="The claim that holds the authorization details; empty: none.",
        admin="Authorization Details Claim Name",
        source="RFC 9396 §9.1",
    )
    issuer_claim: str = setting(
        kind=Text(at_most=2048),
        default="",
        label="Issuer Claim Value",
        help="What iss says; empty: the issuer of the server.",
        admin="Issuer Claim Value",
        source="RFC 9068 §2.2",
    )
    audience_claim: str = setting(
        kind=Text(at_most=2048),
        default="",
        label="Audience Claim Value",
        help="What aud says; empty: the issuer of the server, unless the client named a resource.",
        admin="Audience Claim Value",
        source="RFC 9068 §3",
    )
    not_before_offset_minutes: int | None = setting(
        kind=Minutes(at_least=0, at_most=MOST_MINUTES),
        default=None,
        label="Not Before Claim Offset",
        help="How many minutes before its issuance a token counts already, in nbf; empty: no such claim.",
        admin="Not Before Claim Offset",
    )
    include_issued_at: bool = setting(
        kind=Flag(),
        default=False,
        label="Include Issued At Claim",
        help="Says when the token was made, in iat.",
        admin="Include Issued At Claim",
        source="RFC 9068 §2.2",
    )
    jwt_id_length: int = setting(
        kind=WholeNumber(at_least=0, at_most=256, unit="characters"),
        default=22,
        label="JWT ID Claim Length",
        help="How many characters jti has; 0: no such claim.",
        admin="JWT ID Claim Length",
        source="RFC 9068 §2.2",
    )
    grant_id_claim: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Access Grant GUID Claim Name",
        help="The claim that names the persistent grant; empty: none.",
        admin="Access Grant GUID Claim Name",
    )
    jwks_path: str = setting(
        kind=Text(at_most=256),
        default="",
        label="JWKS Endpoint Path",
        help="A path of its own at which the keys of this manager are published; empty: none.",
        admin="JWKS Endpoint Path",
    )
    jwks_cache_minutes: int = setting(
        kind=Minutes(at_least=0, at_most=MOST_MINUTES),
        default=720,
        label="JWKS Endpoint Cache Duration",
        help="How many minutes others may keep them.",
        admin="JWKS Endpoint Cache Duration",
    )
    publish_key_id_url: bool = setting(
        kind=Flag(),
        default=False,
        label="Publish Key ID X.509 URL",
        help="Publishes the certificates by key ID.",
        admin="Publish Key ID X.509 URL",
    )
    publish_thumbprint_url: bool = setting(
        kind=Flag(),
        default=False,
        label="Publish Thumbprint X.509 URL",
        help="Publishes the certificates by thumbprint.",
        admin="Publish Thumbprint X.509 URL",
    )
    expand_scope_groups: bool = setting(
        kind=Flag(),
        default=False,
        label="Expand Scope Groups",
        help="Names the members of a scope group instead of the group.",
        admin="Expand Scope Groups",
    )
    type_header: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Type Header Value",
        help="What typ in the header says, such as at+jwt; empty: nothing.",
        admin="Type Header Value",
        source="RFC 9068 §2.1",
    )
    publish_keys_centrally: bool = setting(
        kind=Flag(),
        default=False,
        label="Publish Keys to the PingFederate JWKS Endpoint",
        help="Adds the keys of this manager to the key set of the server.",
        admin=key("Publish Keys to the PingFederate JWKS Endpoint", aliases=("Publish Keys to the JWKS Endpoint",)),
    )
    symmetric_keys: tuple[SymmetricKey, ...] = setting(
        kind=Table(SymmetricKey),
        default=(),
        label="Symmetric Keys",
        help="Keys for signatures by HMAC and for symmetric encryption.",
        admin="Symmetric Keys",
    )
    certificates: tuple[CertificateKey, ...] = setting(
        kind=Table(CertificateKey),
        default=(),
        label="Certificates",
        help="Key pairs for asymmetric signatures.",
        admin="Certificates",
    )
