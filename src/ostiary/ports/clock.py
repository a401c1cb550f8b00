"""What time it is. Rules are given a time; flows ask this door; nobody asks the system clock."""

from typing import Protocol

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Times everywhere are whole milliseconds since 1970-01-01 UTC."""

    def now(self) -> int:
        """The present, in milliseconds."""
