"""Settings as people name them on a command line: ``NAME=VALUE``, by the names of the administrative API or our own."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.declare import Declared, Dialect, Key
from ostiary.declare.kinds import SecondarySecrets, SecretKind, Writing
from ostiary.declare.kinds.kind import Spot

_WRITING = Writing(Dialect.ADMIN)


class NotUnderstood(ValueError):
    """No setting is called this, or it cannot hold this value; the message says so."""


@dataclass(frozen=True, slots=True)
class Named:
    """One name of a setting; a setting may have several, each for a part of its value."""

    declared: Declared
    part: int

    @property
    def key(self) -> Key:
        """All of its names."""
        return self.declared.setting.keys[Dialect.ADMIN]

    def written_in(self, client: Client) -> Any:
        """This part of the setting, as the administrative API writes it; None when it is not set."""
        value = self.declared.value_in(client)
        if value is None:
            return None
        return self.declared.setting.kind.written(value, _WRITING, len(self.key.names))[self.part]


@dataclass(frozen=True, slots=True)
class Condition:
    """That a setting has a value, or has it among its values."""

    named: Named
    values: tuple[Any, ...]
    """What may be meant: the text, and what it is as JSON."""

    def holds(self, client: Client) -> bool:
        """Whether it is so. A text without anything stands for what is not set."""
        found = self.named.written_in(client)
        if found in (None, "", []):
            return "" in self.values or None in self.values
        return found in self.values or (isinstance(found, list) and any(value in found for value in self.values))


def condition(text: str) -> Condition:
    """``NAME=VALUE``; raises `NotUnderstood`."""
    name, value = _parted(text)
    named = _named(name)
    if isinstance(named.declared.setting.kind, SecretKind | SecondarySecrets):
        raise NotUnderstood(f"{name} is a secret, which is not asked for")
    return Condition(named, tuple(_meanings(value)))


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """The values that ``NAME=VALUE …`` give, by canonical names. An empty value means the default.

    Raises `NotUnderstood`.
    """
    said: dict[str, list[str | None]] = {}
    for text in texts:
        name, value = _parted(text)
        named = _named(name)
        if named.declared.path in _NEVER_SET or not named.key.read:
            raise NotUnderstood(f"{name} is not set this way")
        parts = said.setdefault(named.declared.path, [None] * len(named.key.names))
        parts[named.part] = value
    return {path: _read(path, parts) for path, parts in said.items()}


_NEVER_SET = frozenset({"identity.client_id", "authentication.secret", "authentication.secondary_secrets"})


def _read(path: str, parts: list[str | None]) -> Any:
    declared = CLIENT_SETTINGS.by_path[path]
    kind, default = declared.setting.kind, declared.setting.default
    if not any(parts):
        return default
    message = ""
    for meaning in range(2):
        spot = Spot(Dialect.ADMIN, path)
        value = kind.read(
            tuple(None if part is None else _meanings(part)[-1 - meaning] for part in parts), spot, default
        )
        if not spot.problems:
            return value
        one = spot.problems[0]
        message = message or f"{CLIENT_SETTINGS.name_in(Dialect.ADMIN, one.field)} {one.message}"
    raise NotUnderstood(message)


def _parted(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise NotUnderstood(f"{text} is not of the form NAME=VALUE")
    return name, value


def _meanings(text: str) -> list[Any]:
    """The text itself, and what it says if it is JSON: nobody wants to put quotation marks around words."""
    try:
        return [text, json.loads(text)]
    except (ValueError, RecursionError):
        return [text, text]


def _named(name: str) -> Named:
    found = _BY_NAME.get(name)
    if found is None:
        raise NotUnderstood(f"there is no setting {name}; `ostiary settings` lists them")
    return found


def _by_name() -> dict[str, Named]:
    found = {}
    for declared, key in CLIENT_SETTINGS.in_dialect(Dialect.ADMIN):
        found[declared.path] = Named(declared, 0)
        for part, name in enumerate(key.names):
            found[name] = Named(declared, part)
    return found


_BY_NAME = _by_name()
