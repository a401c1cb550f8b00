"""The only way a client changes, whichever interface the change came through."""

from asyncio import sleep
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ostiary.audit.events import ClientCreated, ClientDeleted, ClientReplaced
from ostiary.audit.evidence import commit
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import legacy
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import client_of, document_of
from ostiary.clients.rules import check
from ostiary.clients.secret_changes import SecretChange, resolved, settle
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import Problem
from ostiary.ports.changes import AddClient, Change, Conflict, RemoveClient, SaveClient
from ostiary.ports.clock import Clock
from ostiary.ports.events import Events, Happening
from ostiary.ports.records import ClientRecord
from ostiary.ports.stores import Stores
from ostiary.server_settings.facts import Facts

ATTEMPTS = 5
"""How often a replacement is read anew when somebody else was faster."""
_NOT_A_CHANGE = frozenset({"identity.modified_at"})

Read = Callable[[Client], ClientDraft]
"""Reads a body against the client as it stands; called again when that has changed meanwhile."""


Put = tuple[str, Callable[[Client | None], ClientDraft]]
"""The id of a client, and what reads its body against the client as it stands; None: it is not there yet."""


class ClientsRefused(Exception):
    """Nothing was stored. Every problem of every client, beside the client's id."""

    def __init__(self, problems: Sequence[tuple[str, Problem]]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)

    @property
    def malformed(self) -> bool:
        """Whether the body itself is wrong somewhere (400 in the administrative API), not only what it says (422)."""
        return any(problem.malformed for _, problem in self.problems)


class NoSuchClient(Exception):
    """No client has this id."""

    def __init__(self, client_id: str) -> None:
        super().__init__("there is no such client")
        self.client_id = client_id


class ClientInUse(Exception):
    """Another object names the client; `where` says which."""

    def __init__(self, client_id: str, where: str) -> None:
        super().__init__(f"the client is in use: {where}")
        self.client_id = client_id
        self.where = where


class ClientChanged(Exception):
    """The client is not at the version that was expected, or kept changing under our hands."""

    def __init__(self, client_id: str) -> None:
        super().__init__("the client was changed meanwhile")
        self.client_id = client_id


@dataclass(frozen=True, slots=True)
class Saved:
    """A client as it was stored, and what its administrator should be told."""

    client: Client
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistry:
    """Creates, replaces and deletes clients; batches are atomic."""

    stores: Stores
    clock: Clock
    events: Events
    secrets: SecretKeeper
    facts: Facts
    retention_minutes: int = 0
    """S060: how long replaced secrets count, where the client does not say."""
    recoverable_secrets: bool = False
    """Whether a sealed copy of every secret is kept, even where no setting needs it."""

    async def get(self, client_id: str) -> Client:
        """The client as the store has it; raises `NoSuchClient`."""
        record = await self.stores.client(client_id)
        if record is None:
            raise NoSuchClient(client_id)
        return client_of(record)[0]

    async def create_many(self, drafts: Sequence[ClientDraft], by: str) -> tuple[Saved, ...]:
        """Store new clients, all or none; raises `ClientsRefused`."""
        judged = [self._judged(draft) for draft in drafts]
        problems = [
            (draft.value.client_id, _placed(problem, draft.value.client_id, number))
            for number, draft in enumerate(judged)
            for problem in _errors(draft)
        ]
        problems += await self._taken([draft.value.client_id for draft in judged])
        if problems:
            raise ClientsRefused(problems)
        now = self.clock.now()
        clients = [await self._settled(draft, None, now) for draft in judged]
        changes: list[Change] = [AddClient(_record(client)) for client in clients]
        created = [ClientCreated(client_id=client.client_id, by=by) for client in clients]
        try:
            await commit(self, *changes, *created)
        except Conflict as conflict:
            added = conflict.change
            client_id = added.client.client_id if isinstance(added, AddClient) else ""
            raise ClientsRefused([(client_id, _in_use())]) from conflict
        return tuple(_saved(client, draft) for client, draft in zip(clients, judged, strict=True))

    async def replace_many(
        self, proposals: Sequence[tuple[str, Read]], by: str, expected: Mapping[str, int] | None = None
    ) -> tuple[Saved, ...]:
        """Replace clients, all or none.

        `expected` gives versions that the caller insists on. Raises `ClientsRefused` (also for unknown ids, when there
        are several clients), `NoSuchClient` (for a single one) and `ClientChanged`.
        """
        for _ in range(ATTEMPTS):
            try:
                return await self._replace_once(proposals, by, expected or {})
            except Conflict as conflict:
                changed = conflict.change
                client_id = changed.client.client_id if isinstance(changed, SaveClient) else ""
                if client_id in (expected or {}):
                    raise ClientChanged(client_id) from conflict
        raise ClientChanged(proposals[0][0])

    async def prepared(self, puts: Sequence[Put], by: str) -> tuple[Change | Happening, ...]:
        """What makes clients so, whether they are there or not, for a unit that holds more than clients.

        Raises `ClientsRefused`; each problem has the place of its client among `puts`.
        """
        problems: list[tuple[str, Problem]] = []
        judged: list[tuple[Client | None, ClientDraft]] = []
        seen: set[str] = set()
        for number, (client_id, read) in enumerate(puts):
            await sleep(0)  # there may be many, and others want their turn
            record = await self.stores.client(client_id) if client_id else None
            before = None if record is None else client_of(record)[0]
            draft = self._judged(read(before))
            judged.append((before, draft))
            found = _errors(draft)
            if client_id and client_id in seen:
                found.append(Problem("identity.client_id", "is in the list twice", rule="V02"))
            seen.add(client_id)
            problems += [(client_id, replace(problem, index=number)) for problem in found]
        if problems:
            raise ClientsRefused(problems)
        now = self.clock.now()
        return tuple([part for before, draft in judged for part in await self._put(before, draft, now, by)])

    async def _put(self, before: Client | None, draft: ClientDraft, now: int, by: str) -> list[Change | Happening]:
        await sleep(0)
        after = await self._settled(draft, before, now)
        if before is None:
            return [AddClient(_record(after)), ClientCreated(client_id=after.client_id, by=by)]
        changed = tuple(path for path in CLIENT_SETTINGS.changed(before, after) if path not in _NOT_A_CHANGE)
        if not changed:
            return []
        evidence = ClientReplaced(client_id=before.client_id, by=by, changed=changed)
        return [SaveClient(_record(after), before.version), evidence]

    async def removals(self, client_ids: Sequence[str], by: str) -> tuple[Change | Happening, ...]:
        """What removes those of the clients that are there, likewise; raises `ClientInUse`."""
        found: list[Change | Happening] = []
        for client_id in dict.fromkeys(client_ids):
            self._check_unused(client_id)
            if await self.stores.client(client_id) is not None:
                found += [RemoveClient(client_id), ClientDeleted(client_id=client_id, by=by)]
        return tuple(found)

    def _check_unused(self, client_id: str) -> None:
        for manager, allowed in self.facts.managers.items():
            if allowed is not None and client_id in allowed:
                raise ClientInUse(client_id, f"access token manager {manager}")

    async def delete(self, client_id: str, by: str, expected: int | None = None) -> None:
        """Remove a client with its grants, codes and tokens; raises `NoSuchClient` and `ClientInUse`.

        `expected` is the version that the caller insists on; raises `ClientChanged` when it is at another.
        """
        self._check_unused(client_id)
        if await self.stores.client(client_id) is None:
            raise NoSuchClient(client_id)
        try:
            await commit(self, RemoveClient(client_id, expected), ClientDeleted(client_id=client_id, by=by))
        except Conflict as conflict:
            if expected is not None:
                raise ClientChanged(client_id) from conflict
            raise NoSuchClient(client_id) from conflict

    async def _replace_once(
        self, proposals: Sequence[tuple[str, Read]], by: str, expected: Mapping[str, int]
    ) -> tuple[Saved, ...]:
        befores, problems = await self._current([client_id for client_id, _ in proposals])
        for before in befores:
            if expected.get(before.client_id, before.version) != before.version:
                raise ClientChanged(before.client_id)
        judged = []
        for before, (_, read) in zip(befores, proposals, strict=False):
            draft = read(before)
            same_id = CLIENT_SETTINGS.with_values(draft.value, {"identity.client_id": before.client_id})
            judged.append(self._judged(replace(draft, value=same_id)))
            problems += [(before.client_id, problem) for problem in _errors(judged[-1])]
        if problems:
            raise ClientsRefused(problems)
        return await self._save(befores, judged, by)

    async def _current(self, client_ids: Sequence[str]) -> tuple[list[Client], list[tuple[str, Problem]]]:
        found: list[Client] = []
        problems: list[tuple[str, Problem]] = []
        for number, client_id in enumerate(client_ids):
            record = await self.stores.client(client_id) if client_id else None
            if record is None and len(client_ids) == 1 and client_id:
                raise NoSuchClient(client_id)
            if not client_id:
                problems.append(("", Problem("identity.client_id", "is required", rule="V02", index=number)))
            elif record is None:
                problems.append((client_id, Problem("identity.client_id", "is not known", rule="V02")))
            elif client_id in client_ids[:number]:
                problems.append((client_id, Problem("identity.client_id", "is in the list twice", rule="V02")))
            else:
                found.append(client_of(record)[0])
        if problems:
            raise ClientsRefused(problems)
        return found, problems

    async def _save(self, befores: list[Client], judged: list[ClientDraft], by: str) -> tuple[Saved, ...]:
        now = self.clock.now()
        saves: list[Change] = []
        replaced: list[ClientReplaced] = []
        afters = []
        for before, draft in zip(befores, judged, strict=True):
            after = await self._settled(draft, before, now)
            changed = tuple(path for path in CLIENT_SETTINGS.changed(before, after) if path not in _NOT_A_CHANGE)
            if not changed:
                afters.append(before)
                continue
            afters.append(after)
            saves.append(SaveClient(_record(after), before.version))
            replaced.append(ClientReplaced(client_id=before.client_id, by=by, changed=changed))
        if saves:
            await commit(self, *saves, *replaced)
        return tuple(_saved(after, draft) for after, draft in zip(afters, judged, strict=True))

    def _judged(self, draft: ClientDraft) -> ClientDraft:
        """The draft with its echoed secrets opened, and with what the rules say about it.

        A rule is not heard about a setting that could not even be read.
        """
        client, problems = resolved(draft.value, self.secrets)
        unread = {_setting_of(problem.field) for problem in (*draft.problems, *problems)}
        ruled = [problem for problem in check(client, self.facts) if _setting_of(problem.field) not in unread]
        return replace(draft, value=client, problems=(*draft.problems, *problems, *ruled))

    async def _settled(self, draft: ClientDraft, before: Client | None, now: int) -> Client:
        """The client as it is stored: with stored secrets, dates and its next version."""
        change = SecretChange(
            keeper=self.secrets,
            now=now,
            retention_minutes=self.retention_minutes,
            recoverable=self.recoverable_secrets,
        )
        client = await settle(draft.value, before, change)
        dates: dict[str, Any] = {"identity.created_at": before.identity.created_at if before else now}
        dates["identity.modified_at"] = now
        client = CLIENT_SETTINGS.with_values(client, dates)
        return client.at_version(before.version + 1 if before else 1)

    async def _taken(self, client_ids: Sequence[str]) -> list[tuple[str, Problem]]:
        """V02: ids that are in use, in the store or earlier in the same list."""
        found = []
        for number, client_id in enumerate(client_ids):
            if not client_id:
                continue
            if client_id in client_ids[:number] or await self.stores.client(client_id) is not None:
                found.append((client_id, _in_use()))
        return found


def _errors(draft: ClientDraft) -> list[Problem]:
    return [problem for problem in draft.problems if not problem.warning]


def _placed(problem: Problem, client_id: str, number: int) -> Problem:
    """The problem with the place of its client, where there is no id to tell it by."""
    return problem if client_id else replace(problem, index=number)


def _saved(client: Client, draft: ClientDraft) -> Saved:
    return Saved(client, tuple(problem for problem in draft.problems if problem.warning))


def _setting_of(field: str) -> str:
    return ".".join(field.split(".")[:2])


def _in_use() -> Problem:
    return Problem("identity.client_id", legacy.ID_IN_USE, rule="V02")


def _record(client: Client) -> ClientRecord:
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
