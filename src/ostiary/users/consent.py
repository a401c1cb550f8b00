"""Behaviour §7.2: whether a person is asked to approve, what they approved, and what is remembered of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from ostiary.errors import AccessDenied, Why
from ostiary.ports.changes import RememberConsent
from ostiary.ports.clock import DAY
from ostiary.ports.records import ConsentRecord
from ostiary.server_settings.scopes import ScopeBook, within


class Decision(StrEnum):
    """How a request gets its approval."""

    ASSUMED = "the client bypasses the approval page"
    GRANTED = "a grant of this person covers the request"
    REMEMBERED = "an earlier consent covers the request"
    ASK = "the person is asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """What the table looks at."""

    bypass: bool = False
    """C061."""
    prompted: bool = False
    """``prompt=consent``."""
    reuse: bool = False
    """The grant type of the request is in the reuse list in force (C103, else S029)."""
    bypass_for_grants: bool = False
    """S041, which counts for the code flow only; the implicit grant needs no more than the reuse list."""
    bypass_for_consents: bool = False
    """S042."""
    granted: Sequence[Iterable[str]] = ()
    """The scopes of each living grant of this person, client and grant type."""
    remembered: Iterable[str] | None = None
    """The scopes of the stored consent that is not too old, or None."""


def decide(wanted: Sequence[str], facts: ConsentFacts, book: ScopeBook) -> Decision:
    """The table of behaviour §7.2, from its top."""
    if facts.bypass:
        return Decision.ASSUMED
    if facts.prompted:
        return Decision.ASK
    if needs_grants(facts) and any(within(book, wanted, scopes) for scopes in facts.granted):
        return Decision.GRANTED
    if facts.bypass_for_consents and facts.remembered is not None and within(book, wanted, facts.remembered):
        return Decision.REMEMBERED
    return Decision.ASK


def needs_grants(facts: ConsentFacts) -> bool:
    """Whether an earlier grant could make the page unnecessary, so that it is worth reading."""
    return facts.reuse and facts.bypass_for_grants and not facts.bypass and not facts.prompted


def needs_memory(facts: ConsentFacts) -> bool:
    """Whether a stored consent could."""
    return facts.bypass_for_consents and not facts.bypass and not facts.prompted


def approved(wanted: Sequence[str], shown: Sequence[str], ticked: Iterable[str]) -> tuple[str, ...]:
    """Threat T-44: what was shown, ticked and is still wanted. Raises `AccessDenied` when nothing of it is left.

    A request for the default scope alone shows no boxes, and approving it approves just that.
    """
    ticks = set(ticked)
    if not shown and not wanted:
        return ()
    left = tuple(scope for scope in wanted if scope in ticks and scope in shown)
    if not left:
        raise AccessDenied("the resource owner approved none of the scopes", Why(rule="behaviour §7.2"))
    return left


# What is remembered ---------------------------------------------------------------------------------------------------


class _Document(msgspec.Struct):
    v: int
    scopes: tuple[str, ...]


def remembered_scopes(record: ConsentRecord | None, lifetime_days: int, now: int) -> tuple[str, ...] | None:
    """What a stored consent covers; None when it is too old (S043 as of now; -1: never) or cannot be read."""
    if record is None or (record.expires_at is not None and record.expires_at <= now):
        return None
    if lifetime_days >= 0 and record.updated_at + lifetime_days * DAY <= now:
        return None
    try:
        return _DECODER.decode(record.document).scopes
    except msgspec.DecodeError:
        return None


def remember(
    *,
    user_key: str,
    client_id: str,
    before: tuple[str, ...] | None,
    shown: Iterable[str],
    approved: Iterable[str],
    lifetime_days: int,
    now: int,
) -> RememberConsent:
    """The change that remembers a decision: what was approved is added, what was shown and left out is taken back."""
    kept = dict.fromkeys(scope for scope in before or () if scope not in set(shown))
    scopes = tuple(kept | dict.fromkeys(approved))
    return RememberConsent(
        ConsentRecord(
            user_key=user_key,
            client_id=client_id,
            updated_at=now,
            expires_at=None if lifetime_days < 0 else now + lifetime_days * DAY,
            document=msgspec.json.encode(_Document(v=1, scopes=scopes)),
        )
    )


_DECODER = msgspec.json.Decoder(_Document)
