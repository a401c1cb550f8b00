"""The configuration of a plug-in instance: fields whose values are all texts, and tables of rows of such fields."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from ostiary.declare import EchoedSecret, Key, NewSecret, Problem, Setting
from ostiary.declare.kinds import Kind, Spot, Writing
from ostiary.declare.kinds.kind import is_text, wrong_type
from ostiary.declare.settings import SETTING
from ostiary.secret import Secret
from ostiary.server_settings.descriptors import Descriptor, Family, descriptor, descriptors
from ostiary.server_settings.entries import DETAIL, one_entry
from ostiary.words import Dialect


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret field as it is kept: sealed by the vault. Whoever uses it opens it."""

    text: str = field(repr=False)


SealedValue = Sealed | NewSecret | EchoedSecret
Seal = Callable[[Secret], str]
"""Makes the text of a `Sealed`."""


@dataclass(frozen=True)
class SealedKind(Kind["SealedValue | None"]):
    """A field that must not be read back: ``value`` sets it, ``encryptedValue`` stands for it in answers."""

    parts: ClassVar[tuple[str, ...]] = ("", "echoed")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: SealedValue | None) -> SealedValue | None:
        clear, echoed = sent
        for value in (clear, echoed):
            if value is not None and not is_text(value):
                spot.malformed("must be a text without NUL characters")
                return default
        return NewSecret(Secret(clear)) if clear else EchoedSecret(echoed) if echoed else default

    def written(self, value: SealedValue | None, writing: Writing, count: int) -> tuple[Any, ...]:
        return (None, value.text if isinstance(value, Sealed) else None)

    def stored(self, value: SealedValue | None) -> Any:
        if not isinstance(value, Sealed):
            raise TypeError("only a sealed secret can be stored")
        return value.text

    def loaded(self, raw: Any) -> Sealed:
        if not isinstance(raw, str):
            raise ValueError("not a sealed secret")
        return Sealed(raw)

    def described(self) -> dict[str, Any]:
        return {"type": "string", "format": "secret", "writeOnly": True}


@dataclass(frozen=True)
class Table(Kind[tuple[Any, ...]]):
    """A table; its rows are sections of their own."""

    row: type[Any]

    def read(self, sent: tuple[Any, ...], spot: Spot, default: tuple[Any, ...]) -> tuple[Any, ...]:
        raise NotImplementedError  # rows are read by `read_fields`

    def written(self, value: tuple[Any, ...], writing: Writing, count: int) -> tuple[Any, ...]:
        return ([{"fields": list(written_fields(row, writing)), "defaultRow": False} for row in value],)

    def stored(self, value: tuple[Any, ...]) -> Any:
        return [one_entry(self.row).stored(row) for row in value]

    def loaded(self, raw: Any) -> tuple[Any, ...]:
        return tuple(one_entry(self.row).loaded(row) for row in raw)

    def described(self) -> dict[str, Any]:
        return {"type": "table", "row": one_entry(self.row).described()}


@dataclass(frozen=True, slots=True)
class Plugin:
    """A configured instance of a plug-in kind."""

    kind: str
    """The id of its descriptor."""
    configuration: Any
    named: str = field(default="", compare=False)
    """How the descriptor was named when it was sent, for answers; empty: by its id."""
    problems: tuple[Problem, ...] = field(default=(), compare=False, repr=False)
    """Stored fields that could not be read and count as their default (threat T-64)."""


@dataclass(slots=True)
class FieldSpot(Spot):
    """Where a field of a plug-in is read: all of them are texts, numbers and flags too."""

    @property
    def lenient(self) -> bool:
        return True


@dataclass(frozen=True)
class PluginKind(Kind["Plugin | None"]):
    """Keys: the reference to the descriptor, and the configuration."""

    family: Family
    parts: ClassVar[tuple[str, ...]] = ("descriptor", "configuration")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: Plugin | None) -> Plugin | None:
        found = self._descriptor(sent[0], spot)
        if found is None:
            return default
        raw = {} if sent[1] is None else sent[1]
        if not isinstance(raw, Mapping):
            spot.malformed(wrong_type("an object", raw), "configuration")
            return default
        problems: list[Problem] = []
        configuration = read_configuration(found.configuration, raw, problems)
        at = f"{spot.field}.configuration{DETAIL}"
        spot.problems += [replace(problem, field=at + problem.field) for problem in problems]
        return Plugin(found.id, configuration, sent[0]["id"])

    def written(self, value: Plugin | None, writing: Writing, count: int) -> tuple[Any, ...]:
        if value is None:
            return (None, None)
        tables = [
            {"name": name, "rows": declared.kind.written(held, writing, 1)[0]}
            for name, declared, held in _held(value.configuration)
            if isinstance(declared.kind, Table)
        ]
        listed = list(written_fields(value.configuration, writing))
        return ({"id": value.named or value.kind}, {"tables": tables, "fields": listed})

    def stored(self, value: Plugin | None) -> Any:
        if value is None:
            return None
        configuration = one_entry(type(value.configuration)).stored(value.configuration)
        named = {"named": value.named} if value.named not in ("", value.kind) else {}
        return {"kind": value.kind, **named, "configuration": configuration}

    def loaded(self, raw: Any) -> Plugin:
        found = descriptor(self.family, raw["kind"])
        if found is None:
            raise ValueError(f"there is no {self.family} of the kind {raw['kind']}")
        configuration, problems = one_entry(found.configuration).load(raw.get("configuration", {}))
        named = raw.get("named", "")
        return Plugin(found.id, configuration, named if isinstance(named, str) else "", problems)

    def described(self) -> dict[str, Any]:
        kinds = {one.id: one_entry(one.configuration).described() for one in descriptors(self.family)}
        return {"type": "plugin", "family": str(self.family), "kinds": kinds}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        texts = {name: {"type": "string"} for name in ("name", "value", "encryptedValue")}
        fields_ = {"type": "array", "items": {"type": "object", "properties": texts, "required": ["name"]}}
        row = {"type": "object", "properties": {"fields": fields_, "defaultRow": {"type": "boolean"}}}
        rows = {"type": "array", "items": row}
        table = {"type": "object", "properties": {"name": {"type": "string"}, "rows": rows}, "required": ["name"]}
        tables = {"type": "array", "items": table}
        names = [name for one in descriptors(self.family) for name in one.names()]
        reference = {"type": "object", "properties": {"id": {"type": "string", "enum": names}}, "required": ["id"]}
        return reference, {"type": "object", "properties": {"fields": fields_, "tables": tables}}

    def _descriptor(self, raw: Any, spot: Spot) -> Descriptor | None:
        name = raw.get("id") if isinstance(raw, Mapping) else None
        if not isinstance(name, str):
            spot.malformed('must be an object such as {"id": "…"}', "descriptor")
            return None
        found = descriptor(self.family, name)
        if found is None:
            known = ", ".join(one.id for one in descriptors(self.family))
            spot.refused(f"there is no such {self.family}; there are {known}", "descriptor")
        return found


def read_configuration(section: type[Any], raw: Mapping[str, Any], problems: list[Problem]) -> Any:
    """The configuration meant; problems name their place as ``.fields[2].value``."""
    tables = _by_name(raw.get("tables"), ".tables", problems)
    values = {}
    for name, place, attribute, declared in _tables(section):
        if name in tables:
            number, table = tables.pop(name)
            values[attribute] = tuple(_rows(place, table.get("rows"), f".tables[{number}].rows", problems))
        elif declared.keys[Dialect.ADMIN].required:
            problems.append(Problem(".tables", f"{name} is required"))
    for number, _ in tables.values():
        problems.append(Problem(f".tables[{number}].name", "is not a table of this plug-in", warning=True))
    return replace(read_fields(section, raw.get("fields"), ".fields", problems), **values)


def read_fields(section: type[Any], raw: Any, at: str, problems: list[Problem]) -> Any:
    """The section that a list of fields means."""
    given = _by_name(raw, at, problems)
    values = {}
    for attribute, declared, key in _fields(section):
        found = next((given.pop(name) for name in _names(key) if name in given), None)
        number, one = found or (-1, {})
        sent = (one.get("value"), one.get("encryptedValue"))
        if all(part is None or (part == "" and declared.kind.empty_is_absent) for part in sent):
            if key.required:
                where = at if number < 0 else f"{at}[{number}].value"
                problems.append(Problem(where, f"{key.names[0]} is required"))
            continue
        spot = FieldSpot(Dialect.ADMIN, f"{at}[{number}].value")
        parts = sent if isinstance(declared.kind, SealedKind) else sent[:1]
        values[attribute] = declared.kind.read(parts, spot, declared.default)
        problems += [replace(one, message=f"{key.names[0]} {one.message}") for one in spot.problems]
    for number, _ in given.values():
        problems.append(Problem(f"{at}[{number}].name", "is not a field of this plug-in", warning=True))
    return section(**values)


def written_fields(value: Any, writing: Writing) -> Iterator[dict[str, Any]]:
    """Every field, as the administrative API lists them; secrets only as the text that stands for them."""
    for name, declared, held in _held(value):
        if isinstance(declared.kind, Table):
            continue
        if isinstance(declared.kind, SealedKind):
            concealed = declared.kind.written(held, writing, 2)[1]
            yield {"name": name} if concealed is None else {"name": name, "encryptedValue": concealed}
            continue
        written = None if held is None else declared.kind.written(held, writing, 1)[0]
        yield {"name": name, "value": _as_text(written)}


def sealed(value: Any, current: Any, seal: Seal | None, problems: list[Problem], at: str = "") -> Any:
    """The configuration with every new secret sealed and every echoed one found again among those of `current`."""
    known = frozenset(_sealed_texts(current))
    changes: dict[str, Any] = {}
    for one in fields(value):
        held = getattr(value, one.name)
        if isinstance(held, NewSecret):
            if seal is None:
                problems.append(Problem(at, f"{one.name} cannot be protected here"))
            else:
                changes[one.name] = Sealed(seal(held.secret))
        elif isinstance(held, EchoedSecret):
            if held.text not in known:
                problems.append(Problem(at, f"{one.name}: the encrypted value is not the one that is kept"))
            changes[one.name] = Sealed(held.text)
        elif isinstance(held, tuple) and held and hasattr(held[0], "__dataclass_fields__"):
            changes[one.name] = tuple(sealed(row, current, seal, problems, at) for row in held)
    return replace(value, **changes) if changes else value


def _sealed_texts(value: Any) -> Iterator[str]:
    if not hasattr(value, "__dataclass_fields__"):
        return
    for one in fields(value):
        held = getattr(value, one.name)
        if isinstance(held, Sealed):
            yield held.text
        elif isinstance(held, tuple):
            for row in held:
                yield from _sealed_texts(row)


def _by_name(raw: Any, at: str, problems: list[Problem]) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """The entries of a list by their name, each with its place."""
    found: dict[str, tuple[int, Mapping[str, Any]]] = {}
    if not isinstance(raw, list):
        if raw is not None:
            problems.append(Problem(at, wrong_type("a list", raw), malformed=True))
        return found
    for number, one in enumerate(raw):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, str):
            problems.append(Problem(f"{at}[{number}]", "must be an object with a name", malformed=True))
        elif name in found:
            problems.append(Problem(f"{at}[{number}].name", f"{name} is there twice"))
        else:
            found[name] = (number, one)
    return found


def _rows(section: type[Any], raw: Any, at: str, problems: list[Problem]) -> Iterator[Any]:
    if raw is not None and not isinstance(raw, list):
        problems.append(Problem(at, wrong_type("a list", raw), malformed=True))
        return
    for number, row in enumerate(raw or ()):
        if isinstance(row, Mapping):
            yield read_fields(section, row.get("fields"), f"{at}[{number}].fields", problems)
        else:
            problems.append(Problem(f"{at}[{number}]", wrong_type("an object", row), malformed=True))


def _fields(section: type[Any]) -> Iterator[tuple[str, Setting, Key]]:
    for one in fields(section):
        declared: Setting = one.metadata[SETTING]
        if not isinstance(declared.kind, Table):
            yield one.name, declared, declared.keys[Dialect.ADMIN]


def _tables(section: type[Any]) -> Iterator[tuple[str, type[Any], str, Setting]]:
    for one in fields(section):
        declared: Setting = one.metadata[SETTING]
        if isinstance(declared.kind, Table):
            yield declared.keys[Dialect.ADMIN].names[0], declared.kind.row, one.name, declared


def _held(value: Any) -> Iterator[tuple[str, Setting, Any]]:
    for one in fields(value):
        declared: Setting = one.metadata[SETTING]
        yield declared.keys[Dialect.ADMIN].names[0], declared, getattr(value, one.name)


def _names(key: Key) -> Iterator[str]:
    yield from key.names
    yield from (alias for alias, _ in key.aliases)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
