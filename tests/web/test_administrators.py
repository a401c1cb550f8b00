"""Who may administer: accounts, roles, and the header without which nothing is changed."""

from base64 import b64encode

import pytest

from ostiary.errors import TooManyRequests
from ostiary.first_start import ADMINISTRATORS, account_record
from ostiary.ports.changes import AddAccount
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.web.administrators import NotAuthenticated, NotPermitted, administrator
from ostiary.web.call import Call
from tests.house import make_server

pytestmark = pytest.mark.anyio
PASSWORD = "Sesame-12345"


def call(username: str, method: str = "GET", *headers: tuple[bytes, bytes], password: str = PASSWORD) -> Call:
    basic = b"Basic " + b64encode(f"{username}:{password}".encode())
    return Call(
        method=method,
        path="/",
        raw_path=b"/",
        query=b"",
        headers=[(b"authorization", basic), *headers],
        source="192.0.2.1",
        scheme="https",
        request_id="r",
    )


@pytest.fixture
async def server() -> Server:
    server = make_server()
    kept = await server.passwords.hash(Secret(PASSWORD))
    for username, members in (
        ("ada", {"roles": ["admin"]}),
        ("otto", {"roles": ["auditor"]}),
        ("both", {"roles": ["admin", "auditor"]}),
        ("nobody", {}),
        ("gone", {"roles": ["admin"], "disabled": True}),
    ):
        await server.stores.commit(AddAccount(account_record(ADMINISTRATORS, username, kept, dict(members))))
    await server.stores.commit(AddAccount(account_record("services", "gateway", kept, {"roles": ["admin"]})))
    return server


XSRF = (b"x-xsrf-header", b"x")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_full_administrator_changes_things_with_the_header_and_not_without(server: Server, method: str) -> None:
    assert (await administrator(call("ada", method, XSRF), server)).username == "ada"
    for headers in ((), ((b"x-xsrf-header", b"  "),)):
        with pytest.raises(NotPermitted):
            await administrator(call("ada", method, *headers), server)


@pytest.mark.parametrize("username", ["otto", "both", "nobody"])
async def test_who_has_not_just_the_full_role_looks_and_changes_nothing(server: Server, username: str) -> None:
    assert not (await administrator(call(username), server)).may_write
    with pytest.raises(NotPermitted):
        await administrator(call(username, "DELETE", XSRF), server)


@pytest.mark.parametrize("username", ["gone", "gateway", "unknown"])
async def test_disabled_foreign_and_unknown_accounts_are_nobody(server: Server, username: str) -> None:
    with pytest.raises(NotAuthenticated):
        await administrator(call(username), server)


async def test_guesses_are_throttled_and_the_right_password_is_not_paid_for(server: Server) -> None:
    for _ in range(50):
        await administrator(call("ada"), server)
    with pytest.raises(TooManyRequests):
        for number in range(30):
            with pytest.raises(NotAuthenticated):
                await administrator(call("ada", password=f"guess {number}"), server)
