"""What is ours of the HTTP protocol, over uvicorn's: bounded heads, ready answers, a short way, client certificates.

Nearly every request is small, complete when it arrives, and answered whole. Such a request takes the short way: no
scope, no event, no queue of messages, and one write for head and body. Everything else (large or chunked bodies, HEAD,
``Expect``, HTTP/1.0, a last request on a connection, requests sent ahead of their turn) goes uvicorn's usual way.
"""

import asyncio
import logging
from functools import cache
from typing import Any, Protocol
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ostiary.web.call import NO_STORE, Call, Reply

MOST_HEAD_BYTES = 64 * 1024
"""What the request line and all header fields may weigh together; more is refused before it is kept (threat T-25)."""
MOST_SHORT_BYTES = 64 * 1024
"""Bodies up to this length take the short way."""

REQUEST_SECONDS = 30.0
"""How long a request may take from its first byte (a connection: from its beginning) until it is here whole."""

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
        "task",
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
        self.task: asyncio.Task[None] | None = None


class BoundedProtocol(HttpToolsProtocol):
    """Refuses oversized heads, answers at once what is ready, and takes the short way where it can."""

    _date: tuple[Any, bytes] = (None, b"")
    certificate: bytes | None = None
    tls = ""
    """The TLS version of the connection."""
    _extensions: dict[str, Any] | None = None
    """What the application is told of the connection; made once, since it cannot change while that lives."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.tls = tls.version() or ""
            self._extensions = {"tls_version": self.tls}
        self._head_bytes = 0
        self._in_head = True
        self._is_incomplete = False
        self._answered_at = 0.0
        self._deadline: asyncio.TimerHandle | None = self.loop.call_later(REQUEST_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_deadline()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes from the other end. A head is bounded while it comes in, whole fields or not."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_incomplete:
            if self._in_head and self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")
            if self._deadline is None:
                self._deadline = self.loop.call_later(REQUEST_SECONDS, self._too_slow)

    def on_message_begin(self) -> None:
        """A new request."""
        self._in_head = self._is_incomplete = True
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. RFC 9110 §6.5.1: fields of a trailer are never merged into it (threat T-25)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: answer at once what is ready, else choose the way."""
        objection = self._objection()
        self._in_head = False
        self._head_bytes = 0
        if objection:
            self.send_400_response(objection)
            self.cycle = _Done()  # type: ignore[assignment]
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
        self._go_the_usual_way()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        cycle: Any = self.cycle
        if type(cycle) is _Short:
            cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._in_head = True  # of the next one
        self._is_incomplete = False
        if self._deadline is not None:
            self._stop_deadline()
        cycle: Any = self.cycle
        if type(cycle) is not _Short:
            super().on_message_complete()
        elif not cycle.response_complete:
            cycle.task = self.loop.create_task(self._run(cycle))
            self.tasks.add(cycle.task)  # a stop waits for it; it takes itself out at its end

    def on_response_complete(self) -> None:
        """The answer has been given; the connection may be used again.

        Its time of idleness begins. One timer a connection watches over it, instead of a new one for each request.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self._look_if_idle)

    def _unset_keepalive_if_required(self) -> None:
        """The timer looks by itself whether a request is under way."""

    def _look_if_idle(self) -> None:
        self.timeout_keep_alive_task = None
        if self.transport.is_closing() or self._is_incomplete or not self.cycle.response_complete:
            return  # the end of the answer begins a new time
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            self.transport.close()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self._look_if_idle)

    def _go_the_usual_way(self) -> None:
        """Through ASGI; what it needs of the request is made only now."""
        target, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = target, expects
        self.headers = self.scope["headers"] = headers
        if self._extensions is not None:
            self.scope["extensions"] = self._extensions
        super().on_headers_complete()

    def _too_slow(self) -> None:
        """Threat T-62: a request that does not come to its end holds a place that others need."""
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    async def _run(self, short: _Short) -> None:
        try:
            reply = await self._application.answer(self._call(short))
            if not short.disconnected:
                head = self._head(reply, keep_alive=short.keep_alive)
                if self.flow.write_paused:  # who does not read what was sent must not make us keep ever more of it
                    await self.flow.drain()
                if reply.stream is None:
                    self.transport.write(head + reply.body)
                else:
                    await self._write_stream(head, reply, short)
        finally:
            if short.task is not None:
                self.tasks.discard(short.task)
        short.response_complete = True
        if not short.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _call(self, short: _Short) -> Call:
        raw_path, _, query = short.target.partition(b"?")
        path = raw_path.decode("ascii", "replace")
        return self._application.call_of(
            Call(
                method=short.method,
                path=unquote(path) if "%" in path else path,
                raw_path=raw_path,
                query=query.partition(b"#")[0],
                headers=short.headers,
                source=self.client[0] if self.client else "",
                scheme=self.scheme or "http",
                request_id="",
                content=short.body,
                certificate=self.certificate,
                tls=self.tls,
            )
        )

    def _head(self, reply: Reply, *, keep_alive: bool) -> bytes:
        try:
            lines = _usual_lines(reply.content_type) if reply.headers is NO_STORE else _lines_of(reply)
        except ValueError:
            log.error("an answer with a line break in a header field was not sent")
            return b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        return b"%b%b%bx-request-id: %b\r\n%b%b\r\n" % (
            STATUS_LINE[reply.status],
            self._date_field(),
            lines,
            reply.request_id.encode("ascii"),
            b"content-length: %d\r\n" % len(reply.body) if reply.stream is None else b"transfer-encoding: chunked\r\n",
            b"" if keep_alive else b"connection: close\r\n",
        )

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

    def _objection(self) -> str:
        """Why the request cannot be taken, or empty. The target becomes a path, however it was written."""
        if self._head_bytes > MOST_HEAD_BYTES and _size(self.url, self.headers) > MOST_HEAD_BYTES:
            return "The head of the request is too large."
        if not self.url.startswith(b"/"):
            target = _origin_form(self.url)
            if target is None:
                return "The request target must be a path."
            self.url = target
        return ""

    @property
    def _application(self) -> Application:
        application: Any = self.app
        return application  # type: ignore[no-any-return]

    def _is_free(self) -> bool:
        """Whether nothing before this request waits for its answer or is still being sent, and others may follow it."""
        if self.flow.write_paused or self.pipeline or not (self.cycle is None or self.cycle.response_complete):
            return False
        return bool(self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive())

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
        """Read the certificate."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if self._extensions is not None and self.certificate is not None:
            self._extensions["tls_client_certificate"] = self.certificate


def _origin_form(target: bytes) -> bytes | None:
    """RFC 9112 §3.2.2: the path of a target in absolute form, with its query; None for what has none."""
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        return None
    if url.schema not in (b"http", b"https") or not url.path:
        return None
    return url.path if url.query is None else url.path + b"?" + url.query


def _lines_of(reply: Reply) -> bytes:
    """The fields of an answer; raises `ValueError` for one that holds a line break (RFC 9112 §11.1)."""
    fields = [*reply.headers]
    if reply.content_type:
        fields.append((b"content-type", reply.content_type))
    lines = b"".join([name + b": " + value + b"\r\n" for name, value in fields])
    if lines.count(b"\n") != len(fields) or lines.count(b"\r") != len(fields):
        raise ValueError
    return lines


@cache
def _usual_lines(content_type: bytes) -> bytes:
    """The same for answers that nobody may store, of which nearly all are; content types are our own few words."""
    return _lines_of(Reply(200, b"", content_type, NO_STORE))


def _size(target: bytes, headers: Headers) -> int:
    return len(target) + sum([len(name) + len(value) + 4 for name, value in headers])


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
