"""Accounts in the table of a validator, as tools of the compatibility source send them."""

from typing import Any

import pytest

from tests.house import add_person, events_of
from tests.web.admin_api.place import Place

pytestmark = pytest.mark.anyio
PATH = "/passwordCredentialValidators"
CLASS = "org.sourceid.saml20.domain.SimpleUsernamePasswordCredentialValidator"


def row(username: str, password: str | None = "Sesame-1", **fields: str) -> dict[str, Any]:
    given = {
        "Username": username,
        **({"Password": password, "Confirm Password": password} if password else {}),
        **fields,
    }
    return {"fields": [{"name": name, "value": value} for name, value in given.items()], "defaultRow": False}


def validator(*rows: dict[str, Any]) -> dict[str, Any]:
    table = {"name": "Users", "rows": list(rows)}
    return {"id": "pcv", "name": "V", "pluginDescriptorRef": {"id": CLASS}, "configuration": {"tables": [table]}}


def rows_of(body: dict[str, Any]) -> list[dict[str, dict[str, Any]]]:
    (table,) = body["configuration"]["tables"]
    return [{field["name"]: field for field in one["fields"]} for one in table["rows"]]


async def fits(place: Place, username: str, password: str) -> bool:
    account = await place.server.stores.account("pcv", username)
    return account is not None and await place.server.passwords.verify(account.password_hash, password)


async def test_rows_become_accounts_and_are_answered_in_their_order_without_passwords(place: Place) -> None:
    made = await place.ask("POST", PATH, validator(row("zoe"), row("adam", "Sesame-2")))
    assert made.status == 201, made.text
    assert "Sesame" not in made.text
    assert "argon2" not in made.text
    names = [one["Username"]["value"] for one in rows_of(made.json)]
    assert names == ["zoe", "adam"]
    assert set(rows_of(made.json)[0]["Password"]) == {"name", "encryptedValue"}
    assert await fits(place, "zoe", "Sesame-1")
    assert await fits(place, "adam", "Sesame-2")
    assert b"zoe" not in b"".join(one.document for one in await place.server.stores.objects())


async def test_what_was_answered_keeps_every_password_and_rows_left_out_go(place: Place) -> None:
    made = await place.post(PATH, validator(row("zoe"), row("adam")))
    before = len(events_of(place.server).events)
    again = await place.put(f"{PATH}/pcv", made)
    assert [one["Username"] for one in rows_of(again)] == [one["Username"] for one in rows_of(made)]
    assert len(events_of(place.server).events) == before
    again["configuration"]["tables"][0]["rows"].pop(0)
    await place.put(f"{PATH}/pcv", again)
    assert await fits(place, "adam", "Sesame-1")
    assert [one.username for one in await place.server.stores.accounts("pcv")] == ["adam"]


async def test_the_same_password_again_is_no_change_and_another_counts(place: Place) -> None:
    await place.post(PATH, validator(row("zoe")))
    before = len(events_of(place.server).events)
    await place.put(f"{PATH}/pcv", validator(row("zoe")))
    assert len(events_of(place.server).events) == before
    await place.put(f"{PATH}/pcv", validator(row("zoe", "Sesame-3")))
    assert await fits(place, "zoe", "Sesame-3")
    assert not await fits(place, "zoe", "Sesame-1")


async def test_accounts_that_came_another_way_are_left_alone(place: Place) -> None:
    await place.post(PATH, validator(row("zoe")))
    await add_person(place.server, "joe", validator="pcv")
    await place.put(f"{PATH}/pcv", validator())
    assert [one.username for one in await place.server.stores.accounts("pcv")] == ["joe"]


async def test_everything_wrong_with_the_rows_is_told_at_its_place(place: Place) -> None:
    rows = (
        row("weak", "weak"),
        row("twice"),
        row("twice"),
        row("", "Sesame-1"),
        row("none", None),
        row("other", **{"Confirm Password": "Sesame-9"}),
        {"fields": [{"name": "Username", "value": "x"}, {"name": "Password", "encryptedValue": "OBF:JWE:abc"}]},
    )
    errors = await place.refused("POST", PATH, validator(*rows))
    at = "configuration.tables[0].rows"
    assert errors == {
        f"{at}[0].fields": "plugin_validation_error",
        f"{at}[1].fields": "plugin_validation_error",
        f"{at}[2].fields": "plugin_validation_error",
        f"{at}[3].fields": "required",
        f"{at}[4].fields": "required",
        f"{at}[5].fields": "plugin_validation_error",
        f"{at}[6].fields": "plugin_validation_error",
    }
    assert (await place.ask("GET", f"{PATH}/pcv")).status == 404
    relaxed = row("weak", "weak", **{"Relax Password Requirements": "true"})
    made = await place.post(PATH, validator(relaxed))
    assert rows_of(made)[0]["Relax Password Requirements"]["value"] == "true"


async def test_a_text_that_stands_for_one_account_is_worth_nothing_for_another(place: Place) -> None:
    made = await place.post(PATH, validator(row("zoe"), row("adam")))
    fields = made["configuration"]["tables"][0]["rows"][0]["fields"]
    fields[0]["value"] = "adam2"
    assert (await place.ask("PUT", f"{PATH}/pcv", made)).status == 422
    other = await place.ask("POST", PATH, {**made, "id": "pcv2"})
    assert other.status == 422


async def test_of_a_refused_object_no_account_is_made(place: Place) -> None:
    assert (await place.ask("POST", PATH, {**validator(row("zoe")), "name": ""})).status == 422
    assert await place.server.stores.accounts("pcv") == []


@pytest.mark.parametrize("rows", [1, "x", [1], [{}], [{"fields": 1}], [{"fields": [1, {}, {"name": []}]}]])
async def test_no_table_causes_an_accident(place: Place, rows: Any) -> None:
    body = validator()
    body["configuration"]["tables"][0]["rows"] = rows
    assert (await place.ask("POST", PATH, body)).status in (400, 422)
    for tables in (1, [1], [{"name": 3}], {"name": "Users"}):
        found = await place.ask("POST", PATH, {**body, "configuration": {"tables": tables}})
        assert found.status in (400, 422)
