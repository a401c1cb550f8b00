"""A change with its evidence: one unit, told of only when it is durable."""

from typing import Protocol

from ostiary.ports.changes import Change
from ostiary.ports.events import Events, Happening
from ostiary.ports.stores import Stores


class Doors(Protocol):
    """What is needed of a `Server`, or of whoever else has both."""

    @property
    def stores(self) -> Stores:
        """Where the unit is kept."""

    @property
    def events(self) -> Events:
        """Where its events are told."""


async def commit(doors: Doors, *changes: Change | Happening) -> None:
    """Make all changes durable in one unit, with a row of evidence for each event among them; then tell the events.

    Raises `Conflict` and `StoreUnavailable` as the stores do: then nothing was made, and nothing is logged or counted.
    """
    happened = [change for change in changes if not isinstance(change, Change)]
    await doors.stores.commit(
        *(change if isinstance(change, Change) else doors.events.evidence(change) for change in changes)
    )
    for event in happened:
        doors.events.record(event)
