"""The kinds of plug-ins that come with the server."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Text
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
        family=Family.DETAIL_PROCESSOR,
        id="json-schema",
        name="JSON Schema",
        configuration=JsonSchemaConfiguration,
    ),
    Descriptor(family=Family.AUTHENTICATOR, id="inbox", name="Inbox", configuration=InboxConfiguration),
)
