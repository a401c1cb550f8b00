"""Section of a specification → the function that keeps it → the tests that speak of that function.

A docstring that begins with a section ("RFC 7636 §4.6: …") says what its function is for. A test belongs to a function
when its module imports from the function's module or room and its body names the function.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NAME = r"(?:RFC \d{4,5}|OIDC [A-Z][\w-]*|OpenID Connect [A-Z][\w-]*(?: [A-Z][\w-]*)*|CIBA Core|JARM)"
_BEGINNING = re.compile(rf"\s*(?P<all>{_NAME} §[\w.]+(?:(?:, | and )(?:{_NAME} )?§[\w.]+)*)")
_SECTION = re.compile(rf"(?P<name>{_NAME} )?§(?P<number>[\w.]*\w)")


@dataclass(frozen=True, order=True)
class Kept:
    """A section, and where it is kept."""

    specification: str
    section: str
    module: str
    function: str
    says: str


def kept_in(source: Path) -> list[Kept]:
    """Every function, class or module below `source` whose docstring begins with a section."""
    found = [kept for file in sorted(source.rglob("*.py")) for kept in _kept_by(file, source)]
    return sorted(found, key=lambda kept: (kept.specification, _numbers(kept.section), kept.module, kept.function))


def page(kept: list[Kept], tests: Path) -> str:
    """The table of all sections."""
    spoken = _spoken_of(tests)
    lines = [
        "# Where each specification is kept",
        "",
        "Made from the first words of docstrings: a section, the function that keeps it, the tests that speak of it.",
        "",
    ]
    last = ""
    for one in kept:
        if one.specification != last:
            lines += ["", f"## {one.specification}", "", "| Section | Kept by | Tests |", "| --- | --- | --- |"]
            last = one.specification
        named = sorted({file for file, rooms, names in spoken if one.function in names and _room(one.module) in rooms})
        said = ", ".join(f"`{file}`" for file in named) or "–"
        lines.append(f"| §{one.section} | `{one.module}` `{one.function}` | {said} |")
    return "\n".join([*lines, ""])


def _kept_by(file: Path, source: Path) -> Iterator[Kept]:
    module = file.relative_to(source).as_posix()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            says = ast.get_docstring(node) or ""
            beginning = _BEGINNING.match(says)
            if beginning:
                name = file.stem if isinstance(node, ast.Module) else node.name
                for specification, number in _sections(beginning["all"]):
                    yield Kept(specification, number, module, name, says)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    specification = ""
    for found in _SECTION.finditer(text):
        specification = (found["name"] or specification).strip()
        yield specification, found["number"]


def _spoken_of(tests: Path) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """For each file of tests: the rooms it imports from, and every name it uses."""
    spoken = []
    for file in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        rooms, names = set(), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ostiary"):
                rooms |= {_room_of_import(node.module or "", name.name) for name in node.names}
                names |= {name.name for name in node.names}
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Name):
                names.add(node.id)
        spoken.append((file.relative_to(tests.parent).as_posix(), frozenset(rooms), frozenset(names)))
    return spoken


def _room(module: str) -> str:
    return module.split("/", 1)[0].removesuffix(".py")


def _room_of_import(module: str, name: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else name


def _numbers(section: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in section.split("."))
