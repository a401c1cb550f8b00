"""Statements: one text, two spellings, values in the order of the names."""

import inspect
import re

import pytest

from ostiary.ports import changes, records
from ostiary.ports.changes import Change
from ostiary.storage.sql import statements, writing
from ostiary.storage.sql.statement import Statement
from tests.storage.every_statement import STATEMENTS


def test_names_become_numbers_in_the_order_of_their_first_use() -> None:
    statement = Statement("UPDATE t SET a = :a, b = :b WHERE a < :a AND k = :key RETURNING 1")
    assert statement.names == ("a", "b", "key")
    assert statement.sqlite == "UPDATE t SET a = ?1, b = ?2 WHERE a < ?1 AND k = ?3 RETURNING 1"
    assert statement.postgresql == "UPDATE t SET a = $1, b = $2 WHERE a < $1 AND k = $3 RETURNING 1"
    assert statement.returning


def test_values_are_the_attributes_of_those_names() -> None:
    token = records.AccessTokenRecord(key=b"k", client_id="c", grant_id="g", expires_at=5, document=b"d")
    assert statements.ADD_ACCESS_TOKEN.values_of(token) == (b"k", "c", "g", 5, b"d")


def test_values_of_one_name_are_given_by_hand() -> None:
    with pytest.raises(TypeError):
        Statement("DELETE FROM t WHERE key = :key").values_of(object())


def test_every_change_can_be_written() -> None:
    every = {kind for _, kind in inspect.getmembers(changes, inspect.isclass) if issubclass(kind, Change)} - {Change}
    assert set(writing._STEPS) == every


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_carries_a_value_in_its_text(name: str) -> None:
    """Words in quotes would be values; only the empty text is one that a statement may know."""
    assert set(re.findall(r"'[^']*'", STATEMENTS[name].postgresql)) <= {"''"}
