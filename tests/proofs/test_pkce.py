"""RFC 7636: the challenge and its answer."""

import pytest

from ostiary.errors import InvalidGrant, InvalidRequest
from ostiary.proofs.pkce import Challenge, Method, check_answer, check_present, read_challenge, s256

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_appendix_b() -> None:
    assert s256(VERIFIER) == CHALLENGE
    check_answer(Challenge(CHALLENGE, Method.S256), VERIFIER)


OTHER = "x" * 43
ODD = ["short", "x" * 42, "x" * 129, "é" * 43, "x" * 42 + "+", "x" * 42 + "\n", "x" * 42 + " "]


@pytest.mark.parametrize(
    ("challenge", "verifier", "accepted"),
    [
        (None, None, True),
        (None, VERIFIER, False),
        (Challenge(CHALLENGE, Method.S256), None, False),
        (Challenge(CHALLENGE, Method.S256), VERIFIER, True),
        (Challenge(CHALLENGE, Method.S256), OTHER, False),
        (Challenge(CHALLENGE, Method.S256), CHALLENGE, False),
        (Challenge(VERIFIER, Method.PLAIN), VERIFIER, True),
        (Challenge(VERIFIER, Method.PLAIN), OTHER, False),
        (Challenge(VERIFIER, Method.PLAIN), None, False),
        *[(Challenge(CHALLENGE, Method.S256), odd, False) for odd in ODD],
        *[(Challenge(CHALLENGE, Method.PLAIN), odd, False) for odd in ODD],
        *[(None, odd, False) for odd in ODD],
    ],
)
def test_the_truth_table_of_answers(challenge: Challenge | None, verifier: str | None, accepted: bool) -> None:
    if accepted:
        check_answer(challenge, verifier)
    else:
        with pytest.raises(InvalidGrant):
            check_answer(challenge, verifier)


@pytest.mark.parametrize(
    ("challenge", "method", "plain_allowed", "kept"),
    [
        (None, None, False, None),
        (CHALLENGE, "S256", False, Challenge(CHALLENGE, Method.S256)),
        (CHALLENGE, "S256", True, Challenge(CHALLENGE, Method.S256)),
        (CHALLENGE, "plain", True, Challenge(CHALLENGE, Method.PLAIN)),
        (CHALLENGE, None, True, Challenge(CHALLENGE, Method.PLAIN)),
    ],
)
def test_a_challenge_is_kept_with_its_method(
    challenge: str | None, method: str | None, plain_allowed: bool, kept: Challenge | None
) -> None:
    assert read_challenge(challenge, method, plain_allowed=plain_allowed) == kept


@pytest.mark.parametrize(
    ("challenge", "method", "plain_allowed"),
    [
        (CHALLENGE, "plain", False),
        (CHALLENGE, None, False),
        (CHALLENGE, "s256", True),
        (CHALLENGE, "S512", True),
        (None, "S256", True),
        *[(odd, "S256", True) for odd in ODD],
    ],
)
def test_a_challenge_that_cannot_be_trusted_is_refused(
    challenge: str | None, method: str | None, plain_allowed: bool
) -> None:
    with pytest.raises(InvalidRequest):
        read_challenge(challenge, method, plain_allowed=plain_allowed)


def test_a_client_that_must_use_it_has_sent_a_challenge() -> None:
    check_present(None, required=False)
    check_present(Challenge(CHALLENGE, Method.S256), required=True)
    with pytest.raises(InvalidRequest):
        check_present(None, required=True)
