"""A unit is kept whole or not at all, also when many share one flush."""

from asyncio import CancelledError, create_task, gather, sleep

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccessToken,
    AddAccount,
    AddClient,
    AddCode,
    AddGrant,
    AddRefreshToken,
    AddSession,
    Change,
    Conflict,
    RemoveClient,
    RemoveCode,
    RevokeGrant,
    RollRefreshToken,
    SaveClient,
    SaveSession,
    TouchGrant,
    UseCode,
)
from ostiary.ports.stores import Stores
from tests.scale import SCALE
from tests.storage_contract.samples import (
    NOW,
    access_token,
    account,
    client,
    code,
    grant,
    key,
    refresh_token,
    session,
)

pytestmark = pytest.mark.anyio


async def outcome(stores: Stores, *changes: Change) -> bool:
    try:
        await stores.commit(*changes)
    except Conflict:
        return False
    return True


async def test_nothing_is_nothing(stores: Stores) -> None:
    await stores.commit()


async def test_a_conflict_leaves_nothing_wherever_it_stands(stores: Stores) -> None:
    holds: tuple[Change, ...] = (
        AddClient(client("shop")),
        AddCode(code("c")),
        AddAccessToken(access_token("a")),
        AddAccount(account("ada")),
    )
    fails = SaveSession(session("nowhere"))
    for place in range(len(holds) + 1):
        with pytest.raises(Conflict) as refused:
            await stores.commit(*holds[:place], fails, *holds[place:])
        assert refused.value.change is fails
    assert await stores.count_clients() == 0
    assert await stores.code(key("c")) is None
    assert await stores.access_token(key("a")) is None
    assert await stores.accounts("users") == []


async def test_a_change_builds_on_the_one_before_it(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")), SaveClient(client("shop", 2), expected=1))
    assert await stores.client("shop") == client("shop", 2)


async def test_a_conflict_touches_nobody_else_in_its_flush(stores: Stores) -> None:
    await stores.commit(AddClient(client("taken")))
    units: list[tuple[Change, ...]] = []
    for n in range(20):
        units.append((AddAccessToken(access_token(f"a{n}")),))
        units.append((AddClient(client(f"new{n}")), AddAccessToken(access_token(f"n{n}"))))
        units.append((AddAccessToken(access_token(f"x{n}")), AddClient(client("taken"))))
        units.append((SaveClient(client("none", 2), expected=1),))
    outcomes = await gather(*(outcome(stores, *unit) for unit in units))
    assert outcomes == [True, True, False, False] * 20
    for n in range(20):
        assert await stores.access_token(key(f"a{n}")) is not None
        assert await stores.access_token(key(f"n{n}")) is not None
        assert await stores.access_token(key(f"x{n}")) is None
    assert await stores.count_clients() == 21
    assert await stores.generation() == 21


async def test_of_two_uses_of_a_code_in_one_flush_the_first_in_line_gets_tokens(stores: Stores) -> None:
    await stores.commit(*(AddCode(code(f"c{n}")) for n in range(10)))
    units = [(UseCode(key(f"c{n % 10}"), NOW), AddAccessToken(access_token(f"a{n}"))) for n in range(30)]
    assert await gather(*(outcome(stores, *unit) for unit in units)) == [True] * 10 + [False] * 20
    assert [n for n in range(30) if await stores.access_token(key(f"a{n}")) is not None] == list(range(10))


async def test_of_many_uses_of_a_code_at_once_one_is_kept(stores: Stores, second_node: Stores) -> None:
    for number in range(5 * SCALE):
        name = f"c{number}"
        await stores.commit(AddCode(code(name)))
        outcomes = await gather(
            *(
                outcome(node, UseCode(key(name), NOW), AddAccessToken(access_token(f"{name}/{n}")))
                for n in range(100)
                for node in ((stores, second_node)[n % 2],)
            )
        )
        tokens = [await stores.access_token(key(f"{name}/{n}")) is not None for n in range(100)]
        assert outcomes.count(True) == 1
        assert tokens == outcomes


async def test_of_many_rolls_at_once_one_has_a_child(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddGrant(grant("g")), AddRefreshToken(refresh_token("r")))
    rolls = [
        RollRefreshToken(
            old=key("r"), at=NOW, grace_until=NOW, successor=b"", new=refresh_token(f"s{n}", predecessor=key("r"))
        )
        for n in range(40)
    ]
    outcomes = await gather(
        *(
            outcome(node, TouchGrant("g", NOW), roll, AddAccessToken(access_token(f"a{n}")))
            for n, roll in enumerate(rolls)
            for node in ((stores, second_node)[n % 2],)
        )
    )
    assert outcomes.count(True) == 1
    children = [n for n in range(40) if await stores.refresh_token(key(f"s{n}")) is not None]
    tokens = [n for n in range(40) if await stores.access_token(key(f"a{n}")) is not None]
    assert children == tokens == [outcomes.index(True)]


async def test_of_many_takers_one_gets_the_pushed_request_and_one_the_id(stores: Stores, second_node: Stores) -> None:
    await stores.add_pushed(key("p"), "shop", NOW, b"{}")
    taken = await gather(*(node.take_pushed(key("p")) for _ in range(30) for node in (stores, second_node)))
    used = await gather(*(node.use_once("jti", key("i"), NOW) for _ in range(30) for node in (stores, second_node)))
    leases = await gather(
        *(node.take_lease("job", f"{n}", NOW, NOW + 9) for n in range(30) for node in ((stores, second_node)[n % 2],))
    )
    assert taken.count(True) == used.count(True) == leases.count(True) == 1


async def test_no_failure_goes_uncounted(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddAccount(account("ada")))
    counted = await gather(
        *(
            node.count_failure("users", "ada", NOW, 10, 60_000)
            for n in range(20)
            for node in ((stores, second_node)[n % 2],)
        )
    )
    assert sorted(record.failures for record in counted if record is not None) == list(range(1, 21))
    assert [record.locked_until > 0 for record in counted if record is not None].count(True) == 11


async def test_no_token_outlives_a_revocation(stores: Stores, second_node: Stores) -> None:
    for number in range(10 * SCALE):
        family = f"g{number}"
        await stores.commit(AddGrant(grant(family)))
        tokens = [access_token(f"a{number}-{n}", grant_id=family) for n in range(10)]
        await gather(
            *(outcome(stores, TouchGrant(family, NOW), AddAccessToken(token)) for token in tokens),
            second_node.commit(RevokeGrant(family, NOW)),
        )
        assert [token for token in tokens if await stores.access_token(token.key) is not None] == []
        assert not await outcome(stores, TouchGrant(family, NOW))


async def test_no_token_outlives_a_replay(stores: Stores, second_node: Stores) -> None:
    """Neither of a grant that is stored nor of one that is not: the second takes back what the first one got."""
    for number in range(10 * SCALE):
        name = f"c{number}"
        await stores.commit(AddCode(code(name, grant_id=name)))
        kept: tuple[Change, ...] = (AddGrant(grant(name)), AddRefreshToken(refresh_token(name, name)))

        async def redeem(node: Stores, n: int, name: str = name, kept: tuple[Change, ...] = kept) -> bool:
            token = AddAccessToken(access_token(f"{name}/{n}", grant_id=name))
            if await outcome(node, UseCode(key(name), NOW), *(kept if n % 2 else ()), token):
                return True
            await outcome(node, RemoveCode(key(name)), RevokeGrant(name, NOW))
            assert await node.access_token(token.token.key) is None
            return False

        nodes = (stores, second_node)
        outcomes = await gather(*(redeem(nodes[n // 2 % 2], n) for n in range(8)))
        assert outcomes.count(True) == 1
        assert [n for n in range(8) if await stores.access_token(key(f"{name}/{n}")) is not None] == []
        assert await stores.refresh_token(key(name)) is None
        assert await stores.code(key(name)) is None


@pytest.mark.parametrize("issuing", ["by refreshing", "by redeeming"])
async def test_no_token_outlives_its_client(stores: Stores, second_node: Stores, issuing: str) -> None:
    for number in range(10 * SCALE):
        shop, family = f"shop{number}", f"g{number}"
        await stores.commit(AddClient(client(shop)), AddGrant(grant(family, shop)))
        units: list[tuple[Change, ...]] = []
        for n in range(10):
            name, token = f"{shop}/{n}", AddAccessToken(access_token(f"{shop}/{n}", shop, family))
            if issuing == "by redeeming":
                await stores.commit(AddCode(code(name, shop)))
                units.append((UseCode(key(name), NOW), AddGrant(grant(name, shop)), token))
            else:
                units.append((TouchGrant(family, NOW), token))
        await gather(*(outcome(stores, *unit) for unit in units), second_node.commit(RemoveClient(shop)))
        assert [n for n in range(10) if await stores.access_token(key(f"{shop}/{n}")) is not None] == []
        assert await stores.grants_of(client_id=shop) == []


async def test_the_order_of_numbers_is_the_order_of_commits(stores: Stores, second_node: Stores) -> None:
    """Who has read up to a number never finds a smaller one later."""
    seen: list[int] = []

    async def write(node: Stores, prefix: str) -> None:
        for n in range(20):
            await node.commit(AddClient(client(f"{prefix}{n}")))

    async def read() -> None:
        while len(seen) < 60:
            seen.extend(n.generation for n in await second_node.changes_since(seen[-1] if seen else 0))
            await sleep(0)  # a read may well answer without ever giving way

    await gather(write(stores, "a"), write(second_node, "b"), write(stores, "c"), read())
    assert seen == list(range(1, 61))


async def test_text_no_database_can_hold_makes_no_row_and_no_error(stores: Stores) -> None:
    for bad in ("a\0b", "a\ud800b"):
        for change in (
            AddClient(client("shop", name=bad)),
            AddSession(replace(session("s"), user_key=bad)),
            AddAccount(account(bad)),
        ):
            assert not await outcome(stores, AddAccessToken(access_token("a")), change)
    assert await stores.access_token(key("a")) is None
    assert await stores.count_clients() == 0


async def test_who_stops_waiting_does_not_disturb_the_others(stores: Stores) -> None:
    tasks = [create_task(outcome(stores, AddAccessToken(access_token(f"a{n}")))) for n in range(20)]
    await sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, CancelledError) or result is True for result in results)
    assert results[1::2] == [True] * 10
    for n in range(1, 20, 2):
        assert await stores.access_token(key(f"a{n}")) is not None
