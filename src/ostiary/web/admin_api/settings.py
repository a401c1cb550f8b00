"""The settings of the server: each resource one value that is read and replaced."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary import server_management
from ostiary.declare import Dialect
from ostiary.declare.schemas import schema_of
from ostiary.server_management import Current, Wish
from ostiary.server_settings import DECLARATION
from ostiary.server_settings.apply import shown_resource
from ostiary.server_settings.object_kinds import SETTINGS
from ostiary.web.admin_api.configuration import Body, change, check_state, only, tag_after, tag_of
from ostiary.web.admin_api.operations import STRICTLY, Asked, Operation, Schema, tagged
from ostiary.web.admin_api.results import INVALID, FieldError, invalid
from ostiary.web.call import Reply


@dataclass(frozen=True, slots=True)
class View:
    """A path at which a resource, or a part of it, is read and replaced."""

    path: str
    resource: str
    schema: str
    """The name of its shape."""
    summary: str
    members: tuple[str, ...] = ()
    """Those that it shows, where it is a part only."""
    items: bool = False
    """Whether the resource is a list, shown as ``{"items": […]}``."""

    def shown(self, whole: Any) -> dict[str, Any]:
        """The body of the view."""
        if self.items:
            return {"items": whole}
        found: dict[str, Any] = only(whole, self.members) if self.members else whole
        return found

    def laid(self, body: Mapping[str, Any], whole: Any) -> Any:
        """The whole resource with what the view shows replaced by the body."""
        if self.items:
            return body.get("items", [])
        if not self.members:
            return body
        kept = {name: value for name, value in whole.items() if name not in self.members}
        return {**kept, **{name: value for name, value in body.items() if name not in kept}}


SESSION_MEMBERS = ("trackAdapterSessionsForLogout", "revokeUserSessionOnLogout", "sessionRevocationLifetime")
POLICY_MEMBERS = (
    "enableSessions",
    "persistentSessions",
    "hashUniqueUserKeyAttribute",
    "idleTimeoutMins",
    "idleTimeoutDisplayUnit",
    "maxTimeoutMins",
    "maxTimeoutDisplayUnit",
)
VIEWS = (
    View("/oauth/clientSettings", "clientSettings", "ClientSettings", "client metadata and dynamic registration"),
    View(
        "/oauth/authServerSettings", "authServerSettings", "AuthServerSettings", "the authorization server's settings"
    ),
    View(
        "/oauth/accessTokenManagers/settings",
        "accessTokenManagerSettings",
        "AccessTokenManagerSettings",
        "the default access token manager",
    ),
    View(
        "/oauth/openIdConnect/settings", "openIdConnectSettings", "OpenIdConnectSettings", "the default OpenID policy"
    ),
    View(
        "/oauth/cibaServerPolicy/settings",
        "cibaServerPolicySettings",
        "CibaServerPolicySettings",
        "the default CIBA request policy",
    ),
    View(
        "/oauth/tokenExchange/processor/settings",
        "tokenExchangeProcessorSettings",
        "TokenExchangeProcessorSettings",
        "the default token exchange policy",
    ),
    View("/extendedProperties", "extendedProperties", "ExtendedProperties", "properties of clients", items=True),
    View("/session/settings", "sessionSettings", "SessionSettings", "what a logout reaches", SESSION_MEMBERS),
    View(
        "/session/authenticationSessionPolicies/global",
        "sessionSettings",
        "GlobalAuthenticationSessionPolicy",
        "how long people stay signed on",
        POLICY_MEMBERS,
    ),
    View(
        "/session/applicationSessionPolicy",
        "applicationSessionPolicy",
        "ApplicationSessionPolicy",
        "how long sessions of applications live",
    ),
    View("/redirectValidation", "redirectValidation", "RedirectValidationSettings", "where our pages may lead"),
    View("/virtualHostNames", "virtualHostNames", "VirtualHostNameSettings", "other names of this server"),
    View("/keyPairs/oauthOpenIdConnect", "oauthOpenIdConnectKeys", "OAuthOidcKeysSettings", "static signing keys"),
    View("/serverSettings", "serverSettings", "ServerSettings", "the roles and the base URL of this server"),
)
BASE_URL = "federationInfo"


def _answers(view: View) -> tuple[Callable[[Asked], Awaitable[Reply]], Callable[[Asked], Awaitable[Reply]]]:
    async def read(asked: Asked) -> Reply:
        now = await server_management.current(asked.server)
        whole = shown_resource(now.settings, view.resource)
        return tagged(_written(asked, view, whole), tag_of(now.record(SETTINGS, view.resource)))

    async def replace(asked: Asked) -> Reply:
        body = _own_members(asked, view, await asked.body())
        seen: list[Current] = []

        def wish(current: Current) -> tuple[Wish, Body]:
            check_state(asked, current, SETTINGS, view.resource)
            seen.append(current)
            whole = view.laid(body, shown_resource(current.settings, view.resource))
            return Wish(document={view.resource: whole}, replaces=True), _body_of(view)

        plan = await change(asked, wish)
        whole = shown_resource(plan.settings, view.resource)
        tag = tag_after(plan, seen[-1].records, SETTINGS, view.resource)
        return tagged(_written(asked, view, whole), tag)

    return read, replace


def _body_of(view: View) -> Body:
    if view.resource == "clientSettings":  # S100: extended properties are seen through it too, under other names
        return Body(view.resource, also=("extendedProperties", "clientMetadata", {"name": "parameter"}))
    return Body(view.resource, "items" if view.items else "")


def _written(asked: Asked, view: View, whole: Any) -> dict[str, Any]:
    found = view.shown(whole)
    if view.resource == "serverSettings":
        found = {**found, BASE_URL: {"baseUrl": asked.server.issuer}}
    return found


def _own_members(asked: Asked, view: View, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body without the base URL, which is not kept here: whoever starts the server says it (OSTIARY_ISSUER)."""
    if view.resource != "serverSettings" or BASE_URL not in body:
        return body
    info = body[BASE_URL]
    wanted = info.get("baseUrl") if isinstance(info, Mapping) else info
    if wanted not in (None, "", asked.server.issuer):
        message = "is said by the environment (OSTIARY_ISSUER), and cannot be changed here"
        raise invalid([FieldError(INVALID, message, f"{BASE_URL}.baseUrl")])
    return {name: value for name, value in body.items() if name != BASE_URL}


def schema_of_view(view: View) -> dict[str, Any]:
    """The shape of its body."""
    whole = schema_of(DECLARATION, Dialect.ADMIN, view.resource)
    if view.members:
        whole["properties"] = only(whole["properties"], view.members)
        whole["required"] = [name for name in whole.get("required", ()) if name in view.members]
    if view.resource == "clientSettings":
        one = {name: {"type": "string"} for name in ("parameter", "description")} | {"multiValued": {"type": "boolean"}}
        items = {"type": "object", "properties": one, "required": ["parameter"]}
        whole["properties"] = {"clientMetadata": {"type": "array", "items": items}, **whole["properties"]}
    return whole


def _operations(view: View) -> tuple[Operation, Operation]:
    read, replace = _answers(view)
    schema = Schema(view.schema, lambda: schema_of_view(view))
    return (
        Operation(
            method="GET",
            path=view.path,
            answer=read,
            summary=f"Read {view.summary}",
            gives=schema,
            versioned=True,
        ),
        Operation(
            method="PUT",
            path=view.path,
            answer=replace,
            summary=f"Replace {view.summary}",
            takes=schema,
            gives=schema,
            fails=(400, 422),
            query=(STRICTLY,),
            versioned=True,
        ),
    )


OPERATIONS = tuple(operation for view in VIEWS for operation in _operations(view))
