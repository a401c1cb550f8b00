"""How the client's requests must be sent: pushed, signed, with proofs."""

from ostiary.clients.settings.conditions import BROWSER_GRANTS, allows
from ostiary.declare import Write, is_set, key, proposed, section, setting
from ostiary.declare.kinds import Flag, OneWord, Seconds, TextList, Url, UrlList
from ostiary.words import (
    ASYMMETRIC_KEY_MANAGEMENT,
    ASYMMETRIC_SIGNING,
    ContentEncryption,
    GrantType,
    KeyManagement,
    SecurityProfile,
    SigningAlgorithm,
)


@section("Requests")
class Requests:
    """C040-C054."""

    require_pushed: bool = setting(
        id="C040",
        kind=Flag(),
        default=False,
        label="Require Pushed Authorization Requests",
        help="Authorization requests must first be pushed to the server by the client itself.",
        admin="requirePushedAuthorizationRequests",
        legacy="requirePushedAuthorizationRequests",
        registration="require_pushed_authorization_requests",
        source="RFC 9126 §6",
        when_unreadable=True,
    )
    require_jarm: bool = setting(
        id="C041",
        kind=Flag(),
        default=False,
        label="Require JWT Secured Authorization Response Mode",
        help="Authorization requests must ask for a signed answer.",
        admin="requireJwtSecuredAuthorizationResponseMode",
        legacy="requireJwtSecuredAuthorizationResponseMode",
        registration="require_jwt_secured_authorization_response_mode",
        source="JARM §2.3",
        when_unreadable=True,
    )
    require_signed: bool = setting(
        id="C042",
        kind=Flag(),
        default=False,
        label="Require Signed Requests",
        help="Authorization requests must carry their parameters in a signed request object.",
        admin="requireSignedRequests",
        legacy="requireSignedRequests",
        registration="require_signed_request_object",
        portal="requireSignedRequests",
        source="RFC 9101 §10.5",
        when_unreadable=True,
    )
    object_algorithm: SigningAlgorithm | None = setting(
        id="C043",
        kind=OneWord(SigningAlgorithm, ASYMMETRIC_SIGNING),
        default=None,
        label="Request Object Signing Algorithm",
        help="The algorithm that request objects must be signed with; if none is chosen, any that is offered.",
        admin="requestObjectSigningAlgorithm",
        legacy="requestObjectSigningAlgorithm",
        registration="request_object_signing_alg",
        portal="request_object_signing_alg",
        source="OpenID Connect Registration §2",
    )
    object_encryption: KeyManagement | None = setting(
        id="C044",
        kind=OneWord(KeyManagement, ASYMMETRIC_KEY_MANAGEMENT),
        default=None,
        label="Request Object Key Management Encryption Algorithm",
        help="How the client may encrypt its request objects to the server; it need not.",
        registration="request_object_encryption_alg",
        portal="request_object_encryption_alg",
        source="OpenID Connect Registration §2",
    )
    object_content_encryption: ContentEncryption | None = setting(
        id="C045",
        kind=OneWord(ContentEncryption),
        default=None,
        label="Request Object Content Encryption Algorithm",
        help="What encrypts the content then.",
        registration="request_object_encryption_enc",
        portal="request_object_encryption_enc",
        source="OpenID Connect Registration §2",
        shown_when=is_set("requests.object_encryption"),
    )
    request_uris: tuple[str, ...] = setting(
        id="C046",
        kind=UrlList(https_only=True),
        default=(),
        label="Request URIs",
        help="Where request objects of the client may be fetched from; no other place is ever asked.",
        registration=key("request_uris", write=Write.UNLESS_EMPTY),
        portal=key("request_uris", write=Write.UNLESS_EMPTY),
        source="OpenID Connect Registration §2",
    )
    require_pkce: bool = setting(
        id="C047",
        kind=Flag(),
        default=False,
        label="Require Proof Key for Code Exchange (PKCE)",
        help="A code is issued only to requests with a code challenge. A challenge that was sent is always checked.",
        admin="requireProofKeyForCodeExchange",
        legacy="requireProofKeyForCodeExchange",
        registration="require_proof_key_for_code_exchange",
        source="RFC 7636 §4.4.1",
        shown_when=allows(GrantType.AUTHORIZATION_CODE),
        when_unreadable=True,
    )
    require_dpop: bool = setting(
        id="C048",
        kind=Flag(),
        default=False,
        label="Require DPoP",
        help="Tokens are issued only with a proof of a key, and are bound to that key.",
        admin="requireDpop",
        legacy=proposed("requireDpop"),
        registration="dpop_bound_access_tokens",
        source="RFC 9449 §5.2",
        when_unreadable=True,
    )
    default_max_age: int | None = setting(
        id="C049",
        kind=Seconds(at_least=0),
        default=None,
        label="Default Max Age (seconds)",
        help="How long ago people may have signed on, where a request does not say.",
        registration="default_max_age",
        portal="default_max_age",
        source="OpenID Connect Registration §2",
    )
    default_acr_values: tuple[str, ...] = setting(
        id="C050",
        kind=TextList(),
        default=(),
        label="Default ACR Values",
        help="How people are to sign on, where a request does not say; in order of preference.",
        registration=key("default_acr_values", write=Write.UNLESS_EMPTY),
        portal=key("default_acr_values", write=Write.UNLESS_EMPTY),
        source="OpenID Connect Registration §2",
    )
    require_auth_time: bool = setting(
        id="C051",
        kind=Flag(),
        default=False,
        label="Require Authentication Time",
        help="Every ID token says when its person signed on.",
        registration="require_auth_time",
        portal="require_authtime_claim",
        source="OpenID Connect Registration §2",
    )
    initiate_login_uri: str | None = setting(
        id="C052",
        kind=Url(https_only=True),
        default=None,
        label="Initiate Login URI",
        help="Where the client starts a sign-on; offered as a link to it.",
        registration="initiate_login_uri",
        portal="initiate_login_uri",
        source="OpenID Connect Core §4",
    )
    certificate_bound_access_tokens: bool = setting(
        id="C053",
        kind=Flag(),
        default=False,
        label="Certificate-Bound Access Tokens",
        help="Access tokens are bound to the certificate of the connection on which they were issued.",
        admin=proposed("tlsClientCertificateBoundAccessTokens"),
        registration="tls_client_certificate_bound_access_tokens",
        source="RFC 8705 §3.4",
        when_unreadable=True,
    )
    security_profile: SecurityProfile = setting(
        id="C054",
        kind=OneWord(SecurityProfile),
        default=SecurityProfile.SERVER_DEFAULT,
        label="Security Profile",
        help="A profile that tightens what other settings leave open. It can only be stricter than the server's.",
        admin=proposed("securityProfile"),
        shown_when=BROWSER_GRANTS,
        when_unreadable=SecurityProfile.FAPI2_MESSAGE_SIGNING,
    )
