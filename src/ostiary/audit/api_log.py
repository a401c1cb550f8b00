"""log/runtime-api.log: one line per call of a management service, refused ones too (behaviour §23, threat T-60)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ostiary.audit.recorder import MOST_VALUE, LineSink, escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """What the line tells. Of the headers that carry credentials it has only the names."""

    time: int
    """Milliseconds since 1970-01-01 UTC."""
    user: str
    method: str
    """How the caller authenticated, e.g. ``BASIC``; empty when nothing was presented."""
    source: str
    verb: str
    endpoint: str
    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    """The request's headers, names in lower case; written where the level asks for them."""
    tls: str = ""
    """The TLS version of the connection, likewise; empty for plain HTTP."""


class ApiLog:
    """Writes the lines in the format that ostiary.toml names: ``bar`` or ``json``."""

    def __init__(self, sink: LineSink, *, style: str = "bar", with_headers: bool = False) -> None:
        self._sink = sink
        self._style = style
        self._with_headers = with_headers

    def write(self, call: ApiCall) -> None:
        """One line."""
        stamp = (
            datetime.fromtimestamp(call.time // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") + f",{call.time % 1000:03d}"
        )
        values = [stamp, call.user, call.method, call.source, call.verb, call.endpoint, str(call.status)]
        values = [value[:MOST_VALUE] for value in values]
        headers = _shown(call.headers) if self._with_headers else {}
        if self._style == "json":
            line: dict[str, str | dict[str, str]] = dict(zip(_NAMES, values, strict=True))
            if self._with_headers:
                line |= {"headers": headers, "tls": call.tls}
            self._sink.write(json.dumps(line, ensure_ascii=True))  # no reader sees another line break than ours
            return
        if self._with_headers:
            values += ["; ".join(f"{name}: {value}" for name, value in headers.items()), call.tls]
        self._sink.write(" | ".join(escaped(value) for value in values))


MASKED = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers whose values are credentials."""
_NAMES = ("time", "user", "authentication", "source", "method", "endpoint", "status")


def _shown(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name; what was sent more than once stands in one text, as RFC 9110 §5.2 joins it."""
    shown: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1")
        value = "***" if name in MASKED else raw_value[:MOST_VALUE].decode("latin-1")
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown
