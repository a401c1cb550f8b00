"""The only way a client changes, whichever interface the change came through."""

from asyncio import gather, sleep
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ostiary.audit.events import ClientDeleted
from ostiary.audit.evidence import commit
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import legacy
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import client_of
from ostiary.clients.prepared import Prepared, changed_settings, unit_of
from ostiary.clients.rules import check
from ostiary.clients.secret_changes import SecretChange, resolved, settle
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.clients.sectors import Unreachable, is_to_be_checked, notes_of, sector_problems
from ostiary.declare import Problem
from ostiary.ports.changes import AddClient, Change, Conflict, RemoveClient, SaveClient
from ostiary.ports.clock import Clock
from ostiary.ports.events import Events, Happening
from ostiary.ports.outbound import NoOutbound, Outbound
from ostiary.ports.stores import Stores
from ostiary.server_settings.facts import Facts

ATTEMPTS = 5
"""How often a replacement is read anew when somebody else was faster."""

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
    retains_secrets: bool = True
    """False: a replaced secret is dead at once, whatever retention says (S150)."""
    outbound: Outbound = field(default_factory=NoOutbound)
    unreachable: Unreachable = Unreachable.WARN
    """What a sector document means that cannot be fetched."""

    async def get(self, client_id: str) -> Client:
        """The client as the store has it; raises `NoSuchClient`."""
        record = await self.stores.client(client_id)
        if record is None:
            raise NoSuchClient(client_id)
        return client_of(record)[0]

    async def create_many(
        self, drafts: Sequence[ClientDraft], by: str, *, beside: Sequence[Change | Happening] = ()
    ) -> tuple[Prepared, ...]:
        """Store new clients, all or none; raises `ClientsRefused`.

        `beside` is kept in the same unit; when a condition of it does not hold, the `Conflict` is the caller's.
        """
        judged = await self._judged_all(drafts, [None] * len(drafts))
        problems = [
            (draft.value.client_id, _placed(problem, draft.value.client_id, number))
            for number, draft in enumerate(judged)
            for problem in _errors(draft)
        ]
        problems += await self._taken([draft.value.client_id for draft in judged])
        if problems:
            raise ClientsRefused(problems)
        prepared = [await self._prepared(draft, None) for draft in judged]
        try:
            await commit(self, *beside, *unit_of(prepared, by))
        except Conflict as conflict:
            if conflict.change in beside:
                raise
            raise ClientsRefused([(_client_of(conflict), _in_use())]) from conflict
        return tuple(prepared)

    async def replace_many(
        self,
        proposals: Sequence[tuple[str, Read]],
        by: str,
        expected: Mapping[str, int] | None = None,
        *,
        beside: Sequence[Change | Happening] = (),
    ) -> tuple[Prepared, ...]:
        """Replace clients, all or none; `beside` as in `create_many`.

        `expected` gives versions that the caller insists on. Raises `ClientsRefused` (also for unknown ids, when there
        are several clients), `NoSuchClient` (for a single one) and `ClientChanged`.
        """
        for _ in range(ATTEMPTS):
            try:
                return await self._replace_once(proposals, by, expected or {}, beside)
            except Conflict as conflict:
                if conflict.change in beside:
                    raise
                client_id = _client_of(conflict)
                if client_id in (expected or {}):
                    raise ClientChanged(client_id) from conflict
        raise ClientChanged(proposals[0][0])

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

    # Changes that are shown before they are made, or made with others ----------------------------------------------

    async def prepare(self, draft: ClientDraft, before: Client | None) -> Prepared:
        """Judge what `draft` would make of a client, without storing it; raises `ClientsRefused`.

        Whether a new id is free is seen when it is stored.
        """
        draft = draft if before is None else _with_id(draft, before)
        (judged,) = await self._judged_all([draft], [before])
        if problems := _errors(judged):
            raise ClientsRefused([(judged.value.client_id, problem) for problem in problems])
        return await self._prepared(judged, before)

    def prepare_removal(self, before: Client) -> Prepared:
        """Judge the removal of a client; raises `ClientInUse`."""
        self._check_unused(before.client_id)
        return Prepared(before, None)

    async def prepare_many(self, puts: Sequence[Put]) -> list[Prepared]:
        """Judge what makes clients so, whether they are there or not.

        Raises `ClientsRefused`; each problem has the place of its client among `puts`.
        """
        befores = [await self._found(client_id) if client_id else None for client_id, _ in puts]
        drafts = [read(before) for before, (_, read) in zip(befores, puts, strict=True)]
        judged = await self._judged_all(drafts, befores)
        problems: list[tuple[str, Problem]] = []
        seen: set[str] = set()
        for number, ((client_id, _), draft) in enumerate(zip(puts, judged, strict=True)):
            found = _errors(draft)
            if client_id and client_id in seen:
                found.append(Problem("identity.client_id", "is in the list twice", rule="V02"))
            seen.add(client_id)
            problems += [(client_id, replace(problem, index=number)) for problem in found]
        if problems:
            raise ClientsRefused(problems)
        return [await self._prepared(draft, before) for draft, before in zip(judged, befores, strict=True)]

    async def prepare_removals(self, client_ids: Iterable[str]) -> list[Prepared]:
        """Judge the removal of those of the clients that are there; raises `ClientInUse`."""
        found = [await self._found(client_id) for client_id in dict.fromkeys(client_ids)]
        return [self.prepare_removal(before) for before in found if before is not None]

    async def store_prepared(self, prepared: Sequence[Prepared], by: str) -> None:
        """Make all of them true in one unit, with a row of evidence each; raises `ClientChanged`, and made none.

        So it does when a client is not what it was when it was prepared, and when a new id was taken meanwhile.
        """
        unit = unit_of(prepared, by)
        if not unit:
            return
        try:
            await commit(self, *unit)
        except Conflict as conflict:
            raise ClientChanged(_client_of(conflict)) from conflict

    # Steps ----------------------------------------------------------------------------------------------------------

    def _check_unused(self, client_id: str) -> None:
        for manager, allowed in self.facts.managers.items():
            if allowed is not None and client_id in allowed:
                raise ClientInUse(client_id, f"access token manager {manager}")

    async def _found(self, client_id: str) -> Client | None:
        record = await self.stores.client(client_id)
        return None if record is None else client_of(record)[0]

    async def _replace_once(
        self,
        proposals: Sequence[tuple[str, Read]],
        by: str,
        expected: Mapping[str, int],
        beside: Sequence[Change | Happening],
    ) -> tuple[Prepared, ...]:
        befores = await self._current([client_id for client_id, _ in proposals])
        for before in befores:
            if expected.get(before.client_id, before.version) != before.version:
                raise ClientChanged(before.client_id)
        drafts = [_with_id(read(before), before) for before, (_, read) in zip(befores, proposals, strict=True)]
        judged = await self._judged_all(drafts, befores)
        problems = [
            (before.client_id, problem)
            for before, draft in zip(befores, judged, strict=True)
            for problem in _errors(draft)
        ]
        if problems:
            raise ClientsRefused(problems)
        prepared = [await self._prepared(draft, before) for draft, before in zip(judged, befores, strict=True)]
        if unit := [*beside, *unit_of(prepared, by)]:
            await commit(self, *unit)
        return tuple(prepared)

    async def _current(self, client_ids: Sequence[str]) -> list[Client]:
        """The clients as they stand; raises `NoSuchClient` for a single unknown one, else `ClientsRefused`."""
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
        return found

    async def _judged_all(
        self, drafts: Sequence[ClientDraft], befores: Sequence[Client | None]
    ) -> Sequence[ClientDraft]:
        """The drafts with all that is wrong with them, inside and outside."""
        judged = []
        for draft in drafts:
            judged.append(self._judged(draft))
            await sleep(0)  # there may be many, and others want their turn
        return await self._checked_outside(judged, befores)

    async def _prepared(self, draft: ClientDraft, before: Client | None) -> Prepared:
        """A draft without errors, settled."""
        await sleep(0)
        now = self.clock.now()
        after = await self._settled(draft, before, now)
        return Prepared(
            before=before,
            after=after,
            changed=changed_settings(before or Client(), after),
            warnings=tuple(problem for problem in draft.problems if problem.warning),
            beside=tuple(notes_of(after, before, draft.problems, self.unreachable, now)),
        )

    def _judged(self, draft: ClientDraft) -> ClientDraft:
        """The draft with its echoed secrets opened, and with what the rules say about it.

        A rule is not heard about a setting that could not even be read.
        """
        client, problems = resolved(draft.value, self.secrets)
        unread = {_setting_of(problem.field) for problem in (*draft.problems, *problems)}
        ruled = [problem for problem in check(client, self.facts) if _setting_of(problem.field) not in unread]
        return replace(draft, value=client, problems=(*draft.problems, *problems, *ruled))

    async def _checked_outside(
        self, drafts: Sequence[ClientDraft], befores: Sequence[Client | None]
    ) -> Sequence[ClientDraft]:
        """With what must be fetched to be known. Nothing is fetched for what is refused anyway."""
        places = [n for n, draft in enumerate(drafts) if is_to_be_checked(draft.value, befores[n])]
        if not places or any(_errors(draft) for draft in drafts):
            return drafts
        found = await gather(*(sector_problems(drafts[n].value, self.outbound, self.unreachable) for n in places))
        checked = list(drafts)
        for n, more in zip(places, found, strict=True):
            checked[n] = replace(drafts[n], problems=(*drafts[n].problems, *more))
        return checked

    async def _settled(self, draft: ClientDraft, before: Client | None, now: int) -> Client:
        """The client as it is stored: with stored secrets, dates and its next version."""
        change = SecretChange(
            keeper=self.secrets,
            now=now,
            retention_minutes=self.retention_minutes,
            recoverable=self.recoverable_secrets,
            retains=self.retains_secrets,
        )
        client = await settle(draft.value, before, change)
        dates: dict[str, Any] = {"identity.created_at": before.identity.created_at if before else now}
        dates["identity.modified_at"] = now
        if client.identity.enabled:
            dates["identity.quarantined_at"] = 0
        client = CLIENT_SETTINGS.with_values(client, dates)
        return client.at_version(before.version + 1 if before else 1)

    async def _taken(self, client_ids: Sequence[str]) -> list[tuple[str, Problem]]:
        """V02: ids that are in use, in the store or earlier in the same list."""
        found = []
        seen: set[str] = set()
        for client_id in client_ids:
            if not client_id:
                continue
            if client_id in seen or await self.stores.client(client_id) is not None:
                found.append((client_id, _in_use()))
            seen.add(client_id)
        return found


def _with_id(draft: ClientDraft, before: Client) -> ClientDraft:
    return replace(draft, value=CLIENT_SETTINGS.with_values(draft.value, {"identity.client_id": before.client_id}))


def _errors(draft: ClientDraft) -> list[Problem]:
    return [problem for problem in draft.problems if not problem.warning]


def _placed(problem: Problem, client_id: str, number: int) -> Problem:
    """The problem with the place of its client, where there is no id to tell it by."""
    return problem if client_id else replace(problem, index=number)


def _setting_of(field: str) -> str:
    return ".".join(field.split(".")[:2])


def _client_of(conflict: Conflict) -> str:
    """The client whose condition did not hold; empty when it was something else."""
    change = conflict.change
    if isinstance(change, AddClient | SaveClient):
        return change.client.client_id
    return change.client_id if isinstance(change, RemoveClient) else ""


def _in_use() -> Problem:
    return Problem("identity.client_id", legacy.ID_IN_USE, rule="V02")
