"""How an answer travels to the client: in the query, in the fragment, or as a form (Multiple Response Types §2.1)."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import msgspec

from ostiary.words import ResponseType, Word


class ResponseMode(Word):
    """``response_mode``."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"
    JWT = "jwt"
    QUERY_JWT = "query.jwt"
    FRAGMENT_JWT = "fragment.jwt"
    FORM_POST_JWT = "form_post.jwt"
    FLOW = "pi.flow"


PLAIN = frozenset({ResponseMode.QUERY, ResponseMode.FRAGMENT, ResponseMode.FORM_POST})
"""The modes in which answers are written so far."""


class AuthorizationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to a verified redirect URI, and how."""

    redirect_uri: str
    mode: ResponseMode
    members: tuple[tuple[str, str], ...]

    @property
    def location(self) -> str:
        """Where the browser is sent, for the query and fragment modes. A registered query is kept (RFC 6749 §3.1.2)."""
        target = _as_ascii(self.redirect_uri)
        if self.mode is ResponseMode.FRAGMENT:
            return f"{target}#{encoded(self.members)}"
        if "?" not in target:
            return f"{target}?{encoded(self.members)}"
        separator = "" if target.endswith(("?", "&")) else "&"
        return f"{target}{separator}{encoded(self.members)}"


def default_mode(response_type: str) -> ResponseMode:
    """Multiple Response Types §2.1, §5: the fragment as soon as a token is among what is asked for, known or not."""
    words = set(response_type.split())
    return ResponseMode.FRAGMENT if words & {"token", "id_token"} else ResponseMode.QUERY


def mode_in_force(response_type: str | None, response_mode: str | None) -> ResponseMode:
    """The mode for whatever is answered, errors above all: the one asked for if it can be used, else the default."""
    default = default_mode(response_type or ResponseType.CODE)
    if response_mode not in PLAIN or (response_mode == ResponseMode.QUERY and default is ResponseMode.FRAGMENT):
        return default
    return ResponseMode(response_mode)


def encoded(members: Iterable[tuple[str, str]]) -> str:
    """RFC 6749 Appendix B: ``application/x-www-form-urlencoded``. Names are our own words, which need no encoding."""
    return "&".join([f"{name}={value if _PLAIN(value) else quote_plus(value)}" for name, value in members])


def printable(description: str) -> str:
    """RFC 6749 §4.1.2.1: printable ASCII, without quotes and backslash."""
    return _NOT_PRINTABLE.sub("", description)


_PLAIN = re.compile(r"[A-Za-z0-9\-._~]*").fullmatch
_NOT_PRINTABLE = re.compile(r"""[^\x20-\x7e]|["'\\]""")


def _as_ascii(uri: str) -> str:
    """RFC 3987 §3.1: what a header can carry. Only characters beyond ASCII are changed."""
    return uri if uri.isascii() else quote(uri, safe="".join(map(chr, range(0x21, 0x7F))))
