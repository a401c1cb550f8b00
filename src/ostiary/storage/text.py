"""Which text a database can hold. PostgreSQL knows no NUL, and no database knows half a surrogate pair."""

from collections.abc import Iterator

from ostiary.ports.changes import Change, Conflict


def is_storable(text: str) -> bool:
    """Whether every database can hold this text. A look-up of any other text is a miss, and never an error."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def made_storable(text: str) -> str:
    """The text with a sign in the place of what no database can hold: evidence is kept whatever it quotes."""
    if is_storable(text):
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_storable(change: Change) -> None:
    """Raise `Conflict` for a change that carries text no database can hold: no row can be there, none can be made."""
    if not all(is_storable(text) for text in _texts(change)):
        raise Conflict(change)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for name in getattr(value, "__struct_fields__", ()):
        yield from _texts(getattr(value, name))
