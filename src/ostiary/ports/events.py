"""The door through which what happened goes out: log lines, audit rows, metrics."""

from typing import Protocol

from ostiary.ports.changes import AddAudit


class Happening(Protocol):
    """What the recorder needs of an event; `audit.events` has the real ones."""

    @property
    def name(self) -> str:
        """In the past tense, dotted: ``client.replaced``."""


class Events(Protocol):
    """Where flows report."""

    def record(self, event: Happening) -> None:
        """Log and count. For what outsiders can cause without limit: never a row."""

    def evidence(self, event: Happening) -> AddAudit:
        """Log and count, and give the audit row to commit together with the change the event tells of."""
