"""Documents of stored settings and objects: JSON with a schema number, lifted when read, forgiving value by value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ostiary.declare import Declaration, Problem
from ostiary.server_settings.entries import DETAIL, IT, Entry
from ostiary.server_settings.kinds import Entries

VERSION = 1
"""The schema number of what is written now."""
LIFTS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""For every older number the pure function that makes its document one of the next number."""


class Unreadable(ValueError):
    """The whole document cannot be read."""


@dataclass(frozen=True, slots=True)
class ObjectProblem:
    """What could not be built from a stored record. The rest of the record counts."""

    kind: str
    id: str
    field: str
    """Our name of the value that was disabled; empty: the whole object was."""
    message: str

    def __str__(self) -> str:
        place = f"{self.kind} {self.id}" + (f", {self.field}" if self.field else "")
        return f"{place}: {self.message}"

    @classmethod
    def of(cls, kind: str, id_: str, problem: Problem) -> "ObjectProblem":
        """A problem of a value, with the record it was found in."""
        return cls(kind, id_, problem.field, problem.message)


def document(members: Mapping[str, Any]) -> bytes:
    """The members as the document of a record."""
    return msgspec.json.encode({"v": VERSION, **members})


def members_of(raw: bytes) -> dict[str, Any]:
    """The members of a document, lifted to the present schema; raises `Unreadable`."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("the document is not JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("the document is not an object")
    number = found.get("v")
    while isinstance(number, int) and number in LIFTS:
        found = LIFTS[number](found)
        number = found.get("v")
    if number != VERSION:
        raise Unreadable("the document has a schema number this version does not know")
    members: dict[str, Any] = {name: value for name, value in found.items() if name != "v"}
    return members


def sifted(declaration: Declaration[Any], sections: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The same without the list entries that cannot be read, each told: a bad scope must not take the others along."""
    problems: list[Problem] = []
    kept = {name: dict(members) if isinstance(members, Mapping) else members for name, members in sections.items()}
    for declared in declaration.settings:
        members = kept.get(declared.section)
        if not isinstance(declared.setting.kind, Entries) or not isinstance(members, dict):
            continue
        raw = members.get(declared.name)
        if isinstance(raw, list):
            members[declared.name] = _readable(declared.setting.kind.entry, raw, declared.path, problems)
    return kept, tuple(problems)


def load_object(entry: Entry[Any], members: Mapping[str, Any]) -> tuple[Any, tuple[Problem, ...]]:
    """The object of a document's members, with what was disabled in it."""
    sections, dropped = sifted(entry.declaration, {IT: members})
    found, problems = entry.load(sections[IT])
    told = [Problem(one.field.removeprefix(f"{IT}."), one.message) for one in dropped]
    plugin = getattr(found, "plugin", None)
    if plugin is not None:
        told += [Problem(f"configuration.{one.field}", one.message) for one in plugin.problems]
    return found, (*told, *problems)


def _readable(entry: Entry[Any], raw: list[Any], path: str, problems: list[Problem]) -> list[Any]:
    kept = []
    for number, one in enumerate(raw):
        _, wrong = entry.load(one)
        if wrong:
            told = f"{wrong[0].field} {wrong[0].message}".strip()
            problems.append(Problem(f"{path}{DETAIL}[{number}]", f"the entry was left out: {told}"))
        else:
            kept.append(one)
    return kept
