"""Closed vocabularies and their spellings.

A member equals its spelling on the wire. Each dialect may spell it otherwise: we read every spelling in any letter
case, and write the dialect's own.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum, unique
from functools import cache
from typing import Self, TypeVar


@unique
class Dialect(Enum):
    """The four ways to write a client down."""

    ADMIN = "admin"
    """The administrative API."""
    LEGACY = "legacy"
    """The REST client management service on the runtime port."""
    REGISTRATION = "registration"
    """Client metadata of RFC 7591 and OpenID Connect."""
    PORTAL = "portal"
    """The object of the developer portal's applications."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """How a word is written. What is left out is as on the wire."""

    wire: str
    admin: str = ""
    legacy: str = ""
    portal: str = ""
    label: str = ""
    also: tuple[str, ...] = ()
    """Spellings that are read and never written."""


class Word(StrEnum):
    """One word of a closed vocabulary."""

    _spelled: Spelled

    def __new__(cls, spelled: Spelled | str) -> Self:
        """A plain string is a word that everybody spells alike."""
        own = Spelled(spelled) if isinstance(spelled, str) else spelled
        word = str.__new__(cls, own.wire)
        word._value_ = own.wire
        word._spelled = own  # noqa: SLF001 - of the object being made
        return word

    @property
    def label(self) -> str:
        """What people read in the console."""
        return self._spelled.label or self._spelled.wire

    def written(self, dialect: Dialect) -> str:
        """The spelling of the dialect."""
        if dialect is Dialect.ADMIN:
            return self._spelled.admin or self._spelled.wire
        if dialect is Dialect.LEGACY:
            return self._spelled.legacy or self._spelled.wire
        if dialect is Dialect.PORTAL:
            return self._spelled.portal or self._spelled.wire
        return self._spelled.wire

    def spellings(self) -> tuple[str, ...]:
        """Every spelling there is, the wire's first."""
        own = self._spelled
        every = (own.wire, own.admin, own.legacy, own.portal, *own.also)
        return tuple(dict.fromkeys(spelling for spelling in every if spelling))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The word meant by any of its spellings, in any letter case; None when there is none."""
        return _by_spelling(cls).get(text.strip().casefold())


_W = TypeVar("_W", bound=Word)


@cache
def _by_spelling(vocabulary: type[_W]) -> dict[str, _W]:
    return {spelling.casefold(): word for word in vocabulary for spelling in word.spellings()}


# What a client may do -----------------------------------------------------------------------------------------------


class GrantType(Word):
    """RFC 6749 §1.3 and its relatives, as ``grant_type`` says them."""

    AUTHORIZATION_CODE = Spelled("authorization_code", admin="AUTHORIZATION_CODE", label="Authorization Code")
    IMPLICIT = Spelled("implicit", admin="IMPLICIT", label="Implicit")
    REFRESH_TOKEN = Spelled("refresh_token", admin="REFRESH_TOKEN", label="Refresh Token")
    CLIENT_CREDENTIALS = Spelled("client_credentials", admin="CLIENT_CREDENTIALS", label="Client Credentials")
    DEVICE_CODE = Spelled(
        "urn:ietf:params:oauth:grant-type:device_code", admin="DEVICE_CODE", label="Device Authorization Grant"
    )
    CIBA = Spelled("urn:openid:params:grant-type:ciba", admin="CIBA", label="CIBA")
    TOKEN_EXCHANGE = Spelled(
        "urn:ietf:params:oauth:grant-type:token-exchange", admin="TOKEN_EXCHANGE", label="Token Exchange"
    )
    PASSWORD = Spelled("password", admin="RESOURCE_OWNER_CREDENTIALS", label="Resource Owner Password Credentials")
    EXTENSION = Spelled(
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        admin="EXTENSION",
        legacy="extension",
        label="Assertion Grants",
        also=("urn:ietf:params:oauth:grant-type:saml2-bearer",),
    )
    """RFC 7523, RFC 7522: one permission for both assertion grants."""
    ACCESS_TOKEN_VALIDATION = Spelled(
        "urn:pingidentity.com:oauth2:grant_type:validate_bearer",
        admin="ACCESS_TOKEN_VALIDATION",
        label="Access Token Validation (Client is a Resource Server)",
    )


JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SAML2_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"


class ResponseType(Word):
    """OAuth multiple response types §5: the order of the words inside one does not matter."""

    CODE = "code"
    CODE_ID_TOKEN = Spelled("code id_token", also=("code_id_token",))
    CODE_ID_TOKEN_TOKEN = Spelled("code id_token token", also=("code_id_token_token",))
    CODE_TOKEN = Spelled("code token", also=("code_token",))
    ID_TOKEN = "id_token"  # noqa: S105 - a word, not a password
    ID_TOKEN_TOKEN = Spelled("id_token token", also=("id_token_token",))
    TOKEN = "token"  # noqa: S105 - a word, not a password

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Any order, any letter case, and the portal's underscores."""
        return _by_spelling(cls).get(text.strip().casefold()) or _response_types().get(_words_of(text.casefold()))

    @classmethod
    def requested(cls, text: str) -> "ResponseType | None":
        """What a request asks for: in any order, but in the letters of the specification."""
        return _response_types_by_text().get(text) or _response_types().get(_words_of(text))

    @property
    def words(self) -> frozenset[str]:
        """The single response types it is made of."""
        return _words_of(self)

    @property
    def grant_types(self) -> frozenset[GrantType]:
        """The grant types it needs: the code's, the implicit one, or for hybrid types both."""
        return _grant_types(self)


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


@cache
def _grant_types(response_type: ResponseType) -> frozenset[GrantType]:
    needs = set()
    if "code" in response_type.words:
        needs.add(GrantType.AUTHORIZATION_CODE)
    if response_type.words - {"code"}:
        needs.add(GrantType.IMPLICIT)
    return frozenset(needs)


@cache
def _response_types_by_text() -> dict[str, ResponseType]:
    return {str(member): member for member in ResponseType}


@cache
def _response_types() -> dict[frozenset[str], ResponseType]:
    return {member.words: member for member in ResponseType}


class ClientAuth(Word):
    """How a client proves who it is."""

    NONE = Spelled("none", admin="NONE", label="None")
    SECRET = Spelled(
        "client_secret_basic", admin="SECRET", legacy="SECRET", label="Client Secret", also=("client_secret_post",)
    )
    CERTIFICATE = Spelled("tls_client_auth", admin="CERTIFICATE", legacy="CLIENT_CERT", label="Client TLS Certificate")
    PRIVATE_KEY_JWT = Spelled(
        "private_key_jwt", admin="PRIVATE_KEY_JWT", legacy="PRIVATE_KEY_JWT", label="Private Key JWT"
    )
    CLIENT_SECRET_JWT = Spelled(
        "client_secret_jwt", admin="CLIENT_SECRET_JWT", legacy="CLIENT_SECRET_JWT", label="Client Secret JWT"
    )
    SELF_SIGNED_CERTIFICATE = Spelled(
        "self_signed_tls_client_auth",
        admin="SELF_SIGNED_CERTIFICATE",
        legacy="SELF_SIGNED_CERT",
        label="Self-Signed TLS Certificate",
    )


class AuthMethod(Word):
    """OpenID Connect Core §9, RFC 8705: the methods as metadata tells them apart."""

    NONE = "none"
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a word, not a password
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - a word, not a password
    CLIENT_SECRET_JWT = "client_secret_jwt"  # noqa: S105 - a word, not a password
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"
    SELF_SIGNED_TLS_CLIENT_AUTH = "self_signed_tls_client_auth"

    @property
    def client_auth(self) -> ClientAuth:
        """The configured type that allows it."""
        found = ClientAuth.read(self)
        assert found is not None
        return found


class ApplicationType(Word):
    """OpenID Connect Registration §2."""

    WEB = Spelled("web", label="Web")
    NATIVE = Spelled("native", label="Native")


# Algorithms ---------------------------------------------------------------------------------------------------------


class SigningAlgorithm(Word):
    """JWS ``alg`` (RFC 7518 §3, RFC 8037)."""

    NONE = Spelled("none", admin="NONE", label="No signing algorithm")
    RS256 = Spelled("RS256", label="RSA using SHA-256")
    RS384 = Spelled("RS384", label="RSA using SHA-384")
    RS512 = Spelled("RS512", label="RSA using SHA-512")
    ES256 = Spelled("ES256", label="ECDSA using P256 Curve and SHA-256")
    ES384 = Spelled("ES384", label="ECDSA using P384 Curve and SHA-384")
    ES512 = Spelled("ES512", label="ECDSA using P521 Curve and SHA-512")
    PS256 = Spelled("PS256", label="RSASSA-PSS using SHA-256")
    PS384 = Spelled("PS384", label="RSASSA-PSS using SHA-384")
    PS512 = Spelled("PS512", label="RSASSA-PSS using SHA-512")
    EDDSA = Spelled("EdDSA", label="EdDSA using Ed25519", also=("Ed25519",))
    HS256 = Spelled("HS256", label="HMAC using SHA-256")
    HS384 = Spelled("HS384", label="HMAC using SHA-384")
    HS512 = Spelled("HS512", label="HMAC using SHA-512")

    @property
    def is_symmetric(self) -> bool:
        """Whether it is keyed with the client's secret."""
        return self in SYMMETRIC_SIGNING

    @property
    def secret_bytes(self) -> int:
        """RFC 7518 §3.2: the shortest secret an HMAC may have; 0 for the others."""
        return int(self[2:]) // 8 if self.is_symmetric else 0


SYMMETRIC_SIGNING = frozenset({SigningAlgorithm.HS256, SigningAlgorithm.HS384, SigningAlgorithm.HS512})
ASYMMETRIC_SIGNING = frozenset(SigningAlgorithm) - SYMMETRIC_SIGNING - {SigningAlgorithm.NONE}
SIGNING = ASYMMETRIC_SIGNING | SYMMETRIC_SIGNING
SIGNING_OR_NONE = frozenset(SigningAlgorithm)


class KeyManagement(Word):
    """JWE ``alg`` (RFC 7518 §4)."""

    DIR = Spelled("dir", admin="DIR", label="Direct Encryption with symmetric key")
    A128KW = Spelled("A128KW", label="AES-128 Key Wrap")
    A192KW = Spelled("A192KW", label="AES-192 Key Wrap")
    A256KW = Spelled("A256KW", label="AES-256 Key Wrap")
    A128GCMKW = Spelled("A128GCMKW", label="AES-GCM-128 key encryption")
    A192GCMKW = Spelled("A192GCMKW", label="AES-GCM-192 key encryption")
    A256GCMKW = Spelled("A256GCMKW", label="AES-GCM-256 key encryption")
    ECDH_ES = Spelled("ECDH-ES", admin="ECDH_ES", label="ECDH-ES")
    ECDH_ES_A128KW = Spelled("ECDH-ES+A128KW", admin="ECDH_ES_A128KW", label="ECDH-ES with AES-128 Key Wrap")
    ECDH_ES_A192KW = Spelled("ECDH-ES+A192KW", admin="ECDH_ES_A192KW", label="ECDH-ES with AES-192 Key Wrap")
    ECDH_ES_A256KW = Spelled("ECDH-ES+A256KW", admin="ECDH_ES_A256KW", label="ECDH-ES with AES-256 Key Wrap")
    RSA_OAEP = Spelled("RSA-OAEP", admin="RSA_OAEP", label="RSAES OAEP")
    RSA_OAEP_256 = Spelled("RSA-OAEP-256", admin="RSA_OAEP_256", label="RSAES OAEP using SHA-256")

    @property
    def is_symmetric(self) -> bool:
        """Whether its key is derived from the client's secret (OpenID Connect Core §10.2)."""
        return self not in ASYMMETRIC_KEY_MANAGEMENT


ASYMMETRIC_KEY_MANAGEMENT = frozenset(
    {
        KeyManagement.ECDH_ES,
        KeyManagement.ECDH_ES_A128KW,
        KeyManagement.ECDH_ES_A192KW,
        KeyManagement.ECDH_ES_A256KW,
        KeyManagement.RSA_OAEP,
        KeyManagement.RSA_OAEP_256,
    }
)


class ContentEncryption(Word):
    """JWE ``enc`` (RFC 7518 §5)."""

    A128CBC_HS256 = Spelled(
        "A128CBC-HS256", admin="AES_128_CBC_HMAC_SHA_256", label="Composite AES-CBC-128 HMAC-SHA-256"
    )
    A192CBC_HS384 = Spelled(
        "A192CBC-HS384", admin="AES_192_CBC_HMAC_SHA_384", label="Composite AES-CBC-192 HMAC-SHA-384"
    )
    A256CBC_HS512 = Spelled(
        "A256CBC-HS512", admin="AES_256_CBC_HMAC_SHA_512", label="Composite AES-CBC-256 HMAC-SHA-512"
    )
    A128GCM = Spelled("A128GCM", admin="AES_128_GCM", label="AES-GCM-128", also=("AES-GCM-128",))
    A192GCM = Spelled("A192GCM", admin="AES_192_GCM", label="AES-GCM-192", also=("AES-GCM-192",))
    A256GCM = Spelled("A256GCM", admin="AES_256_GCM", label="AES-GCM-256", also=("AES-GCM-256",))


# Who decides, and for how long --------------------------------------------------------------------------------------


class ThreeWay(Word):
    """Where a limit comes from."""

    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", portal="global_setting", label="Use Global Setting")
    INDEFINITE = Spelled("INDEFINITE_EXPIRY", legacy="NONE", portal="grant_never_expires", label="Grants Do Not Expire")
    OVERRIDE = Spelled("OVERRIDE_SERVER_DEFAULT", portal="grant_exp_in_hours", label="Override", also=("OVERRIDE",))


class TwoWay(Word):
    """Whether a setting of the server is overridden."""

    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", portal="global_setting", label="Use Global Setting")
    OVERRIDE = Spelled(
        "OVERRIDE_SERVER_DEFAULT", portal="access_token_exp_in_secs", label="Override", also=("OVERRIDE",)
    )


class TimeUnit(Word):
    """Units of grant lifetimes. The legacy service writes ``n`` for minutes."""

    SECONDS = Spelled("SECONDS", legacy="s", label="Seconds")
    MINUTES = Spelled("MINUTES", legacy="n", label="Minutes", also=("m",))
    HOURS = Spelled("HOURS", legacy="h", label="Hours")
    DAYS = Spelled("DAYS", legacy="d", label="Days")

    @property
    def milliseconds(self) -> int:
        """The length of one."""
        return _MILLISECONDS[self]


class RollingUnit(Word):
    """Units of the rolling interval. Here the legacy service writes ``m`` for minutes."""

    SECONDS = Spelled("SECONDS", legacy="s", label="Seconds")
    MINUTES = Spelled("MINUTES", legacy="m", label="Minutes", also=("n",))
    HOURS = Spelled("HOURS", legacy="h", label="Hours")
    DAYS = Spelled("DAYS", legacy="d", label="Days")

    @property
    def milliseconds(self) -> int:
        """The length of one."""
        return _MILLISECONDS[self]


_MILLISECONDS = {"SECONDS": 1000, "MINUTES": 60_000, "HOURS": 3_600_000, "DAYS": 86_400_000}


class RollingPolicy(Word):
    """Whether refreshing returns a new refresh token."""

    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", label="Use Global Setting")
    ROLL = Spelled("ROLL", label="Roll")
    DONT_ROLL = Spelled("DONT_ROLL", label="Don't Roll")


class YesNo(Word):
    """A switch of the server that a client may turn its own way."""

    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", label="Use Global Setting")
    YES = Spelled("YES", label="Yes")
    NO = Spelled("NO", label="No")


class LockoutType(Word):
    """Whether a client that misbehaves is locked out."""

    DO_NOT_LOCKOUT = Spelled("DO_NOT_LOCKOUT", label="Do Not Lock Out")
    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", label="Use Global Setting")
    OVERRIDE = Spelled("OVERRIDE_SERVER_DEFAULT", label="Override")


class AssertionAudiences(Word):
    """RFC 10070: what the audience of an assertion may be."""

    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", label="Use Global Setting")
    ISSUER_ONLY = Spelled("ISSUER_ONLY", label="Issuer Only")
    COMPATIBLE = Spelled("COMPATIBLE", label="Issuer and Endpoint URLs")


class SecurityProfile(Word):
    """A profile that tightens other settings."""

    SERVER_DEFAULT = Spelled("SERVER_DEFAULT", label="Use Global Setting")
    NONE = Spelled("NONE", label="None")
    OAUTH2_1 = Spelled("OAUTH2_1", label="OAuth 2.1")
    FAPI1_ADVANCED = Spelled("FAPI1_ADVANCED", label="FAPI 1.0 Advanced")
    FAPI2_SECURITY = Spelled("FAPI2_SECURITY", label="FAPI 2.0 Security Profile")
    FAPI2_MESSAGE_SIGNING = Spelled("FAPI2_MESSAGE_SIGNING", label="FAPI 2.0 Message Signing")


# Sessions, devices, backchannel -------------------------------------------------------------------------------------


class LogoutMode(Word):
    """How a client learns of a logout."""

    NONE = Spelled("NONE", label="None")
    PING_FRONT_CHANNEL = Spelled("PING_FRONT_CHANNEL", label="Ping Front-Channel")
    OIDC_FRONT_CHANNEL = Spelled("OIDC_FRONT_CHANNEL", label="OIDC Front-Channel")
    OIDC_BACK_CHANNEL = Spelled("OIDC_BACK_CHANNEL", label="OIDC Back-Channel")


class DeliveryMode(Word):
    """CIBA Core §5: how a client learns that its user has answered. Push is not offered."""

    POLL = Spelled("poll", admin="POLL", label="Poll")
    PING = Spelled("ping", admin="PING", label="Ping")


class SanType(Word):
    """RFC 8705 §2.1.2: kinds of subject alternative names."""

    DNS = Spelled("dns", admin="DNS", label="DNS name")
    URI = Spelled("uri", admin="URI", label="URI")
    IP = Spelled("ip", admin="IP", label="IP address")
    EMAIL = Spelled("email", admin="EMAIL", label="E-mail address")


class ReplicationStatus(Word):
    """Whether every node has the client; here they always do."""

    REPLICATED = "REPLICATED"
    NOT_REPLICATED = "NOT_REPLICATED"


# The portal's own ---------------------------------------------------------------------------------------------------


class MethodsSetting(Word):
    """Whether the portal lists authentication methods or takes the server's."""

    GLOBAL = "global_setting"
    LISTED = "token_endpoint_auth_methods_list"


class GrantTypesSetting(Word):
    """Whether the portal lists grant types or takes the server's."""

    GLOBAL = "global_setting"
    LISTED = "grant_types_list"


class PortalClientType(Word):
    """The portal's kind of client; two spellings are in use for each."""

    PUBLIC = Spelled("com.soa.oauth.ctype.public", also=("com.soa.oauth.clienttype.public",))
    CONFIDENTIAL = Spelled("com.soa.oauth.ctype.confidential", also=("com.soa.oauth.clienttype.confidential",))


class PortalTokenType(Word):
    """What kind of access token the portal wants for a client."""

    DEFAULT = "Default"
    BEARER = "Bearer"
    JWT = "JWT"


class UserInfoOption(Word):
    """Whether the portal's access tokens carry claims about the person."""

    GLOBAL = "global_setting"
    INCLUDE = "include"
    EXCLUDE = "exclude"


# The server's -------------------------------------------------------------------------------------------------------


class ParStatus(Word):
    """RFC 9126: whether requests may or must be pushed."""

    DISABLED = Spelled("DISABLED", label="Disabled")
    ENABLED = Spelled("ENABLED", label="Enabled")
    REQUIRED = Spelled("REQUIRED", label="Required")


class CodeCheckMode(Word):
    """RFC 8628 §3.3: whether the code of a device is asked for before or after signing on."""

    AFTER_AUTHENTICATION = Spelled("AFTER_AUTHENTICATION", label="After Authentication")
    BEFORE_AUTHENTICATION = Spelled("BEFORE_AUTHENTICATION", label="Before Authentication")


class ConsentPage(Word):
    """Who asks people for consent."""

    INTERNAL = Spelled("INTERNAL", label="Internal")
    ADAPTER = Spelled("ADAPTER", label="External Consent Adapter")


class CertificateIssuer(Word):
    """Which issuers a registered client's certificate may have."""

    NONE = Spelled("NONE", label="None")
    TRUST_ANY = Spelled("TRUST_ANY", label="Trust Any")
    CERTIFICATE = Spelled("CERTIFICATE", label="One Certificate Authority")
