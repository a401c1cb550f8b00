"""The system's clock, behind its door."""

import time


class SystemClock:
    """Milliseconds since 1970-01-01 UTC, from the system."""

    def now(self) -> int:
        """The present."""
        return time.time_ns() // 1_000_000
