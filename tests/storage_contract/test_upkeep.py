"""Evidence, leases, clean-up and what else keeps a database in order."""

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccessToken,
    AddAudit,
    AddClient,
    AddCode,
    AddGrant,
    AddRefreshToken,
    AddSession,
    RememberConsent,
    RevokeGrant,
    RevokeJwt,
    UseCode,
)
from ostiary.ports.stores import REPLAY_MEMORY_MS, Stores
from tests.storage_contract.samples import (
    NOW,
    access_token,
    client,
    code,
    consent,
    event,
    grant,
    key,
    refresh_token,
    session,
)

pytestmark = pytest.mark.anyio


async def test_the_newest_evidence_comes_first(stores: Stores) -> None:
    events = [event(f"e{n}", NOW + n // 2, "shop" if n % 3 else "bank") for n in range(9)]
    for item in reversed(events):
        await stores.commit(AddAudit(item))
    newest = sorted(events, key=lambda e: (e.time, e.id), reverse=True)
    assert await stores.audit() == newest
    assert await stores.audit(limit=4) == newest[:4]
    assert await stores.audit(client_id="bank", limit=2) == [e for e in newest if e.client_id == "bank"][:2]
    assert await stores.audit(client_id="none") == []
    assert await stores.audit(client_id="\0") == []


async def test_evidence_is_kept_whatever_text_it_quotes(stores: Stores) -> None:
    await stores.commit(AddAudit(replace(event("e"), client_id="a\0b", subject="c\ud800d")))
    assert await stores.audit() == [replace(event("e"), client_id="a\ufffdb", subject="c\ufffdd")]


async def test_a_lease_has_one_holder_until_it_ends(stores: Stores, second_node: Stores) -> None:
    assert await stores.take_lease("rotation", "one", NOW, NOW + 10)
    assert not await second_node.take_lease("rotation", "two", NOW + 9, NOW + 30)
    assert await second_node.take_lease("clean-up", "two", NOW, NOW + 10)
    assert await stores.take_lease("rotation", "one", NOW + 9, NOW + 20)
    assert not await second_node.take_lease("rotation", "two", NOW + 19, NOW + 30)
    assert await second_node.take_lease("rotation", "two", NOW + 20, NOW + 30)
    assert not await stores.take_lease("rotation", "one", NOW + 21, NOW + 40)


async def test_only_the_holder_gives_a_lease_back(stores: Stores) -> None:
    await stores.take_lease("rotation", "one", NOW, NOW + 10)
    await stores.release_lease("rotation", "two")
    assert not await stores.take_lease("rotation", "two", NOW, NOW + 10)
    await stores.release_lease("rotation", "one")
    await stores.release_lease("never taken", "one")
    assert await stores.take_lease("rotation", "two", NOW, NOW + 10)


async def add_one_of_each(stores: Stores, name: str, expires_at: int) -> None:
    await stores.commit(
        AddCode(code(name, expires_at=expires_at)),
        AddAccessToken(access_token(name, expires_at=expires_at)),
        RevokeJwt(key(name), expires_at),
        AddGrant(grant(name, expires_at=expires_at)),
        AddRefreshToken(refresh_token(name, name, expires_at=None)),
        AddSession(session(name, expires_at)),
        RememberConsent(consent(name, expires_at=expires_at)),
    )
    await stores.use_once("dpop", key(name), expires_at)
    await stores.add_pushed(key(name), "shop", expires_at, b"{}")


async def there(stores: Stores, name: str) -> list[bool]:
    found = (
        await stores.code(key(name)),
        await stores.access_token(key(name)),
        await stores.is_jwt_revoked(key(name)) or None,
        await stores.grant(name),
        await stores.refresh_token(key(name)),
        await stores.session(key(name)),
        await stores.consent(name, "shop"),
        await stores.pushed(key(name)),
        not await stores.use_once("dpop", key(name), NOW) or None,
    )
    return [record is not None for record in found]


async def test_what_has_expired_is_removed_and_the_rest_stays(stores: Stores) -> None:
    await add_one_of_each(stores, "over", NOW - REPLAY_MEMORY_MS)
    await add_one_of_each(stores, "in force", NOW + 1)
    assert await stores.clean_up(NOW) == 9
    assert await stores.clean_up(NOW) == 0
    assert await there(stores, "over") == [False] * 9
    assert await there(stores, "in force") == [True] * 9


async def test_codes_and_grants_that_ended_are_remembered_for_a_while(stores: Stores) -> None:
    end = NOW - REPLAY_MEMORY_MS + 1
    await stores.commit(AddCode(code("used", expires_at=end)), AddCode(code("unused", expires_at=end)))
    await stores.commit(UseCode(key("used"), NOW), AddGrant(grant("expired", expires_at=end)))
    await stores.commit(AddGrant(grant("revoked", expires_at=None)))
    await stores.commit(RevokeGrant("revoked", end))
    assert await stores.clean_up(NOW) == 0
    assert await stores.clean_up(NOW + 1) == 4
    assert await stores.clean_up(NOW + 1) == 0


async def test_what_has_no_end_is_kept(stores: Stores) -> None:
    await stores.commit(
        AddGrant(grant("g", expires_at=None)),
        AddRefreshToken(refresh_token("r", expires_at=None)),
        RememberConsent(consent(expires_at=None)),
    )
    assert await stores.clean_up(NOW * 2) == 0


async def test_revoked_grants_go_too(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g", expires_at=None)), AddRefreshToken(refresh_token("r")))
    await stores.commit(AddGrant(grant("h", expires_at=None)))
    await stores.commit(RevokeGrant("g", NOW))
    assert await stores.clean_up(NOW + REPLAY_MEMORY_MS) == 1
    assert await stores.grant("g") is None
    assert await stores.grant("h") is not None


async def test_clean_up_works_in_batches(stores: Stores) -> None:
    for n in range(5):
        await stores.commit(AddAccessToken(access_token(f"a{n}", expires_at=NOW - n)))
        await stores.commit(AddGrant(grant(f"g{n}", expires_at=NOW - REPLAY_MEMORY_MS - n)))
    assert [await stores.clean_up(NOW, batch=2) for _ in range(4)] == [4, 4, 2, 0]


async def test_notes_of_use_are_taken_for_any_client(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")))
    await stores.last_used([])
    await stores.last_used([("shop", NOW), ("gone", NOW), ("sh\0op", NOW), ("shop", NOW - 5)])


async def test_the_first_key_file_is_remembered(stores: Stores, second_node: Stores) -> None:
    assert await stores.key_file("one") == "one"
    assert await second_node.key_file("two") == "one"
    assert await stores.key_file("one") == "one"


async def test_a_database_of_this_version_answers(stores: Stores) -> None:
    await stores.ping()
    await stores.checkpoint()
    await stores.ping()


async def test_closing_twice_is_harmless_and_finishes_what_was_begun(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddClient(client("shop")))
    await stores.close()
    await stores.close()
    assert await second_node.client("shop") == client("shop")
