"""What a URL in a setting may be (threats T-02, T-04)."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

DANGEROUS_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ftps", "filesystem"})
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\<>\"^`{|}]")
_SPLIT = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
"""RFC 3986 Appendix B: the second reading of a URI, beside the standard library's."""
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::\d{1,5})?")


def url_objections(text: str, *, schemes: frozenset[str] = frozenset({"http", "https"})) -> Iterator[str]:
    """Why this is not a URL we keep: absolute, of one of the schemes, and read alike by every parser."""
    if not text or _FORBIDDEN.search(text):
        yield "must be a URL without spaces, control characters or backslashes"
        return
    scheme, authority, _, _, _ = split(text)
    if not scheme:
        yield "must be an absolute URL"
    elif scheme in DANGEROUS_SCHEMES:
        yield f"the scheme {scheme} is never allowed"
    elif scheme not in schemes:
        yield f"the scheme must be {' or '.join(sorted(schemes))}"
    else:
        yield from authority_objections(text, authority)


def authority_objections(text: str, authority: str | None) -> Iterator[str]:
    """What is wrong with the host part of a URL that should have one."""
    if not authority:
        yield "must name a host"
    elif "@" in authority:
        yield "must not hold user information"
    elif not _AUTHORITY.fullmatch(authority) or not reads_alike(text):
        yield "must have a host and port that can be read in one way only"


def split(text: str) -> tuple[str, str | None, str, str | None, str | None]:
    """RFC 3986 Appendix B: scheme (in lower case), authority, path, query, fragment."""
    found = _SPLIT.fullmatch(text)
    assert found is not None  # the expression matches any text
    scheme, authority, path, query, fragment = found.groups()
    return (scheme or "").lower(), authority, path, query, fragment


def reads_alike(text: str) -> bool:
    """Threat T-02: whether two independent parsers find the same scheme, host and port."""
    scheme, authority, _, _, _ = split(text)
    try:
        other = urlsplit(text)
        port = other.port
    except ValueError:
        return False
    if other.scheme != scheme or other.netloc != (authority or ""):
        return False
    if authority is None:
        return True
    host, _, own_port = authority.rpartition(":") if re.search(r":\d*$", authority) else (authority, "", "")
    return (other.hostname or "") == host.strip("[]").lower() and str(port if port is not None else "") == own_port
