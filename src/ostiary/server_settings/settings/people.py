"""What people and operators meet: device pages, grant management, sessions, roles, extended properties."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Minutes, OneWord, ReferenceKind, Seconds, Text, TextList, Url
from ostiary.server_settings.kinds import ENDLESS, Entries
from ostiary.words import CodeCheckMode, TimeUnit

RESOURCE = "authServerSettings"


@section("Client and Grant Management")
class Management:
    """Who may use the services below ``/pf-ws/rest/oauth``."""

    validator: str | None = setting(
        id="S070",
        kind=ReferenceKind(),
        default=None,
        label="Password Credential Validator",
        help="Whose accounts may call the client and grant management services; none: nobody may.",
        admin=key("adminWebServicePcvRef", resource=RESOURCE),
    )
    grant_management_manager: str = setting(
        id="S071",
        kind=Text(at_most=256),
        default="",
        label="Access Token Manager of the Grant Management API",
        help="Whose tokens open the API with which people's applications manage their grants; empty: none do.",
        admin=key("atmIdForOAuthGrantManagement", resource=RESOURCE),
    )
    grant_management_scope: str = setting(
        id="S072",
        kind=Text(at_most=512),
        default="",
        label="Required Scope",
        help="The scope a token needs to open it.",
        admin=key("scopeForOAuthGrantManagement", resource=RESOURCE),
    )


@section("Device Authorization")
class Device:
    """RFC 8628."""

    user_authorization_url: str = setting(
        id="S080",
        kind=Url(),
        default="",
        label="User Authorization URL",
        help="The address people are told to visit; empty: one of ours.",
        admin=key("userAuthorizationUrl", resource=RESOURCE),
        source="RFC 8628 §3.2",
    )
    authorization_path: str = setting(
        id="S081",
        kind=Text(at_most=256),
        default="",
        label="Registered Authorization Path",
        help="A short path of ours that people can type more easily, such as /device.",
        admin=key("registeredAuthorizationPath", resource=RESOURCE),
        source="RFC 8628 §3.3",
    )
    pending_timeout_seconds: int = setting(
        id="S082",
        kind=Seconds(at_least=1, at_most=86400),
        default=600,
        label="Pending Authorization Timeout (seconds)",
        help="How long a device waits for its person.",
        admin=key("pendingAuthorizationTimeout", resource=RESOURCE),
        source="RFC 8628 §3.2",
    )
    polling_interval_seconds: int = setting(
        id="S083",
        kind=Seconds(at_least=1, at_most=3600),
        default=5,
        label="Device Polling Interval (seconds)",
        help="The least time between two questions of a device.",
        admin=key("devicePollingInterval", resource=RESOURCE),
        source="RFC 8628 §3.5",
    )
    code_check_mode: CodeCheckMode = setting(
        id="S084",
        kind=OneWord(CodeCheckMode),
        default=CodeCheckMode.AFTER_AUTHENTICATION,
        label="Activation Code Check Mode",
        help="Whether people sign on before or after they type the code.",
        admin=key("activationCodeCheckMode", resource=RESOURCE),
        source="RFC 8628 §3.3",
    )
    bypass_confirmation: bool = setting(
        id="S085",
        kind=Flag(),
        default=False,
        label="Bypass Activation Code Confirmation",
        help="Does not ask people to compare the code when it came with the link.",
        admin=key("bypassActivationCodeConfirmation", resource=RESOURCE),
        source="RFC 8628 §5.4",
    )
    cookieless_authentication_api: bool = setting(
        id="S086",
        kind=Flag(),
        default=False,
        label="Enable Cookieless User Authorization by the Authentication API",
        help="Lets an application walk a person through the device pages without cookies.",
        admin=key("enableCookielessUserAuthorizationAuthenticationApi", resource=RESOURCE),
    )
    return_id_token: bool = setting(
        id="S087",
        kind=Flag(),
        default=False,
        label="Return ID Token on Device Authorization",
        help="Adds an ID token when openid was approved.",
        admin=key("returnIdTokenOnOpenIdWithDeviceAuthzGrant", resource=RESOURCE),
    )


SESSIONS = "sessionSettings"


@section("Sessions")
class Sessions:
    """How long a person stays signed on, and what a logout reaches."""

    track_adapter_sessions: bool = setting(
        id="S160",
        kind=Flag(),
        default=False,
        label="Track Adapter Sessions for Logout",
        help="Remembers how a person signed on, to sign them off there too.",
        admin=key("trackAdapterSessionsForLogout", resource=SESSIONS),
    )
    revoke_on_logout: bool = setting(
        id="S161",
        kind=Flag(),
        default=True,
        label="Revoke User Session on Logout",
        help="Notes a session that ended, so that those who ask later are told.",
        admin=key("revokeUserSessionOnLogout", keep=True, resource=SESSIONS),
    )
    revocation_lifetime_minutes: int = setting(
        id="S162",
        kind=Minutes(at_least=1, at_most=525600),
        default=490,
        label="Session Revocation Lifetime (minutes)",
        help="How long that is remembered.",
        admin=key("sessionRevocationLifetime", keep=True, resource=SESSIONS),
    )
    enabled: bool = setting(
        id="S163",
        kind=Flag(),
        default=False,
        label="Enable Sessions",
        help="Keeps people signed on from one request to the next. On in a new installation.",
        admin=key("enableSessions", required=True, resource=SESSIONS),
    )
    persistent: bool = setting(
        id="S164",
        kind=Flag(),
        default=False,
        label="Persistent Sessions",
        help="People stay signed on when they close their browser.",
        admin=key("persistentSessions", resource=SESSIONS),
    )
    hash_user_key: bool = setting(
        id="S165",
        kind=Flag(),
        default=False,
        label="Hash Unique User Key Attribute",
        help="Stores only a hash of what names the person of a session.",
        admin=key("hashUniqueUserKeyAttribute", resource=SESSIONS),
    )
    idle_timeout_minutes: int = setting(
        id="S166",
        kind=Minutes(at_least=ENDLESS, at_most=525600),
        default=60,
        label="Idle Timeout (minutes)",
        help="How long a session lives without use; -1: as long as it may live at all.",
        admin=key("idleTimeoutMins", resource=SESSIONS),
    )
    max_timeout_minutes: int = setting(
        id="S166",
        kind=Minutes(at_least=ENDLESS, at_most=525600),
        default=480,
        label="Max Timeout (minutes)",
        help="How long a session lives at most; -1: without end.",
        admin=key("maxTimeoutMins", resource=SESSIONS),
    )
    idle_timeout_unit: TimeUnit = setting(
        id="S166",
        kind=OneWord(TimeUnit),
        default=TimeUnit.MINUTES,
        label="Unit of the Idle Timeout",
        help="In which unit pages show it; it must divide the minutes.",
        admin=key("idleTimeoutDisplayUnit", resource=SESSIONS),
    )
    max_timeout_unit: TimeUnit = setting(
        id="S166",
        kind=OneWord(TimeUnit),
        default=TimeUnit.MINUTES,
        label="Unit of the Max Timeout",
        help="In which unit pages show it; it must divide the minutes.",
        admin=key("maxTimeoutDisplayUnit", resource=SESSIONS),
    )


@section("Application Sessions")
class ApplicationSessions:
    """Sessions that an application asks for by the authentication API. Stored for it."""

    idle_timeout_minutes: int = setting(
        kind=Minutes(at_least=ENDLESS, at_most=525600),
        default=60,
        label="Idle Timeout of Applications (minutes)",
        help="How long such a session lives without use; -1: as long as it may live at all.",
        admin=key("idleTimeoutMins", resource="applicationSessionPolicy"),
    )
    max_timeout_minutes: int = setting(
        kind=Minutes(at_least=ENDLESS, at_most=525600),
        default=480,
        label="Max Timeout of Applications (minutes)",
        help="How long such a session lives at most; -1: without end.",
        admin=key("maxTimeoutMins", resource="applicationSessionPolicy"),
    )


@section("Virtual Host Names")
class VirtualHosts:
    """Other names of this server."""

    names: tuple[str, ...] = setting(
        kind=TextList(longest=253),
        default=(),
        label="Virtual Host Names",
        help="Host names under which the server may be reached besides its own. Kept for those who look them up here.",
        admin=key("virtualHostNames", resource="virtualHostNames"),
    )


@section("Allowed Redirect")
class AllowedRedirect:
    """A place outside to which people may be sent after a logout or an error."""

    domain: str = setting(
        kind=Text(at_most=255),
        default="",
        label="Valid Domain Name",
        help="A host name; *.example.com stands for every name below example.com.",
        admin=key("validDomain", required=True),
    )
    path: str = setting(
        kind=Text(at_most=2048),
        default="",
        label="Valid Path",
        help="The path, exactly; empty: every path.",
        admin="validPath",
    )
    target_resource: bool = setting(
        kind=Flag(),
        default=False,
        label="Target Resource for Logout",
        help="Whether TargetResource of a logout may lead there.",
        admin="targetResourceSLO",
    )
    in_error_resource: bool = setting(
        kind=Flag(),
        default=False,
        label="In Error Resource",
        help="Whether InErrorResource of a logout may lead there.",
        admin="inErrorResource",
    )


@section("Redirect Validation")
class RedirectValidation:
    """Where parameters of our own pages may lead."""

    allowed: tuple[AllowedRedirect, ...] = setting(
        id="S167",
        kind=Entries(AllowedRedirect),
        default=(),
        label="Allowed Redirects",
        help="Places outside to which people may be sent; our own address always is.",
        admin=key("redirectValidationLocalSettings.whiteList", resource="redirectValidation"),
        source="RFC 9700 §4.11",
    )


@section("Roles")
class Roles:
    """What the server is at all."""

    oauth: bool = setting(
        id="S168",
        kind=Flag(),
        default=True,
        label="Enable the Authorization Server Role",
        help="Off: the OAuth endpoints and their administration are closed.",
        admin=key("rolesAndProtocols.oauthRole.enableOauth", resource="serverSettings"),
    )
    openid: bool = setting(
        id="S169",
        kind=Flag(),
        default=True,
        label="Enable the OpenID Provider Role",
        help="Off: the scope openid, ID tokens and UserInfo do not exist.",
        admin=key("rolesAndProtocols.oauthRole.enableOpenIdConnect", resource="serverSettings"),
        source="OpenID Connect Core",
    )


@section("Extended Property")
class ExtendedProperty:
    """A property of clients that an organisation defined for itself."""

    name: str = setting(
        id="S101",
        kind=Text(at_most=256),
        default="",
        label="Name",
        help="What the property is called in every interface.",
        admin=key("name", aliases=("parameter",), required=True),
    )
    description: str = setting(
        id="S102",
        kind=Text(),
        default="",
        label="Description",
        help="The label of the property in the console.",
        admin="description",
    )
    multi_valued: bool = setting(
        id="S103",
        kind=Flag(),
        default=False,
        label="Multi-Valued",
        help="Whether a client may have several values of it.",
        admin="multiValued",
    )


@section("Extended Properties")
class ExtendedProperties:
    """One list with two views: a resource of its own, and ``clientMetadata`` of the client settings."""

    definitions: tuple[ExtendedProperty, ...] = setting(
        id="S100",
        kind=Entries(ExtendedProperty),
        default=(),
        label="Extended Properties",
        help="Properties of clients that you define yourself.",
        admin=key("items", resource="extendedProperties"),
        source="RFC 7591 §2",
    )
