"""Which settings the program reads while it answers requests: found in its source, not declared by hand.

A setting counts as *enforced* when some module that is not about managing settings reads it. Reads are attribute
chains: ``client.requests.require_pkce``, ``server.settings.pushed.status``. What stands before the section decides
whether it is the client's or the server's, because some sections have one name on both sides. Local names are followed
one step: ``grants = client.persistent_grants`` and parameters annotated with the class of a section.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CLIENT, SERVER = "client", "server"
MANAGING = (
    "declare/",
    "clients/settings/",
    "clients/dialects/",
    "clients/rules/",
    "server_settings/settings/",
    "server_settings/facts.py",
    "server_settings/setting_checks.py",
    "server_settings/references.py",
    "server_settings/applied_settings.py",
    "server_settings/apply.py",
    "cli/",
    "playground/",
    "console/",
)
"""What declares, reads in, writes out, judges or edits settings; reading one there does not make it have an effect."""

Place = tuple[str, str]
"""(family, section)."""


@dataclass(frozen=True)
class Family:
    """The client's settings or the server's."""

    name: str
    sections: Mapping[str, type]
    """Section name → its class."""
    root: str = ""
    """The class that has the sections as members; inside it, `self` is the whole."""


@dataclass
class Reads:
    """(family, section, setting) → the modules that read it."""

    found: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    def by(self, family: str, path: str) -> list[str]:
        """The modules that read this setting, e.g. ``("client", "requests.require_pkce")``."""
        section, _, name = path.partition(".")
        return sorted(self.found.get((family, section, name), ()))


def reads_in(source: Path, families: tuple[Family, ...]) -> Reads:
    """Every read of a setting below `source` (the folder of the package)."""
    reads = Reads()
    for file in sorted(source.rglob("*.py")):
        module = file.relative_to(source).as_posix()
        if not module.startswith(MANAGING):
            for key in reads_of(ast.parse(file.read_text(encoding="utf-8")), families):
                reads.found.setdefault(key, set()).add(module)
    return reads


def reads_of(tree: ast.Module, families: tuple[Family, ...]) -> Iterator[tuple[str, str, str]]:
    """Every (family, section, setting) that a module reads."""
    return _Module(families).reads(tree)


class _Module:
    def __init__(self, families: tuple[Family, ...]) -> None:
        self._families = families
        self._classes: dict[str, Place] = {}
        self._self = ""
        """The family that `self` belongs to in this module, if any."""

    def reads(self, tree: ast.Module) -> Iterator[tuple[str, str, str]]:
        self._classes = dict(self._imported(tree))
        classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        self._self = next((family.name for family in self._families if family.root in classes), "")
        for function in [
            tree,
            *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)),
        ]:
            known = self._known(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    place = self._place(node.value, known)
                    if place is not None and node.attr in self._fields(place):
                        yield (*place, node.attr)

    def _imported(self, tree: ast.Module) -> Iterator[tuple[str, Place]]:
        """Names in this module that are classes of sections."""
        by_class = {
            (cls.__module__, cls.__name__): (family.name, section)
            for family in self._families
            for section, cls in family.sections.items()
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for name in node.names:
                    place = by_class.get((node.module or "", name.name))
                    if place is not None:
                        yield name.asname or name.name, place

    def _known(self, function: ast.AST) -> dict[str, Place]:
        """Parameters and local names that hold a section."""
        known: dict[str, Place] = {}
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = function.args
            for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                if isinstance(argument.annotation, ast.Name) and argument.annotation.id in self._classes:
                    known[argument.arg] = self._classes[argument.annotation.id]
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    known.update(self._assigned(target, node.value))
        return known

    def _assigned(self, target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Place]]:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its in zip(target.elts, value.elts, strict=False):
                yield from self._assigned(one, its)
        elif isinstance(target, ast.Name):
            place = self._section(value)
            if place is not None:
                yield target.id, place

    def _place(self, node: ast.expr, known: Mapping[str, Place]) -> Place | None:
        if isinstance(node, ast.Name):
            return known.get(node.id)
        return self._section(node)

    def _section(self, node: ast.expr) -> Place | None:
        """The section that an expression such as ``server.settings.grants`` names."""
        if not isinstance(node, ast.Attribute):
            return None
        holder = node.value
        last = holder.attr if isinstance(holder, ast.Attribute) else holder.id if isinstance(holder, ast.Name) else ""
        family = self._self if last == "self" else SERVER if last in {"settings", "server_settings"} else CLIENT
        for one in self._families:
            if one.name == family and node.attr in one.sections:
                return family, node.attr
        return None

    def _fields(self, place: Place) -> frozenset[str]:
        family, section = place
        for one in self._families:
            if one.name == family:
                return frozenset(one.sections[section].__dataclass_fields__)
        return frozenset()
