"""The door through which what happened goes out: log lines, audit rows, metrics."""

from typing import Any, ClassVar, Protocol

from ostiary.ports.changes import AddAudit


class Happening(Protocol):
    """What the recorder needs of an event: a frozen struct; `audit.events` has the real ones."""

    __struct_fields__: ClassVar[tuple[str, ...]]
    name: ClassVar[str]
    """In the past tense, dotted: ``client.replaced``."""
    word: ClassVar[Any]
    """What the audit log calls it: one of a closed set of words."""
    outcome: ClassVar[str]
    """``success``, ``failure`` or ``inprogress``."""

    @property
    def client_id(self) -> str:
        """The client concerned, or empty."""

    @property
    def subject(self) -> str:
        """The person concerned, or empty."""


class Events(Protocol):
    """Where flows report."""

    def record(self, event: Happening) -> None:
        """Log and count. For what outsiders can cause without limit: never a row."""

    def evidence(self, event: Happening) -> AddAudit:
        """The audit row of the event, and nothing else: `audit.evidence.commit` keeps it and then records the event."""
