"""Token buckets."""

from ostiary.limits import MOST_KEYS, Limit, TokenBuckets
from tests.clocks import ManualClock


def test_a_bucket_empties_and_fills_again() -> None:
    clock = ManualClock()
    limits = TokenBuckets(clock, limits={"guess": Limit(burst=3, per_second=1)})
    assert [limits.allow("guess", "a") for _ in range(4)] == [True, True, True, False]
    clock.advance(seconds=1)
    assert limits.allow("guess", "a")
    assert not limits.allow("guess", "a")


def test_keys_do_not_share_a_bucket() -> None:
    limits = TokenBuckets(ManualClock(), limits={"guess": Limit(burst=1, per_second=1)})
    assert limits.allow("guess", "a")
    assert limits.allow("guess", "b")


def test_looking_takes_nothing_and_a_refund_puts_back() -> None:
    limits = TokenBuckets(ManualClock(), limits={"guess": Limit(burst=1, per_second=1)})
    assert limits.peek("guess", "a")
    assert limits.allow("guess", "a")
    assert not limits.peek("guess", "a")
    limits.refund("guess", "a")
    assert limits.peek("guess", "a")


def test_the_limit_is_divided_by_the_workers() -> None:
    limits = TokenBuckets(ManualClock(), workers=2, limits={"guess": Limit(burst=4, per_second=1)})
    assert [limits.allow("guess", "a") for _ in range(3)] == [True, True, False]


def test_the_number_of_buckets_is_bounded() -> None:
    limits = TokenBuckets(ManualClock(), limits={"guess": Limit(burst=1, per_second=0.001)})
    for number in range(MOST_KEYS + 10):
        limits.allow("guess", str(number))
    assert limits.peek("guess", "0")
    assert not limits.peek("guess", str(MOST_KEYS))


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    clock = ManualClock()
    limits = TokenBuckets(clock, limits={"guess": Limit(burst=1, per_second=1)})
    assert limits.allow("guess", "a")
    clock.advance(seconds=-3600)
    assert not limits.allow("guess", "a")
