"""`/oauth/clients`, as tools of the compatibility source use it."""

import asyncio
from typing import Any

import pytest

from ostiary.audit.events import ClientCreated, ClientDeleted, ClientReplaced
from tests.house import clock_of, events_of
from tests.web.admin_api.place import ADMIN, Place

pytestmark = pytest.mark.anyio
CLIENTS = "/oauth/clients"
SECRET = "a secret that is long enough to be one"
WEB = {
    "clientId": "web",
    "name": "Web",
    "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
    "redirectUris": ["https://app.example/cb"],
    "clientAuth": {"type": "SECRET", "secret": SECRET},
}


def public(client_id: str, name: str = "") -> dict[str, Any]:
    uris = ["https://app.example/cb"]
    return {"clientId": client_id, "name": name or client_id, "grantTypes": ["IMPLICIT"], "redirectUris": uris}


async def test_what_is_created_is_read_back_the_same_but_for_the_texts_of_its_secrets(place: Place) -> None:
    made = await place.ask("POST", CLIENTS, WEB)
    assert (made.status, made.headers["location"]) == (201, "/pf-admin-api/v1/oauth/clients/web")
    assert SECRET not in made.text
    read = await place.ask("GET", f"{CLIENTS}/web")
    assert read.tag == made.tag
    texts = [found.json["clientAuth"].pop("encryptedSecret") for found in (made, read)]
    first, second = made.json, read.json
    for body in (first, second):
        body["clientAuth"].pop("encryptedSecret", None)
    assert first == second
    assert len(set(texts)) == 2
    assert all(text.startswith("OBF:JWE:") for text in texts)


async def test_an_encrypted_secret_that_is_sent_back_keeps_the_secret(place: Place) -> None:
    made = await place.post(CLIENTS, WEB)
    saved = await place.put(f"{CLIENTS}/web", {**made, "name": "Other"})
    assert saved["clientSecretChangedTime"] == made["clientSecretChangedTime"]
    assert saved["name"] == "Other"
    again = await place.put(f"{CLIENTS}/web", {**WEB, "name": "Other"})
    assert again["clientSecretChangedTime"] == made["clientSecretChangedTime"]
    assert again["modificationDate"] == saved["modificationDate"]


async def test_a_put_replaces_and_the_path_says_whom(place: Place) -> None:
    await place.post(CLIENTS, {**WEB, "description": "x", "requireProofKeyForCodeExchange": True})
    saved = await place.put(f"{CLIENTS}/web", {**WEB, "clientId": "another"})
    assert saved["clientId"] == "web"
    assert "description" not in saved
    assert saved["requireProofKeyForCodeExchange"] is False


@pytest.mark.parametrize("client_id", ["https://rs.example/api", "a b", "ä%2F", "x?y#z", "client+1", "..", "中"])
async def test_any_text_is_an_id(place: Place, client_id: str) -> None:
    made = await place.ask("POST", CLIENTS, public(client_id))
    path = made.headers["location"].removeprefix("/pf-admin-api/v1")
    assert (await place.get(path))["clientId"] == client_id
    assert (await place.put(path, public(client_id, "New")))["name"] == "New"
    assert (await place.ask("DELETE", path)).status == 204
    assert (await place.ask("GET", path)).status == 404


async def test_a_taken_id_is_422_at_its_property(place: Place) -> None:
    await place.post(CLIENTS, WEB)
    assert await place.refused("POST", CLIENTS, WEB) == {"clientId": "id_in_use"}


async def test_every_problem_is_told_at_once_by_its_path_in_the_body(place: Place) -> None:
    body = {
        "clientAuth": {"type": "NONE"},
        "grantTypes": ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE"],
        "oidcPolicy": {"sectorIdentifierUri": "https://a.example/s", "policyGroup": {"id": "none"}},
        "restrictedScopes": ["no-such-scope"],
        "cibaPollingInterval": 99999,
    }
    errors = await place.refused("POST", CLIENTS, body)
    assert errors["clientId"] == errors["name"] == "required"
    for path in ("oidcPolicy.sectorIdentifierUri", "oidcPolicy.policyGroup", "redirectUris", "restrictedScopes"):
        assert errors[path] == "invalid_value"
    assert "clientAuth.type" in errors
    assert "cibaPollingInterval" in errors
    assert (await place.ask("GET", CLIENTS)).json == {"items": []}


async def test_a_wrong_type_or_an_unknown_word_is_400(place: Place) -> None:
    for members in ({"enabled": "yes"}, {"grantTypes": ["MAGIC"]}, {"clientAuth": "SECRET"}, {"redirectUris": {}}):
        errors = await place.refused("POST", CLIENTS, {**WEB, **members}, 400)
        assert "malformed_value" in errors.values(), members


async def test_unknown_members_are_ignored_and_refused_when_asked_for(place: Place) -> None:
    body = {**WEB, "madeUp": 1, "clientAuth": {**WEB["clientAuth"], "more": True}}  # type: ignore[dict-item]
    errors = await place.refused("POST", CLIENTS, body, 400, query="strict=true")
    assert errors == {"madeUp": "unknown_member", "clientAuth.more": "unknown_member"}
    assert "madeUp" not in await place.post(CLIENTS, body)


async def test_who_does_not_exist_is_404_by_name(place: Place) -> None:
    for method, path in (
        ("GET", "/none"), ("PUT", "/none"), ("DELETE", "/none"),
        ("GET", "/none/clientAuth/clientSecret"), ("PUT", "/none/clientAuth/clientSecret"),
    ):  # fmt: skip
        found = await place.ask(method, CLIENTS + path, {"secret": SECRET} if "Secret" in path else WEB)
        assert found.status == 404
        assert "'none'" in found.json["message"]


async def test_pages_are_counted_from_one_and_without_paging_all_come(place: Place) -> None:
    names = [f"c{number}" for number in range(10)]
    for name in names:
        await place.post(CLIENTS, public(name))

    async def ids(query: str) -> list[str]:
        return [one["clientId"] for one in (await place.get(CLIENTS, query))["items"]]

    assert await ids("") == names
    assert await ids("page=1&numberPerPage=4") == names[:4]
    assert await ids("page=3&numberPerPage=4") == names[8:]
    assert await ids("numberPerPage=2") == names[:2]
    assert await ids("page=2") == []
    assert await ids("page=4&numberPerPage=4") == []
    assert await ids("filter=C7") == ["c7"]
    assert await ids("filter=c&page=2&numberPerPage=3") == names[3:6]
    assert await ids("filter=") == names


BAD_PAGES = (
    *("page=0", "page=-1", "page=x", "page=1.5", "page=1&page=2", "page=%D9%A1"),
    *("numberPerPage=0", "numberPerPage=99999999999", "filter=%ff"),
)


@pytest.mark.parametrize("query", BAD_PAGES)
async def test_a_bad_page_is_422(place: Place, query: str) -> None:
    assert (await place.ask("GET", CLIENTS, query=query)).status == 422


async def test_a_list_longer_than_a_chunk_is_whole_and_in_order(place: Place) -> None:
    for number in range(205):
        await place.post(CLIENTS, public(f"c{number:03d}"))
    items = (await place.get(CLIENTS))["items"]
    assert [one["clientId"] for one in items] == [f"c{number:03d}" for number in range(205)]
    items = (await place.get(CLIENTS, "page=2&numberPerPage=203"))["items"]
    assert [one["clientId"] for one in items] == ["c203", "c204"]


async def test_the_secret_has_a_resource_of_its_own(place: Place) -> None:
    await place.post(CLIENTS, {**WEB, "clientSecretRetentionPeriodType": "OVERRIDE_SERVER_DEFAULT",
                               "clientSecretRetentionPeriod": 60})  # fmt: skip
    path = f"{CLIENTS}/web/clientAuth/clientSecret"
    assert set(await place.get(path)) == {"encryptedSecret", "secondarySecrets"}
    saved = await place.put(path, {"secret": "another secret that is long enough"})
    (retained,) = saved["secondarySecrets"]
    assert set(retained) == {"encryptedSecret", "expiryTime"}
    assert await place.refused("PUT", path, {}) == {"secret": "required"}
    assert await place.refused("PUT", path, {"secret": 1}, 400) == {"secret": "malformed_value"}
    assert (await place.get(f"{CLIENTS}/web"))["name"] == "Web"


async def test_if_match_names_the_state_that_may_be_changed(place: Place) -> None:
    old = (await place.ask("POST", CLIENTS, WEB)).tag
    new = (await place.ask("PUT", f"{CLIENTS}/web", {**WEB, "name": "B"}, ("if-match", old))).tag
    assert new != old
    for method, path in (("PUT", ""), ("DELETE", ""), ("PUT", "/clientAuth/clientSecret")):
        body = {"secret": SECRET} if path else {**WEB, "name": "C"}
        found = await place.ask(method, f"{CLIENTS}/web{path}", body, ("if-match", old))
        assert (found.status, found.json["resultId"]) == (412, "precondition_failed")
    assert (await place.get(f"{CLIENTS}/web"))["name"] == "B"
    assert (await place.ask("PUT", f"{CLIENTS}/web", WEB, ("if-match", f'"x", {new}'))).status == 200
    assert (await place.ask("PUT", f"{CLIENTS}/web", WEB, ("if-match", "*"))).status == 200
    assert (await place.ask("PUT", f"{CLIENTS}/none", WEB, ("if-match", "*"))).status == 404
    assert (await place.ask("DELETE", f"{CLIENTS}/web")).status == 204


async def test_of_two_puts_for_one_state_one_wins_and_plain_puts_both_do(place: Place) -> None:
    tag = (await place.ask("POST", CLIENTS, WEB)).tag
    bodies = [{**WEB, "name": name} for name in "AB"]
    both = await asyncio.gather(*(place.ask("PUT", f"{CLIENTS}/web", body, ("if-match", tag)) for body in bodies))
    assert sorted(found.status for found in both) == [200, 412]
    both = await asyncio.gather(*(place.ask("PUT", f"{CLIENTS}/web", body) for body in bodies))
    assert [found.status for found in both] == [200, 200]


async def test_a_client_made_anew_has_other_tags(place: Place) -> None:
    old = (await place.ask("POST", CLIENTS, WEB)).tag
    await place.ask("DELETE", f"{CLIENTS}/web")
    clock_of(place.server).advance(seconds=1)
    assert (await place.ask("POST", CLIENTS, WEB)).tag != old


async def test_every_change_is_told_by_whom_and_with_the_names_of_settings(place: Place) -> None:
    await place.post(CLIENTS, WEB)
    await place.put(f"{CLIENTS}/web", {**WEB, "name": "B"})
    await place.ask("DELETE", f"{CLIENTS}/web")
    assert events_of(place.server).events == [
        ClientCreated(client_id="web", by=ADMIN),
        ClientReplaced(client_id="web", by=ADMIN, changed=("identity.name",)),
        ClientDeleted(client_id="web", by=ADMIN),
    ]


async def test_head_says_what_get_says(place: Place) -> None:
    await place.post(CLIENTS, WEB)
    assert (await place.ask("HEAD", f"{CLIENTS}/web")).status == 200


async def test_what_happened_to_a_client_can_be_asked_for(place: Place) -> None:
    for client_id in ("web", "other"):
        await place.post(CLIENTS, {**WEB, "clientId": client_id})
    await place.put(f"{CLIENTS}/web", {**WEB, "name": "B"})
    items = (await place.get("/auditEvents", "client=web"))["items"]
    assert [one["event"] for one in items] == ["client.replaced", "client.created"]
    assert all(one["clientId"] == "web" for one in items)
    assert len((await place.get("/auditEvents"))["items"]) == 3
    (second,) = (await place.get("/auditEvents", "client=web&page=2&numberPerPage=1"))["items"]
    assert second["event"] == "client.created"
    assert (await place.get("/auditEvents", "client=none"))["items"] == []
    assert await place.refused("GET", "/auditEvents", query="numberPerPage=5000") == {"numberPerPage": "invalid_value"}


async def test_the_version_is_one_that_tools_know(place: Place) -> None:
    assert (await place.get("/version"))["version"].startswith("13.1.")
