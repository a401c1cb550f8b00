"""Client authentication: the registered method and no other, one answer for every failure."""

from base64 import b64encode
from typing import Any

import pytest

from ostiary.client_auth import Knock, authenticate
from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import SecondarySecret
from ostiary.errors import InvalidClient, TooManyRequests
from ostiary.parameters import Parameters
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.words import AuthMethod, ClientAuth
from tests.house import SECRET, add_client, change_client, clock_of, events_of, make_server

pytestmark = pytest.mark.anyio

HERE = "192.0.2.1"


def by_basic(client_id: str = "app", secret: str = SECRET, source: str = HERE) -> Knock:
    credentials = b64encode(f"{client_id}:{secret}".encode()).decode()
    return Knock(authorization=f"Basic {credentials}", parameters=Parameters({}), source=source)


def by_body(client_id: str = "app", secret: str = SECRET, source: str = HERE, **parameters: str) -> Knock:
    return Knock(
        parameters=Parameters.of(client_id=client_id, client_secret=secret, **parameters),
        source=source,
    )


async def refused(knock: Knock, server: Server) -> InvalidClient:
    with pytest.raises(InvalidClient) as refusal:
        await authenticate(knock, server)
    return refusal.value


@pytest.mark.parametrize("knock", [by_basic(), by_body()])
async def test_a_secret_opens_by_header_and_by_body(knock: Knock) -> None:
    server = make_server()
    client = await add_client(server)
    assert await authenticate(knock, server) is client


async def test_a_short_secret_opens_too() -> None:
    server = make_server()
    client = await add_client(server, secret="Short-1")
    assert await authenticate(by_basic(secret="Short-1"), server) is client
    assert await authenticate(by_basic(secret="Short-1"), server) is client
    await refused(by_basic(secret="Short-2"), server)


@pytest.mark.parametrize("method", [AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST])
async def test_an_exact_method_is_all_that_is_accepted(method: AuthMethod) -> None:
    server = make_server()
    client = await add_client(server, authentication__exact_methods=(method,))
    allowed, other = by_basic(), by_body()
    if method is AuthMethod.CLIENT_SECRET_POST:
        allowed, other = other, allowed
    assert await authenticate(allowed, server) is client
    await refused(other, server)


async def test_a_public_client_says_only_its_id() -> None:
    server = make_server()
    client = await add_client(server, authentication__method=ClientAuth.NONE)
    assert await authenticate(Knock(parameters=Parameters.of(client_id="app")), server) is client
    await refused(by_basic(), server)
    await refused(by_basic(secret=""), server)
    await refused(by_body(), server)


BAD: list[tuple[str, Knock, dict[str, Any]]] = [
    ("unknown client", by_basic("nobody"), {}),
    ("no client", Knock(parameters=Parameters({})), {}),
    ("wrong secret", by_basic(secret=SECRET + "x"), {}),
    ("empty secret", by_basic(secret=""), {}),
    ("nothing presented", Knock(parameters=Parameters.of(client_id="app")), {}),
    ("disabled", by_basic(), {"identity__enabled": False}),
    ("certificate", by_basic(), {"authentication__method": ClientAuth.CERTIFICATE}),
    ("private_key_jwt", by_basic(), {"authentication__method": ClientAuth.PRIVATE_KEY_JWT}),
    ("client_secret_jwt", by_body(), {"authentication__method": ClientAuth.CLIENT_SECRET_JWT}),
    ("assertion", Knock(parameters=Parameters.of(client_id="app", client_assertion="a.b.c")), {}),
    ("unreadable", Knock(authorization="Basic ???", parameters=Parameters({})), {}),
]


@pytest.mark.parametrize(("_", "knock", "values"), BAD)
async def test_every_failure_has_the_same_answer(_: str, knock: Knock, values: dict[str, Any]) -> None:
    server = make_server()
    await add_client(server, **values)
    error = await refused(knock, server)
    assert (error.code, error.status) == ("invalid_client", 401)
    assert error.description == "Invalid client or client credentials."
    assert error.tried_basic is (knock.authorization is not None)
    assert events_of(server).names == ["client.refused"]


async def test_what_was_presented_is_in_no_event() -> None:
    server = make_server()
    await add_client(server)
    error = await refused(by_basic(secret="guessed-by-somebody"), server)
    assert "guessed" not in repr(events_of(server).events)
    assert "guessed" not in repr(error.why)


async def test_a_retained_secret_opens_until_its_own_expiry_and_not_a_moment_longer() -> None:
    server = make_server()
    client = await add_client(server)
    keeper = SecretKeeper(server.vault, server.passwords)
    old = "the-former-secret-of-this-client"
    kept = await keeper.keep(Secret(old), client.client_id, recoverable=False)
    expires_at = server.clock.now() + 60_000
    await change_client(server, "app", authentication__secondary_secrets=(SecondarySecret(kept, expires_at),))
    assert await authenticate(by_basic(secret=old), server)
    assert await authenticate(by_basic(), server)
    clock_of(server).advance(milliseconds=59_999)
    assert await authenticate(by_basic(secret=old), server)
    clock_of(server).advance(milliseconds=1)
    await refused(by_basic(secret=old), server)
    assert await authenticate(by_basic(), server)


async def test_the_secret_of_another_client_does_not_open() -> None:
    server = make_server()
    await add_client(server)
    other = await add_client(server, "other", secret="another-secret-that-nobody-can-guess")
    stolen = CLIENT_SETTINGS.with_values(
        await change_client(server, "app", authentication__secret=other.authentication.secret), {}
    )
    assert stolen.authentication.secret == other.authentication.secret
    await refused(by_basic(secret="another-secret-that-nobody-can-guess"), server)


async def test_guessing_is_bounded_per_source_and_client() -> None:
    server = make_server()
    await add_client(server)
    refusals = 0
    with pytest.raises(TooManyRequests):
        for _ in range(100):
            await refused(by_basic(secret="wrong-wrong-wrong-wrong"), server)
            refusals += 1
    assert refusals == 20
    with pytest.raises(TooManyRequests):  # not even with the right secret, or guessing could go on behind it
        await authenticate(by_basic(), server)
    assert await authenticate(by_basic(source="192.0.2.2"), server)
    clock_of(server).advance(seconds=60)
    assert await authenticate(by_basic(), server)


async def test_guessing_at_a_short_secret_is_bounded_too() -> None:
    server = make_server()
    await add_client(server, secret="Short-1")
    with pytest.raises(TooManyRequests):
        for number in range(100):
            await refused(by_basic(secret=f"wrong-{number}"), server)
    assert events_of(server).names.count("client.refused") == 20


async def test_success_is_never_throttled() -> None:
    server = make_server()
    client = await add_client(server, secret="Short-1")
    for _ in range(100):
        assert await authenticate(by_basic(secret="Short-1"), server) is client


async def test_an_authentication_sees_a_disabled_client_at_once() -> None:
    server = make_server()
    await add_client(server)
    assert await authenticate(by_basic(), server)
    await change_client(server, "app", identity__enabled=False)
    await refused(by_basic(), server)
    await change_client(server, "app", identity__enabled=True)
    assert await authenticate(by_basic(), server)
