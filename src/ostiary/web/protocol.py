"""What is ours of the HTTP protocol, over uvicorn's: bounded heads, ready answers, client certificates."""

import asyncio
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
"""What the request line and all header fields may weigh together; more is refused before it is kept (threat T-25)."""


class Readiness(Protocol):
    """An application that has some answers ready as bytes."""

    def ready(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes | None:
        """What follows the ``date`` field of a 200 answer to GET, with its body; None: it goes the usual way."""


class _Answered:
    """Stands where the cycle of a request stands, once a ready answer was given."""

    response_complete = True
    keep_alive = True
    more_body = False


class BoundedProtocol(HttpToolsProtocol):
    """Refuses oversized heads, and answers what is ready without a task, a scope or a cycle of its own."""

    _date: tuple[Any, bytes] = (None, b"")

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
        """The head is complete: answer at once what is ready."""
        if self._head_bytes > MOST_HEAD_BYTES:
            return
        ready = self._ready() if self.parser.get_method() == b"GET" else None
        if ready is None:
            super().on_headers_complete()
            return
        self.cycle = _Answered()  # type: ignore[assignment]
        self.transport.write(b"HTTP/1.1 200 OK\r\n" + self._date_field() + ready)
        self.on_response_complete()

    def _is_within_bounds(self, more: int) -> bool:
        before, self._head_bytes = self._head_bytes, self._head_bytes + more
        if self._head_bytes <= MOST_HEAD_BYTES:
            return True
        if before <= MOST_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")
        return False

    def _ready(self) -> bytes | None:
        if self.pipeline or not (self.cycle is None or self.cycle.response_complete):
            return None
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return None
        answer: bytes | None = self.app.ready(self.url, self.headers)
        return answer

    def _date_field(self) -> bytes:
        """The field that the server renews every second."""
        cls = type(self)
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
        self._certificate = tls.getpeercert(binary_form=True) if tls is not None else None

    def on_message_begin(self) -> None:
        """A new request of the same connection."""
        super().on_message_begin()
        if self._certificate is not None:
            self.scope["extensions"] = {"tls_client_certificate": self._certificate}
