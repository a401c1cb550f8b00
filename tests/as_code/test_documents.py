"""Files of code are read strictly, and nothing in them makes a small file a big one."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.as_code.documents import NotADocument, documents_of
from ostiary.as_code.yaml_text import yaml_of
from tests.scale import SCALE


def test_yaml_json_and_lines_say_the_same() -> None:
    said = [{"clientId": "a", "enabled": False}, {"clientId": "b"}]
    assert list(documents_of(b"clientId: a\nenabled: false\n---\nclientId: b\n", "c.yaml")) == said
    assert list(documents_of(b'{"clientId": "a", "enabled": false}\n\n{"clientId": "b"}', "c.ndjson")) == said
    assert list(documents_of(b'[{"clientId": "a", "enabled": false}, {"clientId": "b"}]', "c.json")) == [said]


def test_words_that_other_readers_take_for_booleans_are_texts() -> None:
    assert list(documents_of(b"a: no\nb: on\nc: 012", "c.yml")) == [{"a": "no", "b": "on", "c": 12}]


def test_a_time_is_the_text_that_was_meant() -> None:
    raw = b"a: 2027-01-02T03:04:05Z\nb: 2027-01-02\nc: 2027-01-02T03:04:05.678+01:00"
    (said,) = documents_of(raw, "c.yaml")
    assert said["a"] == "2027-01-02T03:04:05.000Z"
    assert said["b"] == "2027-01-02"
    assert said["c"] in ("2027-01-02T02:04:05.678Z", "2027-01-02T03:04:05.678+01:00")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"{", "c.json"), (b'{"a": 1, "a": 2}', "c.json"), (b"NaN", "c.json"), (b"\xff", "c.json"),
        (b"[" * 100_000, "c.json"), (b'{"a": 1}\n{', "c.ndjson"), (b"a: [", "c.yaml"), (b"a: 1\na: 2", "c.yaml"),
        (b"!!python/object/apply:os.system [ls]", "c.yaml"), (b"? [a]\n: b", "c.yaml"), (b"1: a", "c.yaml"),
        (b"a: !!set {x}", "c.yaml"), (b"a: !!binary aGk=", "c.yaml"), (b"&a [*a]", "c.yaml"),
        (b"[" * 100 + b"]" * 100, "c.yaml"), (b"a: !unknown b", "c.yaml"), (b"\x00", "c.yaml"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(raw: bytes, name: str) -> None:
    with pytest.raises(NotADocument) as refused:
        list(documents_of(raw, name))
    assert str(refused.value)


def test_references_do_not_make_a_small_file_a_big_one() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    (said,) = documents_of("\n".join(lines).encode(), "c.yaml")
    assert said["a19"][0] is said["a19"][9]


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), _values, max_size=4))
@settings(max_examples=100 * SCALE, deadline=timedelta(seconds=5))
def test_what_is_written_as_yaml_is_read_as_it_was(value: dict[str, object]) -> None:
    documents = list(documents_of(yaml_of(value).encode(), "c.yaml"))
    assert documents == ([value] if value else [])


@pytest.mark.parametrize("secret", ["secret: canary-1\n  secret: canary-2", "secret: *canary-1", "secret: !canary-1 x"])
def test_what_is_wrong_with_a_file_is_told_without_quoting_it(secret: str) -> None:
    with pytest.raises(NotADocument) as refused:
        list(documents_of(f"clientAuth:\n  type: SECRET\n  {secret}\n".encode(), "c.yaml"))
    assert "canary" not in str(refused.value)
    assert "line" in str(refused.value)
