"""A request and its answer, a few lines over raw ASGI."""

from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping
from typing import Any

import msgspec

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FORM = "application/x-www-form-urlencoded"
MOST_BODY_BYTES = 1 << 20
"""What a form or JSON body may weigh, unless the handler says otherwise."""

NO_STORE: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-cache, no-store"),
    (b"pragma", b"no-cache"),
)


class Refused(Exception):
    """The request cannot be answered by its handler: wrong method, type or size, or it broke off."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class Call(msgspec.Struct):
    """One HTTP request, its issuer and path already resolved."""

    method: str
    path: str
    """The path below the issuer, percent-encoding undone; `raw_path` has it as it came."""
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    """Names in lower case, as ASGI gives them."""
    source: str
    """The address of the caller: of the peer, or what a trusted proxy in front says."""
    scheme: str
    request_id: str
    peer: str = ""
    """The address at the other end of the connection, whoever it speaks for."""
    receive: Receive | None = None
    """Where the body comes from, piece by piece, unless it is here already."""
    content: bytes | None = None
    """The whole body, when it came together with the head."""
    certificate: bytes | None = None
    """The TLS client certificate (DER), if one came over the port that asks for them."""
    tls: str = ""
    """The TLS version of the connection to us, e.g. ``TLSv1.3``; empty for plain HTTP, as behind a proxy."""
    rest: str = ""
    """What follows the prefix of a route that takes one, still percent-encoded."""
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    """Facts for the log line of this call, such as who authenticated and how."""
    _fields: dict[bytes, bytes] | None = None
    _cookies: list[tuple[str, str]] | None = None

    def header(self, name: bytes) -> str | None:
        """The one value of a header (lower-case name), or None; raises `Refused` when it came twice."""
        fields = self._fields
        if fields is None:
            fields = self._fields = dict(self.headers)
        value = fields.get(name)
        if value is None:
            return None
        if len(fields) != len(self.headers) and [key for key, _ in self.headers].count(name) > 1:
            raise Refused(400, f"the header {name.decode()} was sent more than once")
        return value.decode("latin-1")

    def cookie_values(self, name: str, most: int = 4) -> tuple[str, ...]:
        """The different values of a cookie in their order, `most` of them: a foreign one must not hide ours."""
        if self._cookies is None:
            self._cookies = list(_cookies_in(self.headers))
        return tuple(dict.fromkeys([content for found, content in self._cookies if found == name]))[:most]

    async def body(self, most: int = MOST_BODY_BYTES) -> bytes:
        """The whole body; raises `Refused` (413) when it is larger than `most` bytes."""
        if self.content is not None or self.receive is None:
            if len(self.content or b"") > most:
                raise Refused(413, "the body is too large")
            return self.content or b""
        message = await self.receive()
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(chunk) > most:
                raise Refused(413, "the body is too large")
            return chunk
        chunks, size = [chunk], len(chunk)
        while message.get("more_body"):
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the request broke off")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > most:
                raise Refused(413, "the body is too large")
        return b"".join(chunks)

    async def form(self, most: int = 1 << 18) -> bytes:
        """The body of a form POST; raises `Refused` for another content type."""
        content_type = self.header(b"content-type") or ""
        if content_type != FORM and content_type.partition(";")[0].strip().lower() != FORM:
            raise Refused(400, "the content type must be application/x-www-form-urlencoded")
        return await self.body(most)

    async def json(self, most: int = MOST_BODY_BYTES, also: Collection[str] = ()) -> Any:
        """The body as JSON; raises `Refused` for another content type (415) or malformed JSON (400).

        `also` are further names that JSON may come under.
        """
        content_type = (self.header(b"content-type") or "").partition(";")[0].strip().lower()
        if content_type != "application/json" and content_type not in also:
            raise Refused(415, "the content type must be application/json")
        body = await self.body(most)
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Refused(400, "the body is not JSON") from None


class Reply(msgspec.Struct):
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    stream: Any = None
    """An async iterator of bytes that follows `body`, for answers that do not fit in memory."""
    request_id: str = ""
    """Told in the field ``x-request-id``; given by the surface that the request came through."""

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> "Reply":
        """An answer in JSON."""
        return cls(status, _ENCODER.encode(value), b"application/json", headers)

    @classmethod
    def html(cls, page: str, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> "Reply":
        """An answer in HTML."""
        return cls(status, page.encode(), b"text/html; charset=utf-8", headers)

    @classmethod
    def text(cls, text: str, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> "Reply":
        """An answer in plain text."""
        return cls(status, text.encode(), b"text/plain; charset=utf-8", headers)

    @classmethod
    def see_other(cls, location: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> "Reply":
        """RFC 9110 §15.4.4: go there with GET; the form that was posted is not sent again (threat T-08)."""
        return cls(303, b"", b"", ((b"location", location.encode("ascii")), *headers))

    async def send(self, send: Send, *, head_only: bool = False) -> None:
        """Give the answer to the server; of an answer to HEAD the body is left out (RFC 9110 §9.3.2)."""
        headers = [*self.headers, (b"x-request-id", self.request_id.encode("ascii"))]
        if self.content_type:
            headers.append((b"content-type", self.content_type))
        if self.stream is None:
            headers.append((b"content-length", b"%d" % len(self.body)))
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if head_only else self.body})
            return
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if head_only:
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        async for chunk in self.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _cookies_in(headers: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    """RFC 6265 §5.4: the names and values of every cookie, in their order."""
    for key, value in headers:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                name, equals, content = part.strip().partition("=")
                if equals:
                    yield name, content


_ENCODER = msgspec.json.Encoder()
