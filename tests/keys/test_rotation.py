"""The life of signing keys, told by a clock."""

from collections.abc import Sequence

import pytest

from ostiary.keys import rotation
from ostiary.keys.jws import Parsed
from ostiary.keys.key_file import KeyFile
from ostiary.keys.ring import KeyRing
from ostiary.keys.rotation import Drop, Make, Move, State, TooSoon, due, first_keys, plan, rotate
from ostiary.keys.vault import Vault
from ostiary.ports.changes import Change, RemoveSigningKey, SaveSigningKey
from ostiary.ports.clock import DAY, MINUTE
from ostiary.ports.records import SigningKeyRecord
from ostiary.words import SigningAlgorithm

VAULT = Vault(KeyFile.fresh())
NOW = 1_800_000_000_000


def applied(records: Sequence[SigningKeyRecord], changes: Sequence[Change]) -> list[SigningKeyRecord]:
    by_kid = {record.kid: record for record in records}
    for change in changes:
        if isinstance(change, SaveSigningKey):
            by_kid[change.key.kid] = change.key
        else:
            assert isinstance(change, RemoveSigningKey)
            del by_kid[change.kid]
    return list(by_kid.values())


@pytest.fixture(scope="module")
def born() -> list[SigningKeyRecord]:
    """The keys of an installation that started at `NOW`, of one cheap family and one more."""
    return [key for key in applied((), first_keys(NOW, VAULT)) if key.family in ("P-256", "Ed25519")]


@pytest.fixture(autouse=True)
def cheap_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys take a second each; what happens to a family happens to all."""
    for family in ("RSA", "P-384", "P-521"):
        monkeypatch.delitem(rotation.MAKERS, family)


def states(records: Sequence[SigningKeyRecord], family: str = "P-256") -> list[str]:
    return sorted(key.state for key in records if key.family == family)


def test_a_new_set_has_an_active_and_a_pending_key_of_every_family(born: list[SigningKeyRecord]) -> None:
    for family in ("P-256", "Ed25519"):
        assert states(born, family) == ["active", "pending"]
    assert len({key.kid for key in born}) == 4


def test_nothing_is_due_before_the_period_is_over(born: list[SigningKeyRecord]) -> None:
    assert not due(born, NOW + rotation.PERIOD_MS - 1)
    assert due(born, NOW + rotation.PERIOD_MS)


def test_at_its_age_the_active_key_retires_and_the_pending_one_signs(born: list[SigningKeyRecord]) -> None:
    (pending,) = [key for key in born if key.family == "P-256" and key.state == State.PENDING]
    later = applied(born, rotate(born, NOW + rotation.PERIOD_MS, VAULT))
    assert states(later) == ["active", "pending", "retired"]
    assert [key.kid for key in later if key.family == "P-256" and key.state == State.ACTIVE] == [pending.kid]
    assert not due(later, NOW + rotation.PERIOD_MS)


def test_a_key_by_hand_signs_only_when_no_cache_that_obeys_lacks_it(born: list[SigningKeyRecord]) -> None:
    with pytest.raises(TooSoon) as refusal:
        rotate(born, NOW + 5 * MINUTE, VAULT, force=True)
    assert refusal.value.ready_at == NOW + rotation.LEAST_AHEAD_MS
    assert states(applied(born, rotate(born, refusal.value.ready_at, VAULT, force=True))) == [
        "active",
        "pending",
        "retired",
    ]


def test_published_ahead_is_longer_than_any_cache_that_obeys_us() -> None:
    assert rotation.LEAST_AHEAD_MS > rotation.JWKS_MAX_AGE_SECONDS * 1000
    assert rotation.PUBLISHED_AHEAD_MS > rotation.LEAST_AHEAD_MS


def test_a_leaked_key_is_replaced_at_once(born: list[SigningKeyRecord]) -> None:
    assert states(applied(born, rotate(born, NOW, VAULT, at_once=True))) == ["active", "pending", "retired"]


def test_a_pending_key_that_is_young_does_not_sign_by_age(born: list[SigningKeyRecord]) -> None:
    at = NOW + rotation.PERIOD_MS
    without = [key for key in born if key.state != State.PENDING]
    renewed = applied(without, rotate(without, at, VAULT))
    assert states(renewed) == ["active", "pending"]
    assert not due(renewed, at + rotation.PUBLISHED_AHEAD_MS - 1)
    assert due(renewed, at + rotation.PUBLISHED_AHEAD_MS)


def test_a_retired_key_is_kept_until_what_it_signed_has_expired(born: list[SigningKeyRecord]) -> None:
    keys = born
    for round_ in range(3):
        keys = applied(keys, rotate(keys, NOW + (round_ + 1) * rotation.LEAST_AHEAD_MS, VAULT, force=True))
    assert states(keys) == ["active", "pending", "retired", "retired", "retired"]
    last = NOW + 3 * rotation.LEAST_AHEAD_MS
    assert not due(keys, last + 5 * DAY, keep_ms=10 * DAY)
    late = applied(keys, rotate(keys, last + 10 * DAY, VAULT, keep_ms=10 * DAY))
    assert states(late) == ["active", "pending", "retired"]


def test_a_family_that_is_new_signs_at_once_and_gets_a_successor(born: list[SigningKeyRecord]) -> None:
    older = [key for key in born if key.family != "Ed25519"]
    assert plan(older, NOW + 1) == (Make("Ed25519", State.ACTIVE), Make("Ed25519", State.PENDING))


def test_when_nobody_signs_the_pending_key_does(born: list[SigningKeyRecord]) -> None:
    without = [key for key in born if key.state != State.ACTIVE]
    (pending,) = [key for key in without if key.family == "P-256"]
    assert plan(without, NOW + 1)[:2] == (Move(pending, State.ACTIVE), Make("P-256", State.PENDING))


def test_a_plan_never_drops_a_key_that_signs_or_will(born: list[SigningKeyRecord]) -> None:
    keys = born
    at = NOW
    for _ in range(10):
        at += rotation.PERIOD_MS
        steps = plan(keys, at)
        assert all(step.key.state == State.RETIRED for step in steps if isinstance(step, Drop))
        keys = applied(keys, rotate(keys, at, VAULT))
    assert states(keys) == ["active", "pending", "retired", "retired"]


def test_tokens_verify_through_ten_rotations_for_whoever_read_the_set_just_before(
    born: list[SigningKeyRecord],
) -> None:
    keys, at = born, NOW
    for _ in range(10):
        published_before = KeyRing.open(keys, VAULT)
        at += rotation.LEAST_AHEAD_MS
        earlier = KeyRing.open(keys, VAULT).signer(SigningAlgorithm.ES256).sign({"sub": "joe"})
        keys = applied(keys, rotate(keys, at, VAULT, force=True))
        now = KeyRing.open(keys, VAULT)
        token = now.signer(SigningAlgorithm.ES256).sign({"sub": "joe"})
        assert published_before.claims(Parsed.of(token)) == {"sub": "joe"}
        assert now.claims(Parsed.of(earlier)) == {"sub": "joe"}


def test_the_private_key_in_a_record_is_sealed(born: list[SigningKeyRecord]) -> None:
    for key in born:
        assert b"PRIVATE" not in key.private
        assert b'"d"' not in key.public
