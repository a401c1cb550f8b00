"""Basic authentication of management services, as an attacker meets it."""

import asyncio
from base64 import b64encode

import pytest

from ostiary.errors import TooManyRequests
from ostiary.first_start import account_record
from ostiary.ports.changes import AddAccount
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.web.call import Call
from ostiary.web.service_auth import Caller, basic_caller
from tests.house import make_server

pytestmark = pytest.mark.anyio


def call(name: str, password: str, source: str = "192.0.2.1") -> Call:
    header = b"Basic " + b64encode(f"{name}:{password}".encode())
    return Call(
        method="GET",
        path="/",
        raw_path=b"/",
        query=b"",
        headers=[(b"authorization", header)],
        source=source,
        scheme="http",
        request_id="r",
    )


@pytest.fixture
async def server() -> Server:
    server = make_server()
    kept = await server.passwords.hash(Secret("Password1"))
    await server.stores.commit(AddAccount(account_record("services", "gateway", kept, {})))
    return server


async def outcome(server: Server, name: str, password: str, source: str = "192.0.2.1") -> str:
    try:
        found = await basic_caller(call(name, password, source), server, "services", "service-auth")
    except TooManyRequests:
        return "429"
    return "200" if isinstance(found, Caller) else "401"


async def test_guesses_at_once_do_not_slip_through(server: Server) -> None:
    seen = await asyncio.gather(*(outcome(server, "gateway", f"guess-{n}") for n in range(100)))
    assert seen.count("401") <= 20
    assert seen.count("429") >= 80
    assert await outcome(server, "gateway", "Password1", "198.51.100.7") == "200"


async def test_made_up_names_from_one_address_cost_a_bounded_number_of_hashes(server: Server) -> None:
    seen = [await outcome(server, f"name-{n}", "x") for n in range(60)]
    assert seen.count("401") <= 40
    assert seen[-1] == "429"


async def test_who_is_right_pays_nothing_however_often(server: Server) -> None:
    assert {await outcome(server, "gateway", "Password1") for _ in range(100)} == {"200"}


async def test_a_name_or_password_beyond_all_measure_is_refused_unread(server: Server) -> None:
    assert await outcome(server, "g" * 300, "x") == "401"
    assert await outcome(server, "gateway", "x" * 2000) == "401"
