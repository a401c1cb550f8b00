"""What makes access tokens: the managers, and the mappings that fill their attributes."""

from typing import Any

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import (
    Flag,
    OneWord,
    ReferenceKind,
    References,
    Text,
    TextList,
    WholeNumber,
)
from ostiary.declare.settings import Write, read_only
from ostiary.server_settings.configuration import Plugin, PluginKind
from ostiary.server_settings.descriptors import Family
from ostiary.server_settings.fulfillment import Fulfillments
from ostiary.server_settings.kinds import Entries, FulfillmentKind, Id, Names, Nested
from ostiary.server_settings.shared_parts import no_criteria, no_sources
from ostiary.words import PortalTokenType, Spelled, Word


@section("Attribute")
class ManagerAttribute:
    """An attribute that an access token carries."""

    name: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Attribute",
        help="Its name, also in the token.",
        admin=key("name", required=True),
    )
    multi_valued: bool = setting(
        kind=Flag(),
        default=False,
        label="Multi-Valued",
        help="Whether it is always a list.",
        admin="multiValued",
    )


@section("Token Endpoint Attribute")
class TokenEndpointAttribute:
    """An attribute that stands beside the token in the answer of the token endpoint."""

    name: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Attribute",
        help="Its name in the answer.",
        admin=key("name", required=True),
    )
    multi_valued: bool = setting(
        kind=Flag(),
        default=False,
        label="Multi-Valued",
        help="Whether it is always a list.",
        admin="multiValued",
    )
    scopes: tuple[str, ...] = setting(
        kind=TextList(),
        default=(),
        label="Mapped Scopes",
        help="The scopes with which it is told; empty: with any.",
        admin="mappedScopes",
    )


@section("Session Validation")
class SessionValidation:
    """What a token has to do with the session in which it was issued (behaviour §11.3)."""

    include_session_id: bool = setting(
        kind=Flag(),
        default=False,
        label="Include Session Identifier in Access Token",
        help="Says in pi.sri which session it was.",
        admin="includeSessionId",
    )
    check_session: bool = setting(
        kind=Flag(),
        default=False,
        label="Check for Valid Authentication Session",
        help="A token counts only while that session lives.",
        admin="checkValidAuthnSession",
    )
    check_revocation: bool = setting(
        kind=Flag(),
        default=False,
        label="Check Session Revocation Status",
        help="A token counts only while that session was not revoked.",
        admin="checkSessionRevocationStatus",
    )
    update_activity: bool = setting(
        kind=Flag(),
        default=False,
        label="Update Authentication Session Activity",
        help="Looking at a token counts as use of the session.",
        admin="updateAuthnSessionActivity",
    )


@section("Access Token Manager")
class AccessTokenManager:
    """S170: makes and checks access tokens of one kind."""

    id: str = setting(
        id="S170",
        kind=Id(letters="A-Za-z0-9"),
        default="",
        label="Instance ID",
        help="Letters and digits; cannot be changed.",
        admin=key("id", required=True),
    )
    name: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Instance Name",
        help="What people call it.",
        admin=key("name", required=True),
    )
    plugin: Plugin | None = setting(
        kind=PluginKind(Family.MANAGER),
        default=None,
        label="Type",
        help="The kind of tokens, with its configuration.",
        admin=key("pluginDescriptorRef", "configuration", required=True),
    )
    core_attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=(),
        label="Core Attributes",
        help="Attributes every manager has; there are none.",
        admin=read_only("attributeContract.coreAttributes"),
    )
    attributes: tuple[ManagerAttribute, ...] = setting(
        kind=Entries(ManagerAttribute),
        default=(),
        label="Access Token Attribute Contract",
        help="The attributes a token carries beside those the protocol asks for.",
        admin="attributeContract.extendedAttributes",
    )
    default_subject_attribute: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Subject Attribute Name",
        help="The attribute that names the person; empty: the user key of the grant.",
        admin=key("attributeContract.defaultSubjectAttribute", write=Write.UNLESS_EMPTY),
    )
    resource_uris: tuple[str, ...] = setting(
        kind=TextList(longest=2048),
        default=(),
        label="Resource URIs",
        help="Resources for which this manager is chosen.",
        admin="selectionSettings.resourceUris",
        source="RFC 8707 §2",
    )
    restrict_clients: bool = setting(
        kind=Flag(),
        default=False,
        label="Restrict Allowed Clients",
        help="Only the clients listed here may have its tokens.",
        admin="accessControlSettings.restrictClients",
    )
    allowed_clients: tuple[str, ...] = setting(
        kind=References(),
        default=(),
        label="Allowed Clients",
        help="Those clients.",
        admin="accessControlSettings.allowedClients",
    )
    session_validation: SessionValidation = setting(
        kind=Nested(SessionValidation),
        default=SessionValidation(),
        label="Session Validation",
        help="What its tokens have to do with sessions.",
        admin="sessionValidationSettings",
    )
    token_endpoint_attributes: tuple[TokenEndpointAttribute, ...] = setting(
        kind=Entries(TokenEndpointAttribute),
        default=(),
        label="Token Endpoint Attribute Contract",
        help="Attributes beside the token in answers of the token endpoint. Stored for them.",
        admin="tokenEndpointAttributeContract.attributes",
    )
    sequence_number: int = setting(
        kind=WholeNumber(at_least=0),
        default=0,
        label="Sequence Number",
        help="The order in which managers were made.",
        admin=read_only("sequenceNumber"),
    )

    @property
    def kind(self) -> str:
        """``reference``, ``jwt`` or the kind of an installed plug-in."""
        return "" if self.plugin is None else self.plugin.kind

    @property
    def token_type(self) -> PortalTokenType:
        """What kind of tokens it makes; ``Default``: one that only an installed plug-in knows."""
        return _TOKEN_TYPES.get(self.kind, PortalTokenType.DEFAULT)

    @property
    def configuration(self) -> Any:
        """A `ReferenceConfiguration`, a `JwtConfiguration` or what the plug-in declares."""
        return None if self.plugin is None else self.plugin.configuration


_TOKEN_TYPES = {"reference": PortalTokenType.BEARER, "jwt": PortalTokenType.JWT}


class MappingContext(Word):
    """For which tokens a mapping is made."""

    DEFAULT = Spelled("DEFAULT", label="Default")
    PCV = Spelled("PCV", label="Password Credential Validator")
    IDP_CONNECTION = Spelled("IDP_CONNECTION", label="IdP Connection")
    IDP_ADAPTER = Spelled("IDP_ADAPTER", label="IdP Adapter")
    AUTHENTICATION_POLICY_CONTRACT = Spelled("AUTHENTICATION_POLICY_CONTRACT", label="Authentication Policy Contract")
    CLIENT_CREDENTIALS = Spelled("CLIENT_CREDENTIALS", label="Client Credentials")
    TOKEN_EXCHANGE_PROCESSOR_POLICY = Spelled(
        "TOKEN_EXCHANGE_PROCESSOR_POLICY", label="Token Exchange Processor Policy"
    )


WITHOUT_REFERENCE = frozenset({MappingContext.DEFAULT, MappingContext.CLIENT_CREDENTIALS})
_ID_PREFIX = {
    MappingContext.DEFAULT: "default",
    MappingContext.PCV: "password",
    MappingContext.IDP_CONNECTION: "authz_req",
    MappingContext.IDP_ADAPTER: "authz_req",
    MappingContext.AUTHENTICATION_POLICY_CONTRACT: "authz_req|apc.",
    MappingContext.CLIENT_CREDENTIALS: "client_credentials",
    MappingContext.TOKEN_EXCHANGE_PROCESSOR_POLICY: "token_exchange",
}


@section("Access Token Mapping")
class AccessTokenMapping:
    """S173: where the attributes of a manager come from in one context."""

    id: str = setting(
        id="S173",
        kind=Text(at_most=600),
        default="",
        label="ID",
        help="Made from the context and the manager.",
        admin=read_only("id"),
    )
    context_type: MappingContext = setting(
        kind=OneWord(MappingContext),
        default=MappingContext.DEFAULT,
        label="Context",
        help="For which tokens the mapping is made.",
        admin=key("context.type", required=True),
    )
    context_id: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Context Reference",
        help="The validator, policy or adapter of the context.",
        admin="context.contextRef",
    )
    manager_id: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Access Token Manager",
        help="The manager whose attributes are filled.",
        admin=key("accessTokenManagerRef", required=True),
    )
    attribute_sources: object = no_sources("attributeSources")
    fulfillment: Fulfillments = setting(
        kind=FulfillmentKind(),
        default=Fulfillments(),
        label="Contract Fulfillment",
        help="Where each attribute comes from.",
        admin=key("attributeContractFulfillment", required=True),
    )
    issuance_criteria: object = no_criteria("issuanceCriteria")

    def computed_id(self) -> str:
        """The id that the context and the manager make."""
        prefix, middle = _ID_PREFIX[self.context_type], self.context_id or ""
        if self.context_type in WITHOUT_REFERENCE:
            return f"{prefix}|{self.manager_id}"
        return f"{prefix}{'' if prefix.endswith('.') else '|'}{middle}|{self.manager_id}"


@section("Resource Owner Credentials Mapping")
class ResourceOwnerMapping:
    """Whose grant a password of a validator leads to (RFC 6749 §4.3)."""

    id: str = setting(
        kind=Id(),
        default="",
        label="ID",
        help="The id of the validator.",
        admin=key("id", required=True),
    )
    validator: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Password Credential Validator",
        help="Checks the password.",
        admin=key("passwordValidatorRef", required=True),
        source="RFC 6749 §4.3",
    )
    attribute_sources: object = no_sources("attributeSources")
    fulfillment: Fulfillments = setting(
        kind=FulfillmentKind(),
        default=Fulfillments(),
        label="Contract Fulfillment",
        help="Where USER_KEY, USER_NAME and the extended attributes of grants come from.",
        admin=key("attributeContractFulfillment", required=True),
    )
    issuance_criteria: object = no_criteria("issuanceCriteria")
