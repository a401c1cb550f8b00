"""What was verified a moment ago counts only while nothing has changed."""

from base64 import b64encode

import pytest

from ostiary.client_auth import Knock, authenticate
from ostiary.client_auth.remembered import remembered
from ostiary.errors import InvalidClient, InvalidRequest
from ostiary.parameters import Parameters
from ostiary.server import Server
from tests.house import add_client, change_client, make_server

pytestmark = pytest.mark.anyio
SECRET = "a-secret-that-nobody-guesses-1234"


def knock(secret: str = SECRET, **sent: str) -> Knock:
    header = "Basic " + b64encode(f"app:{secret}".encode()).decode()
    return Knock(authorization=header, parameters=Parameters.of(**sent), source="192.0.2.1")


@pytest.fixture
async def server() -> Server:
    server = make_server()
    await add_client(server, "app", secret=SECRET)
    await authenticate(knock(), server)
    return server


async def test_the_same_header_is_remembered_and_another_is_not(server: Server) -> None:
    assert remembered(knock(), server) is not None
    assert remembered(knock("another-secret-of-good-length-1234"), server) is None


async def test_what_the_request_says_besides_is_still_looked_at(server: Server) -> None:
    assert await authenticate(knock(client_id="app"), server)
    for sent in ({"client_id": "other"}, {"client_secret": SECRET}, {"client_assertion": "x"}):
        with pytest.raises(InvalidRequest):
            await authenticate(knock(**sent), server)


async def test_a_client_that_was_changed_or_disabled_is_looked_at_anew(server: Server) -> None:
    await change_client(server, "app", identity__enabled=False)
    assert remembered(knock(), server) is None
    with pytest.raises(InvalidClient):
        await authenticate(knock(), server)


async def test_another_server_remembers_nothing_of_it(server: Server) -> None:
    assert remembered(knock(), make_server()) is None
