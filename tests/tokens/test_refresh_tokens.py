"""The sealed successor of a refresh token."""

from ostiary.tokens.refresh_tokens import open_successor, seal_successor

OLD, NEW = "o" * 42, "n" * 42


def test_only_the_old_token_opens_its_successor() -> None:
    sealed = seal_successor(OLD, NEW)
    assert open_successor(OLD, sealed) == NEW
    assert open_successor(OLD + "x", sealed) is None
    assert open_successor(OLD, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None


def test_no_two_seals_are_alike() -> None:
    assert seal_successor(OLD, NEW) != seal_successor(OLD, NEW)
