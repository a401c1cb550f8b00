"""A request's parameters, parsed once and strictly (RFC 6749 §3.1, §3.2, Appendix B)."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from urllib.parse import unquote_to_bytes

from ostiary.errors import InvalidRequest

REPEATABLE = frozenset({"resource", "audience"})
"""RFC 8707 §2, RFC 8693 §2.1: the parameters that may come more than once."""
MOST_PARAMETERS = 200


class Parameters:
    """Names and values of one request. An empty value counts as absent; a repeated name is refused."""

    __slots__ = ("_repeated", "_values")

    def __init__(self, values: Mapping[str, list[str]], repeated: AbstractSet[str] = frozenset()) -> None:
        self._values = values
        self._repeated = repeated

    @classmethod
    def from_form(cls, body: bytes) -> "Parameters":
        """Read ``application/x-www-form-urlencoded``; raises `InvalidRequest` for what could be read in two ways."""
        parameters = cls.with_repeats(body)
        parameters.check_once()
        return parameters

    @classmethod
    def with_repeats(cls, body: bytes) -> "Parameters":
        """As `from_form`, but a repeated name is only remembered, with its first value, until `check_once`.

        For the authorization endpoint, which must know first whom to tell (RFC 6749 §4.1.2.1).
        """
        values: dict[str, list[str]] = {}
        repeated: dict[str, None] = {}
        if not body:
            return cls(values)
        pairs = _text_of(body).split("&")
        if len(pairs) > MOST_PARAMETERS:
            raise InvalidRequest("too many parameters")
        for pair in pairs:
            name, _, value = pair.partition("=")
            if "%" in pair or "+" in pair:
                name, value = _decoded(name), _decoded(value)
            if not value:
                continue
            known = values.get(name)
            if known is None:
                values[name] = [value]
            elif name in REPEATABLE:
                known.append(value)
            else:
                repeated[name] = None
        return cls(values, repeated.keys())

    @classmethod
    def of(cls, **values: str) -> "Parameters":
        """The parameters given here, for calls from our own code and tests."""
        return cls({name: [value] for name, value in values.items() if value})

    def check_once(self, *names: str) -> None:
        """RFC 6749 §3.1: raises `InvalidRequest` when one of these names was repeated; without names: any at all."""
        for name in self._repeated:
            if not names or name in names:
                raise InvalidRequest(f"{_printable(name)} was sent more than once")

    def get(self, name: str) -> str | None:
        """The value, or None when the parameter is absent or empty."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter that may be repeated."""
        return tuple(self._values.get(name, ()))

    def require(self, name: str) -> str:
        """The value; raises `InvalidRequest` when it is absent."""
        value = self.get(name)
        if value is None:
            raise InvalidRequest(f"{name} is required")
        return value

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, values in self._values.items():
            for value in values:
                yield name, value

    def __repr__(self) -> str:
        return f"Parameters({', '.join(sorted(self._values))})"  # names only: a value may be a secret


def _decoded(encoded: str) -> str:
    return _text_of(unquote_to_bytes(encoded.replace("+", " ")))


def _text_of(raw: bytes) -> str:
    if b"\x00" in raw:
        raise InvalidRequest("a parameter holds a NUL character")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise InvalidRequest("a parameter is not valid UTF-8") from None


def _printable(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else "a parameter"
