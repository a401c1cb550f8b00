"""What it takes to make true what a folder says: a plan, judged by the same rules as every other change (T-37)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from ostiary.as_code.differences import Difference, differences
from ostiary.as_code.folder import Entry, Folder
from ostiary.as_code.secret_sources import SecretSources
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import admin
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import client_of
from ostiary.clients.prepared import Prepared
from ostiary.clients.registry import ClientInUse, ClientRegistry, ClientsRefused
from ostiary.declare import Problem
from ostiary.secret import Secret

ADD, CHANGE, REMOVE = "add", "change", "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """One client that would not stay as it is."""

    action: str
    place: str
    prepared: Prepared = field(repr=False)
    differences: tuple[Difference, ...]
    generated: Secret | None = None

    @property
    def client_id(self) -> str:
        """Which client."""
        return self.prepared.client_id


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a plan cannot be carried out."""

    place: str
    client_id: str
    member: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.client_id, self.member, self.message) if part)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would happen, and every reason why it must not."""

    steps: tuple[Step, ...]
    unchanged: int
    refused: tuple[Refused, ...]
    warnings: tuple[Refused, ...] = ()

    def count(self, action: str) -> int:
        """How many steps do this."""
        return sum(step.action == action for step in self.steps)

    @property
    def mark(self) -> str:
        """Names this very plan: the same steps from the same versions. No secret goes into it."""
        told = [
            [step.action, step.client_id, _version(step), [one.as_json() for one in step.differences]]
            for step in self.steps
        ]
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a plan is made."""

    secrets: SecretSources = field(default_factory=SecretSources)
    prune: bool = False
    """Whether clients go that the folder does not have."""
    within: str = "*"
    """Which of them: ids that match this pattern."""


async def make_plan(folder: Folder, registry: ClientRegistry, wanted: Wanted) -> Plan:
    """Compare what the folder says with what there is. Stores nothing."""
    refused = [Refused(one.place, "", "", one.message) for one in folder.problems]
    if wanted.prune and not folder.entries:
        refused.append(Refused("", "", "", "a folder without clients does not remove all the others"))
    steps: list[Step] = []
    warnings: list[Refused] = []
    for entry in folder.entries:
        judged = await _judge(entry, registry, wanted.secrets)
        if isinstance(judged, Step):
            warnings += [_told(entry, problem) for problem in judged.prepared.warnings]
            if judged.prepared.changed or judged.action == ADD:
                steps.append(judged)
        else:
            refused += judged
    unchanged = len(folder.entries) - len(steps)
    if wanted.prune and not refused:
        known = {entry.client_id for entry in folder.entries}
        async for found in _removals(known, registry, wanted.within):
            if isinstance(found, Step):
                steps.append(found)
            else:
                refused.append(found)
    steps.sort(key=lambda step: (step.action, step.client_id))
    return Plan(tuple(steps), unchanged, tuple(refused), tuple(warnings))


async def _judge(entry: Entry, registry: ClientRegistry, secrets: SecretSources) -> Step | list[Refused]:
    record = await registry.stores.client(entry.client_id)
    before = None if record is None else client_of(record)[0]
    has_secret = before is not None and before.authentication.secret is not None
    filled = secrets.filled(entry.body, entry.folder, has_secret=has_secret)
    draft = read(filled.body, before)
    problems = [Refused(entry.place, entry.client_id, member, message) for member, message in filled.problems]
    problems += [Refused(entry.place, entry.client_id, name, "is not known here") for name in draft.unknown]
    if filled.problems:  # the rules would complain of a secret that is only missing
        return problems + [_told(entry, problem) for problem in draft.problems if not problem.warning]
    try:
        prepared = await registry.prepare(draft, before)
    except ClientsRefused as refused:
        return problems + [_told(entry, problem) for _, problem in refused.problems]
    if problems:
        return problems
    assert prepared.after is not None
    told = differences(before or Client(), prepared.after, prepared.changed)
    return Step(ADD if before is None else CHANGE, entry.place, prepared, told, filled.generated)


def read(body: Any, current: Client | None) -> ClientDraft:
    """Read a client as code. As the present secret, secondary secrets that are not mentioned stay as they are."""
    draft = admin.read(body, current)
    path = "authentication.secondary_secrets"
    if current is None or path in draft.sent or draft.value.authentication.secret is None:
        return draft
    kept = current.authentication.secondary_secrets
    return replace(draft, value=CLIENT_SETTINGS.with_values(draft.value, {path: kept}))


async def _removals(known: set[str], registry: ClientRegistry, within: str) -> AsyncIterator[Step | Refused]:
    async for chunk in registry.stores.clients():
        for record in chunk:
            if record.client_id in known or not fnmatchcase(record.client_id, within):
                continue
            try:
                prepared = registry.prepare_removal(client_of(record)[0])
            except ClientInUse as used:
                yield Refused("", used.client_id, "", str(used))
            else:
                yield Step(REMOVE, "", prepared, ())


async def carry_out(plan: Plan, registry: ClientRegistry, by: str) -> None:
    """Make the plan true in one unit. Raises `ClientChanged` when anything is not as it was planned from."""
    assert not plan.refused
    await registry.store_prepared([step.prepared for step in plan.steps], by)


def _told(entry: Entry, problem: Problem) -> Refused:
    return Refused(entry.place, entry.client_id, admin.name_of(problem.field), problem.message)


def _version(step: Step) -> int:
    return 0 if step.prepared.before is None else step.prepared.before.version
