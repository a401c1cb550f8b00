"""Everything out, everything in again: all of it or nothing."""

from typing import Any

import pytest

from tests.house import add_person, events_of
from tests.web.admin_api.place import ADMIN, Place

pytestmark = pytest.mark.anyio
EXPORT, IMPORT, CLIENTS = "/bulk/export", "/bulk/import", "/oauth/clients"
SECRET = "a secret that is long enough to be one"
WEB: dict[str, Any] = {
    "clientId": "web",
    "name": "Web",
    "grantTypes": ["CLIENT_CREDENTIALS"],
    "clientAuth": {"type": "SECRET", "secret": SECRET},
    "restrictScopes": True,
    "restrictedScopes": ["read"],
}


def saving(path: str, *items: Any) -> dict[str, Any]:
    return {"resourceType": path, "operationType": "SAVE", "items": list(items)}


def deleting(path: str, *ids: str) -> dict[str, Any]:
    return {"resourceType": path, "operationType": "DELETE", "itemIds": list(ids)}


def body(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "operations": list(operations)}


async def with_scope(place: Place, name: str = "read") -> dict[str, Any]:
    settings: dict[str, Any] = await place.get("/oauth/authServerSettings")
    settings["scopes"].append({"name": name, "description": ""})
    return settings


async def test_an_export_imported_again_changes_nothing(place: Place) -> None:
    await place.post("/oauth/authServerSettings/scopes/commonScopes", {"name": "read", "description": ""})
    await place.post(CLIENTS, WEB)
    await add_person(place.server, "joe")
    before = len(events_of(place.server).events)
    exported = await place.ask("GET", EXPORT)
    assert SECRET not in exported.text
    assert "argon2" not in exported.text
    assert "joe" not in exported.text
    found = await place.ask("POST", IMPORT, exported.json, query="strict=true")
    assert found.status == 200, found.text
    assert len(events_of(place.server).events) == before


async def test_what_was_deleted_comes_back_with_its_secret(place: Place) -> None:
    await place.post("/oauth/authServerSettings/scopes/commonScopes", {"name": "read", "description": ""})
    made = await place.post(CLIENTS, WEB)
    exported = await place.get(EXPORT)
    await place.ask("DELETE", f"{CLIENTS}/web")
    assert (await place.ask("POST", IMPORT, exported)).status == 200
    again = await place.get(f"{CLIENTS}/web")
    for one in (made, again):
        for name in ("creationDate", "modificationDate", "clientSecretChangedTime"):
            one.pop(name)
        one["clientAuth"].pop("encryptedSecret")
    assert made == again
    saved = await place.put(f"{CLIENTS}/web", WEB)
    assert saved["name"] == "Web"


async def test_settings_objects_and_clients_that_need_each_other_come_together(place: Place) -> None:
    """The client may only have a scope that comes with it, and a manager that comes with it."""
    manager = await place.get("/oauth/accessTokenManagers/reference")
    manager |= {"id": "atm", "name": "Another"}
    client = {**WEB, "defaultAccessTokenManagerRef": {"id": "atm"}}
    operations = [
        saving(CLIENTS, client),
        saving("/oauth/accessTokenManagers", manager),
        saving("/oauth/authServerSettings", await with_scope(place)),
    ]
    assert (await place.ask("POST", IMPORT, body(*operations))).status == 200
    assert (await place.get(f"{CLIENTS}/web"))["defaultAccessTokenManagerRef"] == {"id": "atm"}
    names = [event.name for event in events_of(place.server).events]
    assert sorted(names) == ["client.created", "settings.applied"]


async def test_one_problem_anywhere_leaves_everything_as_it_was(place: Place) -> None:
    settings = await with_scope(place)
    before = await place.ask("GET", EXPORT)
    bad = [
        saving("/oauth/authServerSettings", settings),
        saving("/oauth/issuers", {"id": "a", "name": "A", "host": "a.example"}, {"id": "b", "name": "A", "host": "B"}),
        saving(CLIENTS, WEB),
    ]
    errors = await place.refused("POST", IMPORT, body(*bad))
    assert errors == dict.fromkeys(("operations[1].items[1].name", "operations[1].items[1].host"), "invalid_value")
    bad[1] = saving(CLIENTS, {**WEB, "clientId": "x", "name": ""}, {**WEB, "clientId": "x"})
    errors = await place.refused("POST", IMPORT, body(*bad))
    assert errors == {"operations[1].items[0].name": "required", "operations[1].items[1].clientId": "invalid_value"}
    assert (await place.ask("GET", EXPORT)).text == before.text
    assert events_of(place.server).events == []


async def test_the_shape_of_an_import_is_checked_first(place: Place) -> None:
    assert await place.refused("POST", IMPORT, {}) == {"operations": "required"}
    assert await place.refused("POST", IMPORT, {"operations": {}}, 400) == {"operations": "malformed_value"}
    wrong: list[Any] = [
        3,
        saving("/nothing"),
        {"resourceType": CLIENTS, "items": 1},
        saving(CLIENTS, "x"),
        {"resourceType": CLIENTS, "operationType": "EAT"},
        deleting("/serverSettings", "x"),
        {"resourceType": [], "items": []},
        {"resourceType": {}},
        {"resourceType": CLIENTS, "operationType": "DELETE", "itemIds": [1]},
    ]
    errors = await place.refused("POST", IMPORT, body(*wrong), 400)
    assert set(errors) == {
        "operations[0]", "operations[1].resourceType", "operations[2].items", "operations[3].items[0]",
        "operations[4].operationType", "operations[5].operationType", "operations[6].resourceType",
        "operations[7].resourceType", "operations[8].itemIds",
    }  # fmt: skip
    errors = await place.refused("POST", IMPORT, body(saving(CLIENTS, {**WEB, "x": 1})), 400, query="strict=true")
    assert errors == {"operations[0].items[0].x": "unknown_member"}


async def test_deletions_leave_together_what_needs_each_other(place: Place) -> None:
    await place.post("/oauth/issuers", {"id": "t", "name": "T", "host": "t.example"})
    await place.post("/oauth/authServerSettings/scopes/commonScopes", {"name": "read", "description": ""})
    await place.post(CLIENTS, WEB)
    settings = await place.get("/oauth/authServerSettings")
    settings["scopes"] = [one for one in settings["scopes"] if one["name"] != "read"]
    without = saving("/oauth/authServerSettings", settings)
    errors = await place.refused("POST", IMPORT, body(without, deleting("/oauth/issuers", "t")))
    assert errors == {"operations[0].items[0].scopes": "resource_in_use"}
    operations = body(without, deleting("/oauth/issuers", "t", "none"), deleting(CLIENTS, "web", "none"))
    assert (await place.ask("POST", IMPORT, operations)).status == 200
    assert (await place.ask("GET", f"{CLIENTS}/web")).status == 404
    assert (await place.ask("GET", "/oauth/issuers/t")).status == 404
    assert [(e.name, e.by) for e in events_of(place.server).events][-1] == ("settings.applied", ADMIN)


async def test_what_is_needed_is_not_deleted_in_bulk_either(place: Place) -> None:
    errors = await place.refused("POST", IMPORT, body(deleting("/oauth/accessTokenManagers", "reference")))
    assert errors == {"": "resource_in_use"}


async def test_what_is_saved_and_deleted_at_once_is_refused(place: Place) -> None:
    both = body(saving(CLIENTS, WEB), deleting(CLIENTS, WEB["clientId"]))
    assert await place.refused("POST", IMPORT, both) == {"operations[0].items[0].clientId": "invalid_value"}
    assert await place.server.stores.client(WEB["clientId"]) is None
    issuer = {"id": "i", "name": "I", "host": "i.example"}
    both = body(deleting("/oauth/issuers", "i"), saving("/oauth/issuers", issuer))
    assert await place.refused("POST", IMPORT, both) == {"operations[1].items[0].id": "invalid_value"}
