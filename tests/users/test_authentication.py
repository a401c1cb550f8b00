"""When a person must sign on again (OpenID Connect Core §3.1.2.1, §3.1.2.3)."""

import pytest

from ostiary.sessions.session import SignOn
from ostiary.users.authentication import (
    PASSWORD_CONTEXTS,
    Demand,
    Present,
    Prompt,
    Reason,
    context_of,
    reason_to_ask,
)

NOW = 1_800_000_000_000


def act(seconds_ago: float, acr: tuple[str, ...] = PASSWORD_CONTEXTS) -> SignOn:
    return SignOn(at=NOW - round(seconds_ago * 1000), validator="users", acr=acr, amr=("pwd",))


OLD = act(3600)
ALL_PROMPTS = [
    frozenset(),
    frozenset({Prompt.NONE}),
    frozenset({Prompt.LOGIN}),
    frozenset({Prompt.CONSENT}),
    frozenset({Prompt.SELECT_ACCOUNT}),
    frozenset({Prompt.LOGIN, Prompt.CONSENT}),
    frozenset({Prompt.LOGIN, Prompt.CONSENT, Prompt.SELECT_ACCOUNT}),
]


@pytest.mark.parametrize("prompt", ALL_PROMPTS)
def test_without_anybody_there_somebody_must_sign_on_whatever_is_prompted(prompt: frozenset[Prompt]) -> None:
    assert reason_to_ask(Demand(prompt=prompt), Present(sign_on=None), NOW) is Reason.NOBODY


@pytest.mark.parametrize("prompt", ALL_PROMPTS)
def test_only_login_and_select_account_ask_a_signed_on_person_again(prompt: frozenset[Prompt]) -> None:
    expected = Reason.FORCED if prompt & {Prompt.LOGIN, Prompt.SELECT_ACCOUNT} else None
    assert reason_to_ask(Demand(prompt=prompt), Present(sign_on=OLD), NOW) is expected


@pytest.mark.parametrize("prompt", ALL_PROMPTS)
def test_a_sign_on_of_this_very_request_is_not_asked_for_twice(prompt: frozenset[Prompt]) -> None:
    demand = Demand(prompt=prompt, max_age_seconds=0)
    assert reason_to_ask(demand, Present(sign_on=act(0), is_fresh=True), NOW) is None


@pytest.mark.parametrize(
    ("max_age", "seconds_ago", "asks"),
    [
        (1, 0.9, False),
        (1, 1, False),
        (1, 1.001, True),
        (1, 2, True),
        (10_000, 3600, False),
        (0, 0, True),
        (None, 9e9, False),
    ],
)
def test_max_age_is_counted_from_the_sign_on(max_age: int | None, seconds_ago: float, asks: bool) -> None:
    reason = reason_to_ask(Demand(max_age_seconds=max_age), Present(sign_on=act(seconds_ago)), NOW)
    assert reason is (Reason.TOO_OLD if asks else None)


def test_another_person_than_the_expected_is_asked_even_when_fresh() -> None:
    assert reason_to_ask(Demand(), Present(sign_on=OLD, is_expected=False), NOW) is Reason.OTHER_PERSON
    fresh = Present(sign_on=act(0), is_fresh=True, is_expected=False)
    assert reason_to_ask(Demand(), fresh, NOW) is Reason.OTHER_PERSON


def test_an_essential_context_that_the_sign_on_lacks_asks_again() -> None:
    demand = Demand(essential_acr=("urn:strong", PASSWORD_CONTEXTS[0]))
    assert reason_to_ask(demand, Present(sign_on=act(1, acr=("urn:weak",))), NOW) is Reason.CONTEXT
    assert reason_to_ask(demand, Present(sign_on=OLD), NOW) is None


def test_acr_is_the_first_asked_value_that_holds_and_never_empty() -> None:
    second = PASSWORD_CONTEXTS[1]
    assert context_of(OLD, (), ()) == PASSWORD_CONTEXTS[0]
    assert context_of(OLD, (), ("urn:unknown", second)) == second
    assert context_of(OLD, (second,), (PASSWORD_CONTEXTS[0],)) == second
    assert context_of(OLD, (), ("urn:unknown",)) == PASSWORD_CONTEXTS[0]
    assert context_of(act(1, acr=()), (), ()) == PASSWORD_CONTEXTS[0]
