"""A statement written once in plain SQL, and its two spellings."""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

_PLACEHOLDER = re.compile(r":([a-z_]+)")
_TABLE = re.compile(r"(?:INSERT INTO|UPDATE|FROM) (\w+)")
_IS_NEW = re.compile(r"DO NOTHING$")
_ROWS = ("key", "old", "grant_id", "client_id", "username", "name", "kid", "id")
"""What names a row, in tables that have several of these words in the order of precedence."""


class Statement:
    """SQL text with `:name` placeholders. Values are given as a tuple in the order in which the names first appear.

    A statement with `RETURNING` answers with rows; a change whose statement has a condition always does, so that no row
    means that the condition did not hold.
    """

    __slots__ = ("key", "names", "only_adds", "postgresql", "returning", "row", "sqlite", "table", "values_of")

    def __init__(self, text: str, *, postgresql: str | None = None) -> None:
        """`postgresql` is what PostgreSQL is told instead, where the two know different words; with the same names."""
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))
        self.returning = " RETURNING " in text
        place = {name: str(number) for number, name in enumerate(self.names, start=1)}
        self.sqlite = _PLACEHOLDER.sub(lambda found: "?" + place[found[1]], text)
        self.postgresql = _PLACEHOLDER.sub(lambda found: "$" + place[found[1]], postgresql or text)
        self.values_of: Callable[[Any], tuple[Any, ...]] = (
            attrgetter(*self.names) if len(self.names) > 1 else _no_values
        )
        """The values as the attributes of a record that has one of each name."""
        self.table = _TABLE.findall(text)[0]
        self.only_adds = _IS_NEW.search(text) is not None
        """Whether it adds a row if it can, touches no other and answers nothing."""
        self.row = None if self.only_adds else self._index_of_row()
        """Which value names the row that is locked; None for a new row that nobody else can wait for."""
        self.key = self.names.index("key") if "key" in self.names else None
        """Which value is the key of the row of a code, a token or a session."""

    def _index_of_row(self) -> int | None:
        return next((self.names.index(name) for name in _ROWS if name in self.names), None)


def _no_values(record: object) -> tuple[Any, ...]:
    raise TypeError("values_of needs a statement with several placeholders")
