"""What the resources of the configuration have in common: the state that a call names, and how a refusal is told."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from ostiary import server_management
from ostiary.ports.changes import SaveObject
from ostiary.ports.records import ObjectRecord
from ostiary.server_management import ConfigurationChanged, Current, ObjectInUse, Wish
from ostiary.server_settings.apply import ApplyProblem, ApplyRefused, Plan
from ostiary.web.admin_api.operations import Asked, check_match
from ostiary.web.admin_api.results import (
    ID_IN_USE,
    IN_USE,
    INVALID,
    MALFORMED,
    PLUGIN,
    REQUIRED,
    FieldError,
    changed_meanwhile,
    invalid,
)

NEVER_STORED = '"0"'


@dataclass(frozen=True, slots=True)
class Body:
    """Where the body of a call stands in the whole configuration."""

    place: str
    """Its path there, e.g. ``accessTokenManagers[0]``."""
    here: str = ""
    """What that path is in the body, if it is not the body itself, e.g. ``items``."""
    also: tuple[str, str, Mapping[str, str]] | None = None
    """Another place that is seen in the body: its path there, in the body, and what members are called in it."""

    def path(self, path: str) -> str | None:
        """The path in the body of a path in the configuration; None when it lies elsewhere."""
        found = _below(path, self.place, self.here)
        if self.also is None:
            return found
        place, here, names = self.also
        if found is None:
            found = _below(path, place, here)
        if found is not None and found.startswith(here):
            parent, _, last = found.rpartition(".")
            found = f"{parent}.{names[last]}" if last in names else found
        return found


def _below(path: str, place: str, here: str) -> str | None:
    if path == place:
        return here
    inside = path[len(place) :]
    if not path.startswith(place) or inside[0] not in ".[":
        return None
    return here + inside if here else inside.removeprefix(".")


Making = Callable[[Current], tuple[Wish, Body]]
"""What is wanted of the configuration as it stands, and where the body's part of it is."""


async def change(asked: Asked, making: Making, *, in_use_status: int = 422) -> Plan:
    """Change the configuration. Raises `ApiRefused` with everything that is wrong, by its path in the body."""
    body = Body("")

    def wish(current: Current) -> Wish:
        nonlocal body
        wanted, body = making(current)
        known = body

        def look(plan: Plan) -> None:
            asked.check_known(known.path(path) or path for path in plan.unknown)

        return replace(wanted, look=look)

    try:
        return await server_management.change(asked.server, wish, asked.by.username)
    except ApplyRefused as refused:
        errors = [error_at(problem, body.path(problem.path)) for problem in refused.problems]
        raise invalid(errors, malformed=any(one.malformed for one in refused.problems)) from None
    except ObjectInUse as used:
        told = invalid([FieldError(IN_USE, str(used))])
        told.status = in_use_status
        if in_use_status == 403:
            told.result_id, told.message = IN_USE, f"This {used}."
        raise told from None
    except ConfigurationChanged:
        raise changed_meanwhile(asked.call) from None


def error_at(problem: ApplyProblem, path: str | None) -> FieldError:
    """A problem of the configuration at its path in a body; without one it lies elsewhere, and is told by its place."""
    if path is None:
        return FieldError(INVALID, f"{problem.path}: {problem.message}")
    if problem.malformed:
        return FieldError(MALFORMED, problem.message, path)
    if "is in use by" in problem.message:
        return FieldError(IN_USE, problem.message, path)
    if "is defined already" in problem.message:
        return FieldError(ID_IN_USE, problem.message, path)
    if re.search(r"(?:^|\.)configuration(?:\.|$)", path):
        return FieldError(PLUGIN, problem.message, path)
    return FieldError(REQUIRED if problem.message.startswith("is required") else INVALID, problem.message, path)


def tag_of(record: ObjectRecord | None) -> str:
    """Names one state of a record; what it holds is part of the name, because one made anew counts from 1 again."""
    if record is None:
        return NEVER_STORED
    return f'"{record.version}-{blake2b(record.document, digest_size=8).hexdigest()}"'


def tag_after(plan: Plan, current: Iterable[ObjectRecord], kind: str, id_: str) -> str:
    """The tag of a record after the plan was carried out."""
    saved = [one.object for one in plan.changes if isinstance(one, SaveObject)]
    found = {(one.kind, one.id): one for one in (*current, *saved)}
    return tag_of(found.get((kind, id_)))


def check_state(asked: Asked, current: Current, kind: str, id_: str) -> None:
    """If-Match, against the record as it is stored at this moment. Raises `ApiRefused` (412)."""
    check_match(asked.call, tag_of(current.record(kind, id_)))


def only(members: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """Those members that are there."""
    return {name: members[name] for name in names if name in members}
