"""Behaviour §7.2: whether a person is asked to approve, what they approved, and what is remembered of it."""

from collections.abc import Iterable, Sequence
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


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How far something reaches that is asked for, shown, approved or remembered."""

    scopes: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    """OpenID Connect Core §5.5: claims by name."""

    def within(self, other: "Extent", book: ScopeBook) -> bool:
        """Whether the other reaches as far: every scope, and every claim by its own name."""
        return within(book, self.scopes, other.scopes) and set(self.claims) <= set(other.claims)


class ConsentFacts(msgspec.Struct, frozen=True, kw_only=True):
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
    granted: Sequence[Extent] = ()
    """What each living grant of this person, client and grant type was given for."""
    remembered: Extent | None = None
    """The stored consent that is not too old, or None."""


def decide(wanted: Extent, facts: ConsentFacts, book: ScopeBook) -> Decision:
    """The table of behaviour §7.2, from its top. `wanted` has the claims that none of its scopes covers."""
    if facts.bypass:
        return Decision.ASSUMED
    if facts.prompted:
        return Decision.ASK
    if needs_grants(facts) and any(wanted.within(grant, book) for grant in facts.granted):
        return Decision.GRANTED
    if facts.bypass_for_consents and facts.remembered is not None and wanted.within(facts.remembered, book):
        return Decision.REMEMBERED
    return Decision.ASK


def needs_grants(facts: ConsentFacts) -> bool:
    """Whether an earlier grant could make the page unnecessary, so that it is worth reading."""
    return facts.reuse and facts.bypass_for_grants and not facts.bypass and not facts.prompted


def needs_memory(facts: ConsentFacts) -> bool:
    """Whether a stored consent could."""
    return facts.bypass_for_consents and not facts.bypass and not facts.prompted


def approved(wanted: Sequence[str], shown: Sequence[str], ticked: Iterable[str]) -> tuple[str, ...]:
    """Threat T-44: the scopes shown, ticked and still wanted. Raises `AccessDenied` when nothing of them is left.

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
    claims: tuple[str, ...] = ()


def remembered(record: ConsentRecord | None, lifetime_days: int, now: int) -> Extent | None:
    """What a stored consent covers; None when it is too old (S043 as of now; -1: never) or cannot be read."""
    if record is None or (record.expires_at is not None and record.expires_at <= now):
        return None
    if lifetime_days >= 0 and record.updated_at + lifetime_days * DAY <= now:
        return None
    try:
        document = _DECODER.decode(record.document)
    except msgspec.DecodeError:
        return None
    return Extent(scopes=document.scopes, claims=document.claims)


def remember(
    *,
    user_key: str,
    client_id: str,
    before: Extent | None,
    decided: Extent,
    approved: Extent,
    lifetime_days: int,
    now: int,
) -> RememberConsent:
    """The change that remembers a decision: what was approved is added, what was `decided` otherwise is taken back."""
    before = before or Extent()
    document = _Document(
        v=1,
        scopes=_after(before.scopes, decided.scopes, approved.scopes),
        claims=_after(before.claims, decided.claims, approved.claims),
    )
    return RememberConsent(
        ConsentRecord(
            user_key=user_key,
            client_id=client_id,
            updated_at=now,
            expires_at=None if lifetime_days < 0 else now + lifetime_days * DAY,
            document=msgspec.json.encode(document),
        )
    )


def _after(before: tuple[str, ...], decided: tuple[str, ...], approved: tuple[str, ...]) -> tuple[str, ...]:
    kept = dict.fromkeys(name for name in before if name not in decided)
    return tuple(kept | dict.fromkeys(approved))


_DECODER = msgspec.json.Decoder(_Document)
