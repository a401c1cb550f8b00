"""YAML and JSON, read strictly: no member twice, no name that is not text, no value that JSON does not have."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any


class NotADocument(ValueError):
    """The text cannot be read; the message says why and where, and repeats nothing of it."""


MOST_BYTES = 256 * 1024 * 1024
"""A bigger file is not read."""
DEEPEST = 50
"""Objects and lists inside each other."""


def documents_of(raw: bytes, name: str) -> Iterator[Any]:
    """Every document of a file, by the end of its name: ``.yaml``, ``.yml``, ``.ndjson``, ``.jsonl`` or else JSON.

    Raises `NotADocument`.
    """
    if len(raw) > MOST_BYTES:
        raise NotADocument("is too big")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotADocument("is not UTF-8") from None
    if name.endswith((".yaml", ".yml")):
        yield from _yaml(text)
    elif name.endswith((".ndjson", ".jsonl")):
        yield from _lines(text)
    else:
        yield _json(text, "")


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as problem:
        raise NotADocument(f"{where}is not JSON (line {problem.lineno}, column {problem.colno})") from None
    except NotADocument as problem:
        raise NotADocument(f"{where}{problem}") from None
    except (ValueError, RecursionError):
        raise NotADocument(f"{where}is not JSON") from None


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json(line, f"line {number}: ")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 §4 leaves open which of two members of a name counts; we take neither (threat T-35)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotADocument("has an object with a member twice")
    return found


def _no_number(_text: str) -> Any:
    raise NotADocument("holds a number that JSON does not have")


def _yaml(text: str) -> Iterator[Any]:
    # Only commands that read YAML pay for it.
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)  # YAML 1.2: yes, no, on and off are texts; only plain values are made
    try:
        for document in reader.load_all(text):
            if document is not None:
                yield _plain(document, DEEPEST)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        what = "has an object with a member twice" if isinstance(problem, DuplicateKeyError) else "is not YAML"
        raise NotADocument(f"{what}{place}") from None  # the parser's own words would quote what may be a secret
    except (YAMLError, ValueError, RecursionError):
        raise NotADocument("is not YAML") from None


def _plain(value: Any, depth: int, made: dict[int, Any] | None = None) -> Any:
    """The value as JSON could say it: YAML has more kinds of values, and times that were meant as text.

    What the file says once and refers to often is made once: references cannot make a small file a big one.
    """
    if depth == 0:
        raise NotADocument("has objects and lists too deep inside each other")
    made = {} if made is None else made
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise NotADocument("has a member whose name is not a text")
        made[id(value)] = found = {name: _plain(one, depth - 1, made) for name, one in value.items()}
        return found
    if isinstance(value, list):
        made[id(value)] = listed = [_plain(one, depth - 1, made) for one in value]
        return listed
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise NotADocument("has a value that JSON does not have")


def _instant(value: datetime) -> str:
    text = value.isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if value.tzinfo is None or text.endswith("+00:00") else text
