"""Whether somebody must sign on (again) before a request is answered, and in which context they are signed on. Pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum

import msgspec

from ostiary.ports.clock import SECOND
from ostiary.sessions.session import SignOn

PASSWORD_CONTEXTS = (
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "1",
)
"""``acr`` values that a password satisfies. The first is said when nobody asked for another."""
PASSWORD_METHODS = ("pwd",)
"""RFC 8176 §2."""


class Prompt(StrEnum):
    """OpenID Connect Core §3.1.2.1."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


class Reason(StrEnum):
    """Why a person is asked to sign on."""

    NOBODY = "nobody is signed on"
    FORCED = "the request asks for a new sign-on"
    TOO_OLD = "the sign-on is older than max_age"
    OTHER_PERSON = "somebody else is signed on"
    CONTEXT = "the context of the sign-on is not one of the asked"


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a request wants of the sign-on."""

    prompt: AbstractSet[Prompt] = frozenset()
    max_age_seconds: int | None = None
    essential_acr: Sequence[str] = ()
    """OpenID Connect Core §5.5.1.1: one of these, or no answer."""


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there."""

    sign_on: SignOn | None
    is_fresh: bool = False
    """The sign-on belongs to this very request: nothing that asks for a new one asks again."""
    is_expected: bool = True
    """False when the request names somebody else."""


def reason_to_ask(demand: Demand, present: Present, now: int) -> Reason | None:
    """OpenID Connect Core §3.1.2.3: why the person must sign on, or None."""
    sign_on = present.sign_on
    if sign_on is None:
        return Reason.NOBODY
    if not present.is_expected:
        return Reason.OTHER_PERSON
    if demand.essential_acr and not set(demand.essential_acr) & set(sign_on.acr):
        return Reason.CONTEXT
    if present.is_fresh:
        return None
    if demand.prompt & {Prompt.LOGIN, Prompt.SELECT_ACCOUNT}:
        return Reason.FORCED
    if demand.max_age_seconds is not None and is_older(sign_on, demand.max_age_seconds, now):
        return Reason.TOO_OLD
    return None


def is_older(sign_on: SignOn, max_age_seconds: int, now: int) -> bool:
    """Whether more time has passed since the sign-on than ``max_age`` allows; 0 is as a forced sign-on."""
    return max_age_seconds == 0 or now - sign_on.at > max_age_seconds * SECOND


def context_of(sign_on: SignOn, essential: Sequence[str], wished: Sequence[str]) -> str:
    """The ``acr`` to answer with: the first asked one that holds, else the plainest that does."""
    for value in (*essential, *wished):
        if value in sign_on.acr:
            return value
    return sign_on.acr[0] if sign_on.acr else PASSWORD_CONTEXTS[0]
