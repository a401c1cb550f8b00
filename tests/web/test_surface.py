"""What a surface does for every route."""

import logging

import pytest

from ostiary.server import Server
from ostiary.web.app import Route, Surface
from ostiary.web.call import Call, Reply
from ostiary.web.peers import Peers
from tests.house import make_server

pytestmark = pytest.mark.anyio


class House:
    """One server, always the newest."""

    def __init__(self) -> None:
        self.server = make_server()

    def now(self) -> Server:
        return self.server

    async def current(self) -> Server:
        return self.server


async def answer(_call: Call, _server: Server) -> Reply:
    return Reply(200, b"{}")


async def test_a_fault_in_telling_of_a_fault_is_answered_too() -> None:
    async def fails(_call: Call, _server: Server) -> Reply:
        raise ValueError("one")

    def fails_too(_call: Call, _error: Exception, _server: Server | None) -> Reply:
        raise OSError("no space left on device")

    made = Surface({"/x": Route({"*": fails}, fails_too)}, Peers(()))
    made.house = House()
    assert (await made.answer(Call("GET", "/x", b"/x", b"", [], "192.0.2.7", "https", "r-1"))).status == 500


def surface() -> Surface:
    made = Surface({"/as/token.oauth2": {"GET": answer, "POST": answer}}, Peers(()))
    made.house = House()
    return made


async def warnings_for(method: str, query: bytes, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the server's log warns of while one request is answered."""
    call = Call(method, "/as/token.oauth2", b"/as/token.oauth2", query, [], "192.0.2.7", "https", "r-1")
    with caplog.at_level(logging.WARNING, logger="ostiary"):
        assert (await surface().answer(call)).status == 200
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (b"token=tell-nobody", "token"),
        (b"a=b&client_secret=tell-nobody&client_secret=tell-nobody", "client_secret"),
        (b"password=tell-nobody&token=tell-nobody", "password, token"),
        (b"client%5Fsecret=tell-nobody", "client_secret"),
        (b"password", "password"),
    ],
)
async def test_a_secret_in_the_query_of_a_post_is_warned_of_once_by_its_name(
    query: bytes, names: str, caplog: pytest.LogCaptureFixture
) -> None:
    (warning,) = await warnings_for("POST", query, caplog)
    assert warning == (
        f"request r-1 from 192.0.2.7: {names} in the query string of a POST was ignored; secrets belong in the body"
    )
    assert "tell-nobody" not in caplog.text


@pytest.mark.parametrize(
    ("method", "query"),
    [("GET", b"token=x"), ("POST", b""), ("POST", b"tokens=x&a=token"), ("POST", b"%ff=\xff&=&&")],
)
async def test_other_queries_are_not_warned_of(method: str, query: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert await warnings_for(method, query, caplog) == []
