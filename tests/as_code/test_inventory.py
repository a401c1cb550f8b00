"""When clients and what they prove themselves with were used."""

import bcrypt
import pytest

from ostiary.as_code.inventory import Wanted, credentials_of, line_as_json, span_ms
from ostiary.audit.usage import LastUsed
from ostiary.client_auth import authenticate
from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.clients.credential_use import CredentialUse, mark_of
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import SecondarySecret, StoredSecret
from ostiary.jobs.upkeep import write_uses
from ostiary.ports.changes import AddClient
from ostiary.ports.clock import DAY, HOUR
from ostiary.ports.stores import StoreUnavailable
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.storage.memory import MemoryStores
from tests.client_auth.test_authentication import by_basic, refused
from tests.house import SECRET, client_with, clock_of, found, make_server, record_of

pytestmark = pytest.mark.anyio
OLDER = "an-older-secret-that-still-counts-for-a-while"


async def server_with_two_secrets() -> Server:
    server = make_server()
    keeper = SecretKeeper(server.vault, server.passwords)
    now = clock_of(server).now()
    older = SecondarySecret(await keeper.keep(Secret(OLDER), "app", recoverable=False), now + 30 * DAY)
    values = {
        "authentication.secret": await keeper.keep(Secret(SECRET), "app", recoverable=False),
        "authentication.secondary_secrets": (older,),
    }
    await server.stores.commit(AddClient(record_of(CLIENT_SETTINGS.with_values(client_with(), values))))
    return server


async def used(server: Server) -> list[str | None]:
    """When the present and the secondary secret were used last, after what was noted is written."""
    await write_uses(LastUsed(), server.credential_use, server.stores, server.clock)
    uses = dict(await server.stores.credential_uses("app"))
    server.clients.drop_all()
    return [one["lastUsed"] for one in credentials_of(await found(server, "app"), uses)]


async def test_each_secret_has_its_own_time() -> None:
    server = await server_with_two_secrets()
    assert await used(server) == [None, None]
    await refused(by_basic(secret="wrong"), server)
    assert await used(server) == [None, None]
    await authenticate(by_basic(secret=OLDER), server)
    first, second = await used(server)
    assert first is None
    assert second is not None
    clock_of(server).advance(seconds=60)
    for _ in range(3):  # verified, then remembered
        await authenticate(by_basic(), server)
    present, older = await used(server)
    assert present is not None
    assert present > second == older
    clock_of(server).advance(seconds=60)
    await authenticate(by_basic(), server)
    newest, _ = await used(server)
    assert newest is not None
    assert newest > present
    assert await server.stores.client_last_used("app") == clock_of(server).now()


async def test_a_secret_that_is_checked_slowly_has_its_time_too() -> None:
    server = make_server()
    stored = StoredSecret("bcrypt", bcrypt.hashpw(SECRET.encode()[:72], bcrypt.gensalt(4)))
    client = CLIENT_SETTINGS.with_values(client_with(), {"authentication.secret": stored})
    await server.stores.commit(AddClient(record_of(client)))
    await authenticate(by_basic(), server)
    await write_uses(LastUsed(), server.credential_use, server.stores, server.clock)
    assert [mark for mark, _ in await server.stores.credential_uses("app")] == [mark_of(stored)]


class Away(MemoryStores):
    """Stores that cannot be reached for a while."""

    away = True

    async def last_used(self, seen: object) -> None:
        """Not now."""
        if self.away:
            raise StoreUnavailable("away")
        await super().last_used(seen)  # type: ignore[arg-type]


async def test_what_cannot_be_written_now_is_written_later() -> None:
    stores = Away()
    server = make_server(stores)
    await stores.commit(AddClient(record_of(client_with())))
    used, credentials = LastUsed(), CredentialUse()
    credentials.note_other("app", "key:thumb", 5)
    await write_uses(used, credentials, stores, server.clock)
    stores.away = False
    await write_uses(used, credentials, stores, server.clock)
    assert await stores.credential_uses("app") == [("key:thumb", 5)]
    assert await stores.client_last_used("app") == 5


def test_a_mark_says_nothing_of_the_secret() -> None:
    stored = StoredSecret("hmac", b"digest-digest-digest")
    assert mark_of(stored) != mark_of(StoredSecret("hmac", b"digest-digest-digesT"))
    assert len(mark_of(stored)) == len("secret:") + 16
    assert b"digest" not in mark_of(stored).encode()


def test_clients_are_asked_for_by_use_and_state() -> None:
    now = 100 * DAY
    record = record_of(client_with("shop", identity__name="Corner"))  # made at 0
    old, recent = now - 91 * DAY, now - DAY
    assert Wanted(unused_ms=90 * DAY).holds(record, old, now)
    assert not Wanted(unused_ms=90 * DAY).holds(record, recent, now)
    assert Wanted(unused_ms=90 * DAY).holds(record, None, now)
    assert not Wanted(unused_ms=90 * DAY).holds(record, None, 89 * DAY)
    assert Wanted(never_used=True).holds(record, None, now)
    assert not Wanted(never_used=True).holds(record, recent, now)
    assert Wanted(enabled=True, text="CORN").holds(record, None, now)
    assert not Wanted(enabled=False).holds(record, None, now)
    assert line_as_json(record, None)["lastUsed"] is None


def test_a_time_is_days_or_hours() -> None:
    assert (span_ms("90d"), span_ms("12h")) == (90 * DAY, 12 * HOUR)
    assert [span_ms(text) for text in ("", "90", "d", "0d", "-1d", "1w", "9999999d")] == [None] * 7
