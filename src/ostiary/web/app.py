"""From ASGI to handlers: issuer and path, the snapshot, and what becomes of refusals and faults."""

import itertools
import logging
import os
from base64 import b32encode
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_plus

from ostiary.audit.events import RequestRefused
from ostiary.audit.request import CurrentRequest, current_request
from ostiary.errors import OAuthError, ServerError, ShownHere, TemporarilyUnavailable, TooManyRequests
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server
from ostiary.web.call import NO_STORE, Call, Receive, Refused, Reply, Send
from ostiary.web.peers import Peers

Handler = Callable[[Call, Server], Awaitable[Reply]]
Fault = Callable[[Call, Exception, Server | None], Reply]
"""What is answered when there is no reply; without a snapshot when there is none that could be trusted."""
Methods = Mapping[str, Handler]
"""Method → handler; ``*`` takes every method that is not named, HEAD goes with GET."""


def protocol_fault(call: Call, error: Exception, server: Server | None) -> Reply:
    """What the endpoints of the protocols answer: a refusal as it is, and whatever else happens as a server error."""
    if isinstance(error, OAuthError):
        return refusal(error, call.path, server)
    if isinstance(error, ShownHere):
        return refusal(error.error, call.path, server)
    if isinstance(error, Refused):
        return plain_refusal(error)
    if isinstance(error, StoreUnavailable):
        log.warning("request %s: the store is not available: %s", call.request_id, error)
        return refusal(TemporarilyUnavailable("try again soon"), call.path, None)
    log.error("request %s failed", call.request_id, exc_info=error)
    return refusal(ServerError("something went wrong; the log knows more under the request id"), call.path, None)


@dataclass(frozen=True, slots=True)
class Route:
    """What answers at one path, and how it says that something went wrong."""

    methods: Methods
    fault: Fault = protocol_fault


Routes = Mapping[str, Methods | Route]
"""By path; methods alone have the faults of the protocols. A path that ends in ``/*`` takes whatever follows
(`Call.rest`)."""

Published = Callable[[Server], Reply]
"""A document that is the same for everybody, as long as the snapshot is."""

_SECRETS = frozenset({"token", "client_secret", "password"})
_SPECIAL = frozenset({b"if-none-match", b"content-length", b"transfer-encoding", b"upgrade"})
"""Fields with which even a published document is answered the usual way."""

log = logging.getLogger("ostiary.web")


class Snapshots(Protocol):
    """Where the snapshot of now comes from (the house)."""

    def now(self) -> Server | None:
        """The snapshot, if it is known to be the newest."""

    async def current(self) -> Server:
        """The newest snapshot; raises `StoreUnavailable`."""


class NotReady:
    """The house while it is being opened: nothing can be answered yet."""

    def now(self) -> Server | None:
        """None."""
        return None

    async def current(self) -> Server:
        """Raises `StoreUnavailable`."""
        raise StoreUnavailable("the server is starting")


class Surface:
    """One port's worth of routes, as an ASGI application."""

    def __init__(
        self,
        routes: Routes,
        peers: Peers,
        *,
        base_path: str = "",
        published: Mapping[str, Published] | None = None,
        outside: Mapping[str, str] | None = None,
    ) -> None:
        """`published` are the documents among the routes that are the same for everybody, as ready bytes.

        `outside` leads from paths that do not lie below `base_path` to the routes that answer there too.
        """
        self._published = {(base_path + path).encode(): document for path, document in (published or {}).items()}
        self._ready: dict[bytes, tuple[Server, bytes]] = {}
        whole = {path: route if isinstance(route, Route) else Route(route) for path, route in routes.items()}
        self._exact = {path: route for path, route in whole.items() if not path.endswith("/*")}
        self._prefixes = sorted(
            ((path[:-1], route) for path, route in whole.items() if path.endswith("/*")),
            key=lambda one: -len(one[0]),
        )
        self.house: Snapshots = NotReady()
        """Where the snapshots come from; the house takes this place when it stands."""
        self._peers = peers
        self._base_path = base_path
        self._outside = outside or {}
        self._id_prefix = b32encode(os.urandom(5)).decode().lower()
        self._numbers = itertools.count(1)

    def ready(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes | None:
        """The published document at a request target, head and body ready to send (see `web.protocol`).

        None for every other target, while the snapshot is not known to be the newest, and when the request asks for
        something special: those go the usual way.
        """
        document = self._published.get(target)
        if document is None:
            return None
        server = self.house.now()
        if server is None or not _SPECIAL.isdisjoint([name for name, _ in headers]):
            return None
        known = self._ready.get(target)
        if known is None or known[0] is not server:
            known = self._ready[target] = (server, _ready_bytes(document(server)))
        return known[1]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        client = scope.get("client")
        extensions = scope.get("extensions", {})
        call = Call(
            method=scope["method"],
            path=scope["path"],
            raw_path=scope.get("raw_path") or b"",
            query=scope["query_string"],
            headers=scope["headers"],
            source=client[0] if client else "",
            scheme=scope["scheme"],
            request_id="",
            receive=receive,
            certificate=extensions.get("tls_client_certificate"),
            tls=extensions.get("tls_version", ""),
        )
        reply = await self.answer(self.call_of(call))
        await reply.send(send, head_only=call.method == "HEAD")

    def call_of(self, call: Call) -> Call:
        """The call with its id, and its source and scheme as the proxies in front tell them."""
        call.request_id = f"{self._id_prefix}-{next(self._numbers):x}"
        call.peer = call.source
        if self._peers.has_proxies:
            call.source, call.scheme = self._peers.behind_proxy(call.source, call.scheme, call.headers)
        return call

    async def answer(self, call: Call) -> Reply:
        """The answer, whatever happens; it tells the id of the request."""
        reply = await self._answer(call)
        reply.request_id = call.request_id
        return reply

    async def _answer(self, call: Call) -> Reply:
        path = call.path
        if self._base_path:
            found = self._outside.get(path)
            if found is None and not path.startswith(self._base_path + "/"):
                return not_found()
            path = call.path = found or path[len(self._base_path) :]
        route = self._exact.get(path) or self._below(call, path)
        if route is None:
            return not_found()
        methods = route.methods
        handler = methods.get("GET" if call.method == "HEAD" else call.method) or methods.get("*")
        if handler is None:
            allow = ", ".join(sorted(methods)).encode()
            return Reply.json(
                {"error": "invalid_request", "error_description": "method not allowed"}, 405, ((b"allow", allow),)
            )
        if call.query and call.method == "POST":
            warn_of_query(call)
        try:
            server = self.house.now() or await self.house.current()
            current_request.set(CurrentRequest(call.request_id, server.issuer, call.source, server.clock.now()))
            return await handler(call, server)
        except Exception as error:
            return self._faulty(route, call, error)

    def _faulty(self, route: Route, call: Call, error: Exception) -> Reply:
        try:
            return route.fault(call, error, self.house.now())
        except Exception as second:  # a log that cannot be written, say: the caller is answered all the same
            return protocol_fault(call, second, None)

    def _below(self, call: Call, path: str) -> Route | None:
        for prefix, route in self._prefixes:
            if path.startswith(prefix):
                raw = call.raw_path.decode("latin-1") or path
                raw = raw[len(self._base_path) :] if self._base_path else raw
                call.rest = raw[len(prefix) :] if raw.startswith(prefix) else path[len(prefix) :]
                return route
        return None


def warn_of_query(call: Call) -> None:
    """Behaviour §1: secrets of a POST count in its body only; elsewhere they end up in logs. Tells names only."""
    names = {unquote_plus(field.partition("=")[0]) for field in call.query.decode("latin-1").split("&")} & _SECRETS
    if names:
        told = ", ".join(sorted(names))
        log.warning(
            "request %s from %s: %s in the query string of a POST was ignored; secrets belong in the body",
            call.request_id,
            call.source,
            told,
        )


def refusal(error: OAuthError, endpoint: str, server: Server | None, client_id: str = "") -> Reply:
    """RFC 6749 §5.2: a refusal in JSON; recorded with the facts that only the log may know."""
    if server is not None:
        why = error.why
        server.events.record(
            RequestRefused(
                client_id=client_id,
                endpoint=endpoint,
                error=error.code,
                description=error.description,
                rule=why.rule,
                setting=why.setting,
                level=why.level,
                compared=tuple(why.compared.items()),
            )
        )
    headers = NO_STORE
    if error.status == 401 and getattr(error, "tried_basic", False):
        headers = (*headers, (b"www-authenticate", b'Basic realm="Ostiary"'))
    if isinstance(error, TooManyRequests):
        headers = (*headers, (b"retry-after", b"%d" % error.retry_after_seconds))
    return Reply.json({"error": error.code, "error_description": error.description}, error.status, headers)


def plain_refusal(refused: Refused) -> Reply:
    """A request that no rule of a protocol was asked about."""
    body = {"error": "invalid_request", "error_description": refused.message}
    return Reply.json(body, refused.status, (*refused.headers, *NO_STORE))


def _ready_bytes(reply: Reply) -> bytes:
    head = [*reply.headers, (b"content-type", reply.content_type), (b"content-length", b"%d" % len(reply.body))]
    return b"".join(name + b": " + value + b"\r\n" for name, value in head) + b"\r\n" + reply.body


def not_found() -> Reply:
    """Nothing is served here."""
    return Reply.json({"error": "not_found", "error_description": "there is nothing at this address"}, 404)
