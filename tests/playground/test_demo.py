"""The demo's people and clients: made once, never stored in clear, told at every start."""

from dataclasses import replace

import pytest

from ostiary.client_management import registry
from ostiary.clients.dialects import legacy
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import StoredSecret
from ostiary.playground import demo
from ostiary.playground.demo import CHANGED, CLIENTS, PEOPLE, password_of, secret_of
from ostiary.server import Server
from tests.house import USERS, add_person, change_person, events_of, make_server

pytestmark = pytest.mark.anyio
ISSUER = "http://localhost:9031"


@pytest.fixture
def server() -> Server:
    """A new installation on loopback."""
    return make_server(issuer=ISSUER)


async def test_the_table_opens_every_account(server: Server) -> None:
    for _, _, user, password in await demo.ensure(server):
        if user in PEOPLE:
            account = await server.stores.account(USERS, user)
            assert account is not None
            assert await server.passwords.verify(account.password_hash, password)


async def test_the_table_opens_every_client(server: Server) -> None:
    told = {user: password for _, _, user, password in await demo.ensure(server)}
    for demo_client in CLIENTS:
        client = await registry(server).get(demo_client.client_id)
        kept = client.authentication.secret
        assert demo_client.has_secret == isinstance(kept, StoredSecret)
        if isinstance(kept, StoredSecret):
            keeper = SecretKeeper(server.vault, server.passwords)
            assert await keeper.fits(kept, told[demo_client.client_id], demo_client.client_id)


async def test_the_second_start_makes_nothing_and_says_the_same(server: Server) -> None:
    first = await demo.ensure(server)
    happened = len(events_of(server).events)
    assert await demo.ensure(server) == first
    assert len(events_of(server).events) == happened


async def test_every_standard_claim_has_a_value(server: Server) -> None:
    # OpenID Connect Core §5.1, without `sub`
    standard = {
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number"),
        *("phone_number_verified", "address", "updated_at"),
    }
    assert all(set(claims) == standard for claims in PEOPLE.values())


async def test_passwords_and_secrets_obey_the_rules_for_chosen_ones(server: Server) -> None:
    words = [password_of(name, server.vault).reveal() for name in PEOPLE]
    words += [secret_of(client, server.vault).reveal() for client in CLIENTS if client.has_secret]
    assert len(set(words)) == len(words)
    for word in words:
        assert all(any(kind(c) for c in word) for kind in (str.isdigit, str.isupper, str.islower))


async def test_a_password_changed_since_is_not_told(server: Server) -> None:
    await demo.ensure(server)
    await change_person(server, "alice")
    assert ("Person", "", "alice", CHANGED) in await demo.ensure(server)


async def test_a_secret_changed_since_is_not_told_and_not_undone(server: Server) -> None:
    await demo.ensure(server)
    body = {"clientId": "cc_client", "name": "Mine", "grantTypes": ["client_credentials"]}
    other = {**body, "forceSecretChange": True, "secret": "another-secret-of-my-own-choice-1"}
    await registry(server).replace_many([("cc_client", lambda current: legacy.read_changed(other, current))], "me")
    assert ("Client", "", "cc_client", CHANGED) in await demo.ensure(server)
    assert (await registry(server).get("cc_client")).identity.name == "Mine"


async def test_a_deleted_client_comes_back(server: Server) -> None:
    first = await demo.ensure(server)
    await registry(server).delete("ac_client", "me")
    assert await demo.ensure(server) == first


async def test_a_server_that_moved_lets_its_playground_back_in(server: Server) -> None:
    await demo.ensure(server)
    moved = replace(server, issuer="http://localhost:9999")
    await demo.ensure(moved)
    client = await registry(moved).get("ac_oic_client")
    assert client.redirection.redirect_uris == (
        f"{ISSUER}/playground/callback",
        "http://localhost:9999/playground/callback",
    )


async def test_the_account_of_somebody_else_is_left_alone(server: Server) -> None:
    await add_person(server, "alice", password="Of-her-own-1")
    assert ("Person", "", "alice", CHANGED) in await demo.ensure(server)
    account = await server.stores.account(USERS, "alice")
    assert account is not None
    assert await server.passwords.verify(account.password_hash, "Of-her-own-1")
