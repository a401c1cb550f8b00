"""Whatever stands in a document or a record, nothing breaks (threats T-59, T-64)."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ostiary.ports.records import ObjectRecord
from ostiary.secret import Secret
from ostiary.server_settings.apply import ApplyRefused, plan_apply, show
from ostiary.server_settings.facts import facts
from ostiary.server_settings.objects import build, fresh

STRANGE: tuple[Any, ...] = (
    None, 0, -1, 3.5, True, "", "x", "\x00", [], [None], {}, {"id": 3}, {"a": {}}, [[1]], "é" * 5000, 10**30, "\ud800"
)  # fmt: skip
Place = tuple[Any, ...]
EVERYTHING = json.loads((Path(__file__).parent.parent / "examples" / "server_settings.json").read_text())


def seal(secret: Secret) -> str:
    return f"sealed-{len(secret.reveal())}"


def saved(document: Any) -> tuple[ObjectRecord, ...]:
    """The records after the apply."""
    changes = {(one.object.kind, one.object.id): one.object for one in plan_apply(fresh(), document, seal=seal).changes}
    return tuple(({(one.kind, one.id): one for one in fresh()} | changes).values())


def places(document: Any, here: Place = ()) -> Iterator[Place]:
    if here:
        yield here
    members = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in members:
        if isinstance(value, dict | list):
            yield from places(value, (*here, name))
        else:
            yield (*here, name)


def planted(document: Any, place: Place, value: Any) -> Any:
    document = copy.deepcopy(document)
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return document


def test_no_value_in_a_document_makes_an_apply_break() -> None:
    refused = 0
    for number, place in enumerate(places(EVERYTHING)):
        try:
            records = saved(planted(EVERYTHING, place, STRANGE[number % len(STRANGE)]))
        except ApplyRefused:
            refused += 1
        else:
            assert build(records)[1].problems == ()
    assert refused > 100


@pytest.mark.parametrize("shift", range(3))
def test_no_value_in_a_record_makes_the_settings_break(shift: int) -> None:
    records = saved(EVERYTHING)
    for record in records:
        document = msgspec.json.decode(record.document)
        for number, place in enumerate(places(document)):
            raw = json.dumps(planted(document, place, STRANGE[(number + shift) % len(STRANGE)])).encode()
            bad = ObjectRecord(kind=record.kind, id=record.id, version=1, document=raw)
            settings, objects = build([bad if one is record else one for one in records])
            show(settings, objects)
            facts(settings, objects)
            assert settings.scope_book.statics
