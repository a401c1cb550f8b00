"""log/runtime-api.log: one line per call of a management service, refused ones too (behaviour §23, threat T-60)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from ostiary.audit.recorder import LineSink, escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """What the line tells. No header value is in it, so no credential can be."""

    time: int
    """Milliseconds since 1970-01-01 UTC."""
    user: str
    method: str
    """How the caller authenticated, e.g. ``BASIC``; empty when nothing was presented."""
    source: str
    verb: str
    endpoint: str
    status: int
    headers: Sequence[str] = ()
    """Names of the request's headers, where the level asks for them."""
    tls: str = ""


class ApiLog:
    """Writes the lines in the format that ostiary.toml names: ``bar`` or ``json``."""

    def __init__(self, sink: LineSink, *, style: str = "bar", with_headers: bool = False) -> None:
        self._sink = sink
        self._style = style
        self.with_headers = with_headers

    def write(self, call: ApiCall) -> None:
        """One line."""
        stamp = (
            datetime.fromtimestamp(call.time // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") + f",{call.time % 1000:03d}"
        )
        values = [stamp, call.user, call.method, call.source, call.verb, call.endpoint, str(call.status)]
        if self.with_headers:
            values += [" ".join(call.headers), call.tls]
        if self._style == "json":
            self._sink.write(msgspec.json.encode(dict(zip(_NAMES, values, strict=False))).decode())
        else:
            self._sink.write(" | ".join(escaped(value) for value in values))


_NAMES = ("time", "user", "authentication", "source", "method", "endpoint", "status", "headers", "tls")
