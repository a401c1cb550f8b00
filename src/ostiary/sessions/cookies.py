"""Cookies, by the scheme of the issuer: what a browser sends back, and what a stranger's cookie counts as."""

import re

SESSION = "PF"
PERSISTENT = "PF.PERSISTENT"
"""S164: the same handle, kept when the browser is closed."""
FLOW = "PF.FLOW"
"""Behind which browser a sign-on or consent page was opened; knows nobody."""
_HANDLE = re.compile(r"[A-Za-z0-9_-]{28,128}")


def set_cookie(name: str, value: str, issuer: str, *, max_age_seconds: int | None = None) -> str:
    """The value of ``Set-Cookie``. Without `max_age_seconds` the cookie ends with the browser.

    https: ``Secure; SameSite=None``, so that a request in a frame or a form that comes from a client's site meets the
    session. Plain http, which is loopback: ``SameSite=Lax`` without ``Secure``, or only browsers would send it back.
    """
    manner = "Secure; HttpOnly; SameSite=None" if issuer.startswith("https:") else "HttpOnly; SameSite=Lax"
    lifetime = "" if max_age_seconds is None else f"Max-Age={max_age_seconds}; "
    return f"{name}={value}; Path=/; {lifetime}{manner}"


def clear_cookie(name: str, issuer: str) -> str:
    """The value of ``Set-Cookie`` that makes the browser forget it."""
    return set_cookie(name, "", issuer, max_age_seconds=0)


def handle_in(value: str | None) -> str | None:
    """The handle in a cookie of ours. Cookies know no ports: what another server on this host set counts as absent."""
    return value if value is not None and _HANDLE.fullmatch(value) else None
