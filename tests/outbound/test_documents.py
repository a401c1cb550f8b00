"""Documents from outside: kept for their time, asked for once, and not asked for again and again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network

import pytest

from ostiary.outbound.documents import Documents
from ostiary.outbound.door import Door
from ostiary.ports.clock import MINUTE, SECOND
from ostiary.ports.outbound import CLIENT_METADATA, KEY_SET, OutboundFailed
from tests.clocks import ManualClock
from tests.outside import Outside, Visit, answer, outside

pytestmark = pytest.mark.anyio


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside(tls=False) as there:
        yield there


@pytest.fixture
async def documents(anyio_backend: str) -> AsyncIterator[Documents]:
    found = Documents(Door(allowed=(ip_network("127.0.0.1/32"),)), ManualClock(), most_documents=20, most_bytes=5000)
    yield found
    await found.close()


def move(documents: Documents, milliseconds: int) -> None:
    assert isinstance(documents.clock, ManualClock)
    documents.clock.advance(milliseconds=milliseconds)


async def test_a_document_is_kept_for_its_time(documents: Documents, there: Outside) -> None:
    url = there.serves("/", b"1")
    assert await documents.document(url, KEY_SET) == b"1"
    there.serves("/", b"2")
    move(documents, KEY_SET.most_ms - 1)
    assert await documents.document(url, KEY_SET) == b"1"
    move(documents, 1)
    assert await documents.document(url, KEY_SET) == b"2"
    assert there.seen("/") == 2


@pytest.mark.parametrize(("header", "kept_ms"), [("no-store", 5_000), ("max-age=30", 30_000), ("max-age=9999", 60_000)])
async def test_what_its_server_says_counts_within_bounds(
    documents: Documents, there: Outside, header: str, kept_ms: int
) -> None:
    url = there.serves("/", b"1", more=f"Cache-Control: {header}\r\n")
    await documents.document(url, KEY_SET)
    move(documents, kept_ms - 1)
    await documents.document(url, KEY_SET)
    assert there.seen("/") == 1
    move(documents, 1)
    await documents.document(url, KEY_SET)
    assert there.seen("/") == 2


async def test_of_many_who_want_it_at_once_one_asks(documents: Documents, there: Outside) -> None:
    url = there.serves("/", b"1")
    first, *others = [asyncio.create_task(documents.document(url, KEY_SET)) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()  # the one who asked first goes away; the others are answered all the same
    assert await asyncio.gather(*others) == [b"1"] * 19
    assert there.seen("/") == 1


async def test_after_a_failure_nobody_asks_for_a_while_that_grows(documents: Documents, there: Outside) -> None:
    url = there.url("/gone")
    with pytest.raises(OutboundFailed):
        await documents.document(url, KEY_SET)
    waits = []
    for _ in range(8):
        asked, waited = there.seen("/gone"), 0
        while there.seen("/gone") == asked:
            waited += 1
            move(documents, SECOND)
            with pytest.raises(OutboundFailed):
                await documents.document(url, KEY_SET)
        waits.append(waited)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_failure_is_never_kept_as_a_success_and_ends_with_one(documents: Documents, there: Outside) -> None:
    url = there.url("/later")
    with pytest.raises(OutboundFailed):
        await documents.document(url, CLIENT_METADATA)
    there.serves("/later", b"{}")
    with pytest.raises(OutboundFailed):
        await documents.document(url, CLIENT_METADATA)
    move(documents, SECOND)
    assert await documents.document(url, CLIENT_METADATA) == b"{}"


async def test_a_key_that_is_not_there_is_looked_for_once_a_minute(documents: Documents, there: Outside) -> None:
    url = there.serves("/", b"old")
    await documents.document(url, KEY_SET)
    there.serves("/", b"new")
    assert await documents.newer_document(url, KEY_SET) == b"old"
    move(documents, MINUTE - 1)
    assert await documents.newer_document(url, KEY_SET) == b"old"
    move(documents, 1)
    assert await documents.newer_document(url, KEY_SET) == b"new"


async def test_looking_for_a_newer_one_in_vain_leaves_the_one_that_is_kept(
    documents: Documents, there: Outside
) -> None:
    url = there.serves("/", b"{}")
    await documents.document(url, CLIENT_METADATA)
    move(documents, MINUTE)
    there.answers["/"] = answer(b"", status="500 No")
    with pytest.raises(OutboundFailed):
        await documents.newer_document(url, CLIENT_METADATA)
    assert await documents.document(url, CLIENT_METADATA) == b"{}"


async def test_memory_is_bounded_whatever_is_asked_for(documents: Documents, there: Outside) -> None:
    for number in range(60):
        url = there.serves(f"/{number}", b"x" * 400) if number % 2 else there.url(f"/{number}")
        try:
            await documents.document(url, KEY_SET)
        except OutboundFailed:
            assert number % 2 == 0
        assert len(documents) <= 20
        assert documents.size <= 5000
    assert documents.size == 400 * 10


async def test_closing_ends_what_is_being_asked(documents: Documents, there: Outside) -> None:
    def waits(visit: Visit) -> None:
        visit.connection.recv(1)

    there.answers["/"] = waits
    asked = asyncio.create_task(documents.document(there.url("/"), KEY_SET))
    await asyncio.sleep(0)
    await documents.close()
    with pytest.raises(asyncio.CancelledError):
        await asked
