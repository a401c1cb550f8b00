"""What the generator sends: requests written out beforehand, and what a right answer to each looks like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of an exchange and the mark of its right answer.

    `head` has no Content-Length and no blank line at its end. When `fill` is true, what the step before took from its
    answer goes between `before` and `after` in the body.
    """

    head: str
    before: str = ""
    after: str = ""
    fill: bool = False
    statuses: tuple[int, ...] = (200,)
    contains: str
    take_after: str = ""
    """Text in the answer behind which a value to keep begins; it ends before `&`, a quote or the end of the line."""

    @classmethod
    def get(cls, host: str, path: str, *, contains: str, headers: Mapping[str, str] | None = None) -> Self:
        """A GET that must be answered with 200 and `contains`."""
        return cls(head=_head("GET", path, host, headers or {}), contains=contains)

    @classmethod
    def post(
        cls, host: str, path: str, form: Mapping[str, str], *, contains: str, headers: Mapping[str, str] | None = None
    ) -> Self:
        """A POST of a form that must be answered with 200 and `contains`."""
        head = _head("POST", path, host, {"Content-Type": FORM, **(headers or {})})
        return cls(head=head, before=urlencode(form), contains=contains)


Exchange = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where to connect, and per connection the exchanges that it repeats in turn."""

    port: int
    lanes: tuple[tuple[Exchange, ...], ...]

    @classmethod
    def same(cls, port: int, connections: int, *exchanges: Exchange) -> Self:
        """Every connection repeats the same exchanges, each beginning at another one."""
        turn = len(exchanges) // connections
        return cls(port=port, lanes=tuple(exchanges[i * turn :] + exchanges[: i * turn] for i in range(connections)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one stretch of measuring gave. Times are in seconds."""

    exchanges: int
    elapsed: float
    p50: float
    p99: float

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Self:
        """Read what the generator printed."""
        return cls(**{name: answer[name] for name in ("exchanges", "elapsed", "p50", "p99")})


def _head(method: str, path: str, host: str, headers: Mapping[str, str]) -> str:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: */*", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines)
