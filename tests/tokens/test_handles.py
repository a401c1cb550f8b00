"""Handles and the keys of their rows."""

import pytest

from ostiary.tokens.handles import KEY_BYTES, key_of, new_handle, new_handle_of_entropy

NOW = 1_800_000_000_000


@pytest.mark.parametrize("length", [22, 23, 27, 28, 42, 256])
def test_a_handle_has_exactly_the_length_asked_for(length: int) -> None:
    handle = new_handle(length, NOW)
    assert len(handle) == length
    assert set(handle) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_handle_never_has_less_than_132_random_bits() -> None:
    with pytest.raises(ValueError, match="22"):
        new_handle(21, NOW)
    assert len(new_handle_of_entropy(1, NOW)) == 28
    assert len(new_handle_of_entropy(30, NOW)) == 46


def test_keys_rise_with_time_and_have_one_length() -> None:
    keys = [key_of(new_handle(28, NOW + 16 * step)) for step in range(100)]
    assert keys == sorted(keys)
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_the_same_handle_always_has_the_same_key_and_another_one_another() -> None:
    handle = new_handle(28, NOW)
    assert key_of(handle) == key_of(handle)
    assert key_of(handle[:-1] + ("A" if handle[-1] != "A" else "B")) != key_of(handle)


@pytest.mark.parametrize("text", ["", "x", "\ud800" * 30, "ä" * 40, "\x00" * 28, "!" * 28, "a" * 100_000])
def test_any_text_has_a_key(text: str) -> None:
    assert len(key_of(text)) == KEY_BYTES


def test_many_handles_of_one_moment_differ() -> None:
    assert len({new_handle(22, NOW) for _ in range(10_000)}) == 10_000
