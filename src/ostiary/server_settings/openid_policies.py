"""OpenID Connect policies: which claims there are, where they come from, and which scope releases them."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Minutes, Properties, ReferenceKind, Text
from ostiary.declare.settings import Write, read_only
from ostiary.server_settings.fulfillment import Fulfillments
from ostiary.server_settings.kinds import Entries, FulfillmentKind, Id, Names, ScopeAttributes
from ostiary.server_settings.shared_parts import no_criteria, no_sources


@section("Attribute")
class PolicyAttribute:
    """A claim of a policy, and where it may appear."""

    name: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Attribute",
        help="The name of the claim.",
        admin=key("name", required=True),
    )
    in_id_token: bool = setting(
        kind=Flag(),
        default=False,
        label="ID Token",
        help="Whether it may stand in ID tokens.",
        admin="includeInIdToken",
    )
    in_user_info: bool = setting(
        kind=Flag(),
        default=True,
        label="UserInfo",
        help="Whether it may stand in UserInfo answers.",
        admin="includeInUserInfo",
    )
    multi_valued: bool = setting(
        kind=Flag(),
        default=False,
        label="Multi-Valued",
        help="Whether it is always a list.",
        admin="multiValued",
    )


@section("OpenID Connect Policy")
class OpenIdPolicy:
    """S174: what ID tokens and UserInfo hold."""

    id: str = setting(
        id="S174",
        kind=Id(),
        default="",
        label="Policy ID",
        help="Cannot be changed.",
        admin=key("id", required=True),
    )
    name: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Name",
        help="What people call it.",
        admin=key("name", required=True),
    )
    manager_id: str | None = setting(
        kind=ReferenceKind(),
        default=None,
        label="Access Token Manager",
        help="Makes the access tokens that go with its ID tokens.",
        admin=key("accessTokenManagerRef", required=True),
    )
    id_token_lifetime_minutes: int = setting(
        kind=Minutes(at_least=1, at_most=525600),
        default=5,
        label="ID Token Lifetime (minutes)",
        help="How long an ID token counts.",
        admin="idTokenLifetime",
        source="OpenID Connect Core §2",
    )
    include_sri: bool = setting(
        kind=Flag(),
        default=False,
        label="Include Session Identifier in ID Token",
        help="Says in pi.sri which session it was.",
        admin="includeSriInIdToken",
    )
    include_user_info: bool = setting(
        kind=Flag(),
        default=False,
        label="Include User Info in ID Token",
        help="Puts the claims into the ID token although UserInfo would give them.",
        admin="includeUserInfoInIdToken",
        source="OpenID Connect Core §5.4",
    )
    include_s_hash: bool = setting(
        kind=Flag(),
        default=False,
        label="Include State Hash in ID Token",
        help="Binds the ID token to the state of the request.",
        admin="includeSHashInIdToken",
        source="FAPI 1.0 Part 2 §5.1",
    )
    include_x5t: bool = setting(
        kind=Flag(),
        default=False,
        label="Include X.509 Thumbprint Header",
        help="Says which certificate's key signed; with static keys only.",
        admin="includeX5tInIdToken",
    )
    type_header: str = setting(
        kind=Text(at_most=256),
        default="",
        label="ID Token Type Header",
        help="What typ in the header says; empty: nothing.",
        admin=key("idTokenTypHeaderValue", write=Write.UNLESS_EMPTY),
    )
    return_on_refresh: bool = setting(
        kind=Flag(),
        default=False,
        label="Return ID Token on Refresh Grant",
        help="A refresh returns an ID token too.",
        admin="returnIdTokenOnRefreshGrant",
        source="OpenID Connect Core §12.2",
    )
    reissue_in_hybrid: bool = setting(
        kind=Flag(),
        default=False,
        label="Reissue ID Token in Hybrid Flow",
        help="The token endpoint returns an ID token although the browser brought one.",
        admin="reissueIdTokenInHybridFlow",
        source="OpenID Connect Core §3.3.3.6",
    )
    return_id_token_on_token_exchange: bool = setting(
        kind=Flag(),
        default=False,
        label="Return ID Token on Token Exchange",
        help="Adds an ID token to the answer of a token exchange. Stored for it.",
        admin="returnIdTokenOnTokenExchangeGrant",
    )
    allow_id_token_introspection: bool = setting(
        kind=Flag(),
        default=False,
        label="Allow ID Token Introspection",
        help="Answers introspection requests for ID tokens. Stored for it.",
        admin="allowIdTokenIntrospection",
    )
    core_attributes: tuple[str, ...] = setting(
        kind=Names(),
        default=("sub",),
        label="Core Attributes",
        help="What every policy has.",
        admin=read_only("attributeContract.coreAttributes"),
    )
    attributes: tuple[PolicyAttribute, ...] = setting(
        kind=Entries(PolicyAttribute),
        default=(),
        label="Attribute Contract",
        help="The claims beside sub.",
        admin="attributeContract.extendedAttributes",
    )
    scope_attributes: Properties = setting(
        kind=ScopeAttributes(),
        default=Properties(),
        label="Attribute Scopes",
        help="Which claims a scope releases; a claim that stands nowhere is always released.",
        admin="scopeAttributeMappings",
        source="OpenID Connect Core §5.4",
    )
    attribute_sources: object = no_sources("attributeMapping.attributeSources")
    fulfillment: Fulfillments = setting(
        kind=FulfillmentKind(),
        default=Fulfillments(),
        label="Contract Fulfillment",
        help="Where each claim comes from.",
        admin=key("attributeMapping.attributeContractFulfillment", required=True),
    )
    issuance_criteria: object = no_criteria("attributeMapping.issuanceCriteria")
