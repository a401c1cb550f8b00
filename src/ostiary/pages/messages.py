"""Message catalogues: ours, and the operator's `languages/*.po` laid over them; which language a person gets."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

ENGLISH = "en"
OURS = Path(__file__).parent / "languages"
MOST_TAGS = 16
"""How many wished languages are looked at."""
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


class CatalogueError(Exception):
    """A language file cannot be read; the message names it."""


log = logging.getLogger("ostiary.pages")


@dataclass(frozen=True, slots=True)
class Language:
    """One language as a page speaks it."""

    tag: str = ENGLISH
    messages: Mapping[str, str] = field(default_factory=dict)
    """Our texts with the operator's over them. What is missing is said in English."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The operator's own messages only: a client that is called ``Cancel`` keeps its name."""

    @property
    def direction(self) -> str:
        """The value of the page's ``dir``."""
        return "rtl" if self.tag.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"

    def say(self, message: str, **values: str) -> Markup:
        """A message with its values, escaped: catalogues are text, values are text unless they are `Markup`."""
        if not values:
            return escape(self.messages.get(message) or message)
        try:
            return escape(self.messages.get(message) or message) % values
        except (KeyError, ValueError, TypeError):  # a placeholder of the translation is not one of ours
            return escape(message) % values

    def alias(self, text: str) -> str:
        """C003, C004: a name that is an alias key in this language, else the text itself."""
        return self.aliases.get(text) or text

    def described(self, text: str) -> str:
        """As `alias`, for descriptions of scopes: the ones of a new installation are in our catalogues too."""
        return self.aliases.get(text) or self.messages.get(text) or text


@dataclass(frozen=True, slots=True)
class Languages:
    """Every language there is, and the choice among them."""

    by_tag: Mapping[str, Language]

    @classmethod
    def read(cls, operators: Path | None = None) -> "Languages":
        """Read the catalogues. A file of the operator's that is no catalogue is reported and left out (threat T-64)."""
        ours, theirs = _catalogues(OURS), _catalogues(operators) if operators else {}
        english = theirs.get(ENGLISH, {})
        languages = {}
        for tag in {ENGLISH, *ours, *theirs}:
            own = {**theirs.get(tag.partition("-")[0], {}), **theirs.get(tag, {})}
            messages = {**english, **ours.get(tag.partition("-")[0], {}), **ours.get(tag, {}), **own}
            languages[tag] = Language(tag, messages, {**english, **own})
        return cls(languages)

    def choose(self, ui_locales: str | None, accept_language: str | None) -> Language:
        """OpenID Connect Core §3.1.2.1: the first of the wished languages that we speak, else English."""
        for tag in (*_tags_of_list(ui_locales or ""), *_tags_of_header(accept_language or "")):
            language = self._best(tag)
            if language is not None:
                return language
        return self.by_tag[ENGLISH]

    def _best(self, tag: str) -> Language | None:
        """RFC 4647 §3.4: the tag, or the longest beginning of it that is there."""
        while tag:
            found = self.by_tag.get(tag)
            if found is not None:
                return found
            tag = tag.rpartition("-")[0]
        return None


def _tags_of_list(text: str) -> Sequence[str]:
    return [tag.lower() for tag in text.split()[:MOST_TAGS] if _TAG.fullmatch(tag)]


@lru_cache(maxsize=512)
def _tags_of_header(text: str) -> Sequence[str]:
    """RFC 9110 §12.5.4: the language ranges, the most wished first; what cannot be read is left out."""
    weighed: list[tuple[float, int, str]] = []
    for position, part in enumerate(text[:1000].split(",")[:MOST_TAGS]):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter.strip())
        if weight > 0 and _TAG.fullmatch(tag.strip()):
            weighed.append((-weight, position, tag.strip().lower()))
    return [tag for _, _, tag in sorted(weighed)]


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q" or not re.fullmatch(r"[01](?:\.[0-9]{0,3})?", value.strip()):
        return 0.0
    return float(value)


def _catalogues(folder: Path) -> dict[str, dict[str, str]]:
    if not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.glob("*.po")):
        try:
            found[_tag_of(path)] = _messages(path)
        except CatalogueError as problem:
            log.error("a language file was left out: %s", problem)
    return found


def _tag_of(path: Path) -> str:
    tag = path.stem.replace("_", "-")
    if not _TAG.fullmatch(tag):
        raise CatalogueError(f"{path} is not named by a language tag, as in fr.po or pt-BR.po")
    return tag.lower()


def _messages(path: Path) -> dict[str, str]:
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, LookupError, ValueError) as problem:
        raise CatalogueError(f"{path} is not a gettext catalogue: {problem}") from None
    entries = ((message.id, message.string) for message in catalogue if message.id and not message.fuzzy)
    return dict(_translations(entries))


def _translations(entries: Iterable[tuple[object, object]]) -> Iterable[tuple[str, str]]:
    for message, translation in entries:
        if isinstance(message, str) and isinstance(translation, str) and translation:
            yield message, translation
