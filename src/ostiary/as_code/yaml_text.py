"""JSON values as YAML that people like to read and to compare line by line.

Every text that is not a plain word is written as JSON writes it, which is YAML too: nothing can be taken for something
else, and the same value always gives the same lines.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What some reader of YAML takes for something else than text."""


def yaml_of(value: Mapping[str, Any]) -> str:
    """One document."""
    return "".join(f"{line}\n" for line in _members(value, ""))


def _members(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, member in value.items():
        if isinstance(member, Mapping) and member:
            yield f"{indent}{_text(name)}:"
            yield from _members(member, indent + "  ")
        elif isinstance(member, list) and member:
            yield f"{indent}{_text(name)}:"
            yield from _elements(member, indent + "  ")
        else:
            yield f"{indent}{_text(name)}: {_scalar(member)}"


def _elements(value: list[Any], indent: str) -> Iterator[str]:
    for element in value:
        if isinstance(element, Mapping) and element:
            first, *rest = _members(element, indent + "  ")
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}- {_scalar(element)}"


def _scalar(value: Any) -> str:
    return _text(value) if isinstance(value, str) else _json(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _json(text)


def _json(value: Any) -> str:
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in quoted)


def _escaped(character: str) -> str:
    """JSON knows no escape of eight digits, and YAML no surrogate pairs."""
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
