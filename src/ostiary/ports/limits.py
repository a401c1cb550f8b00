"""How often something may happen: bounded token buckets, counted per process."""

from typing import Protocol


class Limits(Protocol):
    """One door for every limit that need not survive a restart; lock-outs that must hold are rows."""

    def allow(self, name: str, key: str) -> bool:
        """Take one from the bucket of `key` under the limit `name`; False when it is empty."""

    def peek(self, name: str, key: str) -> bool:
        """Whether `allow` would say yes, without taking."""

    def refund(self, name: str, key: str) -> None:
        """Put one back: what was counted turned out well."""
