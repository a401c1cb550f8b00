"""Clocks for tests."""


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.time = now

    def now(self) -> int:
        """The time it was set to, in milliseconds."""
        return self.time

    def advance(self, *, seconds: float = 0, milliseconds: int = 0) -> None:
        """Move it forward."""
        self.time += int(seconds * 1000) + milliseconds
