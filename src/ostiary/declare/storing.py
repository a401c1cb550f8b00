"""The canonical document: settings as our own JSON, by our own names. Defaults are left out."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from ostiary.declare.declaration import Declaration
from ostiary.declare.problems import Problem

T = TypeVar("T")


class PartlyUnreadable(ValueError):
    """Some of a stored value may not be used; `rest` is what may."""

    def __init__(self, rest: Any, message: str) -> None:
        super().__init__(message)
        self.rest = rest


def store(declaration: Declaration[T], value: T) -> dict[str, Any]:
    """Sections of settings, without those at their default."""
    document: dict[str, Any] = {}
    for declared in declaration.settings:
        held = declared.value_in(value)
        if held is not None and held != declared.setting.default:
            document.setdefault(declared.section, {})[declared.name] = declared.setting.kind.stored(held)
    return document


def load(declaration: Declaration[T], document: Mapping[str, Any]) -> tuple[T, tuple[Problem, ...]]:
    """The settings of a document. A value that cannot be read disables itself, and is told (threat T-64).

    It is replaced by the safest value its declaration names, or by the default.
    """
    problems: list[Problem] = []
    sections: dict[str, Any] = {}
    for section, members in document.items():
        cls = declaration.sections.get(section)
        if cls is None or not isinstance(members, Mapping):
            if section != "v":
                problems.append(Problem(section, "is not a section of settings", malformed=True))
            continue
        sections[section] = cls(**_members(declaration, section, members, problems))
    return cast("T", dataclasses.replace(cast("Any", declaration.root)(), **sections)), tuple(problems)


def _members(
    declaration: Declaration[Any], section: str, members: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    by_path = declaration.by_path
    for name, raw in members.items():
        declared = by_path.get(f"{section}.{name}")
        if declared is None:
            problems.append(Problem(f"{section}.{name}", "is not a setting", malformed=True))
            continue
        try:
            values[name] = declared.setting.kind.loaded(raw)
        except PartlyUnreadable as error:
            problems.append(Problem(declared.path, str(error), malformed=True))
            values[name] = error.rest
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            problems.append(Problem(declared.path, f"the stored value cannot be read: {error}", malformed=True))
            values[name] = declared.setting.when_unreadable
    return values
