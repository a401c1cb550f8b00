"""What is wrong between settings and objects, and where: the vocabulary of the checks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to put right."""

    place: str
    """A resource such as ``authServerSettings``, or the list an object stands in, such as ``issuers``."""
    id: str
    """Of the object; empty for settings."""
    path: str
    """Of the member inside it, in the administrative API's words."""
    message: str


def shown(text: object) -> str:
    """A name from outside, fit for a message: short and printable, in quotation marks."""
    plain = str(text)
    return f'"{plain[:80]}"' if plain.isprintable() else "an entry"
