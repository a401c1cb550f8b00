"""The numbers by which caches learn what changed."""

from collections.abc import Sequence
from typing import TypeAlias

Notice: TypeAlias = tuple[str, str]
"""Kind and id of a changed piece of configuration."""

KEPT_NOTICES = 10_000
"""How many are kept; who asks for older ones sees a gap in the numbers and reads everything anew."""


def numbered(notices: Sequence[Notice], newest: int) -> list[tuple[int, str, str]]:
    """The notices with their numbers, of which the last is `newest`; no more than are kept."""
    kept = notices[-KEPT_NOTICES:]
    return [(number, kind, changed) for number, (kind, changed) in enumerate(kept, start=newest - len(kept) + 1)]
