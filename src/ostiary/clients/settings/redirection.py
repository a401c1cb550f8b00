"""Where answers may go, and whether people are asked."""

from ostiary.clients.settings.conditions import BROWSER_GRANTS, allows
from ostiary.clients.settings.redirect_uri_kind import RedirectUriList
from ostiary.declare import Write, is_set, key, proposed, section, setting
from ostiary.declare.kinds import Flag
from ostiary.words import GrantType


@section("Redirection and Consent")
class Redirection:
    """C060-C065."""

    redirect_uris: tuple[str, ...] = setting(
        id="C060",
        kind=RedirectUriList(),
        default=(),
        label="Redirection URIs",
        help="Where the answers of the authorization endpoint may go. A star stands for part of the leftmost host"
        " label, or for part of the path.",
        admin="redirectUris",
        legacy="redirectUris",
        registration="redirect_uris",
        portal=key("redirect_uris", keep=True, write=Write.UNLESS_EMPTY),
        source="RFC 6749 §3.1.2",
    )
    bypass_approval: bool = setting(
        id="C061",
        kind=Flag(),
        default=False,
        label="Bypass Authorization Approval",
        help="People are not asked for consent: it is taken for granted for every scope.",
        admin="bypassApprovalPage",
        legacy="bypassApprovalPage",
        portal="bypass_authorization",
    )
    allow_authentication_api: bool = setting(
        id="C063",
        kind=Flag(),
        default=False,
        label="Allow Authentication API Redirectless Mode",
        help="The client may run the sign-on itself, without redirects. Needs bypassed approval and restricted scopes.",
        admin="allowAuthenticationApiInit",
        legacy=proposed("allowAuthenticationApiInit"),
        shown_when=allows(GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT, GrantType.DEVICE_CODE),
    )
    cookieless_authentication_api: bool = setting(
        id="C064",
        kind=Flag(),
        default=False,
        label="Cookieless Authentication API",
        help="The redirectless sign-on keeps its state in the flow id instead of a cookie.",
        admin="enableCookielessAuthenticationApi",
        legacy=proposed("enableCookielessAuthenticationApi"),
        shown_when=is_set("redirection.allow_authentication_api"),
    )
    post_logout_redirect_uris: tuple[str, ...] = setting(
        id="C065",
        kind=RedirectUriList(),
        default=(),
        label="Post-Logout Redirection URIs",
        help="Where people may be sent after they sign off at the client's request.",
        admin=key("oidcPolicy.postLogoutRedirectUris", write=Write.UNLESS_EMPTY),
        legacy=proposed("postLogoutRedirectUris"),
        registration=key("post_logout_redirect_uris", write=Write.UNLESS_EMPTY),
        portal=key("post_logout_redirect_uris"),
        source="OpenID Connect RP-Initiated Logout §3.1",
        shown_when=BROWSER_GRANTS,
    )
