"""The only way a client changes."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ostiary.audit.events import ClientCreated, ClientDeleted, ClientReplaced
from ostiary.clients.client import Client
from ostiary.clients.dialects import admin, legacy
from ostiary.clients.documents import client_of
from ostiary.clients.registry import (
    ClientChanged,
    ClientInUse,
    ClientRegistry,
    ClientsRefused,
    NoSuchClient,
)
from ostiary.clients.secret_keeping import UnknownEcho, new_secret
from ostiary.declare import EchoedSecret, NewSecret, Override, SecondarySecret, StoredSecret
from ostiary.declare.reading import Draft
from ostiary.ports.changes import SaveClient
from ostiary.secret import Secret
from ostiary.storage.memory import MemoryStores
from ostiary.words import ClientAuth, SigningAlgorithm
from tests.clients.samples import CONFIDENTIAL, FACTS, LONG_SECRET, HeardEvents, changed, registry
from tests.clocks import ManualClock

pytestmark = pytest.mark.anyio
OTHER_SECRET = "another-secret-that-is-long-enough"


def draft(client: Client) -> Draft[Client]:
    return Draft(client, (), (), frozenset())


async def stored(clients: ClientRegistry, client_id: str = "web") -> Client:
    return await clients.get(client_id)


async def create(clients: ClientRegistry, client: Client = CONFIDENTIAL) -> Client:
    (saved,) = await clients.create_many([draft(client)], "admin")
    return saved.client


async def put(clients: ClientRegistry, client_id: str = "web", **values: Any) -> Client:
    """Replace one client, with these settings changed."""
    (saved,) = await clients.replace_many([(client_id, lambda now: draft(changed(now, **values)))], "admin")
    return saved.client


def secret_of(client: Client) -> StoredSecret:
    secret = client.authentication.secret
    assert isinstance(secret, StoredSecret)
    return secret


# Create ---------------------------------------------------------------------------------------------------------------


async def test_a_new_client_is_stored_with_dates_version_and_evidence() -> None:
    stores, events, clock = MemoryStores(), HeardEvents(), ManualClock()
    client = await create(registry(stores, events=events, clock=clock))
    record = await stores.client("web")
    assert record is not None
    assert (record.version, record.name, record.enabled) == (1, "Web", True)
    assert record.created_at == record.modified_at == client.identity.created_at == clock.now()
    assert client_of(record)[0] == client
    assert client_of(record)[0].version == 1
    assert events.heard == [ClientCreated(client_id="web", by="admin")]
    assert [row.name for row in await stores.audit()] == ["client.created"]


async def test_the_legacy_rendering_is_stored_beside_the_client() -> None:
    stores = MemoryStores()
    client = await create(registry(stores))
    record = await stores.client("web")
    assert record is not None
    assert record.legacy == legacy.render(client)
    assert record.legacy_version == legacy.LEGACY_VERSION
    assert msgspec.json.decode(record.legacy)["clientId"] == "web"


async def test_no_row_holds_a_secret_in_clear() -> None:
    stores = MemoryStores()
    await create(registry(stores, recoverable_secrets=True))
    record = await stores.client("web")
    assert record is not None
    assert LONG_SECRET.encode() not in record.document + record.legacy


async def test_an_id_that_is_in_use_is_refused_in_the_words_tools_look_for() -> None:
    clients = registry()
    await create(clients)
    with pytest.raises(ClientsRefused) as refused:
        await create(clients)
    ((client_id, problem),) = refused.value.problems
    assert (client_id, problem.field, problem.rule) == ("web", "identity.client_id", "V02")
    assert problem.message == "Client ID is already in use"


async def test_a_batch_is_stored_whole_or_not_at_all_and_every_problem_is_named() -> None:
    stores = MemoryStores()
    clients = registry(stores)
    good = changed(CONFIDENTIAL, identity__client_id="good")
    nameless = changed(CONFIDENTIAL, identity__client_id="nameless", identity__name="")
    lost = changed(CONFIDENTIAL, identity__client_id="lost", redirection__redirect_uris=())
    with pytest.raises(ClientsRefused) as refused:
        await clients.create_many([draft(good), draft(nameless), draft(lost), draft(good)], "admin")
    assert {(client_id, problem.rule) for client_id, problem in refused.value.problems} == {
        ("nameless", "V01"),
        ("lost", "V05"),
        ("good", "V02"),
    }
    assert not refused.value.malformed
    assert await stores.count_clients() == 0


async def test_a_setting_that_could_not_be_read_is_not_judged_as_well() -> None:
    read = legacy.read_new({"clientId": "c", "name": "C", "grantTypes": ["nonsense"]})
    with pytest.raises(ClientsRefused) as refused:
        await registry().create_many([read], "admin")
    assert [problem.field for _, problem in refused.value.problems] == ["grants.allowed"]
    assert refused.value.malformed


async def test_warnings_come_with_the_saved_client() -> None:
    short = changed(CONFIDENTIAL, authentication__secret=NewSecret(Secret("short")))
    (saved,) = await registry().create_many([draft(short)], "admin")
    assert [problem.field for problem in saved.warnings] == ["authentication.secret"]


# Replace --------------------------------------------------------------------------------------------------------------


async def test_a_replacement_raises_the_version_and_says_what_changed() -> None:
    clock, events = ManualClock(), HeardEvents()
    clients = registry(clock=clock, events=events)
    before = await create(clients)
    clock.advance(seconds=5)
    after = await put(clients, identity__name="New", requests__require_pkce=True)
    assert after.version == 2
    assert after.identity.created_at == before.identity.created_at
    assert after.identity.modified_at == clock.now()
    assert after == await stored(clients)
    assert events.heard[-1] == ClientReplaced(
        client_id="web", by="admin", changed=("identity.name", "requests.require_pkce")
    )


async def test_a_replacement_that_changes_nothing_writes_nothing() -> None:
    stores = MemoryStores()
    clients = registry(stores)
    await create(clients)
    generation = await stores.generation()
    assert (await put(clients)).version == 1
    assert await stores.generation() == generation


async def test_the_id_cannot_be_changed() -> None:
    clients = registry()
    await create(clients)
    assert (await put(clients, identity__client_id="other")).client_id == "web"


async def test_an_unknown_client_cannot_be_replaced() -> None:
    clients = registry()
    with pytest.raises(NoSuchClient):
        await put(clients, "nobody")
    await create(clients)

    def same(now: Client) -> Draft[Client]:
        return draft(now)

    with pytest.raises(ClientsRefused) as refused:
        await clients.replace_many([("web", same), ("nobody", same), ("web", same)], "admin")
    assert [client_id for client_id, _ in refused.value.problems] == ["nobody", "web"]


async def test_a_replaced_batch_is_stored_whole_or_not_at_all() -> None:
    clients = registry()
    await create(clients)
    await create(clients, changed(CONFIDENTIAL, identity__client_id="two"))

    def renamed(now: Client) -> Draft[Client]:
        return draft(changed(now, identity__name="X" if now.client_id == "web" else ""))

    with pytest.raises(ClientsRefused):
        await clients.replace_many([("web", renamed), ("two", renamed)], "admin")
    assert (await stored(clients)).identity.name == "Web"


async def test_an_expected_version_must_be_the_stored_one() -> None:
    clients = registry()
    await create(clients)
    with pytest.raises(ClientChanged):
        await clients.replace_many([("web", draft)], "admin", {"web": 7})


class RacingStores(MemoryStores):
    """Somebody else is faster, a few times."""

    rivals = 0

    async def commit(self, *changes: Any) -> None:
        for change in changes:
            if isinstance(change, SaveClient) and self.rivals:
                self.rivals -= 1
                record = await self.client(change.client.client_id)
                assert record is not None
                raced = replace(
                    record, version=record.version + 1, document=record.document.replace(b'"Web"', b'"Rival"')
                )
                await super().commit(SaveClient(raced, record.version))
        await super().commit(*changes)


async def test_who_was_slower_reads_again_and_loses_nothing() -> None:
    stores = RacingStores()
    clients = registry(stores)
    await create(clients)
    stores.rivals = 1
    after = await put(clients, requests__require_pkce=True)
    assert after.identity.name == "Rival"
    assert after.requests.require_pkce
    assert after.version == 3


async def test_who_is_always_slower_gives_up() -> None:
    stores = RacingStores()
    clients = registry(stores)
    await create(clients)
    stores.rivals = 100
    with pytest.raises(ClientChanged):
        await put(clients, requests__require_pkce=True)


async def test_a_change_is_told_of_once_and_only_when_it_was_kept() -> None:
    stores, events = RacingStores(), HeardEvents()
    clients = registry(stores, events=events)
    await create(clients)
    stores.rivals = 1
    await put(clients, requests__require_pkce=True)
    assert [event.name for event in events.heard] == ["client.created", "client.replaced"]
    stores.rivals = 100
    with pytest.raises(ClientChanged):
        await put(clients, requests__require_pkce=False)
    assert len(events.heard) == 2


async def test_who_insists_on_a_version_does_not_try_again() -> None:
    stores = RacingStores()
    clients = registry(stores)
    await create(clients)
    stores.rivals = 1
    proposal = [("web", lambda now: draft(changed(now, requests__require_pkce=True)))]
    with pytest.raises(ClientChanged):
        await clients.replace_many(proposal, "admin", {"web": 1})


# Delete ---------------------------------------------------------------------------------------------------------------


async def test_a_deleted_client_is_gone_and_there_is_evidence() -> None:
    events = HeardEvents()
    clients = registry(events=events)
    await create(clients)
    await clients.delete("web", "admin")
    assert events.heard[-1] == ClientDeleted(client_id="web", by="admin")
    for attempt in (clients.get("web"), clients.delete("web", "admin")):
        with pytest.raises(NoSuchClient):
            await attempt


async def test_a_client_that_a_manager_names_cannot_be_deleted() -> None:
    with pytest.raises(ClientInUse):
        await registry().delete("other", "admin")
    assert FACTS.managers["reserved"] == {"other"}


# Secrets --------------------------------------------------------------------------------------------------------------


async def test_a_long_secret_is_kept_as_a_keyed_digest_and_a_short_one_hashed_slowly() -> None:
    clients = registry()
    long = secret_of(await create(clients))
    short_client = changed(
        CONFIDENTIAL, identity__client_id="short", authentication__secret=NewSecret(Secret("hunter2"))
    )
    short = secret_of(await create(clients, short_client))
    assert (long.scheme, short.scheme) == ("hmac", "argon2id")
    assert await clients.secrets.fits(long, LONG_SECRET, "web")
    assert not await clients.secrets.fits(long, LONG_SECRET, "short")
    assert not await clients.secrets.fits(long, LONG_SECRET + "x", "web")
    assert await clients.secrets.fits(short, "hunter2", "short")


async def test_a_sealed_copy_is_kept_only_where_a_setting_needs_it() -> None:
    clients = registry()
    plain = secret_of(await create(clients))
    assert not plain.is_recoverable
    assert clients.secrets.recovered(plain, "web") is None
    hmac = changed(CONFIDENTIAL, identity__client_id="hmac", openid__id_token_algorithm=SigningAlgorithm.HS256)
    kept = secret_of(await create(clients, hmac))
    assert clients.secrets.recovered(kept, "hmac") == Secret(LONG_SECRET)
    after = secret_of(await put(clients, "hmac", openid__id_token_algorithm=None))
    assert not after.is_recoverable


async def test_a_switch_keeps_a_sealed_copy_of_every_secret() -> None:
    assert secret_of(await create(registry(recoverable_secrets=True))).is_recoverable


async def test_a_setting_that_needs_the_clear_secret_asks_for_it_again() -> None:
    clients = registry()
    await create(clients)
    with pytest.raises(ClientsRefused) as refused:
        await put(clients, openid__id_token_algorithm=SigningAlgorithm.HS256)
    assert [problem.rule for _, problem in refused.value.problems] == ["V09"]
    after = await put(
        clients,
        openid__id_token_algorithm=SigningAlgorithm.HS256,
        authentication__secret=NewSecret(Secret(LONG_SECRET)),
    )
    assert secret_of(after).is_recoverable
    assert after.authentication.secret_changed_at == after.identity.created_at


async def test_the_same_secret_again_is_no_change() -> None:
    clock = ManualClock()
    clients = registry(clock=clock, retention_minutes=10)
    before = await create(clients)
    clock.advance(seconds=60)
    after = await put(clients, authentication__secret=NewSecret(Secret(LONG_SECRET)))
    assert after.authentication.secret_changed_at == before.authentication.secret_changed_at
    assert after.authentication.secondary_secrets == ()
    assert after.version == 1


async def test_a_replaced_secret_dies_at_once_without_a_retention_period() -> None:
    clients = registry()
    await create(clients)
    old = SecondarySecret(secret_of(await stored(clients)), 9_999_999_999_999)
    await put(clients, authentication__secondary_secrets=(old,))
    after = await put(clients, authentication__secret=NewSecret(Secret(OTHER_SECRET)))
    assert after.authentication.secondary_secrets == ()
    assert await clients.secrets.fits(secret_of(after), OTHER_SECRET, "web")


@pytest.mark.parametrize(
    ("server", "own", "minutes"), [(10, Override(), 10), (10, Override(True, 3), 3), (0, Override(True, 3), 3)]
)
async def test_a_replaced_secret_lives_on_for_the_retention_period(
    server: int, own: Override[int], minutes: int
) -> None:
    clock = ManualClock()
    clients = registry(clock=clock, retention_minutes=server)
    before = await create(clients, changed(CONFIDENTIAL, authentication__secret_retention=own))
    clock.advance(seconds=5)
    after = await put(clients, authentication__secret=NewSecret(Secret(OTHER_SECRET)))
    (old,) = after.authentication.secondary_secrets
    assert old.secret == before.authentication.secret
    assert old.expires_at == clock.now() + minutes * 60_000
    assert after.authentication.secret_changed_at == clock.now()


async def test_an_override_of_zero_ends_the_servers_retention() -> None:
    clients = registry(retention_minutes=10)
    await create(clients, changed(CONFIDENTIAL, authentication__secret_retention=Override(True, 0)))
    after = await put(clients, authentication__secret=NewSecret(Secret(OTHER_SECRET)))
    assert after.authentication.secondary_secrets == ()


async def test_an_echoed_secret_keeps_the_old_one_working() -> None:
    clients = registry()
    before = await create(clients)
    body = admin.write_client(before, lambda secret: clients.secrets.echo(secret, "web"), 0)
    (saved,) = await clients.replace_many(
        [("web", lambda now: admin.read({**body, "name": "Renamed"}, now, "web"))], "admin"
    )
    assert saved.client.authentication.secret == before.authentication.secret
    assert saved.client.authentication.secret_changed_at == before.authentication.secret_changed_at


async def test_an_object_that_was_read_can_always_be_put_back() -> None:
    clients = registry()
    before = await create(clients)
    body = admin.write_client(before, lambda secret: clients.secrets.echo(secret, "web"), 0)
    (saved,) = await clients.replace_many([("web", lambda now: admin.read(body, now, "web"))], "admin")
    assert saved.client.version == 1


async def test_an_echo_of_another_client_or_of_nobody_is_refused() -> None:
    clients = registry()
    before = await create(clients)
    foreign = clients.secrets.echo(secret_of(before), "other")
    for text in (foreign, "OBF:JWE:nonsense", "\u20ac"):
        with pytest.raises(ClientsRefused) as refused:
            await put(clients, authentication__secret=EchoedSecret(text))
        assert [problem.field for _, problem in refused.value.problems] == ["authentication.secret"]
        with pytest.raises(UnknownEcho):
            clients.secrets.echoed(text, "web")


async def test_secondary_secrets_are_kept_like_the_first() -> None:
    clients = registry()
    sent = (SecondarySecret(NewSecret(Secret(OTHER_SECRET)), 9_999_999_999_999),)
    after = await create(clients, changed(CONFIDENTIAL, authentication__secondary_secrets=sent))
    (one,) = after.authentication.secondary_secrets
    assert isinstance(one.secret, StoredSecret)
    assert await clients.secrets.fits(one.secret, OTHER_SECRET, "web")
    with pytest.raises(ClientsRefused):
        await put(clients, authentication__secondary_secrets=sent * 11)


async def test_a_secret_that_is_taken_away_is_gone() -> None:
    clients = registry()
    await create(clients)
    after = await put(clients, authentication__secret=None, authentication__method=ClientAuth.NONE)
    assert after.authentication.secret is None
    assert after.authentication.secret_changed_at == 0


def test_generated_secrets_are_long_and_differ() -> None:
    one, two = new_secret().reveal(), new_secret().reveal()
    assert one != two
    assert len(one) == 64
    assert one.isalnum()
