"""Where events go: the audit log, metrics, and rows of evidence. One event, one line, whatever its values (T-60)."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import uuid_utils

from ostiary.audit.events import TokenIssued
from ostiary.audit.request import CurrentRequest, current_request
from ostiary.audit.usage import LastUsed
from ostiary.ports.changes import AddAudit
from ostiary.ports.clock import Clock
from ostiary.ports.events import Happening
from ostiary.ports.records import AuditRecord

Counter = Callable[[str, str], None]
"""Counts an event by its name and outcome; both are from closed sets."""


LOOK_SECONDS = 1.0
"""How long a log may go on in a file that was moved away."""


class LineSink(Protocol):
    """Where finished lines go."""

    def write(self, line: str) -> None:
        """Take one line, without its line break."""


class LogFile:
    """A log that several processes append to. Lines of one turn of the loop go out in one append.

    With `at_once` a line is in the file before `write` returns, and so before its call is answered. When the file was
    moved away, a new one is begun in its place; that is looked at before an append, once a second at most.
    """

    def __init__(self, path: Path, *, at_once: bool = False, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._at_once = at_once
        self._monotonic = monotonic
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = self._open()
        self._look_at = monotonic() + LOOK_SECONDS
        self._waiting: list[str] = []

    def write(self, line: str) -> None:
        """Append the line before the loop waits again."""
        self._waiting.append(line)
        if self._at_once:
            self.flush()
        elif len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Append everything that waits, in one write."""
        if self._waiting:
            if self._monotonic() >= self._look_at:
                self._follow()
            lines, self._waiting = self._waiting, []
            lines.append("")
            os.write(self._descriptor, "\n".join(lines).encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        os.close(self._descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def _follow(self) -> None:
        """Open the path anew, unless it still leads to our file. While that is impossible we keep the file we have."""
        self._look_at = self._monotonic() + LOOK_SECONDS
        try:
            if os.path.samestat(self._path.stat(), os.fstat(self._descriptor)):
                return
        except FileNotFoundError:
            pass
        except OSError:
            return
        try:
            descriptor = self._open()
        except OSError:
            return
        os.close(self._descriptor)
        self._descriptor = descriptor


class Recorder:
    """Gives each event its time, id and request, and hands it to its readers."""

    def __init__(
        self, clock: Clock, log: LineSink | None = None, count: Counter | None = None, used: LastUsed | None = None
    ) -> None:
        self._clock = clock
        self._used = used
        self._log = log
        self._count = count
        self._second = -1
        self._stamp = ""

    def record(self, event: Happening) -> None:
        """Write a line of the audit log, and count."""
        request = current_request.get()
        now = self._clock.now()
        if self._count is not None:
            self._count(event.name, event.outcome)
        if self._used is not None and event.name == TokenIssued.name:
            self._used.note(event.client_id, now)
        if self._log is not None:
            self._log.write(self._line(event, request, now))

    def evidence(self, event: Happening) -> AddAudit:
        """The row to commit with the change that the event tells of. See `audit.evidence.commit`."""
        request = current_request.get()
        document = {
            **{name: getattr(event, name) for name in event.__struct_fields__},
            "v": 1,
            "outcome": event.outcome,
            "request": request.id,
            "issuer": request.issuer,
            "source": request.source,
        }
        return AddAudit(
            AuditRecord(
                id=str(uuid_utils.uuid7()),
                time=self._clock.now(),
                name=event.name,
                client_id=event.client_id,
                subject=event.subject,
                document=msgspec.json.encode(document),
            )
        )

    def _line(self, event: Happening, request: CurrentRequest, now: int) -> str:
        """Behaviour §23: time, tracking id, transaction id, event, subject, address, application, client, protocol,
        host, role, status, adapter, description, response time."""
        second, ms = divmod(now, 1000)
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
        shape = _SHAPES.get(type(event)) or _shape_of(event)
        transaction = event.grant_id if shape.has_grant else ""  # type: ignore[attr-defined]
        adapter = event.validator if shape.has_validator else ""  # type: ignore[attr-defined]
        description = event.name
        for name, value in zip(shape.details, shape.values(event), strict=True):
            if value != "" and value != ():
                description += f" {name}={value}"
        host = _HOSTS.get(request.issuer)
        if host is None:
            host = _HOSTS[request.issuer] = urlsplit(request.issuer).hostname or ""
        took = now - request.began if request.began else ""
        line = (
            f"{self._stamp},{ms:03d} | {request.id} | {transaction} | {shape.word} | {event.subject} | {request.source}"
            f" |  | {event.client_id} | OAuth20 | {host} | AS | {event.outcome} | {adapter} | {description} | {took}"
        )
        is_plain = line.isascii() and line.isprintable() and "\\" not in line
        if is_plain and len(line) < MOST_LINE and line.count("|") == _BARS:
            return line  # as nearly always: nothing in it needs escaping
        return (
            f"{self._stamp},{ms:03d} | {request.id} | {escaped(transaction)} | {shape.word} | {escaped(event.subject)}"
            f" | {escaped(request.source)} |  | {escaped(event.client_id)} | OAuth20 | {escaped(host)} | AS"
            f" | {event.outcome} | {escaped(adapter)} | {escaped(description)} | {took}"
        )


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the line of a class of events is made of."""

    word: str
    has_grant: bool
    has_validator: bool
    details: tuple[str, ...]
    """The fields that are told in the description."""
    values: Callable[[object], tuple[object, ...]]
    """Their values."""


MOST_VALUE = 512
"""Characters of a value that a line keeps."""
MOST_LINE = 1024
"""A line up to this length holds no value that must be cut."""
_BARS = 14
_COLUMNS = frozenset({"client_id", "subject", "grant_id", "validator"})
_SHAPES: dict[type, _Shape] = {}
_HOSTS: dict[str, str] = {}
"""By issuer: those of this server, and none for what happens outside a request."""


def _shape_of(event: Happening) -> _Shape:
    names = event.__struct_fields__
    details = tuple(name for name in names if name not in _COLUMNS)
    shape = _SHAPES[type(event)] = _Shape(
        word=str(event.word),
        has_grant="grant_id" in names,
        has_validator="validator" in names,
        details=details,
        values=_values_of(details),
    )
    return shape


def _values_of(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)


def escaped(text: str) -> str:
    """The text as it may stand between two bars of a log line: no bar, no line break, no control character.

    What is longer than `MOST_VALUE` is cut: a stranger must not decide how much a line weighs (threat T-62).
    """
    if len(text) > MOST_VALUE:
        text = text[:MOST_VALUE] + "…"
    if text.isascii() and text.isprintable() and "|" not in text and "\\" not in text:
        return text
    return "".join(_escaped_character(character) for character in text)


def _escaped_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character == "|":
        return "\\u007c"
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
