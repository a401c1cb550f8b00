"""Dynamic registration: whether developers may register clients, and what is copied into such a client."""

from ostiary.declare import Duration, Lifetime, Override, section, setting
from ostiary.declare.conditions import is_one_of, is_set
from ostiary.declare.kinds import (
    DurationKind,
    Flag,
    Minutes,
    OneWord,
    OverrideKind,
    ReferenceKind,
    References,
    ScopeList,
    Seconds,
    Text,
    TextList,
    Url,
    WholeNumber,
)
from ostiary.server_settings.kinds import QuietLifetimeKind
from ostiary.server_settings.settings.registration_member import named, switch
from ostiary.words import (
    CertificateIssuer,
    ContentEncryption,
    KeyManagement,
    LockoutType,
    RollingPolicy,
    RollingUnit,
    SigningAlgorithm,
    TwoWay,
    YesNo,
)

_OWN_DEVICE = is_one_of("registration.device_setting_type", TwoWay.OVERRIDE)


@section("Dynamic Client Registration")
class Registration:
    """RFC 7591, RFC 7592."""

    on: bool = setting(
        id="S104",
        kind=Flag(),
        default=False,
        label="Dynamic Client Registration",
        help="Whether developers may register clients by themselves.",
        source="RFC 7591",
    )
    initial_access_token_scope: str | None = setting(
        id="S110",
        kind=Text(at_most=512),
        default=None,
        label="Initial Access Token Scope",
        help="The scope or group a bearer token needs to register a client; none: anybody may register.",
        admin=named("initialAccessTokenScope"),
        source="RFC 7591 §3",
    )
    restrict_common_scopes: bool = switch(
        "S111",
        "restrictCommonScopes",
        "Restrict Common Scopes",
        "Registering clients may only ask for the common scopes listed here.",
    )
    restricted_common_scopes: tuple[str, ...] = setting(
        id="S112",
        kind=ScopeList(),
        default=(),
        label="Common Scopes",
        help="The common scopes and groups they may ask for.",
        admin=named("restrictedCommonScopes"),
    )
    allowed_exclusive_scopes: tuple[str, ...] = setting(
        id="S113",
        kind=ScopeList(),
        default=(),
        label="Exclusive Scopes",
        help="The exclusive scopes and groups they may ask for.",
        admin=named("allowedExclusiveScopes"),
    )
    allowed_authorization_detail_types: tuple[str, ...] = setting(
        id="S114",
        kind=TextList(),
        default=(),
        label="Authorization Detail Types",
        help="The types of authorization details they may use.",
        admin=named("allowedAuthorizationDetailTypes"),
        source="RFC 9396 §10",
    )
    enforce_replay_prevention: bool = switch(
        "S115",
        "enforceReplayPrevention",
        "Prevent Replay of Client Assertions",
        "An assertion counts once.",
        "RFC 7523 §3",
    )
    require_signed_requests: bool = switch(
        "S116",
        "requireSignedRequests",
        "Require Signed Requests",
        "Authorization requests must be signed.",
        "RFC 9101 §10.5",
    )
    require_jarm: bool = switch(
        "S117",
        "requireJwtSecuredAuthorizationResponseMode",
        "Require JWT-Secured Authorization Responses",
        "Authorization responses must be signed.",
        "JARM",
    )
    require_pkce: bool = switch(
        "S118",
        "requireProofKeyForCodeExchange",
        "Require Proof Key for Code Exchange",
        "Authorization requests need a code challenge.",
        "RFC 7636",
    )
    default_manager: str | None = setting(
        id="S119",
        kind=ReferenceKind(),
        default=None,
        label="Default Access Token Manager",
        help="Which manager makes their access tokens; none: the server's default.",
        admin=named("defaultAccessTokenManagerRef"),
    )
    restrict_to_default_manager: bool = switch(
        "S120",
        "restrictToDefaultAccessTokenManager",
        "Restrict to Default Access Token Manager",
        "They cannot choose another one.",
    )
    max_lifetime: Lifetime = setting(
        id="S121, S122, S123",
        kind=QuietLifetimeKind(),
        default=Lifetime(),
        label="Persistent Grants Max Lifetime",
        help="How long their stored grants live, whatever the use.",
        admin=named(
            "persistentGrantExpirationType", "persistentGrantExpirationTime", "persistentGrantExpirationTimeUnit"
        ),
    )
    idle_timeout: Lifetime = setting(
        id="S124, S125, S126",
        kind=QuietLifetimeKind(),
        default=Lifetime(),
        label="Persistent Grants Idle Timeout",
        help="How long their stored grants live without being used.",
        admin=named(
            "persistentGrantIdleTimeoutType", "persistentGrantIdleTimeout", "persistentGrantIdleTimeoutTimeUnit"
        ),
    )
    certificate_issuer_type: CertificateIssuer = setting(
        id="S127",
        kind=OneWord(CertificateIssuer),
        default=CertificateIssuer.NONE,
        label="Client TLS Certificate Issuer",
        help="Whether they may authenticate by certificate, and which authority must have issued it.",
        admin=named("clientCertIssuerType"),
        source="RFC 8705 §2.1",
    )
    certificate_issuer: str | None = setting(
        id="S128",
        kind=ReferenceKind(),
        default=None,
        label="Certificate Authority",
        help="The authority, where one is asked for.",
        admin=named(
            "clientCertIssuerRef",
            required=is_one_of("registration.certificate_issuer_type", CertificateIssuer.CERTIFICATE),
        ),
        source="RFC 8705 §2.1",
    )
    rolling: RollingPolicy = setting(
        id="S129",
        kind=OneWord(RollingPolicy),
        default=RollingPolicy.SERVER_DEFAULT,
        label="Refresh Token Rolling Policy",
        help="Whether refreshing gives them a new refresh token.",
        admin=named("refreshRolling"),
        source="RFC 9700 §4.14.2",
    )
    rolling_interval: Override[Duration] = setting(
        id="S130",
        kind=OverrideKind(DurationKind()),
        default=Override(value=Duration(-1, RollingUnit.HOURS)),
        label="Refresh Token Rolling Interval",
        help="A refresh token younger than this is not replaced.",
        admin=named(
            "refreshTokenRollingIntervalType", "refreshTokenRollingInterval", "refreshTokenRollingIntervalTimeUnit"
        ),
    )
    rolling_grace: Override[int] = setting(
        id="S131",
        kind=OverrideKind(Seconds(at_least=0, at_most=86400)),
        default=Override(),
        label="Refresh Token Rolling Grace Period (seconds)",
        help="How long a replaced refresh token still works.",
        admin=named("refreshTokenRollingGracePeriodType", "refreshTokenRollingGracePeriod"),
    )
    id_token_algorithm: SigningAlgorithm | None = setting(
        id="S132",
        kind=OneWord(SigningAlgorithm),
        default=None,
        label="ID Token Signing Algorithm",
        help="How ID tokens are signed when the registration does not say; none set: RS256.",
        admin=named("oidcPolicy.idTokenSigningAlgorithm"),
        source="OpenID Connect Registration §2",
    )
    id_token_encryption: KeyManagement | None = setting(
        id="S133",
        kind=OneWord(KeyManagement),
        default=None,
        label="ID Token Key Management Encryption Algorithm",
        help="How ID tokens are encrypted when the registration does not say; none set: not at all.",
        admin=named("oidcPolicy.idTokenEncryptionAlgorithm"),
        source="OpenID Connect Registration §2",
    )
    id_token_content_encryption: ContentEncryption | None = setting(
        id="S134",
        kind=OneWord(ContentEncryption),
        default=None,
        label="ID Token Content Encryption Algorithm",
        help="Goes with the key management algorithm; both or none.",
        admin=named("oidcPolicy.idTokenContentEncryptionAlgorithm"),
        source="OpenID Connect Registration §2",
    )
    policy: str | None = setting(
        id="S135",
        kind=ReferenceKind(),
        default=None,
        label="OpenID Connect Policy",
        help="What their ID tokens and UserInfo hold; none: the default policy.",
        admin=named("oidcPolicy.policyGroup"),
    )
    registration_policies: tuple[str, ...] = setting(
        id="S136",
        kind=References(),
        default=(),
        label="Registration Policies",
        help="What is asked of a registration, in this order; all must agree.",
        admin=named("policyRefs"),
        source="RFC 7591 §5",
    )
    device_setting_type: TwoWay = setting(
        id="S137",
        kind=OneWord(TwoWay),
        default=TwoWay.SERVER_DEFAULT,
        label="Device Authorization Settings",
        help="Whether the server's settings or those below count.",
        admin=named("deviceFlowSettingType"),
        source="RFC 8628",
    )
    device_user_authorization_url: str | None = setting(
        id="S138",
        kind=Url(),
        default=None,
        label="User Authorization URL",
        help="The address people are told to visit.",
        admin=named("userAuthorizationUrlOverride"),
        source="RFC 8628 §3.2",
        shown_when=_OWN_DEVICE,
    )
    device_pending_timeout: int | None = setting(
        id="S139",
        kind=Seconds(at_least=1, at_most=86400),
        default=None,
        label="Pending Authorization Timeout (seconds)",
        help="How long a device waits for its person.",
        admin=named("pendingAuthorizationTimeoutOverride"),
        source="RFC 8628 §3.2",
        shown_when=_OWN_DEVICE,
    )
    device_polling_interval: int | None = setting(
        id="S140",
        kind=Seconds(at_least=1, at_most=3600),
        default=None,
        label="Device Polling Interval (seconds)",
        help="The least time between two questions of a device.",
        admin=named("devicePollingIntervalOverride"),
        source="RFC 8628 §3.5",
        shown_when=_OWN_DEVICE,
    )
    device_bypass_confirmation: bool = setting(
        id="S141",
        kind=Flag(),
        default=False,
        label="Bypass Activation Code Confirmation",
        help="Does not ask people to compare the code when it came with the link.",
        admin=named("bypassActivationCodeConfirmationOverride"),
        source="RFC 8628 §5.4",
        shown_when=_OWN_DEVICE,
    )
    ciba_polling_interval: int = setting(
        id="S142",
        kind=Seconds(at_least=1, at_most=3600),
        default=3,
        label="CIBA Polling Interval (seconds)",
        help="The least time between two token requests of a client that waits for an answer.",
        admin=named("cibaPollingInterval"),
        source="CIBA Core §7.3",
    )
    ciba_require_signed: bool = switch(
        "S143",
        "cibaRequireSignedRequests",
        "CIBA Require Signed Requests",
        "Backchannel authentication requests must be signed.",
        "CIBA Core §7.1.1",
    )
    ciba_policy: str | None = setting(
        id="S144",
        kind=ReferenceKind(),
        default=None,
        label="CIBA Request Policy",
        help="How their users are asked; none: the default policy.",
        admin=named("requestPolicyRef"),
    )
    exchange_policy: str | None = setting(
        id="S145",
        kind=ReferenceKind(),
        default=None,
        label="Token Exchange Processor Policy",
        help="Which tokens they may exchange; none: the default policy.",
        admin=named("tokenExchangeProcessorPolicyRef"),
        source="RFC 8693",
    )
    rotate_client_secret: bool = switch(
        "S146",
        "rotateClientSecret",
        "Rotate Client Secret",
        "Reading or replacing a registration makes a new client secret.",
        "RFC 7592 §2",
    )
    rotate_registration_access_token: bool = switch(
        "S147",
        "rotateRegistrationAccessToken",
        "Rotate Registration Access Token",
        "Reading or replacing a registration makes a new registration access token; the old one dies.",
        "RFC 7592 §2",
    )
    allow_client_delete: bool = switch(
        "S148",
        "allowClientDelete",
        "Allow Client Deletion",
        "Developers may delete the clients they registered.",
        "RFC 7592 §2.3",
    )
    disable_registration_access_tokens: bool = switch(
        "S149",
        "disableRegistrationAccessTokens",
        "Disable Registration Access Tokens",
        "Registered clients are managed with their own authentication instead.",
        "RFC 7592 §3",
    )
    retain_client_secret: bool = switch(
        "S150", "retainClientSecret", "Retain Client Secret", "A replaced secret still works for a while."
    )
    secret_retention: Override[int] = setting(
        id="S151",
        kind=OverrideKind(Minutes(at_least=0, at_most=43800)),
        default=Override(),
        label="Client Secret Retention Period (minutes)",
        help="How long a replaced secret still works.",
        admin=named("clientSecretRetentionPeriodType", "clientSecretRetentionPeriodOverride"),
        shown_when=is_set("registration.retain_client_secret"),
    )
    offline_access_required: YesNo = setting(
        id="S152",
        kind=OneWord(YesNo),
        default=YesNo.SERVER_DEFAULT,
        label="Require offline_access Scope to Issue Refresh Tokens",
        help="Refresh tokens only where offline_access was granted.",
        admin=named("requireOfflineAccessScopeToIssueRefreshTokens"),
        source="OpenID Connect Core §11",
    )
    offline_access_prompt: YesNo = setting(
        id="S152",
        kind=OneWord(YesNo),
        default=YesNo.SERVER_DEFAULT,
        label="Require Consent Prompt for offline_access",
        help="offline_access counts only with prompt=consent.",
        admin=named("offlineAccessRequireConsentPrompt"),
        source="OpenID Connect Core §11",
    )
    lockout_type: LockoutType = setting(
        id="S153",
        kind=OneWord(LockoutType),
        default=LockoutType.SERVER_DEFAULT,
        label="Lockout",
        help="Whether a client that tries too many bad tokens is locked out.",
        admin=named("lockoutMaxMaliciousActionsType"),
    )
    lockout_actions: int | None = setting(
        id="S153",
        kind=WholeNumber(at_least=1, at_most=1_000_000),
        default=None,
        label="Malicious Actions Before Lockout",
        help="How many such attempts lock it out.",
        admin=named("lockoutMaxMaliciousActions"),
    )
