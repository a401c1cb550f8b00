"""What is wrong with a setting, named as we name settings."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. A dialect translates `field` into its own name on the way out."""

    field: str
    """Our dotted name, e.g. ``requests.require_pkce``; a part of a value follows with another dot."""
    message: str
    malformed: bool = False
    """The wrong JSON type or an unknown word, rather than a value that breaks a rule."""
    warning: bool = False
    """To be told, but nothing is refused for it."""
    rule: str = ""
    """The rule that found it, e.g. ``V08``."""

    index: int | None = None
    """Where in a list of clients its client stands, from 0, when that has no id to be told by."""

    def by(self, rule: str) -> "Problem":
        """The same problem, signed by the rule that found it."""
        return self if self.rule else replace(self, rule=rule)
