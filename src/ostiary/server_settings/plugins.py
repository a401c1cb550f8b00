"""The kinds of plug-ins that come with the server."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Minutes, Text, Url, WholeNumber
from ostiary.server_settings.configuration import SealedKind, SealedValue, Table
from ostiary.server_settings.descriptors import Descriptor, Family
from ostiary.server_settings.managers import JwtConfiguration, ReferenceConfiguration


@section("User")
class SimpleUser:
    """A row of the table Users. Accounts live in rows of their own, so a stored configuration never holds one."""

    username: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Username",
        help="The name people type.",
        admin=key("Username", required=True),
    )
    password: SealedValue | None = setting(
        kind=SealedKind(), default=None, label="Password", help="The password.", admin="Password"
    )
    confirmation: SealedValue | None = setting(
        kind=SealedKind(), default=None, label="Confirm Password", help="The same once more.", admin="Confirm Password"
    )
    relaxed: bool = setting(
        kind=Flag(),
        default=False,
        label="Relax Password Requirements",
        help="Takes a weak password.",
        admin="Relax Password Requirements",
    )


@section("User Name and Password")
class SimpleConfiguration:
    """Accounts with argon2id hashes, in the account store that is named like the validator."""

    users: tuple[SimpleUser, ...] = setting(
        kind=Table(SimpleUser), default=(), label="Users", help="People and services, by name.", admin="Users"
    )


@section("Response Type Constraints")
class ResponseTypesConfiguration:
    """Which response types a registration may ask for."""

    code: bool = setting(kind=Flag(), default=True, label="code", help="Authorization code.", admin="code")
    code_id_token: bool = setting(
        kind=Flag(), default=True, label="code id_token", help="Hybrid.", admin="code id_token"
    )
    code_id_token_token: bool = setting(
        kind=Flag(), default=True, label="code id_token token", help="Hybrid.", admin="code id_token token"
    )
    code_token: bool = setting(kind=Flag(), default=True, label="code token", help="Hybrid.", admin="code token")
    id_token: bool = setting(kind=Flag(), default=True, label="id_token", help="Implicit.", admin="id_token")
    id_token_token: bool = setting(
        kind=Flag(), default=True, label="id_token token", help="Implicit.", admin="id_token token"
    )
    token: bool = setting(kind=Flag(), default=True, label="token", help="Implicit.", admin="token")


@section("Allowed Hosts")
class AllowedHostsConfiguration:
    """Where the URIs of a registered client may lead (threat T-36)."""

    hosts: str = setting(
        kind=Text(at_most=65536),
        default="",
        label="Hosts",
        help="Host names separated by spaces, commas or line breaks; *.example.com stands for every host below it.",
        admin=key("Hosts", required=True),
        source="RFC 7591 §5",
    )
    loopback: bool = setting(
        kind=Flag(),
        default=True,
        label="Allow Loopback Redirect URIs",
        help="Lets native applications be called back on the person's own machine.",
        admin="Allow Loopback Redirect URIs",
        source="RFC 8252 §7.3",
    )
    private_schemes: bool = setting(
        kind=Flag(),
        default=False,
        label="Allow Private-Use Schemes",
        help="Lets native applications be called back by a scheme of their own, which names no host.",
        admin="Allow Private-Use Schemes",
        source="RFC 8252 §7.1",
    )


@section("Statement Issuer")
class StatementIssuer:
    """A row of the table Issuers: whose software statements count."""

    issuer: str = setting(
        kind=Text(at_most=2048),
        default="",
        label="Issuer",
        help="What iss of the statement says.",
        admin=key("Issuer", required=True),
        source="RFC 7591 §2.3",
    )
    jwks: str = setting(
        kind=Text(at_most=65536), default="", label="JWKS", help="Its public keys, as a JWK set.", admin="JWKS"
    )
    jwks_url: str | None = setting(
        kind=Url(https_only=True), default=None, label="JWKS URL", help="Where its keys are.", admin="JWKS URL"
    )


@section("Software Statement")
class SoftwareStatementConfiguration:
    """RFC 7591 §2.3: somebody we trust says what software this is."""

    issuers: tuple[StatementIssuer, ...] = setting(
        kind=Table(StatementIssuer),
        default=(),
        label="Issuers",
        help="Whose statements count, and the keys they are signed with.",
        admin=key("Issuers", required=True),
    )
    required: bool = setting(
        kind=Flag(),
        default=True,
        label="Required",
        help="Refuses a registration without a statement.",
        admin="Required",
    )
    software_ids: str = setting(
        kind=Text(at_most=65536),
        default="",
        label="Software IDs",
        help="The software_id values that are approved, separated by spaces or line breaks; empty: all of them.",
        admin="Software IDs",
        source="RFC 7591 §2",
    )


@section("Required Proofs")
class RequiredProofsConfiguration:
    """What is demanded of registered clients beyond their credentials."""

    pkce: bool = setting(
        kind=Flag(),
        default=True,
        label="PKCE",
        help="Authorization requests need a code challenge.",
        admin="PKCE",
        source="RFC 7636",
    )
    dpop: bool = setting(
        kind=Flag(),
        default=False,
        label="DPoP",
        help="Tokens are bound to a key of the client.",
        admin="DPoP",
        source="RFC 9449",
    )
    pushed: bool = setting(
        kind=Flag(),
        default=False,
        label="Pushed Authorization Requests",
        help="Authorization requests must be pushed.",
        admin="Pushed Authorization Requests",
        source="RFC 9126 §6",
    )


@section("Quota")
class QuotaConfiguration:
    """How many clients may be registered (threat T-34); counted over all processes and nodes."""

    per_source: int = setting(
        kind=WholeNumber(at_least=0, at_most=1_000_000),
        default=0,
        label="Per Source",
        help="From one address within the window; 0: not counted.",
        admin="Per Source",
    )
    per_token: int = setting(
        kind=WholeNumber(at_least=0, at_most=1_000_000),
        default=0,
        label="Per Token",
        help="With one initial access token, or by the client that holds the access token; 0: not counted.",
        admin="Per Token",
    )
    window_minutes: int = setting(
        kind=Minutes(at_least=1, at_most=525_600),
        default=1440,
        label="Window (minutes)",
        help="How long a registration counts.",
        admin="Window",
    )


@section("JSON Schema")
class JsonSchemaConfiguration:
    """RFC 9396: authorization details that fit a schema."""

    schema: str = setting(
        kind=Text(at_most=65536),
        default="",
        label="Schema",
        help="The JSON Schema that details of this type must fit; empty: anything does.",
        admin="Schema",
    )
    consent_text: str = setting(
        kind=Text(),
        default="",
        label="Consent Text",
        help="What the consent page says of them.",
        admin="Consent Text",
    )


@section("Inbox")
class InboxConfiguration:
    """People answer on a page of their own."""


BUILT_IN: tuple[Descriptor, ...] = (
    Descriptor(
        family=Family.MANAGER,
        id="reference",
        name="Internally Managed Reference Tokens",
        configuration=ReferenceConfiguration,
        class_names=("org.sourceid.oauth20.token.plugin.impl.ReferenceBearerAccessTokenManagementPlugin",),
    ),
    Descriptor(
        family=Family.MANAGER,
        id="jwt",
        name="JSON Web Tokens",
        configuration=JwtConfiguration,
        class_names=("com.pingidentity.pf.access.token.management.plugins.JwtBearerAccessTokenManagementPlugin",),
    ),
    Descriptor(
        family=Family.VALIDATOR,
        id="simple",
        name="User Name and Password",
        configuration=SimpleConfiguration,
        class_names=("org.sourceid.saml20.domain.SimpleUsernamePasswordCredentialValidator",),
        core_attributes=("username",),
    ),
    Descriptor(
        family=Family.REGISTRATION_POLICY,
        id="response-types",
        name="Response Type Constraints",
        configuration=ResponseTypesConfiguration,
        class_names=("com.pingidentity.pf.client.registration.ResponseTypesConstraintsPlugin",),
    ),
    Descriptor(
        family=Family.REGISTRATION_POLICY,
        id="allowed-hosts",
        name="Allowed Hosts",
        configuration=AllowedHostsConfiguration,
    ),
    Descriptor(
        family=Family.REGISTRATION_POLICY,
        id="software-statement",
        name="Software Statement",
        configuration=SoftwareStatementConfiguration,
    ),
    Descriptor(
        family=Family.REGISTRATION_POLICY,
        id="required-proofs",
        name="Required Proofs",
        configuration=RequiredProofsConfiguration,
    ),
    Descriptor(family=Family.REGISTRATION_POLICY, id="quota", name="Quota", configuration=QuotaConfiguration),
    Descriptor(
        family=Family.DETAIL_PROCESSOR,
        id="json-schema",
        name="JSON Schema",
        configuration=JsonSchemaConfiguration,
    ),
    Descriptor(family=Family.AUTHENTICATOR, id="inbox", name="Inbox", configuration=InboxConfiguration),
)
