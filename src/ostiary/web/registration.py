"""Dynamic client registration: `/as/clients.oauth2` (behaviour §14)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from ostiary.errors import InsufficientScope, InvalidClientMetadata, InvalidToken, OAuthError
from ostiary.registration import endpoint
from ostiary.registration.access import Access, access, bearer_of
from ostiary.registration.answer import PATH, as_json
from ostiary.registration.openings import opening
from ostiary.registration.refusals import described
from ostiary.server import Server
from ostiary.web.app import Handler, Route, Routes, not_found, protocol_fault, refusal
from ostiary.web.call import NO_STORE, Call, Refused, Reply

MOST_BODY_BYTES = 1 << 17
"""Room for a key set and a software statement; what is larger is nobody's metadata (threat T-62)."""
_REALM = b'Bearer realm="Ostiary"'


async def register(call: Call, server: Server) -> Reply:
    """POST /as/clients.oauth2"""
    opened = await opening(_bearer(call), call.source, server)
    registered = await endpoint.register(await _metadata(call), opened, call.source, server)
    return Reply.json(as_json(registered, server), 201, NO_STORE)


async def view(_call: Call, found: Access, server: Server) -> Reply:
    """GET /as/clients.oauth2/{clientId}"""
    return Reply.json(as_json(await endpoint.view(found, server), server), 200, NO_STORE)


async def replace(call: Call, found: Access, server: Server) -> Reply:
    """PUT /as/clients.oauth2/{clientId}"""
    registered = await endpoint.replace_client(await _metadata(call), found, call.source, server)
    return Reply.json(as_json(registered, server), 200, NO_STORE)


async def delete(_call: Call, found: Access, server: Server) -> Reply:
    """DELETE /as/clients.oauth2/{clientId}"""
    if not server.settings.registration.allow_client_delete:
        raise Refused(405, "clients cannot be deleted here", ((b"allow", b"GET, PUT"),))
    await endpoint.remove(found, server)
    return Reply(204, b"", b"", NO_STORE)


def _when_on(handler: Handler) -> Handler:
    """S104: while registration is off there is nothing at these addresses."""

    async def handle(call: Call, server: Server) -> Reply:
        if not server.settings.registration.on or not server.settings.roles.oauth:
            return not_found()
        return await handler(call, server)

    return handle


def _managing(action: Callable[[Call, Access, Server], Awaitable[Reply]]) -> Handler:
    async def handle(call: Call, server: Server) -> Reply:
        if call.method == "HEAD":  # it would take a rotated secret away and tell nobody
            raise Refused(405, "method not allowed", ((b"allow", b"DELETE, GET, PUT"),))
        found = await access(_client_id(call), call.header(b"authorization"), call.source, server)
        return await action(call, found, server)

    return _when_on(handle)


async def _wrong_method(call: Call, _server: Server) -> Reply:
    allow = b"POST" if call.path == PATH else b"DELETE, GET, PUT"
    raise Refused(405, "method not allowed", ((b"allow", allow),))


def _fault(call: Call, error: Exception, server: Server | None) -> Reply:
    """RFC 6750 §3: whoever brought no token, or not a good one, is told which kind is needed."""
    if isinstance(error, InvalidToken | InsufficientScope):
        reply = refusal(error, PATH, server) if error.description else Reply(error.status, b"", b"", NO_STORE)
        reply.headers = (*reply.headers, (b"www-authenticate", _challenge(error, server)))
        return reply
    return protocol_fault(call, error, server)


def _challenge(error: OAuthError, server: Server | None) -> bytes:
    if server is not None and server.settings.registration.disable_registration_access_tokens and error.description:
        return b'Basic realm="Ostiary"'
    if not error.description:
        return _REALM
    said = f', error="{error.code}", error_description="{error.description}"'.encode("ascii", "replace")
    return _REALM + said


def _bearer(call: Call) -> str | None:
    authorization = call.header(b"authorization")
    bearer = bearer_of(authorization)
    if authorization is not None and bearer is None:
        raise InvalidToken("a bearer token is needed")
    return bearer


def _client_id(call: Call) -> str:
    try:
        return unquote_to_bytes(call.rest).decode("utf-8")
    except UnicodeDecodeError:
        return ""


async def _metadata(call: Call) -> dict[str, Any]:
    """RFC 7591 §3.1: a JSON object that says nothing twice (threat T-35)."""
    content_type = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refused(415, "the content type must be application/json")
    return read_metadata(await call.body(MOST_BODY_BYTES))


def read_metadata(body: bytes) -> dict[str, Any]:
    """The members of a JSON object; raises `InvalidClientMetadata`."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidClientMetadata(described(f"{twice[:80]}: is there twice"))
        return members

    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidClientMetadata("the body is not JSON") from None
    if not isinstance(found, dict):
        raise InvalidClientMetadata("the body must be a JSON object")
    return found


def _no_number(_: str) -> None:
    raise ValueError  # NaN and the infinities are not JSON


ROUTES: Routes = {
    PATH: Route({"POST": _when_on(register), "*": _when_on(_wrong_method)}, _fault),
    f"{PATH}/*": Route(
        {
            "GET": _managing(view),
            "PUT": _managing(replace),
            "DELETE": _managing(delete),
            "*": _when_on(_wrong_method),
        },
        _fault,
    ),
}
