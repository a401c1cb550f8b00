"""Scopes, persistent grants and refresh tokens, and consent."""

from ostiary.declare import Duration, key, read_only, section, setting
from ostiary.declare.conditions import is_one_of, is_set
from ostiary.declare.kinds import DurationKind, Flag, OneWord, Seconds, Text, WholeNumber, WordSet
from ostiary.server_settings.kinds import ENDLESS, Entries, GrantLimit, GrantLimitKind, Names
from ostiary.server_settings.scopes import Scope, ScopeGroup
from ostiary.words import ConsentPage, GrantType, RollingUnit

RESOURCE = "authServerSettings"
REUSABLE = frozenset({GrantType.IMPLICIT, GrantType.AUTHORIZATION_CODE, GrantType.PASSWORD})
"""V16: grant types whose stored grants can be reused."""


@section("Scopes")
class Scopes:
    """Behaviour §5: what clients may ask for."""

    default_description: str = setting(
        id="S010",
        kind=Text(),
        default="",
        label="Default Scope Description",
        help="What the consent page says when a client asks for no scope in particular.",
        admin=key("defaultScopeDescription", resource=RESOURCE),
    )
    common: tuple[Scope, ...] = setting(
        id="S011",
        kind=Entries(Scope),
        default=(),
        label="Common Scopes",
        help="Scopes every client may ask for, unless it is restricted.",
        admin=key("scopes", resource=RESOURCE),
        source="RFC 6749 §3.3",
    )
    common_groups: tuple[ScopeGroup, ...] = setting(
        id="S012",
        kind=Entries(ScopeGroup),
        default=(),
        label="Common Scope Groups",
        help="Sets of common scopes that are asked for as one.",
        admin=key("scopeGroups", resource=RESOURCE),
    )
    exclusive: tuple[Scope, ...] = setting(
        id="S013",
        kind=Entries(Scope),
        default=(),
        label="Exclusive Scopes",
        help="Scopes only those clients may ask for that list them.",
        admin=key("exclusiveScopes", resource=RESOURCE),
    )
    exclusive_groups: tuple[ScopeGroup, ...] = setting(
        id="S014",
        kind=Entries(ScopeGroup),
        default=(),
        label="Exclusive Scope Groups",
        help="Sets of exclusive scopes that are asked for as one.",
        admin=key("exclusiveScopeGroups", resource=RESOURCE),
    )


@section("Persistent Grants and Refresh Tokens")
class Grants:
    """Behaviour §9: what a client that says nothing of its own gets."""

    lifetime: GrantLimit = setting(
        id="S020, S021",
        kind=GrantLimitKind(),
        default=GrantLimit(ENDLESS),
        label="Persistent Grant Lifetime",
        help="How long a stored grant lives, whatever its use; -1: until it is revoked.",
        admin=key("persistentGrantLifetime", "persistentGrantLifetimeUnit", resource=RESOURCE),
    )
    idle_timeout: GrantLimit = setting(
        id="S022, S023",
        kind=GrantLimitKind(),
        default=GrantLimit(30),
        label="Persistent Grant Idle Timeout",
        help="How long a stored grant lives without being used; -1: use does not matter.",
        admin=key("persistentGrantIdleTimeout", "persistentGrantIdleTimeoutTimeUnit", resource=RESOURCE),
    )
    refresh_token_length: int = setting(
        id="S024",
        kind=WholeNumber(at_least=22, at_most=256, unit="characters"),
        default=42,
        label="Refresh Token Length (characters)",
        help="How long refresh tokens are.",
        admin=key("refreshTokenLength", required=True, resource=RESOURCE),
        source="RFC 6749 §10.10",
    )
    roll_refresh_tokens: bool = setting(
        id="S025",
        kind=Flag(),
        default=False,
        label="Roll Refresh Token Values",
        help="Gives out a new refresh token with every refresh. On in a new installation.",
        admin=key("rollRefreshTokenValues", resource=RESOURCE),
        source="RFC 9700 §4.14.2",
        when_unreadable=True,
    )
    rolling_interval: Duration = setting(
        id="S026, S027",
        kind=DurationKind(),
        default=Duration(0, RollingUnit.HOURS),
        label="Refresh Token Rolling Interval",
        help="A refresh token younger than this is not replaced; 0: replaced at every refresh.",
        admin=key("refreshRollingInterval", "refreshRollingIntervalTimeUnit", required=True, resource=RESOURCE),
    )
    rolling_grace_seconds: int = setting(
        id="S028",
        kind=Seconds(at_least=0, at_most=86400),
        default=60,
        label="Refresh Token Rolling Grace Period (seconds)",
        help="How long a replaced refresh token still works, for a client that did not receive the new one.",
        admin=key("refreshTokenRollingGracePeriod", resource=RESOURCE),
    )
    reuse: frozenset[GrantType] = setting(
        id="S029",
        kind=WordSet(GrantType, REUSABLE),
        default=frozenset(),
        label="Reuse Existing Persistent Access Grants for Grant Types",
        help="With these grant types a new authorization renews the stored grant instead of adding another.",
        admin=key("persistentGrantReuseGrantTypes", resource=RESOURCE),
    )
    contract_core_attributes: tuple[str, ...] = setting(
        id="S030",
        kind=Names(),
        default=("USER_KEY", "USER_NAME"),
        label="Persistent Grant Contract",
        help="What every stored grant knows of its person.",
        admin=read_only("persistentGrantContract.coreAttributes", resource=RESOURCE),
    )
    contract_extended_attributes: tuple[str, ...] = setting(
        id="S031",
        kind=Names(),
        default=(),
        label="Extended Attributes of Persistent Grants",
        help="What else is stored with a grant. PERSISTENT_GRANT_LIFETIME sets how many minutes that grant lives.",
        admin=key("persistentGrantContract.extendedAttributes", resource=RESOURCE),
    )
    offline_access_required: bool = setting(
        id="S032",
        kind=Flag(),
        default=False,
        label="Require offline_access Scope to Issue Refresh Tokens",
        help="Refresh tokens only for clients that were granted offline_access.",
        admin=key("requireOfflineAccessScopeToIssueRefreshTokens", resource=RESOURCE),
        source="OpenID Connect Core §11",
    )
    offline_access_prompt: bool = setting(
        id="S033",
        kind=Flag(),
        default=False,
        label="Require Consent Prompt for offline_access",
        help="offline_access counts only in a request with prompt=consent.",
        admin=key("offlineAccessRequireConsentPrompt", resource=RESOURCE),
        source="OpenID Connect Core §11",
        shown_when=is_set("grants.offline_access_required"),
    )


_EXTERNAL = is_one_of("consent.page", ConsentPage.ADAPTER)


@section("Consent")
class Consent:
    """Behaviour §7.2: who asks people, and when they are not asked again."""

    page: ConsentPage = setting(
        id="S040",
        kind=OneWord(ConsentPage),
        default=ConsentPage.INTERNAL,
        label="User Authorization Consent Page",
        help="Whether our own page asks for consent or a trusted application of yours.",
        admin=key("userAuthorizationConsentPageSetting", resource=RESOURCE),
    )
    bypass_for_grants: bool = setting(
        id="S041",
        kind=Flag(),
        default=False,
        label="Bypass Authorization for Previously Approved Persistent Grants",
        help="People are not asked again while a stored grant covers what a client wants.",
        admin=key("bypassAuthorizationForApprovedGrants", resource=RESOURCE),
    )
    bypass_for_consents: bool = setting(
        id="S042",
        kind=Flag(),
        default=False,
        label="Bypass Authorization for Previously Approved Consents",
        help="People are not asked again for what they approved before.",
        admin=key("bypassAuthorizationForApprovedConsents", resource=RESOURCE),
    )
    lifetime_days: int = setting(
        id="S043",
        kind=WholeNumber(at_least=ENDLESS, at_most=36500, unit="days"),
        default=ENDLESS,
        label="Consent Lifetime (days)",
        help="How long an approval is remembered; -1: for ever.",
        admin=key("consentLifetimeDays", resource=RESOURCE),
    )
    adapter: str | None = setting(
        id="S044",
        kind=Text(at_most=256),
        default=None,
        label="External Consent Adapter",
        help="The application that asks for consent.",
        admin=key("userAuthorizationConsentAdapter", required=_EXTERNAL, resource=RESOURCE),
        shown_when=_EXTERNAL,
    )
    approved_scopes_attribute: str | None = setting(
        id="S045",
        kind=Text(at_most=256),
        default=None,
        label="Scopes Attribute",
        help="The attribute in which that application returns the scopes people approved.",
        admin=key("approvedScopesAttribute", required=_EXTERNAL, resource=RESOURCE),
        shown_when=_EXTERNAL,
    )
    approved_details_attribute: str | None = setting(
        id="S046",
        kind=Text(at_most=256),
        default=None,
        label="Authorization Details Attribute",
        help="The attribute in which that application returns the authorization details people approved.",
        admin=key("approvedAuthorizationDetailAttribute", resource=RESOURCE),
        source="RFC 9396 §7",
        shown_when=_EXTERNAL,
    )
