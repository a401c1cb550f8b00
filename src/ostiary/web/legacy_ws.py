"""The OAuth Client Management Service: `/pf-ws/rest/oauth/clients` (behaviour §16)."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from ostiary.audit.api_log import ApiCall, ApiLog
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
from ostiary.web.app import Handler, Routes
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


async def no_client_id(_call: Call, _server: Server, _by: str) -> Reply:
    """DELETE without an id, and everything else that is not served here."""
    raise Refused(405, "this method needs the client id in the path", ((b"allow", b"GET, POST, PUT"),))


async def only_the_collection(_call: Call, _server: Server, _by: str) -> Reply:
    """POST and PUT below the collection: the client is named in the body."""
    raise Refused(405, "clients are created and updated at the collection", ((b"allow", b"DELETE, GET"),))


def routes(api_log: ApiLog, clock: Clock) -> Routes:
    """The routes of the service; each call leaves one line in the API's log."""

    def served(service: Service, message: str) -> Handler:
        async def handler(call: Call, server: Server) -> Reply:
            reply = await _answered(service, message, call, server)
            api_log.write(
                ApiCall(
                    time=clock.now(),
                    user=call.notes.get("user", ""),
                    method=call.notes.get("method", ""),
                    source=call.source,
                    verb=call.method,
                    endpoint=call.path,
                    status=reply.status,
                    headers=[name.decode("latin-1") for name, _ in call.headers] if api_log.with_headers else (),
                    tls=call.scheme if api_log.with_headers else "",
                )
            )
            return reply

        return handler

    refused = served(no_client_id, legacy.CANNOT_DELETE)
    misplaced = served(only_the_collection, legacy.CANNOT_UPDATE)
    return {
        COLLECTION: {
            "POST": served(create, legacy.CANNOT_CREATE),
            "PUT": served(replace, legacy.CANNOT_UPDATE),
            "GET": served(retrieve_all, legacy.CANNOT_RETRIEVE_ALL),
            "DELETE": refused,
            "PATCH": refused,
        },
        f"{COLLECTION}/*": {
            "GET": served(retrieve, legacy.CANNOT_RETRIEVE),
            "DELETE": served(delete, legacy.CANNOT_DELETE),
            "POST": misplaced,
            "PUT": misplaced,
            "PATCH": misplaced,
        },
    }


async def _answered(service: Service, message: str, call: Call, server: Server) -> Reply:
    """The answer of the service, or what the service says when it cannot: 400, 401, 405, 415, 500."""
    try:
        caller = await basic_caller(call, server, server.settings.management.validator or None, "service-auth")
        if caller is None:
            return _message(call, 401, "HTTP Basic authentication is required.", ((b"www-authenticate", REALM),))
        return await service(call, server, caller.username)
    except ClientsRefused as refused:
        return _failures(call, message, refused.problems)
    except NoSuchClient as unknown:
        return _failures(call, message, [(unknown.client_id, Problem("identity.client_id", "is not known"))])
    except (ClientInUse, ClientChanged) as refused:
        return _failures(call, message, [(refused.client_id, Problem("identity.client_id", str(refused)))])
    except legacy.NotClients as problem:
        return _failures(call, message, [("", Problem("client", str(problem)))])
    except TooManyRequests as many:
        retry = ((b"retry-after", b"%d" % many.retry_after_seconds),)
        return _message(call, 429, many.description, retry)
    except Refused as refused:
        return _message(call, refused.status, f"{message}: {refused.message}", refused.headers)
    except StoreUnavailable:
        return _message(call, 503, f"{message}: the client store is not available")
    except Exception:
        log.exception("request %s failed", call.request_id)
        return _message(call, 500, f"{message}: see the log under request {call.request_id}")


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
