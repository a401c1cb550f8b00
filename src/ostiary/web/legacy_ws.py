"""The OAuth Client Management Service: `/pf-ws/rest/oauth/clients` (behaviour §16)."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from ostiary.audit.api_log import ApiLog
from ostiary.client_management import registry
from ostiary.clients.client import Client
from ostiary.clients.dialects import legacy
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import client_of
from ostiary.clients.registry import ClientChanged, ClientInUse, ClientsRefused, NoSuchClient, Read
from ostiary.declare import Problem
from ostiary.errors import TooManyRequests
from ostiary.ports.clock import Clock
from ostiary.ports.records import ClientRecord
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server
from ostiary.web.api_lines import noted
from ostiary.web.app import Handler, Route, Routes
from ostiary.web.call import NO_STORE, Call, Refused, Reply
from ostiary.web.service_auth import REALM, basic_caller

COLLECTION = "/pf-ws/rest/oauth/clients"
MOST_BATCH_BYTES = 16 << 20
"""What a batch may weigh."""

log = logging.getLogger("ostiary.web.legacy_ws")
Service = Callable[[Call, Server, str], Awaitable[Reply]]
"""A call of the service, by somebody who may make it."""


async def create(call: Call, server: Server, by: str) -> Reply:
    """POST /pf-ws/rest/oauth/clients"""
    drafts = [legacy.read_new(raw) for raw in legacy.clients_in(await call.json(MOST_BATCH_BYTES))]
    saved = await registry(server).create_many(drafts, by)
    return _clients([each.client for each in saved])


async def replace(call: Call, server: Server, by: str) -> Reply:
    """PUT /pf-ws/rest/oauth/clients"""
    raws = legacy.clients_in(await call.json(MOST_BATCH_BYTES))
    saved = await registry(server).replace_many([(legacy.id_in(raw), _read(raw)) for raw in raws], by)
    return _clients([each.client for each in saved])


async def retrieve_all(_call: Call, server: Server, _by: str) -> Reply:
    """GET /pf-ws/rest/oauth/clients"""
    return Reply(200, b'{"client":[', headers=NO_STORE, stream=_streamed(server))


async def retrieve(call: Call, server: Server, _by: str) -> Reply:
    """GET /pf-ws/rest/oauth/clients/{clientId}"""
    client_id = _client_id(call)
    record = await server.stores.client(client_id)
    if record is None:
        raise NoSuchClient(client_id)
    return Reply(200, _rendering(record), headers=NO_STORE)


async def delete(call: Call, server: Server, by: str) -> Reply:
    """DELETE /pf-ws/rest/oauth/clients/{clientId}"""
    await registry(server).delete(_client_id(call), by)
    return Reply(200, b"", b"", NO_STORE)


async def only_a_client(_call: Call, _server: Server, _by: str) -> Reply:
    """DELETE without an id, and every other method that the collection does not know."""
    raise Refused(405, "this method needs the client id in the path", ((b"allow", b"GET, POST, PUT"),))


async def only_the_collection(_call: Call, _server: Server, _by: str) -> Reply:
    """POST and PUT below the collection, where the client is named in the body; and what no client knows."""
    raise Refused(405, "clients are created and updated at the collection", ((b"allow", b"DELETE, GET"),))


def routes(api_log: ApiLog, clock: Clock) -> Routes:
    """The routes of the service. Each call leaves one line in the API's log, whatever became of it."""

    def told(call: Call, reply: Reply) -> Reply:
        return noted(call, reply, api_log, clock)

    def served(service: Service) -> Handler:
        async def handler(call: Call, server: Server) -> Reply:
            caller = await basic_caller(call, server, server.settings.management.validator or None, "service-auth")
            if caller is None:
                message = "HTTP Basic authentication is required."
                return told(call, _message(call, 401, message, ((b"www-authenticate", REALM),)))
            return told(call, await service(call, server, caller.username))

        return handler

    def fault(call: Call, error: Exception, _server: Server | None) -> Reply:
        return told(call, _fault(call, error))

    return {
        COLLECTION: Route(
            {
                "POST": served(create),
                "PUT": served(replace),
                "GET": served(retrieve_all),
                "*": served(only_a_client),
            },
            fault,
        ),
        f"{COLLECTION}/*": Route(
            {"GET": served(retrieve), "DELETE": served(delete), "*": served(only_the_collection)}, fault
        ),
    }


def _fault(call: Call, error: Exception) -> Reply:
    """What the service says when it cannot: 400, 405, 415, 429, 500, 503."""
    message = _message_for(call)
    match error:
        case ClientsRefused():
            return _failures(call, message, error.problems)
        case NoSuchClient():
            return _failures(call, message, [(error.client_id, Problem("identity.client_id", "is not known"))])
        case ClientInUse():
            problem = Problem("identity.client_id", f"is in use by {error.where}")
            return _failures(call, message, [(error.client_id, problem)])
        case ClientChanged():
            problem = Problem("identity.client_id", "was changed by somebody else meanwhile")
            return _failures(call, message, [(error.client_id, problem)])
        case legacy.NotClients():
            return _failures(call, message, [("", Problem("client", str(error)))])
        case TooManyRequests():
            return _message(call, 429, error.description, ((b"retry-after", b"%d" % error.retry_after_seconds),))
        case Refused():
            return _message(call, error.status, f"{message}: {error.message}", error.headers)
        case StoreUnavailable():
            log.warning("request %s: the store is not available: %s", call.request_id, error)
            return _message(call, 503, f"{message}: the client store is not available")
    log.error("request %s failed", call.request_id, exc_info=error)
    return _message(call, 500, f"{message}: see the log under request {call.request_id}")


def _message_for(call: Call) -> str:
    """The documented words for what did not come about."""
    if call.method in ("GET", "HEAD"):
        return legacy.CANNOT_RETRIEVE_ALL if call.path == COLLECTION else legacy.CANNOT_RETRIEVE
    return _MESSAGES.get(call.method, "Method Not Allowed")


_MESSAGES = {"POST": legacy.CANNOT_CREATE, "PUT": legacy.CANNOT_UPDATE, "DELETE": legacy.CANNOT_DELETE}


def _read(raw: Any) -> Read:
    def read(current: Client) -> ClientDraft:
        return legacy.read_changed(raw, current)

    return read


def _client_id(call: Call) -> str:
    """The id in the path. Any text may be one, a URL too, so its slashes are not steps of a path."""
    try:
        client_id = unquote_to_bytes(call.rest).decode("utf-8")
    except UnicodeDecodeError:
        raise NoSuchClient("") from None
    if not client_id:
        raise Refused(405, "a client id is needed in the path", ((b"allow", b"GET, POST, PUT"),))
    return client_id


def _clients(clients: Sequence[Client]) -> Reply:
    return Reply.json({"client": [legacy.write_client(client) for client in clients]}, headers=NO_STORE)


async def _streamed(server: Server) -> AsyncIterator[bytes]:
    """Every client as stored text, chunk by chunk, so that a million of them take no more memory than a thousand."""
    separator = b""
    async for chunk in server.stores.legacy_clients(legacy.LEGACY_VERSION):
        yield separator + b",".join(_rendering(each) for each in chunk)
        separator = b","
    yield b"]}"


def _rendering(stored: bytes | ClientRecord) -> bytes:
    if isinstance(stored, bytes):
        return stored
    if stored.legacy_version == legacy.LEGACY_VERSION:
        return stored.legacy
    return legacy.render(client_of(stored)[0])


def _failures(call: Call, message: str, problems: Sequence[tuple[str, Problem]]) -> Reply:
    if _wants_text(call):
        return Reply.text(legacy.failures_as_text(message, problems), 400, NO_STORE)
    return Reply.json(legacy.failures(message, problems), 400, NO_STORE)


def _message(call: Call, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
    headers = (*NO_STORE, *headers)
    if _wants_text(call):
        return Reply.text(message + "\n", status, headers)
    return Reply.json({"message": message}, status, headers)


def _wants_text(call: Call) -> bool:
    accept = next((value for name, value in call.headers if name == b"accept"), b"")
    return accept.partition(b";")[0].strip().lower() == b"text/plain"
