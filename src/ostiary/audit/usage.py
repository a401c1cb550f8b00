"""When clients were last used: noted in memory on the hot path, written in batches off it."""

MOST_CLIENTS = 100_000
"""Clients remembered between two batches; beyond that the rest of the batch goes unnoticed."""


class LastUsed:
    """The times since the last batch."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def note(self, client_id: str, at: int) -> None:
        """This client did something at this time (ms)."""
        if client_id in self._seen or len(self._seen) < MOST_CLIENTS:
            self._seen[client_id] = at

    def take(self) -> list[tuple[str, int]]:
        """What was noted since the last call."""
        seen, self._seen = self._seen, {}
        return list(seen.items())
