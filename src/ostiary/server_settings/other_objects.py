"""The other objects that settings point to: validators, issuers, policies of CIBA, token exchange and registration."""

from ostiary.declare import KeySet, key, read_only, section, setting
from ostiary.declare.kinds import Flag, KeySetKind, ReferenceKind, References, Seconds, Text, TextList, Url
from ostiary.declare.settings import Write
from ostiary.server_settings.configuration import Plugin
from ostiary.server_settings.descriptors import Family
from ostiary.server_settings.fulfillment import Fulfillments
from ostiary.server_settings.kinds import Entries, Id, Names
from ostiary.server_settings.shared_parts import (
    description,
    extended_attributes,
    fulfillment_setting,
    no_criteria,
    no_sources,
    object_id,
    object_name,
    plugin_setting,
)


@section("Password Credential Validator")
class PasswordValidator:
    """S181: knows accounts and checks their passwords; the accounts are rows of the store that is named like it."""

    id: str = object_id("Cannot be changed; also the name of the account store.")
    name: str = object_name()
    plugin: Plugin | None = plugin_setting(Family.VALIDATOR)
    core_attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=("username",),
        label="Core Contract",
        help="What it always says of a person.",
        admin=read_only("attributeContract.coreAttributes"),
    )
    attributes: tuple[str, ...] = extended_attributes("What else it may say of a person.")

    @property
    def kind(self) -> str:
        """``simple`` or the kind of an installed plug-in."""
        return "" if self.plugin is None else self.plugin.kind

    @property
    def configuration(self) -> object:
        """What the plug-in declares."""
        return None if self.plugin is None else self.plugin.configuration


@section("Virtual Issuer")
class Issuer:
    """S179: another name under which the server issues tokens."""

    id: str = object_id()
    name: str = object_name()
    description: str = description()
    host: str = setting(
        kind=Text(at_most=255),
        default="",
        label="Issuer Host",
        help="The host name, in lower case.",
        admin=key("host", required=True),
        source="OpenID Connect Discovery §3",
    )
    path: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Issuer Path",
        help="A path behind the host, beginning with a slash; empty: none.",
        admin=key("path", write=Write.UNLESS_EMPTY),
    )


@section("Login Hint Token Issuer")
class HintTokenIssuer:
    """CIBA Core §7.1: who else may issue login hint tokens."""

    issuer: str = setting(
        kind=Text(at_most=2048),
        default="",
        label="Issuer",
        help="What iss of the token says.",
        admin=key("issuer", required=True),
    )
    jwks_url: str | None = setting(
        kind=Url(https_only=True), default=None, label="JWKS URL", help="Where its keys are.", admin="jwksURL"
    )
    jwks: KeySet | None = setting(
        kind=KeySetKind(), default=None, label="JWKS", help="Its keys themselves.", admin="jwks"
    )


@section("CIBA Request Policy")
class RequestPolicy:
    """S175: how people are asked for a backchannel request."""

    id: str = object_id()
    name: str = object_name()
    authenticator: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Authenticator",
        help="How people are reached.",
        admin=key("authenticatorRef", required=True),
    )
    user_code_validator: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="User Code Validator",
        help="Checks user codes; none: there are no user codes.",
        admin="userCodePcvRef",
        source="CIBA Core §7.1",
    )
    transaction_lifetime_seconds: int = setting(
        kind=Seconds(at_least=1, at_most=3600),
        default=120,
        label="Transaction Lifetime (seconds)",
        help="How long a request waits for its answer.",
        admin="transactionLifetime",
    )
    allow_unsigned_login_hint_token: bool = setting(
        kind=Flag(),
        default=False,
        label="Allow Unsigned Login Hint Token",
        help="Takes login hint tokens that nobody signed.",
        admin="allowUnsignedLoginHintToken",
    )
    require_token_for_identity_hint: bool = setting(
        kind=Flag(),
        default=False,
        label="Require Token for Identity Hint",
        help="Takes tokens as hints only, never a plain login_hint.",
        admin="requireTokenForIdentityHint",
    )
    hint_token_issuers: tuple[HintTokenIssuer, ...] = setting(
        kind=Entries(HintTokenIssuer),
        default=(),
        label="Alternative Login Hint Token Issuers",
        help="Who else may issue login hint tokens.",
        admin="alternativeLoginHintTokenIssuers",
    )
    core_attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=("IDENTITY_HINT_SUBJECT",),
        label="Core Identity Hint Contract",
        help="What is always read from a hint.",
        admin=read_only("identityHintContract.coreAttributes"),
    )
    attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=(),
        label="Identity Hint Contract",
        help="What else is read from a hint.",
        admin="identityHintContract.extendedAttributes",
    )
    hint_fulfillment: Fulfillments = fulfillment_setting(
        "identityHintContractFulfillment.attributeContractFulfillment", required=False
    )
    fulfillment: Fulfillments = fulfillment_setting("identityHintMapping.attributeContractFulfillment", required=False)


@section("Processor Mapping")
class ProcessorMapping:
    """RFC 8693 §2.1: which tokens are taken, and what they say."""

    subject_token_type: str = setting(
        kind=Text(at_most=512),
        default="",
        label="Subject Token Type",
        help="The identifier of the token type.",
        admin=key("subjectTokenType", required=True),
        source="RFC 8693 §3",
    )
    subject_token_processor: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Subject Token Processor",
        help="Reads the subject token.",
        admin=key("subjectTokenProcessor", required=True),
    )
    actor_token_type: str | None = setting(
        kind=Text(at_most=512),
        default=None,
        label="Actor Token Type",
        help="The identifier of the token type.",
        admin="actorTokenType",
    )
    actor_token_processor: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Actor Token Processor",
        help="Reads the actor token.",
        admin="actorTokenProcessor",
    )
    attribute_sources: object = no_sources("attributeSources")
    fulfillment: Fulfillments = fulfillment_setting("attributeContractFulfillment", required=True)
    issuance_criteria: object = no_criteria("issuanceCriteria")


@section("Token Exchange Processor Policy")
class ProcessorPolicy:
    """S176: which tokens may be exchanged."""

    id: str = object_id()
    name: str = object_name()
    actor_token_required: bool = setting(
        kind=Flag(),
        default=False,
        label="Actor Token Required",
        help="Refuses an exchange that does not say who acts.",
        admin="actorTokenRequired",
        source="RFC 8693 §1.1",
    )
    core_attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=("subject",),
        label="Core Contract",
        help="What every policy has.",
        admin=read_only("attributeContract.coreAttributes"),
    )
    attributes: tuple[str, ...] = extended_attributes("What else is read from the tokens.")
    mappings: tuple[ProcessorMapping, ...] = setting(
        kind=Entries(ProcessorMapping),
        default=(),
        label="Processor Mappings",
        help="The tokens that are taken.",
        admin=key("processorMappings", required=True),
    )


@section("Trusted Assertion Issuer")
class TrustedIssuer:
    """S182: whose assertions and foreign tokens are taken."""

    id: str = object_id()
    issuer: str = setting(
        kind=Text(at_most=2048),
        default="",
        label="Issuer",
        help="What iss of a JWT, or Issuer of a SAML assertion, says.",
        admin=key("issuer", required=True),
        source="RFC 7521 §5.1",
    )
    jwks_url: str | None = setting(
        kind=Url(https_only=True), default=None, label="JWKS URL", help="Where its keys are.", admin="jwksUrl"
    )
    jwks: KeySet | None = setting(
        kind=KeySetKind(), default=None, label="JWKS", help="Its keys themselves.", admin="jwks"
    )
    certificates: tuple[str, ...] = setting(
        kind=TextList(longest=65536),
        default=(),
        label="Certificates",
        help="With which it signs SAML assertions, in PEM.",
        admin="certificates",
    )
    subject_attribute: str = setting(
        kind=Text(at_most=256),
        default="sub",
        label="Subject Attribute",
        help="What names the person.",
        admin="subjectAttribute",
    )
    allowed_clients: tuple[str, ...] = setting(
        kind=References(),
        default=(),
        label="Allowed Clients",
        help="Who may bring its assertions; empty: every client with the assertion grants.",
        admin="allowedClients",
    )
    require_single_use: bool = setting(
        kind=Flag(),
        default=True,
        label="Require Single Use",
        help="An assertion counts once.",
        admin="requireSingleUse",
        source="RFC 7521 §8.2",
    )


@section("Authorization Detail Type")
class DetailType:
    """S177: a type of authorization details (RFC 9396 §2)."""

    id: str = object_id()
    type: str = setting(
        kind=Text(at_most=512),
        default="",
        label="Type",
        help="What type of the authorization details says.",
        admin=key("type", required=True),
        source="RFC 9396 §2",
    )
    description: str = description()
    processor: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Processor",
        help="Checks and explains details of this type.",
        admin=key("authorizationDetailProcessorRef", required=True),
    )
    active: bool = setting(
        kind=Flag(), default=True, label="Active", help="Whether clients may use it.", admin="active"
    )


@section("Authorization Detail Processor")
class DetailProcessor:
    """Checks and explains authorization details."""

    id: str = object_id()
    name: str = object_name()
    plugin: Plugin | None = plugin_setting(Family.DETAIL_PROCESSOR)


@section("Out-of-Band Authenticator")
class Authenticator:
    """Reaches people who are not at the browser of the client."""

    id: str = object_id()
    name: str = object_name()
    plugin: Plugin | None = plugin_setting(Family.AUTHENTICATOR)
    core_attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=("subject",),
        label="Core Contract",
        help="What it needs to know of a person.",
        admin=read_only("attributeContract.coreAttributes"),
    )
    attributes: tuple[str, ...] = extended_attributes("What else it is told of a person.")


@section("Client Registration Policy")
class RegistrationPolicy:
    """S178: what is asked of a registration."""

    id: str = object_id()
    name: str = object_name()
    plugin: Plugin | None = plugin_setting(Family.REGISTRATION_POLICY)


@section("Certificate Authority")
class CertificateAuthority:
    """An authority whose certificates clients may show."""

    id: str = setting(
        kind=Id(letters="a-z0-9._-"), default="", label="ID", help="Cannot be changed.", admin=key("id", required=True)
    )
    pem: str = setting(
        kind=Text(at_most=65536),
        default="",
        label="Certificate",
        help="Its certificate, in PEM.",
        admin=key("fileData", required=True),
        source="RFC 8705 §2.1",
    )
