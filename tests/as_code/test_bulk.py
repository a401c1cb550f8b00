"""One change to many clients: whom it means, what it does, and what happens when somebody else writes as well."""

from typing import Any

import pytest

from ostiary.as_code import bulk
from ostiary.as_code.bulk import Action, Selection, Tally
from ostiary.as_code.named_settings import NotUnderstood, assignments, condition
from ostiary.client_management import registry
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.documents import client_of
from ostiary.clients.registry import ClientChanged
from ostiary.declare import Lifetime
from ostiary.ports.changes import Change, SaveClient
from ostiary.server import Server
from ostiary.server_settings.scopes import Scope
from ostiary.storage.memory import MemoryStores
from ostiary.words import ClientAuth, SigningAlgorithm, ThreeWay, TimeUnit
from tests.house import add_client, change_client, events_of, found, make_server, record_of

pytestmark = pytest.mark.anyio
NEW = "https://new.example/cb"


async def server_with(*client_ids: str, **values: Any) -> Server:
    server = make_server(scopes__common=(Scope(name="a"), Scope(name="b")), scopes__exclusive=(Scope(name="x"),))
    for client_id in client_ids:
        await add_client(server, client_id, **values)
    return server


async def changed(server: Server, action: Action, **selection: Any) -> Tally:
    tally = Tally()
    await bulk.change(registry(server), Selection(**selection), action, "test", lambda _: None, tally)
    server.clients.drop_all()
    return tally


async def test_clients_are_meant_by_text_pattern_value_and_place() -> None:
    server = await server_with("shop-1", "shop-2", "bank-1")
    await change_client(server, "shop-2", identity__name="Corner BANK", requests__require_dpop=True)
    meant = {
        "text": ({"text": "bank"}, ["bank-1", "shop-2"]),
        "pattern": ({"pattern": "shop-*"}, ["shop-1", "shop-2"]),
        "value": ({"conditions": (condition("requireDpop=true"),)}, ["shop-2"]),
        "our name": ({"conditions": (condition("requests.require_dpop=false"),)}, ["bank-1", "shop-1"]),
        "list": ({"conditions": (condition("grantTypes=CLIENT_CREDENTIALS"),)}, ["bank-1", "shop-1", "shop-2"]),
        "not set": ({"conditions": (condition("description="),)}, ["bank-1", "shop-1", "shop-2"]),
        "all of them": ({"text": "bank", "conditions": (condition("requireDpop=true"),)}, ["shop-2"]),
        "after": ({"after": "shop-1"}, ["shop-2"]),
    }
    for selection, ids in meant.values():
        seen: list[str] = []

        def note(client: Client, seen: list[str] = seen) -> dict[str, Any]:
            seen.append(client.client_id)
            return {}

        await changed(server, note, **selection)
        assert seen == ids


async def test_looking_stores_nothing_and_doing_it_again_changes_nothing() -> None:
    server = await server_with("a", "b")
    action = bulk.adding_redirect_uri(NEW)
    looked = await bulk.look(registry(server), Selection(), action, lambda _: None)
    assert (looked.matched, looked.changed) == (2, 2)
    assert NEW not in (await found(server, "a")).redirection.redirect_uris
    assert (await changed(server, action)).changed == 2
    assert (await found(server, "a")).redirection.redirect_uris[-1] == NEW
    assert (await changed(server, action)).changed == 0
    assert events_of(server).names == ["client.replaced", "client.replaced"]
    assert (await changed(server, bulk.removing_redirect_uri(NEW))).changed == 2


async def test_scopes_come_and_go_where_they_belong() -> None:
    server = await server_with("open")
    await add_client(server, "narrow", scopes__restrict=True, scopes__restricted=("a",))
    facts = registry(server).facts
    assert (await changed(server, bulk.adding_scope("b", facts))).changed == 1
    assert (await found(server, "narrow")).scopes.restricted == ("a", "b")
    assert (await found(server, "open")).scopes.restricted == ()
    assert (await changed(server, bulk.adding_scope("x", facts))).changed == 2
    assert (await found(server, "open")).scopes.exclusive == ("x",)
    assert (await changed(server, bulk.removing_scope("x"))).changed == 2
    assert (await changed(server, bulk.removing_scope("a"))).changed == 1
    with pytest.raises(NotUnderstood):
        bulk.adding_scope("nosuch", facts)


async def test_clients_are_enabled_and_disabled() -> None:
    server = await server_with("a")
    assert (await changed(server, bulk.enabling(enabled=True))).changed == 0
    await changed(server, bulk.enabling(enabled=False))
    assert not (await found(server, "a")).identity.enabled


async def test_what_the_rules_refuse_is_told_and_left() -> None:
    server = await server_with("with", "without")
    await change_client(server, "without", redirection__redirect_uris=(NEW,))
    action = bulk.removing_redirect_uri(NEW)
    looked = await bulk.look(registry(server), Selection(), action, lambda _: None)
    assert [client_id for client_id, _ in looked.refused] == ["without"]
    assert "redirectUris: at least one" in looked.refused[0][1]
    await changed(server, action)
    assert (await found(server, "without")).redirection.redirect_uris == (NEW,)


class RivalStores(MemoryStores):
    """Stores in which somebody else changes the client b just before a batch is kept, a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def commit(self, *changes: Change) -> None:
        """First the rival, then what was asked."""
        record = await self.client("b")
        if len(changes) > 1 and record is not None and self.times:
            self.times -= 1
            mine = CLIENT_SETTINGS.with_values(client_of(record)[0], {"identity.description": f"{self.times}"})
            await super().commit(SaveClient(record_of(mine.at_version(record.version + 1)), record.version))
        await super().commit(*changes)


@pytest.mark.parametrize(("times", "is_done"), [(1, True), (4, True), (99, False)])
async def test_a_rival_is_noticed_and_nothing_of_his_is_lost(times: int, is_done: bool) -> None:
    server = make_server(RivalStores(times))
    for client_id in ("a", "b", "c"):
        await add_client(server, client_id)
    tally = Tally()
    action = bulk.adding_redirect_uri(NEW)
    work = bulk.change(registry(server), Selection(), action, "test", lambda _: None, tally)
    if not is_done:
        with pytest.raises(ClientChanged):
            await work
        assert tally.changed == 0
        return
    await work
    server.clients.drop_all()
    assert tally.changed == 3
    client = await found(server, "b")
    assert client.redirection.redirect_uris[-1] == NEW
    assert client.identity.description is not None


def test_values_are_read_as_the_administrative_api_reads_them() -> None:
    assert assignments(["requireDpop=true", "name=123", "oidcPolicy.idTokenSigningAlgorithm=ES256"]) == {
        "requests.require_dpop": True,
        "identity.name": "123",
        "openid.id_token_algorithm": SigningAlgorithm.ES256,
    }
    assert assignments(
        ["persistentGrantExpirationType=OVERRIDE_SERVER_DEFAULT", "persistentGrantExpirationTime=3"]
    ) == {"persistent_grants.max_lifetime": Lifetime(ThreeWay.OVERRIDE, 3, TimeUnit.DAYS)}
    assert assignments(["description=", 'redirectUris=["https://a.example/cb"]', "clientAuth.type=none"]) == {
        "identity.description": None,
        "redirection.redirect_uris": ("https://a.example/cb",),
        "authentication.method": ClientAuth.NONE,
    }


@pytest.mark.parametrize(
    "text",
    [
        "requireDpop", "=true", "nosuch=1", "requireDpop=maybe", "clientId=x", "clientAuth.secret=x",
        "creationDate=2020-01-01T00:00:00Z", "clientAuth.secondarySecrets=[]", "redirectUris=https://a.example",
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_refused_before_anything_happens(text: str) -> None:
    with pytest.raises(NotUnderstood):
        assignments([text])


@pytest.mark.parametrize("text", ["clientAuth.secret=x", "clientAuth.encryptedSecret=x", "nosuch=1", "x"])
def test_nobody_asks_for_secrets(text: str) -> None:
    with pytest.raises(NotUnderstood):
        condition(text)
