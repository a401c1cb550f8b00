"""The administration port: heartbeat and metrics, and the interfaces for administrators that stand on it."""

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from ostiary.server import Server
from ostiary.web.administrators import NotAuthenticated, administrator
from ostiary.web.app import Handler, Methods, Route, Routes
from ostiary.web.call import NO_STORE, Call, Reply
from ostiary.web.runtime import heartbeat
from ostiary.web.service_auth import REALM

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def routes(
    render: Callable[[], tuple[bytes, bytes]], metrics_token: str, admin_url: str, interfaces: Routes | None = None
) -> Routes:
    """The routes of this port, each behind the check of the Host header (DNS rebinding).

    `interfaces` are those of the management interfaces that stand on it.
    """

    async def metrics(call: Call, server: Server) -> Reply:
        """GET /metrics, from loopback, with the metrics token, or with an administrator's credentials."""
        if not (_is_local(call) or _has_token(call, metrics_token)):
            try:
                await administrator(call, server)
            except NotAuthenticated:
                return Reply.json({"error": "unauthorized"}, 401, ((b"www-authenticate", REALM), *NO_STORE))
        body, content_type = render()
        return Reply(200, body, content_type, NO_STORE)

    async def front(_call: Call, _server: Server) -> Reply:
        """GET /"""
        return Reply.text("This is the administration port of Ostiary.\nGET /pf/heartbeat.ping, GET /metrics\n")

    hosts = frozenset(LOOPBACK_NAMES | ({urlsplit(admin_url).hostname or ""} if admin_url else set()))
    table = {"/pf/heartbeat.ping": heartbeat, "/metrics": metrics, "/": front}
    own: Routes = {path: {"GET": handler} for path, handler in table.items()}
    return {path: _guarded(hosts, route) for path, route in {**own, **(interfaces or {})}.items()}


def _guarded(hosts: frozenset[str], route: Methods | Route) -> Route:
    """The route, for requests that name one of these hosts."""
    whole = route if isinstance(route, Route) else Route(route)
    methods = {method: only_for(hosts, handler) for method, handler in whole.methods.items()}
    return replace(whole, methods=methods)


def only_for(hosts: frozenset[str], handler: Handler) -> Handler:
    """The handler, for requests that name one of these hosts."""

    async def guarded(call: Call, server: Server) -> Reply:
        if host_of(call.header(b"host") or "") not in hosts:
            return Reply.text("This host name is not served here.\n", 421)
        return await handler(call, server)

    return guarded


def host_of(field: str) -> str:
    """RFC 9110 §7.2: the host of a ``Host`` field, without its port; empty for anything that is not exactly one."""
    found = _HOST.fullmatch(field)
    return "" if found is None else (found["literal"] or found["name"]).lower()


_HOST = re.compile(r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


def _is_local(call: Call) -> bool:
    """Whether the connection itself comes from this machine and nobody stands in between."""
    return call.peer in {"127.0.0.1", "::1"} and _FORWARDED.isdisjoint([name for name, _ in call.headers])


_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})


def _has_token(call: Call, token: str) -> bool:
    authorization = call.header(b"authorization") or ""
    scheme, _, presented = authorization.partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(presented.encode(), token.encode())
