"""No body causes an accident, whatever operation it is sent to (threat T-59)."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.web.admin_api.description import described
from ostiary.web.admin_api.operations import Operation
from ostiary.web.admin_api.surface import OPERATIONS
from tests.scale import SCALE
from tests.web.admin_api.place import Place

WRITING = [operation for operation in OPERATIONS if operation.takes is not None]
DOCUMENT = described(OPERATIONS)
CASES = 12 * SCALE


def names_in(schema: Any) -> set[str]:
    """Every name of a member, however deep."""
    if isinstance(schema, dict):
        own = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
        return own.union(*(names_in(part) for part in schema.values()))
    return set().union(*(names_in(part) for part in schema)) if isinstance(schema, list) else set()


def words_in(schema: Any) -> set[str]:
    """Every word of a vocabulary."""
    if isinstance(schema, dict):
        return set(schema.get("enum", ())).union(*(words_in(part) for part in schema.values()))
    return set().union(*(words_in(part) for part in schema)) if isinstance(schema, list) else set()


def bodies(operation: Operation) -> st.SearchStrategy[Any]:
    """JSON that has the names and words of the operation's shape in places where they may not belong."""
    assert operation.takes is not None
    schema = DOCUMENT["components"]["schemas"][operation.takes.name]
    names, words = sorted(names_in(schema)), sorted(words_in(schema)) or ["x"]
    texts = st.one_of(st.sampled_from(words), st.sampled_from(["", "\x00", "\ud800", "a" * 5000, "reference", "jwt"]))
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts, st.text(max_size=9))
    keys = st.sampled_from([*names, "id", "name", "value", "rows", "source", "type", "zzz"])
    inner = st.recursive(
        leaves,
        lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(keys, part, max_size=5)),
        max_leaves=20,
    )
    return st.dictionaries(st.sampled_from(names), inner, max_size=8)


@pytest.mark.parametrize("operation", WRITING, ids=lambda one: f"{one.method} {one.path}")
def test_no_body_causes_an_accident(operation: Operation) -> None:
    place = asyncio.run(Place.build())
    path = operation.path.replace("{id}", "jwt").replace("{name}", "email").replace("{username}", "otto")

    @settings(max_examples=CASES, deadline=None, database=None, derandomize=SCALE == 1,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(bodies(operation), st.sampled_from(["", "strict=true"]))
    def ask(body: Any, query: str) -> None:
        content = json.dumps(body).encode()
        found = asyncio.run(place.ask(operation.method, path, query=query, content=content))
        assert found.status < 500, (body, found.text)
        if found.status >= 400:
            assert found.json["resultId"]

    ask()
