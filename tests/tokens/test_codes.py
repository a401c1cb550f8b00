"""Authorization codes: what is kept of one."""

import pytest

from ostiary.ports.records import CodeRecord
from ostiary.tokens import codes
from ostiary.tokens.handles import key_of
from tests.house import add_client, code_for, make_server

pytestmark = pytest.mark.anyio


async def test_a_code_has_at_least_the_entropy_that_is_set() -> None:
    server = make_server(authorization__code_entropy_bytes=60)
    await add_client(server)
    assert len(await code_for(server)) >= 80


async def test_the_code_itself_is_not_stored() -> None:
    server = make_server()
    await add_client(server)
    code = await code_for(server)
    record = await server.stores.code(key_of(code))
    assert record is not None
    assert code.encode() not in record.document + record.key
    kept = codes.read(record)
    assert kept is not None
    assert (kept.scope, kept.username, kept.v) == (("openid", "profile", "email"), "joe", codes.SCHEMA)


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b'{"v":1}', b"\xff"])
def test_a_row_that_cannot_be_read_is_no_code(document: bytes) -> None:
    record = CodeRecord(key=b"k", client_id="app", grant_id="g", expires_at=1, document=document)
    assert codes.read(record) is None
