"""When a setting is shown or counts, as data: the page obeys it, the reader obeys it, the manual prints it."""

from dataclasses import dataclass
from typing import Any


def value_at(root: Any, path: str) -> Any:
    """The value of the setting with this dotted name."""
    for name in path.split("."):
        root = getattr(root, name)
    return root


class Condition:
    """A question about the other settings."""

    __slots__ = ()

    def holds(self, settings: Any) -> bool:
        """Whether it is so for these settings."""
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """The same as JSON."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Contains(Condition):
    """One of the words is in the set."""

    field: str
    words: tuple[Any, ...]

    def holds(self, settings: Any) -> bool:
        found = value_at(settings, self.field)
        return any(word in found for word in self.words)

    def described(self) -> dict[str, Any]:
        return {"setting": self.field, "contains": [_plain(word) for word in self.words]}


@dataclass(frozen=True, slots=True)
class IsOneOf(Condition):
    """The value is one of these, or none of them."""

    field: str
    values: tuple[Any, ...]
    wanted: bool = True

    def holds(self, settings: Any) -> bool:
        return (value_at(settings, self.field) in self.values) is self.wanted

    def described(self) -> dict[str, Any]:
        question = "is" if self.wanted else "isNot"
        return {"setting": self.field, question: [_plain(value) for value in self.values]}


@dataclass(frozen=True, slots=True)
class IsSet(Condition):
    """There is a value at all."""

    field: str

    def holds(self, settings: Any) -> bool:
        return bool(value_at(settings, self.field))

    def described(self) -> dict[str, Any]:
        return {"setting": self.field, "isSet": True}


@dataclass(frozen=True, slots=True)
class ServerHas(Condition):
    """A setting of the server; settings alone cannot answer it, so it holds here, and the page asks the server."""

    field: str
    value: Any

    def holds(self, settings: Any) -> bool:
        return True

    def described(self) -> dict[str, Any]:
        return {"serverSetting": self.field, "is": _plain(self.value)}


@dataclass(frozen=True, slots=True)
class Every(Condition):
    """All of them hold."""

    conditions: tuple[Condition, ...]

    def holds(self, settings: Any) -> bool:
        return all(condition.holds(settings) for condition in self.conditions)

    def described(self) -> dict[str, Any]:
        return {"allOf": [condition.described() for condition in self.conditions]}


@dataclass(frozen=True, slots=True)
class Some(Condition):
    """At least one holds."""

    conditions: tuple[Condition, ...]

    def holds(self, settings: Any) -> bool:
        return any(condition.holds(settings) for condition in self.conditions)

    def described(self) -> dict[str, Any]:
        return {"anyOf": [condition.described() for condition in self.conditions]}


def contains(field: str, *words: Any) -> Condition:
    """One of the words is in the set `field`."""
    return Contains(field, words)


def is_one_of(field: str, *values: Any) -> Condition:
    """`field` has one of the values."""
    return IsOneOf(field, values)


def not_one_of(field: str, *values: Any) -> Condition:
    """`field` has none of the values."""
    return IsOneOf(field, values, wanted=False)


def is_set(field: str) -> Condition:
    """`field` has a value, is true, or is not empty."""
    return IsSet(field)


def server_has(field: str, value: Any = True) -> Condition:
    """The server-wide setting has this value."""
    return ServerHas(field, value)


def all_of(*conditions: Condition) -> Condition:
    """All of them."""
    return Every(conditions)


def any_of(*conditions: Condition) -> Condition:
    """At least one of them."""
    return Some(conditions)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
