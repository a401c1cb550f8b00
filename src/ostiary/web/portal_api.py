"""The interface of a developer portal: ``/api/apps``, on the administration port (behaviour §18)."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

import msgspec

from ostiary import app_versions
from ostiary.app_versions import (
    APP_VERSION,
    AppChanged,
    AppRefused,
    AppVersion,
    Given,
    HasClient,
    HasNoClient,
    NoSuchApp,
    kept,
)
from ostiary.audit.api_log import ApiLog
from ostiary.clients.dialects import portal
from ostiary.clients.registry import ClientInUse, ClientsRefused, NoSuchClient
from ostiary.declare import Dialect, Problem
from ostiary.declare.kinds import Writing
from ostiary.errors import TooManyRequests
from ostiary.ports.clock import Clock
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server
from ostiary.web.administrators import Administrator, NotAuthenticated, NotPermitted, administrator
from ostiary.web.api_lines import noted
from ostiary.web.app import Route, Routes
from ostiary.web.call import NO_STORE, Call, Refused, Reply
from ostiary.web.media_types import chosen
from ostiary.web.service_auth import REALM

APPS = "/api/apps"
JSON = "application/json"
MEDIA_TYPES = (JSON, "application/vnd.soa.v72+json", "application/vnd.soa.v80+json")
"""What bodies and answers may be called; all are the same JSON."""
CSRF_HEADER = b"x-csrf-token"
"""Portals send ``X-Csrf-Token_{tenant}``; no foreign page can send a header of any such name (threat T-45)."""
SECRET = "OAuthClientSecret"  # noqa: S105 - a name, not a password
CHUNK = 500
"""How many versions are held at once while all of them are written."""
MOST_PAGE = 1000

log = logging.getLogger("ostiary.web.portal_api")
_JSON = msgspec.json.Encoder()
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call by an administrator who may make it."""

    call: Call
    server: Server
    by: Administrator
    app_id: str = ""

    async def body(self) -> Mapping[str, Any]:
        """The JSON object that was sent."""
        found = await self.call.json(also=MEDIA_TYPES)
        if not isinstance(found, Mapping):
            raise Refused(400, "the body must be a JSON object")
        return found


Service = Callable[[Asked], Awaitable[Reply]]


async def add_app(asked: Asked) -> Reply:
    """POST /api/apps"""
    app, problems, _ = APP_VERSION.read_whole(await asked.body(), Dialect.PORTAL)
    if problems:
        raise AppRefused(*((problem.field, problem.message) for problem in problems))
    made = await app_versions.add(app, asked.by.username, asked.server)
    location = (b"location", f"{APPS}/versions/{quote(made.id, safe='')}".encode())
    return _json(_app(await app_versions.with_client(made, asked.server)), 201, location)


async def list_apps(asked: Asked) -> Reply:
    """GET /api/apps: all of them, written as they are read, or with ``limit`` and ``after`` one page."""
    limit, after = _page(asked.call)
    chunks = _chunks(asked.server, after, limit)
    first = await anext(chunks, b"")  # what goes wrong at once is told as every fault is
    return Reply(200, b'{"apps":[' + first, headers=NO_STORE, stream=_rest(chunks))


async def show_app(asked: Asked) -> Reply:
    """GET /api/apps/versions/{AppVersionID}"""
    found = await app_versions.find(asked.app_id, asked.server)
    return _json(_app(await app_versions.with_client(found, asked.server)))


async def remove_app(asked: Asked) -> Reply:
    """DELETE /api/apps/versions/{AppVersionID}"""
    await app_versions.remove(asked.app_id, asked.by.username, asked.server)
    return Reply(204, b"", b"", NO_STORE)


async def show_client(asked: Asked) -> Reply:
    """GET /api/apps/versions/{AppVersionID}/oauthclient"""
    found = await app_versions.find(asked.app_id, asked.server)
    return _json(portal.write_client(await app_versions.client_of_version(found, asked.server)))


async def give_client(asked: Asked) -> Reply:
    """POST /api/apps/versions/{AppVersionID}/oauthclient"""
    body = await asked.body()
    return _given(await app_versions.give_client(asked.app_id, body, asked.by.username, asked.server), 201)


async def change_client(asked: Asked) -> Reply:
    """PUT /api/apps/versions/{AppVersionID}/oauthclient"""
    body = await asked.body()
    return _given(await app_versions.change_client(asked.app_id, body, asked.by.username, asked.server), 200)


_OF_APPS: Mapping[str, Service] = {"GET": list_apps, "POST": add_app}
_OF_VERSION: Mapping[str, Service] = {"DELETE": remove_app, "GET": show_app}
_OF_CLIENT: Mapping[str, Service] = {"GET": show_client, "POST": give_client, "PUT": change_client}


def routes(api_log: ApiLog, clock: Clock) -> Routes:
    """The routes of the interface. Each call leaves one line in the log, whatever became of it."""

    async def served(call: Call, server: Server) -> Reply:
        return noted(call, await answer(call, server), api_log, clock)

    def failed(call: Call, error: Exception, _server: Server | None) -> Reply:
        return noted(call, fault(call, error), api_log, clock)

    route = Route({"*": served}, failed)
    return {APPS: route, f"{APPS}/*": route}


async def answer(call: Call, server: Server) -> Reply:
    """The answer to one call: who asks, in what form, what is there, and then what it says."""
    by = await administrator(call, server, CSRF_HEADER)
    media_type = chosen(b",".join(value for name, value in call.headers if name == b"accept"), MEDIA_TYPES)
    if media_type is None:
        raise Refused(406, f"answers are {', '.join(MEDIA_TYPES)}")
    if not server.settings.roles.oauth:
        raise NotPermitted("the OAuth 2.0 authorization server role is off; this is not available")
    services, app_id = _found(call)
    service = services.get("GET" if call.method == "HEAD" else call.method)
    if service is None:
        allow = ", ".join(sorted({*services, "HEAD"})).encode()
        raise Refused(405, "this method is not served here", ((b"allow", allow),))
    reply = await service(Asked(call, server, by, app_id))
    if reply.content_type:
        reply.content_type = media_type.encode()
    return reply


def _found(call: Call) -> tuple[Mapping[str, Service], str]:
    """What is served at a path, and the AppVersionID in it; an id may hold anything, so it is decoded last."""
    if call.path == APPS:
        return _OF_APPS, ""
    match call.rest.split("/"):
        case ["versions", app_id]:
            return _OF_VERSION, _decoded(app_id)
        case ["versions", app_id, "oauthclient"]:
            return _OF_CLIENT, _decoded(app_id)
    raise Refused(404, "there is nothing at this address")


def _decoded(step: str) -> str:
    try:
        return unquote_to_bytes(step).decode("utf-8")
    except UnicodeDecodeError:
        raise NoSuchApp from None


# What goes out -------------------------------------------------------------------------------------------------------


def _json(value: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> Reply:
    return Reply.json(value, status, (*NO_STORE, *headers))


def _app(app: AppVersion) -> dict[str, Any]:
    return APP_VERSION.written(app, Writing(Dialect.PORTAL))


def _given(given: Given, status: int) -> Reply:
    """The object; with the secret that was made just now, and with what the administrator should know."""
    body = portal.write_client(given.client)
    if given.secret is not None:
        body[SECRET] = given.secret.reveal()
    if given.warnings:
        body["warnings"] = [_problem(portal.name_of(one.field), portal.reason_of(one)) for one in given.warnings]
    return _json(body, status)


def _page(call: Call) -> tuple[int | None, str]:
    query = dict(parse_qsl(call.query.decode("ascii", "replace"), keep_blank_values=True))
    limit = query.get("limit", "")
    if limit and not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 0 < int(limit) <= MOST_PAGE):
        raise AppRefused(("limit", f"must be a whole number from 1 to {MOST_PAGE}"))
    return (int(limit) if limit else None), query.get("after", "")


async def _chunks(server: Server, after: str, most: int | None) -> AsyncIterator[bytes]:
    more = False
    while most is None or most > 0:
        wanted = CHUNK if most is None else min(CHUNK, most)
        found = await server.stores.app_versions(after=after, most=wanted)
        if found:
            yield (b"," if more else b"") + b",".join(_JSON.encode(_app(kept(record).app)) for record in found)
        if len(found) < wanted:
            return
        after, more = found[-1].id, True
        most = None if most is None else most - len(found)


async def _rest(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk
    yield b"]}"


# What is said when there is no answer --------------------------------------------------------------------------------


def fault(call: Call, error: Exception) -> Reply:
    """400, 401, 403, 404, 405, 406, 409, 413, 415, 429, 500, 503; a 400 names each property."""
    plain = _PLAIN.get(type(error))
    if plain is not None:
        return _message(*plain)
    match error:
        case NotAuthenticated():
            return _message(401, "an administrator's credentials are needed", ((b"www-authenticate", REALM),))
        case NotPermitted():
            return _message(403, str(error))
        case ClientInUse():
            return _message(409, f"the OAuth client is in use by {error.where}")
        case AppRefused():
            return _refusal(error.problems)
        case ClientsRefused():
            return _refusal(_named(error.problems))
        case TooManyRequests():
            return _message(429, error.description, ((b"retry-after", b"%d" % error.retry_after_seconds),))
        case Refused():
            return _message(error.status, error.message, error.headers)
        case StoreUnavailable():
            log.warning("request %s: the store is not available: %s", call.request_id, error)
            return _message(503, "the store is not available; try again soon", ((b"retry-after", b"1"),))
    log.error("request %s failed", call.request_id, exc_info=error)
    return _message(500, f"something went wrong; the log says more under {call.request_id}")


_PLAIN: Mapping[type[Exception], tuple[int, str]] = {
    NoSuchApp: (404, "there is no app version with this id"),
    HasNoClient: (404, "this app version has no OAuth client; POST gives it one"),
    HasClient: (409, "this app version has an OAuth client already; PUT changes it"),
    NoSuchClient: (404, "the OAuth client was deleted meanwhile"),
    AppChanged: (409, "others change this all the time; try again"),
}


def _named(problems: Sequence[tuple[str, Problem]]) -> tuple[tuple[str, str], ...]:
    return tuple((portal.name_of(problem.field), portal.reason_of(problem)) for _, problem in problems)


def _refusal(problems: Sequence[tuple[str, str]]) -> Reply:
    errors = [_problem(name, message) for name, message in dict.fromkeys(problems)]
    return Reply.json({"message": "some properties are not as they must be", "errors": errors}, 400, NO_STORE)


def _problem(name: str, message: str) -> dict[str, str]:
    return {"property": name, "reason": message}


def _message(status: int, message: str, headers: Headers = ()) -> Reply:
    return Reply.json({"message": message}, status, (*NO_STORE, *headers))
