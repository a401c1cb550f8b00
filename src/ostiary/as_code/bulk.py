"""The same change to many clients: judged for all of them first, then made in batches, each a unit of its own."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ostiary.as_code.named_settings import Condition, NotUnderstood, assignments
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import admin
from ostiary.clients.documents import client_of
from ostiary.clients.prepared import Prepared
from ostiary.clients.registry import ATTEMPTS, ClientChanged, ClientRegistry, ClientsRefused
from ostiary.declare import Dialect, Draft
from ostiary.declare.kinds.kind import Spot
from ostiary.ports.records import ClientRecord
from ostiary.server_settings.facts import Facts

BATCH = 500
"""Clients of one unit: who writes at the same time waits for one of these at most."""

Action = Callable[[Client], Mapping[str, Any]]
"""What is to change in a client, by canonical name; what is as it should be may be in it too."""
Progress = Callable[[int], object]
"""Told how many more clients have been looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which clients are meant."""

    text: str = ""
    """A part of the id or of the name, whatever its letter case."""
    pattern: str = "*"
    """What ids are like: ``team-a-*``."""
    conditions: tuple[Condition, ...] = ()
    after: str = ""
    """Only ids that come after this one, in the order of their bytes."""

    def may_hold(self, record: ClientRecord) -> bool:
        """What can be said without reading the client itself."""
        if self.after and record.client_id.encode() <= self.after.encode():
            return False
        text = self.text.casefold()
        if text and text not in record.client_id.casefold() and text not in record.name.casefold():
            return False
        return self.pattern == "*" or fnmatchcase(record.client_id, self.pattern)

    def holds(self, client: Client) -> bool:
        """Whether the client is meant, if its record may be."""
        return all(condition.holds(client) for condition in self.conditions)


@dataclass(slots=True)
class Tally:
    """How far it has come. What was counted as changed is durable."""

    matched: int = 0
    changed: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Clients that the rules would not let be so, and why."""
    reached: str = ""
    """The last id of the last batch that was finished."""


async def look(registry: ClientRegistry, selection: Selection, action: Action, progress: Progress) -> Tally:
    """What `change` would do. Stores nothing."""
    tally = Tally()
    async for batch in _batches(registry, selection, progress):
        tally.matched += len(batch)
        tally.changed += len(await _prepared(registry, batch, action, tally))
        tally.reached = batch[-1].client_id
    return tally


async def change(
    registry: ClientRegistry, selection: Selection, action: Action, by: str, progress: Progress, tally: Tally
) -> None:
    """Change every client that is meant and that the rules let be so; `tally` tells how far it has come.

    Doing it again changes nothing more, so it can be broken off and begun anew. Raises `ClientChanged` when a client
    keeps changing under our hands.
    """
    async for batch in _batches(registry, selection, progress):
        tally.matched += len(batch)
        tally.changed += await _change_batch(registry, batch, selection, action, by, tally)
        tally.reached = batch[-1].client_id


async def _change_batch(
    registry: ClientRegistry, batch: list[Client], selection: Selection, action: Action, by: str, tally: Tally
) -> int:
    refused_before = len(tally.refused)
    for attempt in range(1, ATTEMPTS + 1):
        prepared = await _prepared(registry, batch, action, tally)
        try:
            await registry.store_prepared(prepared, by)
        except ClientChanged:
            if attempt == ATTEMPTS:
                raise
            del tally.refused[refused_before:]
            batch = await _read_anew(registry, batch, selection)
        else:
            return len(prepared)
    return 0


async def _read_anew(registry: ClientRegistry, batch: Sequence[Client], selection: Selection) -> list[Client]:
    """The clients of a batch as they are by now, without those that are gone or no longer meant."""
    records = [await registry.stores.client(client.client_id) for client in batch]
    found = [client_of(record)[0] for record in records if record is not None and selection.may_hold(record)]
    return [client for client in found if selection.holds(client)]


async def _batches(registry: ClientRegistry, selection: Selection, progress: Progress) -> AsyncIterator[list[Client]]:
    async for records in registry.stores.clients(BATCH):
        meant = [client_of(record)[0] for record in records if selection.may_hold(record)]
        meant = [client for client in meant if selection.holds(client)]
        if meant:
            yield meant
        progress(len(records))


async def _prepared(registry: ClientRegistry, batch: Sequence[Client], action: Action, tally: Tally) -> list[Prepared]:
    found = []
    for client in batch:
        wanted = CLIENT_SETTINGS.with_values(client, dict(action(client)))
        if wanted is client or not CLIENT_SETTINGS.changed(client, wanted):
            continue
        try:
            prepared = await registry.prepare(Draft(wanted, (), (), frozenset()), client)
        except ClientsRefused as refused:
            tally.refused += [
                (client_id, f"{admin.name_of(problem.field)}: {problem.message}")
                for client_id, problem in refused.problems
            ]
        else:
            if prepared.changed:
                found.append(prepared)
    return found


# The changes ---------------------------------------------------------------------------------------------------------


def enabling(*, enabled: bool) -> Action:
    """Let clients in, or refuse them everywhere."""
    return lambda _client: {"identity.enabled": enabled}


def setting(texts: Sequence[str]) -> Action:
    """``NAME=VALUE …``; raises `NotUnderstood`."""
    values = assignments(texts)
    return lambda _client: values


def adding_scope(name: str, facts: Facts) -> Action:
    """Behaviour §5.2: an exclusive scope becomes one of the client's, a common one where common ones are restricted.

    A client whose common scopes are not restricted has it already. Raises `NotUnderstood` for an unknown scope.
    """
    if name in facts.exclusive_scopes:
        return lambda client: {"scopes.exclusive": _with(client.scopes.exclusive, name)}
    if name not in facts.common_scopes:
        raise NotUnderstood(f"there is no scope {name}")
    return lambda client: {"scopes.restricted": _with(client.scopes.restricted, name)} if client.scopes.restrict else {}


def removing_scope(name: str) -> Action:
    """The client may ask for it no more, where it was allowed by name."""
    return lambda client: {
        "scopes.restricted": _without(client.scopes.restricted, name),
        "scopes.exclusive": _without(client.scopes.exclusive, name),
    }


def adding_redirect_uri(uri: str) -> Action:
    """At the end of the list; raises `NotUnderstood` for what is none. The rules judge it for each client besides."""
    spot = Spot(Dialect.ADMIN, REDIRECT_URIS)
    CLIENT_SETTINGS.by_path[REDIRECT_URIS].setting.kind.read(([uri],), spot, ())
    if spot.problems:
        raise NotUnderstood(f"{uri}: {spot.problems[0].message}")
    return lambda client: {REDIRECT_URIS: _with(client.redirection.redirect_uris, uri)}


def removing_redirect_uri(uri: str) -> Action:
    """Where it is in the list."""
    return lambda client: {REDIRECT_URIS: _without(client.redirection.redirect_uris, uri)}


REDIRECT_URIS = "redirection.redirect_uris"


def _with(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return values if value in values else (*values, value)


def _without(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(one for one in values if one != value) if value in values else values
