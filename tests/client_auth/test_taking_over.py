"""A secret that came as a hash opens by its own scheme, and is kept our way from the first time on."""

import bcrypt
import pytest

from ostiary.client_auth import authenticate
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.secret_keeping import ARGON2ID, HMAC
from ostiary.declare import SecondarySecret, StoredSecret
from ostiary.ports.changes import AddClient
from ostiary.server import Server
from tests.client_auth.test_authentication import by_basic, refused
from tests.house import SECRET, change_client, client_with, clock_of, events_of, found, make_server, record_of

pytestmark = pytest.mark.anyio
SHORT = "Short-1"


def imported(secret: str = SECRET) -> StoredSecret:
    return StoredSecret("bcrypt", bcrypt.hashpw(secret.encode()[:72], bcrypt.gensalt(4)))


async def server_with(stored: StoredSecret | None, *secondary: SecondarySecret) -> Server:
    server = make_server()
    values = {"authentication.secret": stored, "authentication.secondary_secrets": secondary}
    await server.stores.commit(AddClient(record_of(CLIENT_SETTINGS.with_values(client_with(), values))))
    return server


async def now(server: Server) -> Client:
    server.clients.drop_all()
    return await found(server, "app")


def scheme(secret: object) -> str:
    assert isinstance(secret, StoredSecret)
    return secret.scheme


@pytest.mark.parametrize(("secret", "scheme_after"), [(SECRET, HMAC), (SHORT, ARGON2ID)])
async def test_the_first_success_replaces_the_hash_by_ours(secret: str, scheme_after: str) -> None:
    server = await server_with(imported(secret))
    before = await now(server)
    await refused(by_basic(secret="wrong"), server)
    assert await now(server) == before
    assert (await authenticate(by_basic(secret=secret), server)).client_id == "app"
    after = await now(server)
    assert scheme(after.authentication.secret) == scheme_after
    assert after.version == before.version + 1
    assert CLIENT_SETTINGS.changed(before, after) == ("authentication.secret",)
    assert (await authenticate(by_basic(secret=secret), server)).client_id == "app"
    await refused(by_basic(secret="wrong"), server)
    assert events_of(server).names.count("client.secret_taken_over") == 1


async def test_a_secondary_secret_is_taken_over_alone_and_keeps_its_time() -> None:
    at = clock_of(make_server()).now() + 60_000
    server = await server_with(imported("the-present-one"), SecondarySecret(imported(), at))
    await authenticate(by_basic(), server)
    own = (await now(server)).authentication
    assert scheme(own.secret) == "bcrypt"
    assert [(scheme(one.secret), one.expires_at) for one in own.secondary_secrets] == [(HMAC, at)]


async def test_a_secret_longer_than_its_scheme_looks_at_is_not_taken_over() -> None:
    """Else whoever knows the beginning could set the rest, and lock the client out."""
    server = await server_with(imported("x" * 72))
    await authenticate(by_basic(secret="x" * 72 + "y"), server)
    assert scheme((await now(server)).authentication.secret) == "bcrypt"
    await authenticate(by_basic(secret="x" * 72), server)
    assert scheme((await now(server)).authentication.secret) == HMAC


async def test_somebody_elses_change_at_that_moment_wins_and_the_client_gets_in() -> None:
    server = await server_with(imported())
    await now(server)  # the directory has it
    client = await found(server, "app")
    await change_client(server, "app", identity__description="mine")
    server.clients._remember("app", client)
    assert (await authenticate(by_basic(), server)).client_id == "app"
    after = await now(server)
    assert after.identity.description == "mine"
    assert scheme(after.authentication.secret) == "bcrypt"
    await authenticate(by_basic(), server)
    assert scheme((await now(server)).authentication.secret) == HMAC
