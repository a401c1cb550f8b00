"""What only the developer portal knows."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import OneWord, Text, Url, WholeNumber
from ostiary.words import PortalClientType, PortalTokenType


@section("Developer Portal")
class Portal:
    """C180-C186."""

    runtime_id: str | None = setting(
        id="C180",
        kind=Text(at_most=256),
        default=None,
        label="App Version",
        help="The version of an application that this client belongs to.",
        portal=key("RuntimeID", keep=True),
    )
    client_type: PortalClientType | None = setting(
        id="C181",
        kind=OneWord(PortalClientType),
        default=None,
        label="Client Type",
        help="Whether the portal calls the client public or confidential.",
        portal=key("OAuthClientType", required=True),
        source="RFC 6749 §2.1",
    )
    sub_title: str | None = setting(
        id="C182",
        kind=Text(keeps_empty=True),
        default=None,
        label="Subtitle",
        help="Shown under the name on the consent page.",
        portal="SubTitle",
    )
    app_uri: str | None = setting(
        id="C183",
        kind=Url(),
        default=None,
        label="App URI",
        help="The website of the application, linked from the consent page.",
        portal="AppURI",
    )
    legal_disclaimer: str | None = setting(
        id="C184",
        kind=Text(at_most=1024, keeps_empty=True),
        default=None,
        label="Legal Disclaimer",
        help="Shown at the foot of the consent page.",
        portal="LegalDisclaimer",
    )
    logo_picture_id: int | None = setting(
        id="C185",
        kind=WholeNumber(),
        default=None,
        label="Logo",
        help="The number of an uploaded picture.",
        portal="LogoPictureID",
    )
    token_type: PortalTokenType = setting(
        id="C186",
        kind=OneWord(PortalTokenType),
        default=PortalTokenType.DEFAULT,
        label="Token Type",
        help="Bearer (reference tokens) or JWT: which kind of manager makes the access tokens; Default leaves it open.",
        portal="token_type",
    )
