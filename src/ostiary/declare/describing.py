"""The declaration as JSON, for the manual, the command line and the page that edits settings."""

from typing import Any

from ostiary.declare.conditions import Condition
from ostiary.declare.declaration import Declaration, Declared
from ostiary.declare.kinds.kind import Writing
from ostiary.declare.settings import Key
from ostiary.words import Dialect


def describe(declaration: Declaration[Any]) -> list[dict[str, Any]]:
    """Every setting: name, row, type, default, conditions, label, help, and its keys in each dialect."""
    return [_described(declared) for declared in declaration.settings]


def _described(declared: Declared) -> dict[str, Any]:
    setting = declared.setting
    return {
        "name": declared.path,
        "id": setting.id,
        "section": declared.title,
        "label": setting.label,
        "help": setting.help,
        **setting.kind.described(),
        "default": _default(declared),
        "source": setting.source,
        "shownWhen": _condition(setting.shown_when),
        "sectionShownWhen": _condition(declared.section_shown_when),
        "keys": {dialect.value: _key(key) for dialect, key in setting.keys.items()},
    }


def _default(declared: Declared) -> Any:
    default = declared.setting.default
    if default is None:
        return None
    parts = declared.setting.kind.written(default, Writing(Dialect.ADMIN), len(declared.setting.kind.parts))
    return parts[0] if len(parts) == 1 else list(parts)


def _condition(condition: Condition | None) -> dict[str, Any] | None:
    return None if condition is None else condition.described()


def _key(key: Key) -> dict[str, Any]:
    described: dict[str, Any] = {"names": list(key.names)}
    if key.aliases:
        described["aliases"] = [alias for alias, _ in key.aliases]
    if key.required:
        described["required"] = key.required.described() if isinstance(key.required, Condition) else True
    if key.only_when:
        described["onlyWhen"] = key.only_when.described()
    if not key.read:
        described["readOnly"] = True
    if key.proposed:
        described["own"] = True
    return described
