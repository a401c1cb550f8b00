"""The table of behaviour §7.2, and what becomes of a decision."""

import pytest

from ostiary.errors import AccessDenied
from ostiary.ports.clock import DAY
from ostiary.ports.records import ConsentRecord
from ostiary.server_settings.scopes import Scope, ScopeBook, ScopeGroup
from ostiary.users.consent import (
    ConsentFacts,
    Decision,
    Extent,
    approved,
    decide,
    needs_grants,
    needs_memory,
    remember,
    remembered,
)

NOW = 1_800_000_000_000
BOOK = ScopeBook.of(
    common=[Scope(name="a"), Scope(name="b"), Scope(name="c")],
    common_groups=[ScopeGroup(name="ab", scopes=("a", "b"))],
)
ASKED = Extent(scopes=("a", "b"))
NAMED = Extent(scopes=("a", "b"), claims=("email",))


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        (ConsentFacts(), Decision.ASK),
        (ConsentFacts(bypass=True), Decision.ASSUMED),
        (ConsentFacts(bypass=True, prompted=True), Decision.ASSUMED),
        (ConsentFacts(prompted=True), Decision.ASK),
        # an earlier grant: reuse list and S041, both
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[ASKED]), Decision.GRANTED),
        (
            ConsentFacts(
                reuse=True, bypass_for_grants=True, granted=[Extent(scopes=("a",)), Extent(scopes=("a", "b", "c"))]
            ),
            Decision.GRANTED,
        ),
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[Extent(scopes=("ab",))]), Decision.GRANTED),
        (
            ConsentFacts(reuse=True, bypass_for_grants=True, granted=[Extent(scopes=("a",)), Extent(scopes=("b",))]),
            Decision.ASK,
        ),
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[]), Decision.ASK),
        (ConsentFacts(reuse=True, granted=[ASKED]), Decision.ASK),
        (ConsentFacts(bypass_for_grants=True, granted=[ASKED]), Decision.ASK),
        (ConsentFacts(reuse=True, bypass_for_grants=True, prompted=True, granted=[ASKED]), Decision.ASK),
        # an earlier consent: S042
        (ConsentFacts(bypass_for_consents=True, remembered=ASKED), Decision.REMEMBERED),
        (ConsentFacts(bypass_for_consents=True, remembered=Extent(scopes=("ab", "c"))), Decision.REMEMBERED),
        (ConsentFacts(bypass_for_consents=True, remembered=Extent(scopes=("a",))), Decision.ASK),
        (ConsentFacts(bypass_for_consents=True, remembered=Extent()), Decision.ASK),
        (ConsentFacts(bypass_for_consents=True, remembered=None), Decision.ASK),
        (ConsentFacts(remembered=ASKED), Decision.ASK),
        (ConsentFacts(bypass_for_consents=True, prompted=True, remembered=ASKED), Decision.ASK),
    ],
)
def test_who_is_asked_to_approve(facts: ConsentFacts, decision: Decision) -> None:
    assert decide(ASKED, facts, BOOK) is decision


def test_the_default_scope_is_covered_by_any_earlier_approval_but_needs_one() -> None:
    assert decide(Extent(), ConsentFacts(bypass_for_consents=True, remembered=None), BOOK) is Decision.ASK
    assert decide(Extent(), ConsentFacts(bypass_for_consents=True, remembered=Extent()), BOOK) is Decision.REMEMBERED


@pytest.mark.parametrize(
    ("earlier", "covers"),
    [
        (NAMED, True),
        (Extent(scopes=("ab",), claims=("name", "email")), True),
        (Extent(scopes=("a", "b")), False),
        (Extent(scopes=("a", "b"), claims=("name",)), False),
        (Extent(scopes=("a",), claims=("email",)), False),
    ],
)
def test_an_earlier_approval_covers_a_request_only_with_its_claims(earlier: Extent, covers: bool) -> None:
    by_grant = ConsentFacts(reuse=True, bypass_for_grants=True, granted=[earlier])
    by_memory = ConsentFacts(bypass_for_consents=True, remembered=earlier)
    assert (decide(NAMED, by_grant, BOOK) is Decision.GRANTED) is covers
    assert (decide(NAMED, by_memory, BOOK) is Decision.REMEMBERED) is covers


def test_what_cannot_matter_is_not_read() -> None:
    assert not needs_grants(ConsentFacts(bypass=True, reuse=True, bypass_for_grants=True))
    assert not needs_grants(ConsentFacts(prompted=True, reuse=True, bypass_for_grants=True))
    assert needs_grants(ConsentFacts(reuse=True, bypass_for_grants=True))
    assert not needs_memory(ConsentFacts(bypass=True, bypass_for_consents=True))
    assert not needs_memory(ConsentFacts(prompted=True, bypass_for_consents=True))
    assert needs_memory(ConsentFacts(bypass_for_consents=True))


def test_only_what_was_shown_and_ticked_and_is_still_wanted_is_approved() -> None:
    assert approved(("a", "b", "c"), ("a", "b", "c"), ("a", "c")) == ("a", "c")
    assert approved(("a", "b", "c"), ("a",), ("a", "b", "c")) == ("a",)
    assert approved(("a",), ("a", "b"), ("a", "b")) == ("a",)


def test_approving_nothing_is_a_refusal_unless_nothing_was_asked() -> None:
    with pytest.raises(AccessDenied):
        approved(("a", "b"), ("a", "b"), ())
    with pytest.raises(AccessDenied):
        approved(("a",), (), ("a",))
    assert approved((), (), ()) == ()


def kept(record: ConsentRecord, lifetime_days: int = -1, later: int = 0) -> Extent | None:
    return remembered(record, lifetime_days, NOW + later)


def decision_of(before: Extent | None = None, lifetime_days: int = -1) -> ConsentRecord:
    return remember(
        user_key="mara",
        client_id="shop",
        before=before,
        decided=Extent(scopes=("a", "b"), claims=("name", "email")),
        approved=Extent(scopes=("a",), claims=("name",)),
        lifetime_days=lifetime_days,
        now=NOW,
    ).consent


APPROVED = Extent(scopes=("a",), claims=("name",))


def test_a_decision_adds_what_was_approved_and_takes_back_what_was_left_out() -> None:
    assert kept(decision_of()) == APPROVED
    before = Extent(scopes=("b", "c"), claims=("email", "phone_number"))
    assert kept(decision_of(before)) == Extent(scopes=("c", "a"), claims=("phone_number", "name"))


def test_a_remembered_consent_ends_with_its_lifetime_as_the_setting_says_now() -> None:
    assert kept(decision_of(), 1, DAY - 1) == APPROVED
    assert kept(decision_of(), 1, DAY) is None
    assert kept(decision_of(lifetime_days=1), -1, DAY) is None
    assert kept(decision_of(), -1, 9999 * DAY) == APPROVED
    assert remembered(None, -1, NOW) is None


def record_of(document: bytes) -> ConsentRecord:
    return ConsentRecord(user_key="m", client_id="c", updated_at=NOW, expires_at=None, document=document)


def test_a_record_from_before_claims_were_kept_remembers_none() -> None:
    assert kept(record_of(b'{"v":1,"scopes":["a"]}')) == Extent(scopes=("a",))


def test_a_record_that_cannot_be_read_remembers_nothing() -> None:
    assert kept(record_of(b"{broken")) is None
