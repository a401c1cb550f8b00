"""Codes, tokens, grants, consents, pushed requests and ids that may be used once."""

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccessToken,
    AddCode,
    AddGrant,
    AddRefreshToken,
    Conflict,
    EndGrace,
    RememberConsent,
    RemoveAccessToken,
    RemoveCode,
    RevokeGrant,
    RevokeJwt,
    RollRefreshToken,
    SaveGrant,
    TouchGrant,
    UseCode,
)
from ostiary.ports.stores import Stores
from tests.storage_contract.samples import NOW, access_token, code, consent, grant, key, refresh_token

pytestmark = pytest.mark.anyio


async def test_a_code_comes_back_as_it_was_added_until_it_is_used(stores: Stores) -> None:
    await stores.commit(AddCode(code("c")), AddCode(code("d", "other", "h")))
    await stores.commit(UseCode(key("c"), NOW + 5))
    assert await stores.code(key("c")) == replace(code("c"), redeemed_at=NOW + 5)
    assert await stores.code(key("d")) == code("d", "other", "h")


async def test_a_code_nobody_made_is_not_known(stores: Stores) -> None:
    for unknown in (key("x"), b"", b"\0" * 38):
        assert await stores.code(unknown) is None
        for change in (UseCode(unknown, NOW), RemoveCode(unknown)):
            with pytest.raises(Conflict):
                await stores.commit(change)


async def test_a_code_added_twice_is_not_new_again(stores: Stores) -> None:
    await stores.commit(AddCode(code("c")))
    await stores.commit(UseCode(key("c"), NOW))
    await stores.commit(AddCode(code("c")))
    with pytest.raises(Conflict):
        await stores.commit(UseCode(key("c"), NOW))


async def test_a_code_leads_to_tokens_once(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddCode(code("c")))
    await stores.commit(UseCode(key("c"), NOW), AddGrant(grant()), AddAccessToken(access_token("a")))
    for node in (stores, second_node):
        with pytest.raises(Conflict):
            await node.commit(UseCode(key("c"), NOW + 1), AddGrant(grant("h")), AddAccessToken(access_token("b")))
    assert await stores.access_token(key("a")) == access_token("a")
    assert await stores.access_token(key("b")) is None
    assert await stores.grant("h") is None
    assert await stores.code(key("c")) == replace(code("c"), redeemed_at=NOW)


async def test_a_code_is_not_used_when_what_follows_cannot_be(stores: Stores) -> None:
    await stores.commit(AddCode(code("c")))
    with pytest.raises(Conflict):
        await stores.commit(UseCode(key("c"), NOW), AddAccessToken(access_token("a")), SaveGrant(grant("none")))
    assert await stores.code(key("c")) == code("c")
    assert await stores.access_token(key("a")) is None


async def test_a_code_is_removed_once(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddCode(code("c")), AddAccessToken(access_token("a")))
    await stores.commit(RemoveCode(key("c")))
    assert await second_node.code(key("c")) is None
    with pytest.raises(Conflict):
        await second_node.commit(RemoveCode(key("c")), RevokeGrant("g", NOW))
    assert await stores.access_token(key("a")) is not None


async def test_an_access_token_is_there_until_it_is_removed(stores: Stores) -> None:
    await stores.commit(AddAccessToken(access_token("a")), AddAccessToken(access_token("b", grant_id="")))
    assert await stores.access_token(key("a")) == access_token("a")
    assert await stores.access_token(key("b")) == access_token("b", grant_id="")
    await stores.commit(RemoveAccessToken(key("a")))
    await stores.commit(RemoveAccessToken(key("a")))
    assert await stores.access_token(key("a")) is None
    assert await stores.access_token(key("b")) is not None
    assert await stores.access_token(b"") is None


async def test_a_jwt_counts_until_it_is_revoked(stores: Stores) -> None:
    assert not await stores.is_jwt_revoked(key("j"))
    await stores.commit(RevokeJwt(key("j"), NOW + 5))
    await stores.commit(RevokeJwt(key("j"), NOW + 1))
    assert await stores.is_jwt_revoked(key("j"))
    assert not await stores.is_jwt_revoked(key("k"))
    await stores.clean_up(NOW + 4)
    assert await stores.is_jwt_revoked(key("j"))


async def test_a_grant_comes_back_as_it_was_added(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g")), AddGrant(grant("h", expires_at=None)))
    assert await stores.grant("g") == grant("g")
    assert await stores.grant("h") == grant("h", expires_at=None)
    for unknown in ("", "G", "g\0", "g\ud800"):
        assert await stores.grant(unknown) is None


async def test_saving_a_grant_replaces_expiry_and_document_and_moves_it(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g")))
    changed = grant("g", "someone", "else", expires_at=None, document=b"{}", updated_at=NOW + 99, created_at=1)
    await stores.commit(SaveGrant(changed))
    assert await stores.grant("g") == grant("g", expires_at=None, document=b"{}", updated_at=NOW + 99)


async def test_touching_a_grant_moves_it(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g")))
    await stores.commit(TouchGrant("g", NOW + 77))
    assert await stores.grant("g") == grant("g", updated_at=NOW + 77)


async def test_a_revoked_grant_is_neither_saved_nor_touched(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g")))
    await stores.commit(RevokeGrant("g", NOW + 50))
    for change in (TouchGrant("g", NOW + 60), SaveGrant(grant("g")), TouchGrant("none", NOW), SaveGrant(grant("none"))):
        with pytest.raises(Conflict):
            await stores.commit(change, AddAccessToken(access_token("late")))
    assert await stores.grant("g") == grant("g", revoked=True, updated_at=NOW + 50)
    assert await stores.access_token(key("late")) is None


async def test_the_tokens_of_a_revoked_grant_are_gone(stores: Stores) -> None:
    await stores.commit(
        AddGrant(grant("g")),
        AddGrant(grant("h")),
        AddRefreshToken(refresh_token("r")),
        AddRefreshToken(refresh_token("s", "h")),
        AddAccessToken(access_token("a")),
        AddAccessToken(access_token("b", grant_id="h")),
    )
    await stores.commit(RevokeGrant("g", NOW))
    await stores.commit(RevokeGrant("g", NOW))
    assert await stores.refresh_token(key("r")) is None
    assert await stores.access_token(key("a")) is None
    assert await stores.refresh_token(key("s")) is not None
    assert await stores.access_token(key("b")) is not None


async def test_a_grant_that_was_never_stored_is_revoked_all_the_same(stores: Stores) -> None:
    await stores.commit(AddAccessToken(access_token("a", grant_id="transient")))
    await stores.commit(RevokeGrant("transient", NOW))
    assert await stores.access_token(key("a")) is None


async def test_tokens_without_a_grant_belong_to_no_grant(stores: Stores) -> None:
    await stores.commit(AddAccessToken(access_token("a", grant_id="")))
    await stores.commit(RevokeGrant("", NOW))
    assert await stores.access_token(key("a")) is not None


async def test_grants_in_force_are_listed_by_client_and_by_person(stores: Stores) -> None:
    ada_shop, ada_bank = grant("1", created_at=NOW + 9), grant("2", "bank", created_at=NOW + 8)
    eve_shop, revoked = grant("3", user_key="users:eve", created_at=NOW + 7), grant("4", created_at=NOW)
    await stores.commit(*map(AddGrant, (ada_shop, ada_bank, eve_shop, revoked)))
    await stores.commit(RevokeGrant("4", NOW))
    assert await stores.grants_of(client_id="shop") == [eve_shop, ada_shop]
    assert await stores.grants_of(user_key="users:ada") == [ada_bank, ada_shop]
    assert await stores.grants_of(client_id="shop", user_key="users:ada") == [ada_shop]
    assert await stores.grants_of(client_id="sh\0op") == []
    assert await stores.grants_of(user_key="\ud800") == []
    with pytest.raises(ValueError, match="by client, by person or by both"):
        await stores.grants_of()


async def test_a_refresh_token_comes_with_its_grant(stores: Stores) -> None:
    whole = refresh_token(
        "s", expires_at=None, predecessor=key("r"), rolled_at=NOW + 11, grace_until=NOW + 12, successor=b"\0sealed"
    )
    await stores.commit(AddGrant(grant("g")), AddRefreshToken(refresh_token("r")), AddRefreshToken(whole))
    assert await stores.refresh_token(key("r")) == (refresh_token("r"), grant("g"))
    assert await stores.refresh_token(key("s")) == (whole, grant("g"))
    assert await stores.refresh_token(key("x")) is None


async def test_a_refresh_token_without_its_grant_is_none(stores: Stores) -> None:
    await stores.commit(AddRefreshToken(refresh_token("r", "gone")))
    assert await stores.refresh_token(key("r")) is None


def rolling(old: str, new: str) -> RollRefreshToken:
    return RollRefreshToken(
        old=key(old),
        at=NOW + 20,
        grace_until=NOW + 30,
        successor=b"sealed " + new.encode(),
        new=refresh_token(new, predecessor=key(old)),
    )


async def test_a_refresh_token_is_rolled_once(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g")), AddRefreshToken(refresh_token("r")))
    await stores.commit(rolling("r", "s"))
    for change in (rolling("r", "t"), rolling("unknown", "t")):
        with pytest.raises(Conflict):
            await stores.commit(change)
    rolled = replace(refresh_token("r"), rolled_at=NOW + 20, grace_until=NOW + 30, successor=b"sealed s")
    assert await stores.refresh_token(key("r")) == (rolled, grant("g"))
    assert await stores.refresh_token(key("s")) == (refresh_token("s", predecessor=key("r")), grant("g"))
    assert await stores.refresh_token(key("t")) is None


async def test_the_grace_of_a_rolled_token_ends_when_the_newest_is_used(stores: Stores) -> None:
    await stores.commit(AddGrant(grant("g")), AddRefreshToken(refresh_token("r")))
    await stores.commit(rolling("r", "s"))
    await stores.commit(EndGrace(key("r")), EndGrace(key("s")), EndGrace(key("unknown")))
    ended = replace(refresh_token("r"), rolled_at=NOW + 20, grace_until=0, successor=None)
    assert await stores.refresh_token(key("r")) == (ended, grant("g"))
    assert await stores.refresh_token(key("s")) == (refresh_token("s", predecessor=key("r")), grant("g"))


async def test_consent_is_remembered_and_replaced(stores: Stores) -> None:
    assert await stores.consent("users:ada", "shop") is None
    await stores.commit(RememberConsent(consent()), RememberConsent(consent(client_id="bank", expires_at=NOW)))
    assert await stores.consent("users:ada", "shop") == consent()
    assert await stores.consent("users:ada", "bank") == consent(client_id="bank", expires_at=NOW)
    changed = replace(consent(expires_at=NOW + 5), updated_at=NOW + 55, document=b"{}")
    await stores.commit(RememberConsent(changed))
    assert await stores.consent("users:ada", "shop") == changed
    assert await stores.consent("users:ada\0", "shop") is None


async def test_an_id_is_used_once_for_each_purpose(stores: Stores, second_node: Stores) -> None:
    assert await stores.use_once("dpop", key("i"), NOW)
    assert not await stores.use_once("dpop", key("i"), NOW + 99)
    assert not await second_node.use_once("dpop", key("i"), NOW)
    assert await second_node.use_once("assertion", key("i"), NOW)
    assert await second_node.use_once("dpop", key("j"), NOW)


async def test_a_pushed_request_is_taken_once(stores: Stores, second_node: Stores) -> None:
    await stores.add_pushed(key("p"), "shop", NOW + 90_000, b'{"v":1}')
    assert await second_node.pushed(key("p")) == ("shop", NOW + 90_000, b'{"v":1}')
    assert await second_node.take_pushed(key("p"))
    assert not await stores.take_pushed(key("p"))
    assert await stores.pushed(key("p")) is None
    assert not await stores.take_pushed(key("unknown"))
