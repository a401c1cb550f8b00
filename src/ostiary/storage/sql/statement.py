"""A statement written once in plain SQL, and its two spellings."""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

_PLACEHOLDER = re.compile(r":([a-z_]+)")


class Statement:
    """SQL text with `:name` placeholders. Values are given as a tuple in the order in which the names first appear.

    A statement with `RETURNING` answers with rows; a change whose statement has a condition always does, so that no row
    means that the condition did not hold.
    """

    __slots__ = ("names", "postgresql", "returning", "sqlite", "values_of")

    def __init__(self, text: str) -> None:
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))
        self.returning = " RETURNING " in text
        place = {name: str(number) for number, name in enumerate(self.names, start=1)}
        self.sqlite = _PLACEHOLDER.sub(lambda found: "?" + place[found[1]], text)
        self.postgresql = _PLACEHOLDER.sub(lambda found: "$" + place[found[1]], text)
        self.values_of: Callable[[Any], tuple[Any, ...]] = (
            attrgetter(*self.names) if len(self.names) > 1 else _no_values
        )
        """The values as the attributes of a record that has one of each name."""


def _no_values(record: object) -> tuple[Any, ...]:
    raise TypeError("values_of needs a statement with several placeholders")
