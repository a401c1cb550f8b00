"""Who administers: the accounts of administrators, their roles, and what a call must bring before it may change
anything. Every interface for administrators on the administration port asks here."""

from dataclasses import dataclass

from ostiary.administrators import AUDITOR, FULL
from ostiary.first_start import ADMINISTRATORS
from ostiary.server import Server
from ostiary.web.call import Call
from ostiary.web.service_auth import Caller, basic_caller

XSRF_HEADER = b"x-xsrf-header"
LIMIT = "admin-auth"
"""The budget of failures, which every administrative interface shares."""
SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""


class NotAuthenticated(Exception):
    """No administrator's credentials came, or they do not fit (401)."""


class NotPermitted(Exception):
    """Whoever asks may not do this, or did not say what a browser cannot be tricked into saying (403)."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who proved to be an administrator."""

    username: str
    may_write: bool

    @classmethod
    def of(cls, caller: Caller) -> "Administrator":
        """An account may change things only when it has the full role and is not an auditor's besides."""
        return cls(caller.username, FULL in caller.roles and AUDITOR not in caller.roles)


async def administrator(call: Call, server: Server, also: bytes = b"") -> Administrator:
    """The administrator who makes this call, and may make it.

    Raises `NotAuthenticated`, `NotPermitted` for a change by an auditor or without ``X-XSRF-Header``, and
    `TooManyRequests`. `also`: how headers begin that do as well.
    """
    caller = await basic_caller(call, server, ADMINISTRATORS, LIMIT)
    if caller is None:
        raise NotAuthenticated
    found = Administrator.of(caller)
    if call.method not in SAFE:
        check_may_change(call, found, also)
    return found


def check_may_change(call: Call, who: Administrator, also: bytes = b"") -> None:
    """Behaviour §17.1: auditors look and change nothing; a change says that no foreign page sent it. `NotPermitted`.

    A page of another origin can make a browser send credentials it holds, but not a header of its own (threat T-45).
    """
    if not who.may_write:
        raise NotPermitted("this account may look at everything and change nothing")
    other = also and any(name.startswith(also) and value.strip() for name, value in call.headers)
    if not other and not (call.header(XSRF_HEADER) or "").strip():
        raise NotPermitted("a change needs the header X-XSRF-Header, with any value")
