"""What is ours of the HTTP protocol, over uvicorn's: bounded heads, ready answers, a short way, client certificates.

Nearly every request is small, complete when it arrives, and answered whole. Such a request takes the short way: no
scope, no event, no queue of messages, and one write for head and body. Everything else (large or chunked bodies, HEAD,
``Expect``, HTTP/1.0, a last request on a connection, requests sent ahead of their turn) goes uvicorn's usual way.
"""

import asyncio
import logging
from typing import Any, Protocol
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ostiary.web.call import Call, Reply

MOST_HEAD_BYTES = 64 * 1024
"""What the request line and all header fields may weigh together; more is refused before it is kept (threat T-25)."""
MOST_SHORT_BYTES = 64 * 1024
"""Bodies up to this length take the short way."""

Headers = list[tuple[bytes, bytes]]
log = logging.getLogger("ostiary.web")


class Application(Protocol):
    """What the protocol needs of an application beside ASGI."""

    def ready(self, target: bytes, headers: Headers) -> bytes | None:
        """What follows the ``date`` field of a 200 answer to GET, with its body; None: it goes the usual way."""

    def call_of(self, call: Call) -> Call:
        """The call with its id, and its source and scheme as the proxies in front tell them."""

    async def answer(self, call: Call) -> Reply:
        """The answer, whatever happens."""


class _Done:
    """Stands where the cycle of a request stands, once a ready answer was given."""

    response_complete = True
    keep_alive = True
    more_body = False
    message_event = asyncio.Event()


class _Short:
    """A request on the short way, while its body is gathered and its answer is made."""

    __slots__ = (
        "body",
        "disconnected",
        "headers",
        "keep_alive",
        "message_event",
        "method",
        "response_complete",
        "target",
    )

    def __init__(self, method: str, target: bytes, headers: Headers) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = b""
        self.response_complete = False
        self.keep_alive = True
        self.disconnected = False
        self.message_event = _Done.message_event


class BoundedProtocol(HttpToolsProtocol):
    """Refuses oversized heads, answers at once what is ready, and takes the short way where it can."""

    _date: tuple[Any, bytes] = (None, b"")
    certificate: bytes | None = None

    def on_message_begin(self) -> None:
        """A new request."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        if self._is_within_bounds(len(url)):
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field."""
        if self._is_within_bounds(len(name) + len(value) + 4):  # with colon, space and line break
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: answer at once what is ready, else choose the way."""
        if self._head_bytes > MOST_HEAD_BYTES:
            return
        method = self.parser.get_method()
        if self._is_free() and method in (b"GET", b"POST"):
            ready = self._application.ready(self.url, self.headers) if method == b"GET" else None
            if ready is not None:
                self.cycle = _Done()  # type: ignore[assignment]
                self.transport.write(b"HTTP/1.1 200 OK\r\n" + self._date_field() + ready)
                self.on_response_complete()
                return
            if _is_short(self.headers):
                self.cycle = _Short(method.decode("ascii"), self.url, self.headers)  # type: ignore[assignment]
                return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        cycle: Any = self.cycle
        if type(cycle) is _Short:
            cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        cycle: Any = self.cycle
        if type(cycle) is not _Short:
            super().on_message_complete()
        elif not cycle.response_complete:
            task = self.loop.create_task(self._run(cycle))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)

    async def _run(self, short: _Short) -> None:
        call = self._call(short)
        reply = await self._application.answer(call)
        if not short.disconnected:
            head = self._head(reply, keep_alive=short.keep_alive)
            if reply.stream is None:
                self.transport.write(head + reply.body)
            else:
                await self._write_stream(head, reply, short)
        short.response_complete = True
        if not short.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _call(self, short: _Short) -> Call:
        url = httptools.parse_url(short.target)
        path = url.path.decode("ascii")
        return self._application.call_of(
            Call(
                method=short.method,
                path=unquote(path) if "%" in path else path,
                raw_path=url.path,
                query=url.query or b"",
                headers=short.headers,
                source=self.client[0] if self.client else "",
                scheme=self.scheme or "http",
                request_id="",
                content=short.body,
                certificate=self.certificate,
            )
        )

    def _head(self, reply: Reply, *, keep_alive: bool) -> bytes:
        fields = [*reply.headers]
        if reply.content_type:
            fields.append((b"content-type", reply.content_type))
        if reply.stream is None:
            fields.append((b"content-length", b"%d" % len(reply.body)))
        else:
            fields.append((b"transfer-encoding", b"chunked"))
        if not keep_alive:
            fields.append((b"connection", b"close"))
        lines = b"".join([name + b": " + value + b"\r\n" for name, value in fields])
        if lines.count(b"\n") != len(fields) or lines.count(b"\r") != len(fields):
            log.error("an answer with a line break in a header field was not sent")
            return b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        return STATUS_LINE[reply.status] + self._date_field() + lines + b"\r\n"

    async def _write_stream(self, head: bytes, reply: Reply, short: _Short) -> None:
        self.transport.write(head + _chunk(reply.body))
        try:
            async for piece in reply.stream:
                if self.flow.write_paused:
                    await self.flow.drain()
                if short.disconnected:
                    return
                self.transport.write(_chunk(piece))
        except Exception:
            log.exception("an answer broke off")
            self.transport.close()  # without its last chunk the caller knows that something is missing
            return
        self.transport.write(b"0\r\n\r\n")

    @property
    def _application(self) -> Application:
        application: Any = self.app
        return application  # type: ignore[no-any-return]

    def _is_free(self) -> bool:
        """Whether nothing before this request waits for its answer, and others may follow it."""
        if self.pipeline or not (self.cycle is None or self.cycle.response_complete):
            return False
        return bool(self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive())

    def _is_within_bounds(self, more: int) -> bool:
        before, self._head_bytes = self._head_bytes, self._head_bytes + more
        if self._head_bytes <= MOST_HEAD_BYTES:
            return True
        if before <= MOST_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")
        return False

    def _date_field(self) -> bytes:
        """The field that the server renews every second."""
        cls = BoundedProtocol
        fields = self.server_state.default_headers
        if cls._date[0] is not fields:
            cls._date = (fields, b"".join(name + b": " + value + b"\r\n" for name, value in fields))
        return cls._date[1]


class CertificateProtocol(BoundedProtocol):
    """Hands the TLS client certificate (DER) of the connection to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate once; it cannot change while the connection lives."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.certificate = tls.getpeercert(binary_form=True) if tls is not None else None

    def on_message_begin(self) -> None:
        """A new request of the same connection."""
        super().on_message_begin()
        if self.certificate is not None:
            extensions: Any = {"tls_client_certificate": self.certificate}
            self.scope["extensions"] = extensions


def _is_short(headers: Headers) -> bool:
    for name, value in headers:
        if name == b"content-length":
            if len(value) > 6 or not value.isdigit() or int(value) > MOST_SHORT_BYTES:
                return False
        elif name in _LONG:
            return False
    return True


_LONG = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
