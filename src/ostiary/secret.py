"""A value that cannot be printed."""

from dataclasses import dataclass
from hmac import compare_digest


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Secret:
    """Text that must not reach a log, an error or a page. `reveal` is the one way to it."""

    _value: str

    def reveal(self) -> str:
        """The clear text. Every call site is a place a reviewer looks at."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(Secret)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__
