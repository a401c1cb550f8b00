"""The table of behaviour §7.2, and what becomes of a decision."""

import pytest

from ostiary.errors import AccessDenied
from ostiary.ports.clock import DAY
from ostiary.ports.records import ConsentRecord
from ostiary.server_settings.scopes import Scope, ScopeBook, ScopeGroup
from ostiary.users.consent import (
    ConsentFacts,
    Decision,
    approved,
    decide,
    needs_grants,
    needs_memory,
    remember,
    remembered_scopes,
)

NOW = 1_800_000_000_000
BOOK = ScopeBook.of(
    common=[Scope(name="a"), Scope(name="b"), Scope(name="c")],
    common_groups=[ScopeGroup(name="ab", scopes=("a", "b"))],
)
ASKED = ("a", "b")


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        (ConsentFacts(), Decision.ASK),
        (ConsentFacts(bypass=True), Decision.ASSUMED),
        (ConsentFacts(bypass=True, prompted=True), Decision.ASSUMED),
        (ConsentFacts(prompted=True), Decision.ASK),
        # an earlier grant: reuse list and S041, both
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[ASKED]), Decision.GRANTED),
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[("a",), ("a", "b", "c")]), Decision.GRANTED),
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[("ab",)]), Decision.GRANTED),
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[("a",), ("b",)]), Decision.ASK),
        (ConsentFacts(reuse=True, bypass_for_grants=True, granted=[]), Decision.ASK),
        (ConsentFacts(reuse=True, granted=[ASKED]), Decision.ASK),
        (ConsentFacts(bypass_for_grants=True, granted=[ASKED]), Decision.ASK),
        (ConsentFacts(reuse=True, bypass_for_grants=True, prompted=True, granted=[ASKED]), Decision.ASK),
        # an earlier consent: S042
        (ConsentFacts(bypass_for_consents=True, remembered=ASKED), Decision.REMEMBERED),
        (ConsentFacts(bypass_for_consents=True, remembered=("ab", "c")), Decision.REMEMBERED),
        (ConsentFacts(bypass_for_consents=True, remembered=("a",)), Decision.ASK),
        (ConsentFacts(bypass_for_consents=True, remembered=()), Decision.ASK),
        (ConsentFacts(bypass_for_consents=True, remembered=None), Decision.ASK),
        (ConsentFacts(remembered=ASKED), Decision.ASK),
        (ConsentFacts(bypass_for_consents=True, prompted=True, remembered=ASKED), Decision.ASK),
    ],
)
def test_who_is_asked_to_approve(facts: ConsentFacts, decision: Decision) -> None:
    assert decide(ASKED, facts, BOOK) is decision


def test_the_default_scope_is_covered_by_any_earlier_approval_but_needs_one() -> None:
    assert decide((), ConsentFacts(bypass_for_consents=True, remembered=None), BOOK) is Decision.ASK
    assert decide((), ConsentFacts(bypass_for_consents=True, remembered=()), BOOK) is Decision.REMEMBERED


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


def remembered(record: ConsentRecord, lifetime_days: int = -1, later: int = 0) -> tuple[str, ...] | None:
    return remembered_scopes(record, lifetime_days, NOW + later)


def decision_of(before: tuple[str, ...] | None = None, lifetime_days: int = -1) -> ConsentRecord:
    return remember(
        user_key="mara",
        client_id="shop",
        before=before,
        shown=("a", "b"),
        approved=("a",),
        lifetime_days=lifetime_days,
        now=NOW,
    ).consent


def test_a_decision_adds_what_was_approved_and_takes_back_what_was_left_out() -> None:
    assert remembered(decision_of()) == ("a",)
    assert remembered(decision_of(before=("b", "c"))) == ("c", "a")


def test_a_remembered_consent_ends_with_its_lifetime_as_the_setting_says_now() -> None:
    assert remembered(decision_of(), 1, DAY - 1) == ("a",)
    assert remembered(decision_of(), 1, DAY) is None
    assert remembered(decision_of(lifetime_days=1), -1, DAY) is None
    assert remembered(decision_of(), -1, 9999 * DAY) == ("a",)
    assert remembered_scopes(None, -1, NOW) is None


def test_a_record_that_cannot_be_read_remembers_nothing() -> None:
    record = ConsentRecord(user_key="m", client_id="c", updated_at=NOW, expires_at=None, document=b"{broken")
    assert remembered(record) is None
