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
    follows: bool = False
    """Whether it is only the contract of another object that asks for this: while objects are changed one by one, the
    one is ahead of the other for a moment."""


@dataclass(frozen=True, slots=True)
class ApplyProblem:
    """One thing to put right in what was given."""

    path: str
    message: str
    malformed: bool = False
    """The wrong JSON type or an unknown word, rather than a value that breaks a rule."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def shown(text: object) -> str:
    """A name from outside, fit for a message: short and printable, in quotation marks."""
    plain = str(text)
    return f'"{plain[:80]}"' if plain.isprintable() else "an entry"
