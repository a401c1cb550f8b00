"""A change of one client, judged and settled but not stored: what becomes of it, and the changes that make it so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ostiary.audit.events import ClientCreated, ClientDeleted, ClientReplaced
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import legacy
from ostiary.clients.documents import document_of
from ostiary.declare import Problem
from ostiary.ports.changes import AddClient, Change, RemoveClient, SaveClient
from ostiary.ports.events import Happening
from ostiary.ports.records import ClientRecord

_NOT_A_CHANGE = frozenset({"identity.modified_at"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would become of one client."""

    before: Client | None
    """None: it is new. Its version is the one that must still hold when it is stored."""
    after: Client | None
    """None: it goes."""
    changed: tuple[str, ...] = ()
    """The settings that would change; of a new client, those that differ from the defaults."""
    warnings: tuple[Problem, ...] = ()
    """What its administrator should be told."""
    beside: tuple[Change, ...] = ()
    """What must be remembered with it."""

    @property
    def client_id(self) -> str:
        """Which client."""
        one = self.before or self.after
        return "" if one is None else one.client_id

    @property
    def is_change(self) -> bool:
        """Whether anything would be another than it is."""
        return self.before is None or self.after is None or bool(self.changed)

    @property
    def client(self) -> Client:
        """The client as it will be, or stays."""
        one = self.after if self.is_change else self.before
        assert one is not None, "a client that goes is none"
        return one


def changed_settings(before: Client, after: Client) -> tuple[str, ...]:
    """The names of the settings that differ, but for the date of the change."""
    return tuple(path for path in CLIENT_SETTINGS.changed(before, after) if path not in _NOT_A_CHANGE)


def unit_of(prepared: Iterable[Prepared], by: str) -> list[Change | Happening]:
    """The changes that make all of them true, each on the condition that its client is as it was, with the evidence."""
    changes: list[Change] = []
    evidence: list[Happening] = []
    for one in prepared:
        if one.is_change:
            changes += _changes(one)
            evidence.append(_evidence(one, by))
    return [*changes, *evidence]


def record_of(client: Client) -> ClientRecord:
    """The row of a client, with its rendering for the client management service."""
    return ClientRecord(
        client_id=client.client_id,
        version=client.version,
        name=client.identity.name,
        enabled=client.identity.enabled,
        created_at=client.identity.created_at,
        modified_at=client.identity.modified_at,
        document=document_of(client),
        legacy=legacy.render(client),
        legacy_version=legacy.LEGACY_VERSION,
    )


def _changes(one: Prepared) -> Iterator[Change]:
    if one.after is None:
        yield RemoveClient(one.client_id, None if one.before is None else one.before.version)
    elif one.before is None:
        yield AddClient(record_of(one.after))
    else:
        yield SaveClient(record_of(one.after), one.before.version)
    yield from one.beside


def _evidence(one: Prepared, by: str) -> Happening:
    if one.after is None:
        return ClientDeleted(client_id=one.client_id, by=by)
    if one.before is None:
        return ClientCreated(client_id=one.client_id, by=by)
    return ClientReplaced(client_id=one.client_id, by=by, changed=one.changed)
