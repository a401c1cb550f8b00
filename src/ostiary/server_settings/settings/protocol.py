"""How requests are made and answered: codes, PAR, JARM, DPoP, secrets, and the switches for older habits."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Minutes, OneWord, Seconds, Url, WholeNumber
from ostiary.server_settings.kinds import Origins
from ostiary.words import AssertionAudiences, ParStatus, SecurityProfile

RESOURCE = "authServerSettings"


@section("Authorization Server")
class Authorization:
    """RFC 6749: codes, and what every authorization response carries."""

    code_timeout_seconds: int = setting(
        id="S001",
        kind=Seconds(at_least=1, at_most=3600),
        default=60,
        label="Authorization Code Timeout (seconds)",
        help="How long an authorization code can be redeemed.",
        admin=key("authorizationCodeTimeout", required=True, resource=RESOURCE),
        source="RFC 6749 §4.1.2",
    )
    code_entropy_bytes: int = setting(
        id="S002",
        kind=WholeNumber(at_least=16, at_most=256, unit="bytes"),
        default=30,
        label="Authorization Code Entropy (bytes)",
        help="How many random bytes an authorization code holds.",
        admin=key("authorizationCodeEntropy", required=True, resource=RESOURCE),
        source="RFC 6749 §10.10",
    )
    disallow_plain_pkce: bool = setting(
        id="S003",
        kind=Flag(),
        default=False,
        label="Disallow Plain PKCE",
        help="Refuses code challenges sent in the clear; only S256 is taken then. On in a new installation.",
        admin=key("disallowPlainPKCE", resource=RESOURCE),
        source="RFC 9700 §2.1.1",
        when_unreadable=True,
    )
    include_issuer: bool = setting(
        id="S004",
        kind=Flag(),
        default=False,
        label="Include Issuer in Authorization Response",
        help="Adds iss to authorization responses, so that a client can tell servers apart. On in a new installation.",
        admin=key("includeIssuerInAuthorizationResponse", resource=RESOURCE),
        source="RFC 9207",
        when_unreadable=True,
    )
    track_sessions_for_logout: bool = setting(
        id="S005",
        kind=Flag(),
        default=True,
        label="Track User Sessions for Logout",
        help="Remembers which clients a person visited in a session, so that they can be told of a logout.",
        admin=key("trackUserSessionsForLogout", keep=True, resource=RESOURCE),
        source="OpenID Connect Front- and Back-Channel Logout",
    )
    token_endpoint_base_url: str = setting(
        id="S006",
        kind=Url(),
        default="",
        label="Token Endpoint Base URL",
        help="A second base URL under which clients reach the token endpoint.",
        admin=key("tokenEndpointBaseUrl", resource=RESOURCE),
        source="RFC 6749 §3.2",
    )
    allowed_origins: tuple[str, ...] = setting(
        id="S007",
        kind=Origins(),
        default=(),
        label="Allowed Origins",
        help="Web origins whose scripts may call the endpoints. A * stands for any name or port.",
        admin=key("allowedOrigins", resource=RESOURCE),
        source="Fetch Standard §3.2",
    )


@section("Pushed Authorization Requests")
class Pushed:
    """RFC 9126."""

    status: ParStatus = setting(
        id="S050",
        kind=OneWord(ParStatus),
        default=ParStatus.ENABLED,
        label="Pushed Authorization Requests",
        help="Whether clients may push their requests, must do so, or cannot.",
        admin=key("parStatus", resource=RESOURCE),
        source="RFC 9126 §5",
    )
    reference_timeout_seconds: int = setting(
        id="S051",
        kind=Seconds(at_least=1, at_most=3600),
        default=60,
        label="Reference Timeout (seconds)",
        help="How long a pushed request can be used.",
        admin=key("parReferenceTimeout", resource=RESOURCE),
        source="RFC 9126 §2.2",
    )
    reference_entropy_bytes: int = setting(
        id="S052",
        kind=WholeNumber(at_least=16, at_most=256, unit="bytes"),
        default=24,
        label="Reference Length (bytes)",
        help="How many random bytes a reference to a pushed request holds.",
        admin=key("parReferenceLength", resource=RESOURCE),
        source="RFC 9126 §7.1",
    )


@section("JWT-Secured Authorization Responses")
class Jarm:
    """JARM."""

    lifetime_seconds: int = setting(
        id="S055",
        kind=Seconds(at_least=1, at_most=3600),
        default=600,
        label="Response Lifetime (seconds)",
        help="How long a signed authorization response counts.",
        admin=key("jwtSecuredAuthorizationResponseModeLifetime", resource=RESOURCE),
        source="JARM §2.1",
    )


@section("DPoP")
class Dpop:
    """RFC 9449."""

    require_nonce: bool = setting(
        id="S056",
        kind=Flag(),
        default=False,
        label="Require Nonce",
        help="Every proof must hold a nonce that the server gave out.",
        admin=key("dpopProofRequireNonce", resource=RESOURCE),
        source="RFC 9449 §8",
    )
    proof_lifetime_seconds: int = setting(
        id="S057",
        kind=Seconds(at_least=1, at_most=3600),
        default=120,
        label="Proof Lifetime (seconds)",
        help="How old a proof may be.",
        admin=key("dpopProofLifetimeSeconds", resource=RESOURCE),
        source="RFC 9449 §4.3",
    )
    enforce_replay_prevention: bool = setting(
        id="S058",
        kind=Flag(),
        default=False,
        label="Enforce Replay Prevention",
        help="A proof counts once. On in a new installation.",
        admin=key("dpopProofEnforceReplayPrevention", resource=RESOURCE),
        source="RFC 9449 §11.1",
        when_unreadable=True,
    )


@section("Client Secrets")
class Secrets:
    """What happens to a secret that was replaced."""

    retention_minutes: int = setting(
        id="S060",
        kind=Minutes(at_least=0, at_most=43800),
        default=0,
        label="Client Secret Retention Period (minutes)",
        help="How long a replaced client secret still opens the door; 0: not at all.",
        admin=key("clientSecretRetentionPeriod", resource=RESOURCE),
    )


@section("Requests without a Client")
class Unidentified:
    """Token requests that do not say which client sends them."""

    password_grant: bool = setting(
        id="S065",
        kind=Flag(),
        default=False,
        label="Allow Unidentified Clients to Use the Password Grant",
        help="Takes a user name and a password without asking which client sends them.",
        admin=key("allowUnidentifiedClientROCreds", resource=RESOURCE),
        source="RFC 6749 §4.3",
    )
    extension_grants: bool = setting(
        id="S066",
        kind=Flag(),
        default=False,
        label="Allow Unidentified Clients to Use Assertion Grants",
        help="Takes an assertion without asking which client sends it.",
        admin=key("allowUnidentifiedClientExtensionGrants", resource=RESOURCE),
        source="RFC 7521 §4.1",
    )


@section("Compatibility")
class Compatibility:
    """Habits of older deployments, and the security profiles that undo them. What a replacement omits stays."""

    redirect_uri_wildcards: bool = setting(
        id="S090",
        kind=Flag(),
        default=True,
        label="Allow Wildcards in Redirect URIs",
        help="Lets * stand in redirect and post-logout URIs. Off: none can be saved, and a stored one matches nothing.",
        admin=key("compatibility.allowRedirectUriWildcards", keep=True, resource=RESOURCE),
        source="RFC 9700 §2.1",
        when_unreadable=False,
    )
    revoke_grant_on_reuse: bool = setting(
        id="S091",
        kind=Flag(),
        default=True,
        label="Revoke Grant on Refresh Token Reuse",
        help="A replaced refresh token that comes back after its grace revokes the grant: somebody stole it.",
        admin=key("compatibility.revokeGrantOnRefreshTokenReuse", keep=True, resource=RESOURCE),
        source="RFC 9700 §4.14.2",
    )
    assertion_audiences: AssertionAudiences = setting(
        id="S092",
        kind=OneWord(AssertionAudiences, frozenset(AssertionAudiences) - {AssertionAudiences.SERVER_DEFAULT}),
        default=AssertionAudiences.ISSUER_ONLY,
        label="Audience of Assertions",
        help="Whether assertions must be addressed to the issuer alone, or may name an endpoint as older clients do.",
        admin=key("compatibility.assertionAudiences", keep=True, resource=RESOURCE),
        source="RFC 7523 §3",
    )
    unsigned_responses: bool = setting(
        id="S093",
        kind=Flag(),
        default=False,
        label="Allow Unsigned Responses",
        help="Lets a client choose none for introspection answers and authorization responses in JWT form.",
        admin=key("compatibility.allowUnsignedResponses", keep=True, resource=RESOURCE),
        source="RFC 9701 §5, JARM §4",
    )
    unauthenticated_introspection: bool = setting(
        id="S094",
        kind=Flag(),
        default=False,
        label="Allow Unauthenticated Introspection",
        help="A client that cannot authenticate may introspect by giving its id alone.",
        admin=key("compatibility.allowUnauthenticatedIntrospection", keep=True, resource=RESOURCE),
        source="RFC 7662 §2.1",
    )
    vendor_metadata: bool = setting(
        id="S095",
        kind=Flag(),
        default=False,
        label="Publish Vendor Metadata",
        help="Adds the ping_ members to the discovery documents.",
        admin=key("compatibility.publishVendorMetadata", keep=True, resource=RESOURCE),
    )
    security_profile: SecurityProfile = setting(
        id="S096",
        kind=OneWord(SecurityProfile, frozenset(SecurityProfile) - {SecurityProfile.SERVER_DEFAULT}),
        default=SecurityProfile.NONE,
        label="Security Profile",
        help="A profile that every client must keep; a client may choose a stricter one, never a laxer.",
        admin=key("compatibility.securityProfile", keep=True, resource=RESOURCE),
        source="RFC 9700, FAPI 1.0, FAPI 2.0",
    )
    recoverable_secrets: bool = setting(
        kind=Flag(),
        default=False,
        label="Keep Recoverable Client Secrets",
        help="Keeps an encrypted copy of every client secret, for those who will choose symmetric algorithms later.",
        admin=key("compatibility.recoverableSecrets", keep=True, resource=RESOURCE),
        source="OpenID Connect Core §10.1",
    )
