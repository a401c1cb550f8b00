"""What is different between two clients, setting by setting, in the words of the administrative API; never a secret."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.declare import Declared, Dialect, SecondarySecret, SecretValue
from ostiary.declare.kinds import SecondarySecrets, SecretKind, Writing

_WRITING = Writing(Dialect.ADMIN)
_SECRETS = (SecretKind, SecondarySecrets)


@dataclass(frozen=True, slots=True)
class Difference:
    """One name of a setting, and what it was and would be; None where the setting is not there."""

    setting: str
    before: Any
    after: Any
    is_secret: bool = False
    """Then `before` and `after` only say how many secrets there are."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        if self.is_secret:
            return {"setting": self.setting, "secret": "changes"}
        return {"setting": self.setting, "before": self.before, "after": self.after}


def differences(before: Client, after: Client, changed: Sequence[str]) -> tuple[Difference, ...]:
    """The differences of the settings `changed` (canonical names)."""
    found: list[Difference] = []
    for path in changed:
        declared = CLIENT_SETTINGS.by_path[path]
        key = declared.key_in(Dialect.ADMIN)
        if key is None or not key.read:
            continue  # what the server says of itself, or what this dialect has no name for
        if isinstance(declared.setting.kind, _SECRETS):
            old, new = (_count(declared.value_in(client)) for client in (before, after))
            found.append(Difference(key.names[0], old, new, is_secret=True))
            continue
        pairs = zip(key.names, _parts(declared, before), _parts(declared, after), strict=True)
        found += [Difference(name, old, new) for name, old, new in pairs if old != new]
    return tuple(found)


def _parts(declared: Declared, client: Client) -> tuple[Any, ...]:
    key = declared.setting.keys[Dialect.ADMIN]
    value = declared.value_in(client)
    if value is None:
        return (None,) * len(key.names)
    parts = declared.setting.kind.written(value, _WRITING, len(key.names))
    return (*parts, *(None,) * len(key.names))[: len(key.names)]


def _count(value: SecretValue | tuple[SecondarySecret, ...] | None) -> int:
    if isinstance(value, tuple):
        return len(value)
    return 0 if value is None else 1


def lines_of(difference: Difference) -> Iterator[str]:
    """For people: ``name  old → new``, and for lists what comes and goes."""
    name = f"{difference.setting:44}"
    old, new = difference.before, difference.after
    if difference.is_secret:  # their number is all that was ever in it
        yield f"{name} {_of_secrets(old, new)}"
    elif isinstance(old, list) and isinstance(new, list) and sorted(map(shown, old)) != sorted(map(shown, new)):
        for one in old:
            if one not in new:
                yield f"{name} - {shown(one)}"
        for one in new:
            if one not in old:
                yield f"{name} + {shown(one)}"
    elif old in (None, ""):
        yield f"{name} {shown(new)}"
    else:
        yield f"{name} {shown(old)} → {shown(new)}"


def _of_secrets(before: int, after: int) -> str:
    if before == after:
        return "(another secret)" if after == 1 else "(other secrets)"
    return f"({before} → {after} secrets)" if max(before, after) > 1 else "(set)" if after else "(removed)"


def shown(value: Any) -> str:
    """A value for a screen. What somebody stored must not steer the terminal it is shown on (threat T-39)."""
    return "(none)" if value is None else printable(json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """The text with everything escaped that is not simply visible."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in text)
