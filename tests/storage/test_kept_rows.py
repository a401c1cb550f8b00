"""What a process keeps of the rows it read is never older than what anybody was answered."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ostiary.ports.changes import (
    AddAccessToken,
    AddAccount,
    AddCode,
    AddGrant,
    AddSession,
    Conflict,
    RemoveAccessToken,
    RemoveAccount,
    RemoveSession,
    RevokeGrant,
    TouchSession,
    UseCode,
)
from ostiary.storage.sql.kept_rows import MOST_ROWS, MOST_SECONDS, KeptRows
from ostiary.storage.sql.sqlite import SqliteStores
from tests.storage_contract.samples import NOW, access_token, account, code, grant, key, session

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pair(sqlite_template: Path, tmp_path: Path, anyio_backend: str) -> AsyncIterator[tuple[SqliteStores, ...]]:
    """Two openings of one file, as two processes have them."""
    path = tmp_path / "ostiary.db"
    shutil.copy(sqlite_template, path)
    opened = SqliteStores(path), SqliteStores(path)
    yield opened
    for stores in opened:
        await stores.close()


async def test_a_token_that_was_removed_anywhere_is_gone_everywhere(pair: tuple[SqliteStores, ...]) -> None:
    for here, there in (pair, pair[::-1]):
        await here.commit(AddAccessToken(access_token("a")))
        assert await here.access_token(key("a")) is await here.access_token(key("a"))
        assert await there.access_token(key("a")) is not None
        await there.commit(RemoveAccessToken(key("a")))
        assert await here.access_token(key("a")) is None
        assert await there.access_token(key("a")) is None


async def test_the_tokens_of_a_grant_that_was_revoked_elsewhere_are_gone(pair: tuple[SqliteStores, ...]) -> None:
    here, there = pair
    await here.commit(AddGrant(grant("g")), AddAccessToken(access_token("a", "shop", "g")))
    assert await here.access_token(key("a")) is not None
    await there.commit(RevokeGrant("g", NOW))
    assert await here.access_token(key("a")) is None


async def test_changes_here_do_not_hide_those_that_came_from_elsewhere(pair: tuple[SqliteStores, ...]) -> None:
    here, there = pair
    for name in ("a", "b"):
        await here.commit(AddAccessToken(access_token(name)))
        assert await here.access_token(key(name)) is not None
    await there.commit(RemoveAccessToken(key("a")))
    await here.commit(RemoveAccessToken(key("b")))
    assert await here.access_token(key("a")) is None


async def test_a_session_and_an_account_are_as_they_were_left_elsewhere(pair: tuple[SqliteStores, ...]) -> None:
    here, there = pair
    await here.commit(AddSession(session("s")), AddAccount(account("ada")))
    before = await here.session(key("s")), await here.account("users", "ada")
    assert None not in before
    await there.commit(TouchSession(key("s"), NOW + 1, NOW + 2))
    await there.count_failure("users", "ada", NOW, most=3, lock_ms=1000)
    touched, failed = await here.session(key("s")), await here.account("users", "ada")
    assert touched is not None
    assert failed is not None
    assert (touched.last_used_at, touched.expires_at, failed.failures) == (NOW + 1, NOW + 2, 1)
    await there.commit(RemoveSession(key("s")), RemoveAccount("users", "ada"))
    assert (await here.session(key("s")), await here.account("users", "ada")) == (None, None)


async def test_a_code_that_was_used_elsewhere_cannot_be_used_here(pair: tuple[SqliteStores, ...]) -> None:
    here, there = pair
    await here.commit(AddCode(code("c")))
    await there.commit(UseCode(key("c"), NOW))
    assert await here.code(key("c")) is not None  # whatever it says
    with pytest.raises(Conflict):
        await here.commit(UseCode(key("c"), NOW))
    found = await here.code(key("c"))
    assert found is not None
    assert found.redeemed_at == NOW


def test_nothing_is_kept_for_long_even_if_nobody_tells_of_a_change(tmp_path: Path) -> None:
    now = 100.0
    kept = KeptRows(tmp_path / "moves", lambda: now)
    kept.refresh()
    kept.keep(kept.access_tokens, key("a"), access_token("a"))
    now += MOST_SECONDS - 0.1
    kept.refresh()
    assert key("a") in kept.access_tokens
    now += 0.1
    kept.refresh()
    assert not kept.access_tokens
    kept.close()


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    kept = KeptRows(tmp_path / "moves")
    for number in range(MOST_ROWS + 1):
        kept.keep(kept.access_tokens, str(number).encode(), access_token("a"))
    assert len(kept.access_tokens) <= MOST_ROWS
    kept.close()
