"""How client secrets are kept and checked."""

import pytest

from ostiary.keys.client_secrets import KEYED, SLOW, Unrecoverable, clear_value, fits_keyed, fits_slowly, keep
from ostiary.keys.key_file import KeyFile
from ostiary.keys.passwords import Passwords
from ostiary.keys.vault import Vault
from ostiary.secret import Secret
from tests.clocks import ManualClock

pytestmark = pytest.mark.anyio
VAULT = Vault(KeyFile.fresh())
PASSWORDS = Passwords(ManualClock(), time_cost=1, memory_kib=8)
LONG, SHORT = "a-secret-that-nobody-guesses", "short"


async def test_a_long_secret_is_kept_as_a_keyed_digest() -> None:
    stored = await keep(Secret(LONG), recoverable=False, vault=VAULT, passwords=PASSWORDS)
    assert (stored.scheme, stored.length, stored.sealed) == (KEYED, len(LONG), None)
    assert fits_keyed(stored, LONG, VAULT)
    assert not fits_keyed(stored, LONG + "x", VAULT)
    assert not fits_keyed(stored, "\ud800", VAULT)


async def test_a_keyed_digest_needs_the_key_file() -> None:
    stored = await keep(Secret(LONG), recoverable=False, vault=VAULT, passwords=PASSWORDS)
    assert not fits_keyed(stored, LONG, Vault(KeyFile.fresh()))


async def test_a_short_secret_is_kept_as_a_slow_hash() -> None:
    stored = await keep(Secret(SHORT), recoverable=False, vault=VAULT, passwords=PASSWORDS)
    assert stored.scheme == SLOW
    assert await fits_slowly(stored, SHORT, PASSWORDS)
    assert not await fits_slowly(stored, "other", PASSWORDS)
    assert not await fits_slowly(None, SHORT, PASSWORDS)


@pytest.mark.parametrize("text", [LONG, SHORT, "mit Umlaut ä und genug Länge"])
async def test_the_clear_value_is_kept_only_when_it_is_needed(text: str) -> None:
    kept = await keep(Secret(text), recoverable=True, vault=VAULT, passwords=PASSWORDS)
    assert clear_value(kept, VAULT).reveal() == text
    assert kept.length == len(text.encode())
    with pytest.raises(Unrecoverable):
        clear_value(await keep(Secret(text), recoverable=False, vault=VAULT, passwords=PASSWORDS), VAULT)
