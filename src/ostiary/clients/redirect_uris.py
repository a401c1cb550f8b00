"""Redirect URIs and patterns, and whether a requested URI matches (behaviour §4.3, threats T-01 to T-04)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Self
from unicodedata import category, normalize
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from ostiary.declare.urls import DANGEROUS_SCHEMES, authority_objections, reads_alike, split

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\uffff\\<>\"^`{|}\U00010000-\U0010ffff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(/[^?#]*)?(\?[^#]*)?")
_IN_LABEL = "[A-Za-z0-9_-]"
"""What a star in a host stands for: no dot, and no escape that somebody might decode into one."""
_BAD_ESCAPE = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff]|(?![0-9A-Fa-f]{2}))")
"""A percent sign that escapes nothing, or a control character."""


def uri_objection(text: str) -> str | None:
    """Why no redirect URI or pattern may look like this, or None; wildcards are judged elsewhere."""
    if not text or _FORBIDDEN.search(text) or _BAD_ESCAPE.search(text):
        return "must be a URI in ASCII, without spaces, control characters or backslashes"
    scheme, authority, path, _, fragment = split(text)
    if not scheme or not _SCHEME.fullmatch(scheme):
        return "must be an absolute URI"
    if fragment is not None:
        return "must not have a fragment"
    if scheme in DANGEROUS_SCHEMES:
        return f"the scheme {scheme} is never allowed"
    if scheme in ("http", "https"):
        return next(authority_objections(text.replace("*", "x"), (authority or "").replace("*", "x")), None)
    if "." not in scheme:
        return "a scheme of your own must have a dot in it, such as com.example.app"
    if "@" in (authority or "") or not reads_alike(text.replace("*", "x")):
        return "must be readable in one way only"
    if not (authority or path):
        return "must have something after the scheme"
    return None


@dataclass(frozen=True, slots=True)
class RedirectPattern:
    """One registered redirect URI, literal or with wildcards."""

    text: str
    has_wildcard: bool
    _expression: re.Pattern[str] | None
    _double_slashes: int
    """How many the registered path has; a star may add none."""
    _loopback: tuple[str, str] | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError` for what may never be a redirect URI."""
        objection = uri_objection(text) or (wildcard_objection(text) if "*" in text else None)
        if objection:
            raise ValueError(objection)
        if "*" not in text:
            return cls(text, False, None, 0, _loopback_of(text))
        return cls(text, True, _expression_of(text), _double_slashes(_plain_path(text) or ""), None)

    def matches(self, uri: str) -> bool:
        """Behaviour §4.3: equal, or another port of the loopback interface, or what the stars stand for."""
        if uri == self.text and not self.has_wildcard:
            return True
        if self._loopback is not None:
            return uri_objection(uri) is None and _any_port(uri) == self._loopback
        if self._expression is None or uri_objection(uri) is not None or "*" in uri:
            return False
        if self._expression.fullmatch(uri) is None or (split(uri)[1] is None) != (split(self.text)[1] is None):
            return False
        path = _plain_path(uri)
        return path is not None and _double_slashes(path) == self._double_slashes


def wildcard_objection(text: str) -> str | None:
    """Behaviour §4.3 rule 5: where a star may stand."""
    scheme, authority, _, query, _ = split(text)
    if "*" in scheme or "*" in (query or ""):
        return "a star may stand in the host and in the path only"
    if _plain_path(text) is None:
        return "the path beside a star must be readable in one way only and have no dot segments"
    if authority is None or "*" not in authority:
        return None
    if scheme not in ("http", "https"):
        return "a star may stand in the host of an http or https URI only"
    host, _, port = authority.partition(":")
    first, _, rest = host.partition(".")
    if "*" in port or "*" in rest or not rest:
        return "in the host a star may stand in the leftmost label only"
    if not _is_registrable(rest):
        return "beside the star the host must name a domain of your own, not only a public suffix"
    if first.count("*") > 1:
        return "a host label may have one star only"
    return None


def patterns_of(uris: Iterable[str]) -> tuple[RedirectPattern, ...]:
    """The patterns of a client; those that may not be used are left out."""
    found = (_parsed(uri) for uri in uris)
    return tuple(pattern for pattern in found if pattern is not None)


@lru_cache(maxsize=4096)
def _parsed(uri: str) -> RedirectPattern | None:
    try:
        return RedirectPattern.parse(uri)
    except ValueError:
        return None


def _expression_of(text: str) -> re.Pattern[str]:
    scheme, authority, path, query, _ = split(text)
    original_scheme = text[: len(scheme)]
    whole_label = (authority or "").startswith("*.")
    host = re.escape(authority or "").replace(r"\*", _IN_LABEL + ("+" if whole_label else "*"))
    slashes = "" if authority is None else "//"
    tail = re.escape(path).replace(r"\*", "[^?#]*")
    asked = "" if query is None else re.escape(f"?{query}")
    return re.compile(f"{re.escape(original_scheme)}:{slashes}{host}{tail}{asked}")


def _plain_path(uri: str) -> str | None:
    """The path as the most generous reader would read it; None when it climbs or cannot be read in one way.

    Such a reader undoes escapes as often as there are any, takes look-alikes of dots and slashes for those (NFKC) and
    a backslash for a slash, and leaves out what cannot be seen.
    """
    path = split(uri)[2]
    for _ in range(4):
        try:
            decoded = normalize("NFKC", unquote(path, errors="strict"))
        except UnicodeDecodeError:
            return None
        if decoded == path:
            break
        path = decoded
    else:
        return None  # encoded so often that nobody means well
    if any(category(character) in ("Cc", "Zl", "Zp") for character in path):
        return None
    path = "".join(character for character in path if category(character) != "Cf").replace("\\", "/")
    return None if any(_climbs(segment) for segment in path.split("/")) else path


def _climbs(segment: str) -> bool:
    name = segment.partition(";")[0].strip()
    return name == "." or name.startswith("..")


def _double_slashes(path: str) -> int:
    """How often a slash follows a slash: what stands behind two of them can be taken for a host."""
    return sum(pair == ("/", "/") for pair in pairwise(path))


def _loopback_of(text: str) -> tuple[str, str] | None:
    """RFC 8252 §7.3: what must be equal of a loopback URI that was registered without a port."""
    return _any_port(text) if split(text)[1] in ("127.0.0.1", "[::1]") else None


def _any_port(uri: str) -> tuple[str, str] | None:
    found = _LOOPBACK.fullmatch(uri)
    if found is None:
        return None
    host, path, query = found.groups()
    return host, f"{path or ''}{query or ''}"


def _is_registrable(domain: str) -> bool:
    """Whether the domain is more than a public suffix (``co.uk``, ``github.io``)."""
    if re.fullmatch(r"[\d.]+|\[.*\]", domain):
        return False
    return _public_suffixes().privatesuffix(domain.lower()) is not None


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()
