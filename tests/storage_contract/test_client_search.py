"""Clients page by page, and found by a part of their id or name."""

import pytest

from ostiary.ports.changes import AddClient, RemoveClient, SaveClient
from ostiary.ports.stores import Stores
from tests.storage_contract.samples import client

pytestmark = pytest.mark.anyio


async def ids(stores: Stores, containing: str = "", after: str = "", skip: int = 0, most: int = 100) -> list[str]:
    found = await stores.client_page(containing=containing, after=after, skip=skip, most=most)
    return [record.client_id for record in found]


async def test_pages_follow_each_other_in_the_order_of_ids_by_number_and_by_key(stores: Stores) -> None:
    names = [f"c{number:02d}" for number in range(25)]
    await stores.commit(*(AddClient(client(name)) for name in reversed(names)))
    assert await ids(stores) == names
    assert [*await ids(stores, skip=0, most=10), *await ids(stores, skip=10, most=10)] == names[:20]
    assert await ids(stores, skip=20, most=10) == names[20:]
    assert await ids(stores, after="c09", most=3) == ["c10", "c11", "c12"]
    assert await ids(stores, skip=99) == []
    assert (await stores.client_page(most=1))[0] == client("c00")


async def test_a_part_of_the_id_or_the_name_is_found_in_any_letter_case(stores: Stores) -> None:
    await stores.commit(
        AddClient(client("shop-web", name="Boutique Élégante")),
        AddClient(client("billing", name="Rechnungen (SHOP)")),
        AddClient(client("https://rs.example/api%20x", name='Straße "1_000"')),
    )
    assert await ids(stores, "SHOP") == ["billing", "shop-web"]
    assert await ids(stores, "élég") == ["shop-web"]
    assert await ids(stores, "STRASSE") == ["https://rs.example/api%20x"]
    assert await ids(stores, "e/api%2") == ["https://rs.example/api%20x"]
    assert await ids(stores, '"1_0') == ["https://rs.example/api%20x"]
    assert await ids(stores, "sh") == ["billing", "shop-web"]
    assert await ids(stores, "p") == ["billing", "https://rs.example/api%20x", "shop-web"]


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "_",
        "a%z",
        "shop*",
        "shop OR bill",
        '"',
        "'; DROP TABLE clients; --",
        "\\",
        "\0",
        "\ud800",
        "^sh",
        "NEAR(a b)",
    ],
)
async def test_no_sign_in_a_filter_means_more_than_itself(stores: Stores, text: str) -> None:
    await stores.commit(AddClient(client("shop", name="Bill")), AddClient(client("a-z", name="Z")))
    assert await ids(stores, text) == []


async def test_a_few_are_found_among_many(stores: Stores) -> None:
    await stores.commit(*(AddClient(client(f"client-{number:04d}")) for number in range(2600)))
    await stores.commit(AddClient(client("zz-needle-1")), AddClient(client("zz-needle-2")))
    assert await ids(stores, "needle") == ["zz-needle-1", "zz-needle-2"]
    assert await ids(stores, "needle", skip=1) == ["zz-needle-2"]
    assert await ids(stores, "needle", after="zz-needle-1") == ["zz-needle-2"]
    assert await ids(stores, "client-2", most=5) == [f"client-{number}" for number in range(2000, 2005)]


async def test_the_search_follows_changes_and_deletions(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop", name="Apples")))
    await stores.commit(SaveClient(client("shop", 2, name="Pears"), expected=1))
    assert await ids(stores, "apples") == []
    assert await ids(stores, "pears") == ["shop"]
    await stores.commit(RemoveClient("shop"))
    assert await ids(stores, "pears") == []
    await stores.commit(AddClient(client("shop", name="Plums")))
    assert await ids(stores, "plums") == ["shop"]
