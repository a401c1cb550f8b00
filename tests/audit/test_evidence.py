"""A change with its evidence: one unit, told of only when it is durable."""

from dataclasses import dataclass, field

import pytest

from ostiary.audit.events import AccountChanged, Event
from ostiary.audit.evidence import commit
from ostiary.audit.recorder import Recorder
from ostiary.ports.changes import AddAccount, Conflict
from ostiary.ports.records import AccountRecord
from ostiary.ports.stores import Stores
from ostiary.storage.memory import MemoryStores
from tests.clocks import ManualClock

pytestmark = pytest.mark.anyio


@dataclass
class Place:
    """What `commit` needs, and what it told."""

    stores: Stores = field(default_factory=MemoryStores)
    lines: list[str] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = Recorder(ManualClock(), self, lambda name, _: self.counted.append(name))

    def write(self, line: str) -> None:
        self.lines.append(line)


def account(username: str) -> AddAccount:
    return AddAccount(
        AccountRecord(
            store="admin",
            username=username,
            version=1,
            password_hash="",
            failures=0,
            locked_until=0,
            document=b"{}",
        )
    )


def added(username: str) -> Event:
    return AccountChanged(subject=username, by="root", store="admin", what="added")


async def test_a_change_its_rows_and_its_lines() -> None:
    place = Place()
    await commit(place, account("ada"), added("ada"), account("bob"), added("bob"))
    assert [row.subject for row in await place.stores.audit()] == ["bob", "ada"]
    assert [" | ada | " in place.lines[0], " | bob | " in place.lines[1]] == [True, True]
    assert place.counted == ["account.changed", "account.changed"]


async def test_a_change_that_conflicts_is_neither_logged_nor_counted() -> None:
    place = Place()
    await commit(place, account("ada"))
    with pytest.raises(Conflict):
        await commit(place, added("ada"), account("ada"))
    assert (place.lines, place.counted) == ([], [])
    assert await place.stores.audit() == []
