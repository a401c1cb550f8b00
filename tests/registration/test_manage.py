"""RFC 7592: a developer looks at a registration, replaces it, removes it; nobody else does."""

from asyncio import gather
from dataclasses import replace
from typing import Any

import pytest

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.declare import Draft
from ostiary.server_settings.scopes import Scope
from ostiary.words import ClientAuth, SecurityProfile
from tests.house import add_client, clock_of, code_for, events_of, fresh_objects, make_server, redeem
from tests.registration.desk import METADATA, PATH, Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(anyio_backend: str) -> Desk:
    return Desk()


def replacement(registered: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"client_id": registered["client_id"], **METADATA, **metadata}


async def change_as_administrator(desk: Desk, client_id: str, **values: Any) -> None:
    from ostiary.client_management import registry

    names = {name.replace("__", "."): value for name, value in values.items()}
    await registry(desk.server).replace_many(
        [(client_id, lambda now: Draft(CLIENT_SETTINGS.with_values(now, names), (), (), frozenset()))], "admin"
    )
    desk.server.clients.drop(client_id)


async def test_one_client_s_token_opens_no_other(desk: Desk) -> None:
    """Threats T-38, T-40: the answer is the same as for a client that is not there."""
    one, other = await desk.registered(), await desk.registered()
    desk.change(registration__allow_client_delete=True)
    await add_client(desk.server, "app")
    paths = [f"{PATH}/{id_}" for id_ in (other["client_id"], "app", "dc-none", "%ff", "a%00b", "x" * 5000, "")]
    answers = [
        await desk.ask(method, path, METADATA, token=one["registration_access_token"], source=f"192.0.2.{n}")
        for n, path in enumerate(paths)
        for method in ("GET", "PUT", "DELETE")
    ]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.description for answer in answers}) == 1
    assert (await desk.manage("GET", other)).status == 200


@pytest.mark.parametrize("authorization", [{}, {"basic": ("a", "b")}, {"token": ""}, {"token": "x"}])
async def test_without_the_token_there_is_nothing_to_see(desk: Desk, authorization: dict[str, Any]) -> None:
    body = await desk.registered()
    answer = await desk.ask("GET", f"{PATH}/{body['client_id']}", **authorization)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_disabled_client_cannot_be_managed(desk: Desk) -> None:
    body = await desk.registered()
    await change_as_administrator(desk, body["client_id"], identity__enabled=False)
    assert (await desk.manage("GET", body)).status == 401
    assert (await desk.manage("PUT", body, replacement(body))).status == 401
    assert (await desk.client(body["client_id"])).identity.enabled is False


async def test_a_look_with_head_takes_nothing_away(desk: Desk) -> None:
    body = await desk.registered()
    desk.change(registration__rotate_registration_access_token=True)
    assert (await desk.manage("HEAD", body)).status == 405
    assert (await desk.manage("GET", body)).status == 200


async def test_a_replacement_replaces_and_what_is_left_out_goes_back_to_its_default(desk: Desk) -> None:
    body = await desk.registered(
        logo_uri="https://app.example/l", scope="email", software_id="s", contacts=["a@b.example"]
    )
    answer = await desk.manage("PUT", body, replacement(body, client_name="New"))
    assert answer.status == 200
    assert answer.body["client_name"] == "New"
    assert not {"logo_uri", "scope", "software_id", "contacts"} & answer.body.keys()
    assert answer.body["client_id_issued_at"] == body["client_id_issued_at"]
    assert answer.body["registration_client_uri"] == body["registration_client_uri"]
    assert "client_secret" not in answer.body
    assert (await desk.manage("GET", body)).body == answer.body


async def test_a_replacement_says_who_it_is_and_nothing_that_is_the_server_s(desk: Desk) -> None:
    body = await desk.registered()
    refused = [
        METADATA,
        replacement(body, client_id="other"),
        replacement(body, client_id=5),
        replacement(body, client_secret="wrong"),
        replacement(body, client_secret=5),
        replacement(body, registration_access_token=body["registration_access_token"]),
        replacement(body, registration_client_uri=body["registration_client_uri"]),
        replacement(body, client_id_issued_at=1),
        replacement(body, client_secret_expires_at=0),
        replacement(body, redirect_uris=[]),
        replacement(body, enabled=False),
    ]
    before = await desk.client(body["client_id"])
    for sent in refused:
        answer = await desk.manage("PUT", body, sent)
        assert answer.status == 400, sent
        assert answer.error in ("invalid_client_metadata", "invalid_redirect_uri")
    assert await desk.client(body["client_id"]) == before
    assert (await desk.manage("PUT", body, replacement(body, client_secret=body["client_secret"]))).status == 200


async def test_the_secret_stays_over_a_replacement_unless_another_kind_is_needed(desk: Desk) -> None:
    body = await desk.registered()
    before = (await desk.client(body["client_id"])).authentication.secret
    await desk.manage("PUT", body, replacement(body))
    assert (await desk.client(body["client_id"])).authentication.secret == before
    signed = await desk.manage("PUT", body, replacement(body, id_token_signed_response_alg="HS256"))
    assert len(signed.body["client_secret"]) == 64  # only a digest of the first was kept, and HMAC needs a clear one
    public = await desk.manage("PUT", body, replacement(body, token_endpoint_auth_method="none"))
    assert "client_secret" not in public.body
    client = await desk.client(body["client_id"])
    assert client.authentication.method is ClientAuth.NONE
    assert client.authentication.secret is None
    back = await desk.manage("PUT", body, replacement(body))
    assert len(back.body["client_secret"]) == 64


async def test_what_an_administrator_tightened_a_developer_does_not_loosen(desk: Desk) -> None:
    """Threat T-37."""
    body = await desk.registered()
    await change_as_administrator(
        desk, body["client_id"], requests__security_profile=SecurityProfile.OAUTH2_1, redirection__bypass_approval=False
    )
    desk.change(registration__require_pkce=True)
    assert (await desk.manage("PUT", body, replacement(body))).status == 200
    client = await desk.client(body["client_id"])
    assert client.requests.security_profile is SecurityProfile.OAUTH2_1
    assert client.requests.require_pkce  # S118 is applied anew


async def test_a_replacement_cannot_reach_what_registration_could_not(desk: Desk) -> None:
    desk.change(scopes__exclusive=(Scope(name="admin"),))
    body = await desk.registered()
    await change_as_administrator(desk, body["client_id"], scopes__exclusive=("admin",))
    answer = await desk.manage("PUT", body, replacement(body, scope="admin"))
    assert "admin is not open" in answer.description
    assert (await desk.manage("PUT", body, replacement(body))).status == 200
    assert (await desk.client(body["client_id"])).scopes.exclusive == ()


async def test_deleting_takes_grants_and_tokens_along() -> None:
    desk = Desk(make_server(registration__on=True, registration__allow_client_delete=True))
    body = await desk.registered(
        redirect_uris=["https://app.example/cb"], grant_types=["authorization_code", "refresh_token"]
    )
    from tests.house import add_person

    await add_person(desk.server)
    tokens = await redeem(desk.server, await code_for(desk.server, body["client_id"]), body["client_id"])
    assert "refresh_token" in tokens
    assert await desk.server.stores.grants_of(client_id=body["client_id"])
    assert (await desk.manage("DELETE", body)).status == 204
    assert not await desk.server.stores.grants_of(client_id=body["client_id"])
    assert await desk.server.stores.registration(body["client_id"]) is None
    assert "client.deleted" in events_of(desk.server).names


async def test_a_client_that_the_server_refers_to_stays() -> None:
    desk = Desk(make_server(registration__on=True, registration__allow_client_delete=True))
    body = await desk.registered()
    objects = desk.server.objects
    manager = replace(
        next(iter(objects.managers.values())), restrict_clients=True, allowed_clients=(body["client_id"],)
    )
    desk.server = replace(desk.server, objects=replace(fresh_objects(), managers={manager.id: manager}))
    answer = await desk.manage("DELETE", body)
    assert (answer.status, answer.error) == (400, "invalid_client_metadata")
    assert (await desk.manage("GET", body)).status == 200


async def test_of_many_rotations_at_once_one_is_kept(desk: Desk) -> None:
    body = await desk.registered()
    desk.change(registration__rotate_registration_access_token=True, registration__rotate_client_secret=True)
    answers = await gather(*(desk.manage("GET", body, token=body["registration_access_token"]) for _ in range(20)))
    won = [answer for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert {answer.status for answer in answers} <= {200, 401, 503}
    assert (await desk.manage("GET", won[0].body)).status == 200
    assert "registration_token.changed" in events_of(desk.server).names


async def test_a_wrong_method_is_told_the_right_ones(desk: Desk) -> None:
    body = await desk.registered()
    answer = await desk.manage("PATCH", body, {})
    assert answer.status == 405
    assert answer.headers["allow"] == "DELETE, GET, PUT"


async def test_a_client_that_rotates_without_end_is_held_up(desk: Desk) -> None:
    """Threat T-62: no stranger writes evidence without limit."""
    body = await desk.registered()
    desk.change(registration__rotate_registration_access_token=True)
    statuses = []
    for _ in range(35):
        answer = await desk.manage("GET", body)
        statuses.append(answer.status)
        body = answer.body if answer.status == 200 else body
    assert statuses[:30] == [200] * 30
    assert set(statuses[30:]) == {429}
    clock_of(desk.server).advance(seconds=2)
    assert (await desk.manage("GET", body)).status == 200


async def test_guessing_registration_tokens_is_held_up(desk: Desk) -> None:
    body = await desk.registered()
    statuses = [(await desk.manage("GET", body, token=f"guess{n}")).status for n in range(45)]
    assert statuses[:40] == [401] * 40
    assert statuses[-1] == 429
