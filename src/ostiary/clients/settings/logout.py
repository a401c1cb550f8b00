"""What the client learns of logouts, and the session APIs it may call."""

from dataclasses import dataclass
from typing import Any

from ostiary.clients.settings.conditions import TRACKS_LOGOUT, all_of
from ostiary.declare import Write, is_one_of, key, proposed, section, setting
from ostiary.declare.kinds import Flag, OneWord, Spot, Url, UrlList, Writing
from ostiary.words import Dialect, LogoutMode


@dataclass(frozen=True)
class LogoutUris(UrlList):
    """Registration knows one URI only (OpenID Connect Front-Channel Logout §2)."""

    def understood(self, raw: Any, spot: Spot) -> tuple[str, ...] | None:
        single = spot.dialect is Dialect.REGISTRATION and isinstance(raw, str)
        return super().understood([raw] if single else raw, spot)

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if writing.dialect is Dialect.REGISTRATION:
            return (value[0] if value else None,)
        return super().written(value, writing, count)


@section("Logout and Session APIs")
class Logout:
    """C125-C131."""

    session_revocation_api: bool = setting(
        id="C125",
        kind=Flag(),
        default=False,
        label="Allow Access to Session Revocation API",
        help="The client may ask whether sessions are revoked, and revoke them.",
        admin="oidcPolicy.grantAccessSessionRevocationApi",
        legacy="grantAccessSessionRevocationApi",
    )
    session_management_api: bool = setting(
        id="C126",
        kind=Flag(),
        default=False,
        label="Allow Access to Session Management API",
        help="The client may look at sessions, prolong them and end them.",
        admin="oidcPolicy.grantAccessSessionSessionManagementApi",
        legacy=proposed("grantAccessSessionManagementApi", aliases=("grantAccessSessionSessionManagementApi",)),
    )
    mode: LogoutMode = setting(
        id="C127",
        kind=OneWord(LogoutMode),
        default=LogoutMode.NONE,
        label="Logout Mode",
        help="How the client learns that a session has ended.",
        admin="oidcPolicy.logoutMode",
        legacy=proposed("logoutMode"),
        source="OpenID Connect Front-Channel Logout, Back-Channel Logout",
        shown_when=TRACKS_LOGOUT,
    )
    ping_access_capable: bool = setting(
        id="C128",
        kind=Flag(),
        default=False,
        label="PingAccess Logout Capable",
        help="The logout page also calls the access gateway at each origin the client was used at.",
        admin="oidcPolicy.pingAccessLogoutCapable",
        legacy="pingAccessLogoutCapable",
        shown_when=all_of(TRACKS_LOGOUT, is_one_of("logout.mode", LogoutMode.PING_FRONT_CHANNEL)),
    )
    uris: tuple[str, ...] = setting(
        id="C129",
        kind=LogoutUris(),
        default=(),
        label="Logout URIs",
        help="What the person's browser calls when a session ends.",
        admin=key("oidcPolicy.logoutUris", write=Write.UNLESS_EMPTY),
        legacy=key("logoutUris", write=Write.UNLESS_EMPTY),
        registration="frontchannel_logout_uri",
        source="OpenID Connect Front-Channel Logout §2",
        shown_when=all_of(
            TRACKS_LOGOUT,
            is_one_of("logout.mode", LogoutMode.PING_FRONT_CHANNEL, LogoutMode.OIDC_FRONT_CHANNEL),
        ),
    )
    back_channel_uri: str | None = setting(
        id="C130",
        kind=Url(),
        default=None,
        label="Back-Channel Logout URI",
        help="Where the server itself tells the client that a session has ended.",
        admin="oidcPolicy.backChannelLogoutUri",
        legacy=proposed("backChannelLogoutUri"),
        registration="backchannel_logout_uri",
        source="OpenID Connect Back-Channel Logout §2.2",
        shown_when=all_of(TRACKS_LOGOUT, is_one_of("logout.mode", LogoutMode.OIDC_BACK_CHANNEL)),
    )
    front_channel_session_required: bool = setting(
        id="C131",
        kind=Flag(),
        default=False,
        label="Front-Channel Session Required",
        help="Kept for the client: the session is named in any case.",
        registration=key("frontchannel_logout_session_required", write=Write.UNLESS_DEFAULT),
        source="OpenID Connect Front-Channel Logout §2",
    )
    back_channel_session_required: bool = setting(
        id="C131",
        kind=Flag(),
        default=False,
        label="Back-Channel Session Required",
        help="Kept for the client: the session is named in any case.",
        registration=key("backchannel_logout_session_required", write=Write.UNLESS_DEFAULT),
        source="OpenID Connect Back-Channel Logout §2.2",
    )
