"""Where events go: the audit log, metrics, and rows of evidence. One event, one line, whatever its values (T-60)."""

import asyncio
import dataclasses
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

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


class LineSink(Protocol):
    """Where finished lines go."""

    def write(self, line: str) -> None:
        """Take one line, without its line break."""


class LogFile:
    """A log that several processes append to. Lines of one turn of the loop go out in one append.

    With `at_once` a line is in the file before `write` returns, and so before its call is answered.
    """

    def __init__(self, path: Path, *, at_once: bool = False) -> None:
        self._at_once = at_once
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
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
            lines, self._waiting = self._waiting, []
            lines.append("")
            os.write(self._descriptor, "\n".join(lines).encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        os.close(self._descriptor)


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
        """The same, and the row to commit with the change that the event tells of."""
        self.record(event)
        request = current_request.get()
        document = {
            **dataclasses.asdict(event),
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
        """Time, tracking id, event, subject, address, client, protocol, issuer, role, status, description."""
        second, ms = divmod(now, 1000)
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
        details = _DETAILS.get(type(event))
        if details is None:
            details = _DETAILS[type(event)] = tuple(
                f.name for f in dataclasses.fields(event) if f.name not in {"client_id", "subject"}
            )
        words = []
        for name in details:
            value = getattr(event, name)
            if value not in ("", ()):
                words.append(f"{name}={value}")
        line = (
            f"{self._stamp},{ms:03d} | {request.id} | {event.name} | {event.subject} | {request.source}"
            f" | {event.client_id} | OAuth20 | {request.issuer} | AS | {event.outcome} | {' '.join(words)}"
        )
        if line.isascii() and line.isprintable() and line.count("|") == _BARS and "\\" not in line:
            return line  # as nearly always: nothing in it needs escaping
        return (
            f"{self._stamp},{ms:03d} | {request.id} | {event.name} | {escaped(event.subject)} | {request.source}"
            f" | {escaped(event.client_id)} | OAuth20 | {request.issuer} | AS | {event.outcome}"
            f" | {escaped(' '.join(words))}"
        )


_BARS = 10
_DETAILS: dict[type, tuple[str, ...]] = {}


def escaped(text: str) -> str:
    """The text as it may stand between two bars of a log line: no bar, no line break, no control character."""
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
