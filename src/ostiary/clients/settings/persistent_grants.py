"""How long grants live, and how refresh tokens are renewed."""

from ostiary.clients.settings.conditions import allows
from ostiary.declare import Duration, Lifetime, Override, Write, is_one_of, key, proposed, section, setting
from ostiary.declare.kinds import DurationKind, LifetimeKind, OneWord, OverrideKind, RollingKind, Seconds, WordSet
from ostiary.words import GrantType, RollingPolicy, YesNo

REUSABLE = frozenset({GrantType.IMPLICIT, GrantType.AUTHORIZATION_CODE, GrantType.PASSWORD})
"""Rule V16: the grant types whose grants can be reused."""


@section("Persistent Grants and Refresh Tokens")
class PersistentGrants:
    """C090-C106."""

    max_lifetime: Lifetime = setting(
        id="C090 C091 C092",
        kind=LifetimeKind(),
        default=Lifetime(),
        label="Persistent Grants Max Lifetime",
        help="How long a stored grant lives, whatever its use.",
        admin=key(
            "persistentGrantExpirationType", "persistentGrantExpirationTime", "persistentGrantExpirationTimeUnit"
        ),
        legacy=key(
            "persistentGrantExpirationType", "persistentGrantExpirationTime", "persistentGrantExpirationTimeUnit"
        ),
        portal=key("grant_expiration_setting", "grant_expiration_hours"),
    )
    idle_timeout: Lifetime = setting(
        id="C093 C094 C095",
        kind=LifetimeKind(),
        default=Lifetime(),
        label="Persistent Grants Idle Timeout",
        help="How long a stored grant lives without being used; every refresh starts the time anew.",
        admin=key("persistentGrantIdleTimeoutType", "persistentGrantIdleTimeout", "persistentGrantIdleTimeoutTimeUnit"),
        legacy=key(
            "persistentGrantIdleTimeoutType",
            "persistentGrantIdleTimeout",
            "persistentGrantIdleTimeoutTimeUnit",
            aliases={"persistentGrantIdleTimeoutUnit": 2},
        ),
    )
    rolling: RollingPolicy = setting(
        id="C096",
        kind=RollingKind(),
        default=RollingPolicy.SERVER_DEFAULT,
        label="Refresh Token Rolling Policy",
        help="Whether refreshing returns a new refresh token, once the rolling interval has passed.",
        admin="refreshRolling",
        legacy="refreshRolling",
        source="RFC 9700 §4.14.2",
        shown_when=allows(GrantType.REFRESH_TOKEN),
    )
    rolling_interval: Override[Duration] = setting(
        id="C097 C098 C099",
        kind=OverrideKind(DurationKind(), implied_in=frozenset()),
        default=Override(),
        label="Refresh Token Rolling Interval",
        help="The least age of a refresh token before it is replaced; 0 replaces it at every refresh.",
        admin=key(
            "refreshTokenRollingIntervalType", "refreshTokenRollingInterval", "refreshTokenRollingIntervalTimeUnit"
        ),
        legacy=key(
            "refreshTokenRollingIntervalType", "refreshTokenRollingInterval", "refreshTokenRollingIntervalTimeUnit"
        ),
        shown_when=allows(GrantType.REFRESH_TOKEN),
    )
    rolling_grace: Override[int] = setting(
        id="C100 C101",
        kind=OverrideKind(Seconds(at_least=0, at_most=86_400)),
        default=Override(),
        label="Refresh Token Rolling Grace Period (seconds)",
        help="How long a replaced refresh token still works, for clients that lost the answer. Keep it short.",
        admin=key("refreshTokenRollingGracePeriodType", "refreshTokenRollingGracePeriod"),
        legacy=key("refreshTokenRollingGracePeriodType", "refreshTokenRollingGracePeriod", write=Write.UNLESS_DEFAULT),
        shown_when=allows(GrantType.REFRESH_TOKEN),
    )
    reuse: Override[frozenset[GrantType]] = setting(
        id="C102 C103",
        kind=OverrideKind(WordSet(GrantType, REUSABLE)),
        default=Override(value=frozenset()),
        label="Reuse Existing Persistent Access for Grant Types",
        help="For these grant types, a person who comes again keeps the grant there is instead of getting another.",
        admin=key("persistentGrantReuseType", "persistentGrantReuseGrantTypes"),
        legacy=proposed("persistentGrantReuseType", "persistentGrantReuseGrantTypes"),
    )
    offline_access_required: YesNo = setting(
        id="C105",
        kind=OneWord(YesNo),
        default=YesNo.SERVER_DEFAULT,
        label="Require offline_access to Issue Refresh Tokens",
        help="Refresh tokens are issued only with the scope offline_access.",
        admin="requireOfflineAccessScopeToIssueRefreshTokens",
        legacy=proposed("requireOfflineAccessScopeToIssueRefreshTokens"),
        source="OpenID Connect Core §11",
        shown_when=allows(GrantType.REFRESH_TOKEN),
    )
    offline_access_prompt: YesNo = setting(
        id="C106",
        kind=OneWord(YesNo),
        default=YesNo.SERVER_DEFAULT,
        label="offline_access Requires Consent",
        help="The scope offline_access counts only in requests that ask people for consent.",
        admin="offlineAccessRequireConsentPrompt",
        legacy=proposed("offlineAccessRequireConsentPrompt"),
        source="OpenID Connect Core §11",
        shown_when=is_one_of("persistent_grants.offline_access_required", YesNo.YES),
    )
