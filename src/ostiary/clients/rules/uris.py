"""What a redirect URI may be (behaviour §4.3 rule 5, threats T-02 to T-04)."""

from collections.abc import Iterator

from ostiary.clients.redirect_uris import RedirectPattern
from ostiary.declare import Problem


def check_redirect_uri(text: str, *, wildcards_allowed: bool) -> str | None:
    """Why this may not be registered, or None."""
    try:
        pattern = RedirectPattern.parse(text)
    except ValueError as objection:
        return str(objection)
    if pattern.has_wildcard and not wildcards_allowed:
        return "wildcards are switched off on this server"
    return None


def uris_are_good(field: str, uris: tuple[str, ...], *, wildcards_allowed: bool) -> Iterator[Problem]:
    """RFC 6749 §3.1.2: each is absolute and without fragment, none is empty, none is there twice."""
    for number, uri in enumerate(uris):
        shown = f'"{uri}" ' if uri.isprintable() and uri.isascii() else f"entry {number + 1} "
        if not uri:
            yield Problem(field, f"entry {number + 1} is empty")
        elif uri in uris[:number]:
            yield Problem(field, f"{shown}is there twice")
        else:
            objection = check_redirect_uri(uri, wildcards_allowed=wildcards_allowed)
            if objection:
                yield Problem(field, f"{shown}{objection}")
