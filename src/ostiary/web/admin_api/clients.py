"""``/oauth/clients``: the clients, as the administrative API reads and writes them."""

from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from ostiary.client_management import registry, secret_keeper
from ostiary.clients.client import Client
from ostiary.clients.dialects import admin
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import client_of
from ostiary.clients.registry import ClientRegistry, ClientsRefused, NoSuchClient, Read
from ostiary.declare import StoredSecret
from ostiary.ports.records import ClientRecord
from ostiary.web.admin_api.operations import (
    FILTER,
    PAGING,
    STRICTLY,
    Asked,
    Collection,
    Operation,
    check_match,
    location_of,
    tagged,
)
from ostiary.web.admin_api.results import error_of, invalid
from ostiary.web.admin_api.shapes import CLIENT, CLIENT_SECRET, list_of
from ostiary.web.call import NO_STORE, Reply

COLLECTION = "/oauth/clients"
CHUNK = 50
"""How many clients are held at once while all of them are written."""
_JSON = msgspec.json.Encoder()


async def create(asked: Asked) -> Reply:
    """POST /oauth/clients"""
    draft = admin.read(await asked.body(), None)
    asked.check_known(draft.unknown)
    (saved,) = await registry(asked.server, asked.unreachable).create_many([draft], asked.by.username)
    location = location_of(COLLECTION, saved.client.client_id)
    return tagged(written(asked, saved.client), tag_of(saved.client), 201, location)


async def retrieve(asked: Asked) -> Reply:
    """GET /oauth/clients/{id}"""
    client = await registry(asked.server).get(asked.ids[0])
    return tagged(written(asked, client), tag_of(client))


async def replace(asked: Asked) -> Reply:
    """PUT /oauth/clients/{id}"""
    body = await asked.body()

    def read(current: Client) -> ClientDraft:
        draft = admin.read(body, current, current.client_id)
        asked.check_known(draft.unknown)
        return draft

    client = await _saved(asked, read)
    return tagged(written(asked, client), tag_of(client))


async def delete(asked: Asked) -> Reply:
    """DELETE /oauth/clients/{id}"""
    clients = registry(asked.server)
    current = await clients.get(asked.ids[0])
    expected = current.version if check_match(asked.call, tag_of(current)) else None
    await clients.delete(asked.ids[0], asked.by.username, expected)
    return Reply(204, b"", b"", NO_STORE)


async def retrieve_secret(asked: Asked) -> Reply:
    """GET /oauth/clients/{id}/clientAuth/clientSecret"""
    client = await registry(asked.server).get(asked.ids[0])
    return tagged(_written_secret(asked, client), tag_of(client))


async def replace_secret(asked: Asked) -> Reply:
    """PUT /oauth/clients/{id}/clientAuth/clientSecret"""
    body = await asked.body()

    def read(current: Client) -> ClientDraft:
        draft = admin.read_secret(body, current)
        asked.check_known(path.removeprefix(_SECRET) for path in draft.unknown)
        return draft

    try:
        client = await _saved(asked, read)
    except ClientsRefused as refused:
        errors = [
            error_of(problem, admin.name_of(problem.field).removeprefix(_SECRET)) for _, problem in refused.problems
        ]
        raise invalid(errors, malformed=refused.malformed) from None
    return tagged(_written_secret(asked, client), tag_of(client))


_SECRET = "clientAuth."  # noqa: S105 - the member that holds it


async def retrieve_all(asked: Asked) -> Reply:
    """GET /oauth/clients: written as they are read, so that a million take no more memory than a hundred."""
    window = asked.page()
    skip, most = window or (0, None)
    chunks = _chunks(asked, asked.query.get("filter", ""), skip, most)
    first = await anext(chunks, b"")  # what goes wrong at once is told as every fault is
    return Reply(200, b'{"items":[' + first, headers=NO_STORE, stream=_rest(chunks, bool(first)))


async def _chunks(asked: Asked, containing: str, skip: int, most: int | None) -> AsyncIterator[bytes]:
    after = ""
    while most is None or most > 0:
        wanted = CHUNK if most is None else min(CHUNK, most)
        found = await asked.server.stores.client_page(containing=containing, after=after, skip=skip, most=wanted)
        if found:
            yield _as_items(asked, found)
        if len(found) < wanted:
            return
        await sleep(0)  # others want their turn
        after, skip = found[-1].client_id, 0
        most = None if most is None else most - len(found)


async def _rest(chunks: AsyncIterator[bytes], more: bool) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield (b"," if more else b"") + chunk
        more = True
    yield b"]}"


def _as_items(asked: Asked, records: Sequence[ClientRecord]) -> bytes:
    return b",".join(_JSON.encode(written(asked, client_of(record)[0])) for record in records)


async def items_of_all(asked: Asked) -> AsyncIterator[bytes]:
    """Every client as items of a JSON list, in pieces, with the commas between them."""
    more = False
    async for chunk in _chunks(asked, "", 0, None):
        yield (b"," if more else b"") + chunk
        more = True


async def _saved(asked: Asked, read: Read) -> Client:
    """The client after a replacement. Raises `ApiRefused` (412) when it is not at the state that If-Match names."""
    clients: ClientRegistry = registry(asked.server, asked.unreachable)
    client_id = asked.ids[0]
    expected = {}
    if asked.call.header(b"if-match") is not None:
        current = await clients.get(client_id)
        if check_match(asked.call, tag_of(current)):
            expected[client_id] = current.version
    elif not client_id:
        raise NoSuchClient(client_id)
    (saved,) = await clients.replace_many([(client_id, read)], asked.by.username, expected)
    return saved.client


def written(asked: Asked, client: Client) -> dict[str, Any]:
    """The client as it is answered."""
    return admin.write_client(client, _conceal(asked, client), asked.server.clock.now())


def _written_secret(asked: Asked, client: Client) -> dict[str, Any]:
    return admin.write_secret(client, _conceal(asked, client), asked.server.clock.now())


def _conceal(asked: Asked, client: Client) -> Any:
    keeper = secret_keeper(asked.server)

    def conceal(stored: StoredSecret) -> str:
        return keeper.echo(stored, client.client_id)

    return conceal


def tag_of(client: Client) -> str:
    """Names one state of one client; a client that was made anew under the same id has other tags."""
    return f'"{client.version}-{client.identity.created_at:x}"'


_OF_SECRET = f"{COLLECTION}/{{id}}/clientAuth/clientSecret"

OPERATIONS = (
    *Collection(
        path=COLLECTION,
        noun="client",
        one=CLIENT,
        several=list_of(CLIENT),
        retrieve_all=retrieve_all,
        create=create,
        retrieve=retrieve,
        replace=replace,
        delete=delete,
        query=(*PAGING, FILTER),
    ).operations(),
    Operation(
        method="GET",
        path=_OF_SECRET,
        answer=retrieve_secret,
        summary="The client's secrets, as text that stands for them",
        gives=CLIENT_SECRET,
        fails=(404,),
        versioned=True,
    ),
    Operation(
        method="PUT",
        path=_OF_SECRET,
        answer=replace_secret,
        summary="Change the client's secrets and nothing else",
        takes=CLIENT_SECRET,
        gives=CLIENT_SECRET,
        fails=(400, 404, 422),
        query=(STRICTLY,),
        versioned=True,
    ),
)
