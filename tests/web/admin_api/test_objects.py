"""The configuration objects through one mechanism: every kind is created, read, replaced, refused and deleted alike."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.audit.events import SettingsApplied
from ostiary.declare import Dialect
from ostiary.server_settings.object_kinds import OBJECT_KINDS
from ostiary.server_settings.plugins import BUILT_IN
from tests.house import add_person, events_of
from tests.web.admin_api.place import ADMIN, Place

pytestmark = pytest.mark.anyio
EVERYTHING = json.loads((Path(__file__).parents[2] / "examples" / "server_settings.json").read_text())
MANAGERS, MAPPINGS = "/oauth/accessTokenManagers", "/oauth/accessTokenMappings"
POLICIES, VALIDATORS = "/oauth/openIdConnect/policies", "/passwordCredentialValidators"
TEXT = {"source": {"type": "TEXT"}, "value": "x"}
MANAGER: dict[str, Any] = {
    "id": "atm",
    "name": "A manager",
    "pluginDescriptorRef": {"id": "org.sourceid.oauth20.token.plugin.impl.ReferenceBearerAccessTokenManagementPlugin"},
    "configuration": {"tables": [], "fields": []},
    "attributeContract": {"extendedAttributes": [{"name": "sub"}]},
}
POLICY: dict[str, Any] = {
    "id": "policy",
    "name": "A policy",
    "accessTokenManagerRef": {"id": "reference"},
    "attributeContract": {"extendedAttributes": []},
    "attributeMapping": {"attributeContractFulfillment": {"sub": {"source": {"type": "TOKEN"}, "value": "sub"}}},
}
VALIDATOR: dict[str, Any] = {"id": "pcv", "name": "V", "pluginDescriptorRef": {"id": "simple"}, "configuration": {}}
OWNER: dict[str, Any] = {
    "id": "users",
    "passwordValidatorRef": {"id": "users"},
    "attributeContractFulfillment": {"USER_KEY": TEXT},
}
MORE: dict[str, list[dict[str, Any]]] = {
    "resourceOwnerCredentialsMappings": [OWNER],
    "additionalKeySets": [{"id": "set", "name": "Set", "issuers": [{"id": "eu"}], "signingKeys": {}}],
}
LATER = {"certificateAuthorities"}


def examples() -> dict[str, list[dict[str, Any]]]:
    """Objects of every kind, in an order in which each finds what it refers to."""
    names = [kind.list_name for kind in OBJECT_KINDS if kind.list_name not in LATER]
    return {name: EVERYTHING.get(name) or MORE[name] for name in names}


async def with_everything(place: Place) -> None:
    """The settings and objects that the examples refer to."""
    await place.put("/oauth/authServerSettings", {**await place.get("/oauth/authServerSettings"),
                                                  **EVERYTHING["authServerSettings"]})  # fmt: skip


async def test_every_kind_is_created_read_replaced_and_deleted(place: Place) -> None:
    """Read, and put back what was read, is no change; what was deleted is gone."""
    await with_everything(place)
    made: list[tuple[str, str]] = []
    for kind in OBJECT_KINDS:
        for body in examples().get(kind.list_name, []):
            found = await place.ask("POST", kind.path, body)
            assert found.status == 201, (kind.list_name, found.text)
            path = found.headers["location"].removeprefix("/pf-admin-api/v1")
            made.append((path, kind.path))
            read = await place.ask("GET", path)
            assert (read.status, read.json, read.tag) == (200, found.json, found.tag)
            back = await place.ask("PUT", path, read.json, query="strict=true")
            assert (back.status, back.json, back.tag) == (200, read.json, read.tag), back.text
            listed = await place.get(kind.path)
            assert read.json in (listed if isinstance(listed, list) else listed["items"])
            assert await place.refused("POST", kind.path, body) == {"id": "id_in_use"}
    for resource in ("cibaServerPolicy", "tokenExchange/processor"):
        await place.put(f"/oauth/{resource}/settings", {})
    for path, _ in reversed(made):
        found = await place.ask("DELETE", path)
        assert found.status == 204, (path, found.text)
        assert (await place.ask("GET", path)).status == 404
        assert (await place.ask("PUT", path, {})).status in (404, 422)


@pytest.mark.parametrize("kind", OBJECT_KINDS, ids=lambda kind: kind.list_name)
async def test_what_is_not_there_is_404_and_an_empty_body_names_what_is_required(place: Place, kind: Any) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await place.ask(method, f"{kind.path}/none", {})).status in (404, 422 if method == "PUT" else 404)
    errors = await place.refused("POST", kind.path, {})
    required = [key for _, key in kind.entry.declaration.in_dialect(Dialect.ADMIN) if key.required is True and key.read]
    assert required
    assert "required" in errors.values()


# Access token managers and their mappings -----------------------------------------------------------------------------


async def test_a_manager_is_answered_with_every_field_of_its_kind_as_text(place: Place) -> None:
    made = await place.post(MANAGERS, MANAGER)
    fields = {one["name"]: one["value"] for one in made["configuration"]["fields"]}
    assert fields["Token Length"] == "28"
    assert fields["Expand Scope Groups"] == "false"
    assert made["pluginDescriptorRef"] == MANAGER["pluginDescriptorRef"]
    assert made["attributeContract"]["coreAttributes"] == []
    assert made["attributeContract"]["extendedAttributes"] == [{"name": "sub", "multiValued": False}]
    assert made["sequenceNumber"] == 3
    assert "defaultSubjectAttribute" not in made["attributeContract"]


async def test_the_managers_have_as_many_fields_as_tools_count(place: Place) -> None:
    for id_, count in (("reference", 8), ("jwt", 33)):
        assert len((await place.get(f"{MANAGERS}/{id_}"))["configuration"]["fields"]) == count


async def test_a_problem_of_a_plug_in_is_told_at_its_field(place: Place) -> None:
    fields = [{"name": "Token Length", "value": "28"}, {"name": "Token Lifetime", "value": "soon"}]
    body = {**MANAGER, "configuration": {"fields": fields}}
    errors = (await place.ask("POST", MANAGERS, body)).errors
    assert list(errors) == ["configuration.fields[1].value"]


async def test_the_first_manager_of_an_empty_server_becomes_the_default(place: Place) -> None:
    assert await place.get(f"{MANAGERS}/settings") == {"defaultAccessTokenManagerRef": {"id": "reference"}}


async def test_a_manager_that_is_needed_is_403_and_its_users_are_named(place: Place) -> None:
    await place.post(MANAGERS, MANAGER)
    mapping = {"context": {"type": "DEFAULT"}, "accessTokenManagerRef": {"id": "atm"},
               "attributeContractFulfillment": {"sub": TEXT}}  # fmt: skip
    await place.post(MAPPINGS, mapping)
    found = await place.ask("DELETE", f"{MANAGERS}/atm")
    assert (found.status, found.json["resultId"]) == (403, "resource_in_use")
    assert "accessTokenMappings[default|atm].accessTokenManagerRef" in found.text
    assert (await place.ask("DELETE", f"{MAPPINGS}/default%7Catm")).status == 204
    client = {"clientId": "c", "name": "c", "grantTypes": ["EXTENSION"], "defaultAccessTokenManagerRef": {"id": "atm"}}
    await place.post("/oauth/clients", client)
    found = await place.ask("DELETE", f"{MANAGERS}/atm")
    assert (found.status, "client c" in found.text) == (403, True)
    await place.ask("DELETE", "/oauth/clients/c")
    assert (await place.ask("DELETE", f"{MANAGERS}/atm")).status == 204


async def test_nothing_comes_to_refer_to_what_goes_at_the_same_moment(place: Place) -> None:
    await place.post(MANAGERS, MANAGER)
    mapping = {"context": {"type": "DEFAULT"}, "accessTokenManagerRef": {"id": "atm"},
               "attributeContractFulfillment": {"sub": TEXT}}  # fmt: skip
    both = [place.ask("DELETE", f"{MANAGERS}/atm"), place.ask("POST", MAPPINGS, mapping)]
    gone, made = await asyncio.gather(*both)
    assert (gone.status, made.status) in ((204, 422), (403, 201))


async def test_many_changes_at_once_are_all_made(place: Place) -> None:
    """Terraform sends ten at a time."""
    bodies = [{"id": f"i{number}", "name": f"I {number}", "host": f"h{number}.example"} for number in range(30)]
    made = await asyncio.gather(*(place.ask("POST", "/oauth/issuers", body) for body in bodies))
    assert {answer.status for answer in made} == {201}
    assert len((await place.get("/oauth/issuers"))["items"]) == 30


async def test_a_mapping_has_the_id_that_its_context_and_manager_make(place: Place) -> None:
    body = {"context": {"type": "PCV", "contextRef": {"id": "users"}}, "accessTokenManagerRef": {"id": "reference"},
            "attributeContractFulfillment": {"sub": TEXT}}  # fmt: skip
    made = await place.ask("POST", MAPPINGS, body)
    assert made.json["id"] == "password|users|reference"
    assert made.headers["location"].endswith("/password%7Cusers%7Creference")
    assert (made.json["attributeSources"], made.json["issuanceCriteria"]) == ([], {"conditionalCriteria": []})
    assert isinstance(await place.get(MAPPINGS), list)
    path = f"{MAPPINGS}/password%7Cusers%7Creference"
    await place.put(path, body)
    assert await place.refused("PUT", path, {**body, "accessTokenManagerRef": {"id": "jwt"}}) == {
        "context": "invalid_value"
    }


async def test_a_contract_may_be_ahead_of_the_mappings_that_fill_it(place: Place) -> None:
    """Tools change one object at a time: first the contract, then what fills it."""
    manager = await place.get(f"{MANAGERS}/reference")
    manager["attributeContract"]["extendedAttributes"].append({"name": "mail"})
    await place.put(f"{MANAGERS}/reference", manager)
    mapping = await place.get(f"{MAPPINGS}/default%7Creference")
    errors = await place.refused("PUT", f"{MAPPINGS}/default%7Creference", {**mapping, "attributeSources": [1]})
    assert "attributeSources" in errors
    mapping["attributeContractFulfillment"]["mail"] = TEXT
    await place.put(f"{MAPPINGS}/default%7Creference", mapping)
    mapping["attributeContractFulfillment"]["more"] = TEXT
    errors = await place.refused("PUT", f"{MAPPINGS}/default%7Creference", mapping)
    assert errors == {"attributeContractFulfillment.more": "invalid_value"}


async def test_references_must_lead_somewhere(place: Place) -> None:
    errors = await place.refused("POST", POLICIES, {**POLICY, "accessTokenManagerRef": {"id": "none"}})
    assert errors["accessTokenManagerRef"] == "invalid_value"


async def test_secrets_of_plug_ins_come_back_concealed_and_are_kept_when_sent_back(place: Place) -> None:
    (manager,) = EVERYTHING["accessTokenManagers"]
    clear = next(f["value"] for f in manager["configuration"]["tables"][0]["rows"][0]["fields"] if f["name"] == "Key")
    made = await place.ask("POST", MANAGERS, manager)
    assert made.status == 201, made.text
    assert clear not in made.text
    saved = await place.put(f"{MANAGERS}/hmac", {**made.json, "name": "Other"})
    assert saved["configuration"] == made.json["configuration"]


# OpenID Connect policies ----------------------------------------------------------------------------------------------


async def test_a_policy_is_answered_with_its_documented_defaults(place: Place) -> None:
    made = await place.post(POLICIES, POLICY)
    assert made["idTokenLifetime"] == 5
    assert [one["name"] for one in made["attributeContract"]["coreAttributes"]] == ["sub"]
    assert made["scopeAttributeMappings"] == {}
    assert made["attributeMapping"]["attributeSources"] == []
    assert made["attributeMapping"]["issuanceCriteria"] == {"conditionalCriteria": []}
    for name in ("includeSriInIdToken", "includeUserInfoInIdToken", "includeSHashInIdToken", "includeX5tInIdToken",
                 "returnIdTokenOnRefreshGrant", "reissueIdTokenInHybridFlow"):  # fmt: skip
        assert made[name] is False
    assert "parentRef" not in made


async def test_the_default_policy_is_not_deleted(place: Place) -> None:
    found = await place.ask("DELETE", f"{POLICIES}/default")
    assert (found.status, found.errors) == (422, {"": "resource_in_use"})
    assert "openIdConnectSettings.defaultPolicyRef" in found.text


# The rest -------------------------------------------------------------------------------------------------------------


async def test_an_id_is_given_where_none_is_needed(place: Place) -> None:
    made = await place.post("/oauth/issuers", {"name": "Tenant", "host": "tenant.example"})
    assert made["id"]
    assert (await place.get(f"/oauth/issuers/{made['id']}"))["host"] == "tenant.example"


async def test_an_issuer_is_in_one_key_set_only(place: Place) -> None:
    await place.post("/oauth/issuers", {"id": "t", "name": "T", "host": "t.example"})
    path = "/keyPairs/oauthOpenIdConnect/additionalKeySets"
    await place.post(path, {"name": "A", "issuers": [{"id": "t"}], "signingKeys": {"rsaActiveCertRef": {"id": "k"}}})
    assert await place.refused("POST", path, {"name": "B", "issuers": [{"id": "t"}]}) == {"issuers": "invalid_value"}
    assert await place.refused("DELETE", "/oauth/issuers/t") == {"": "resource_in_use"}


async def test_a_detail_type_that_a_client_names_is_not_deleted(place: Place) -> None:
    processor = {"id": "p", "name": "P", "pluginDescriptorRef": {"id": "json-schema"}, "configuration": {}}
    await place.post("/oauth/authorizationDetailProcessors", processor)
    made = await place.post(
        "/oauth/authorizationDetailTypes", {"type": "payment", "authorizationDetailProcessorRef": {"id": "p"}}
    )
    assert made["active"] is True
    await place.post("/oauth/clients", {"clientId": "c", "name": "c", "grantTypes": ["EXTENSION"],
                                        "authorizationDetailTypes": ["payment"]})  # fmt: skip
    found = await place.ask("DELETE", f"/oauth/authorizationDetailTypes/{made['id']}")
    assert (found.status, "client c" in found.text) == (422, True)
    assert (await place.ask("DELETE", "/oauth/authorizationDetailProcessors/p")).status == 403


async def test_the_accounts_of_a_validator_go_with_it(place: Place) -> None:
    await place.post(VALIDATORS, VALIDATOR)
    await add_person(place.server, "joe", validator="pcv")
    assert (await place.ask("DELETE", f"{VALIDATORS}/pcv")).status == 204
    assert await place.server.stores.accounts("pcv") == []
    found = await place.ask("DELETE", f"{VALIDATORS}/services")
    assert (found.status, "authServerSettings.adminWebServicePcvRef" in found.text) == (422, True)


async def test_the_administrators_store_is_no_validator(place: Place) -> None:
    assert await place.refused("POST", VALIDATORS, {**VALIDATOR, "id": "admin"}) == {"id": "invalid_value"}


@pytest.mark.parametrize("kind", [kind for kind in OBJECT_KINDS if kind.family], ids=lambda kind: kind.list_name)
async def test_descriptors_tell_every_field_of_every_kind(place: Place, kind: Any) -> None:
    items = (await place.get(f"{kind.path}/descriptors"))["items"]
    built_in = [one for one in BUILT_IN if one.family is kind.family]
    assert len(items) == len(built_in)
    for item, one in zip(items, built_in, strict=True):
        for name in one.names():
            assert await place.get(f"{kind.path}/descriptors/{name}") == item
        for field in item["configDescriptor"]["fields"]:
            assert field["type"] in ("CHECK_BOX", "SELECT", "TEXT")
    assert (await place.ask("GET", f"{kind.path}/descriptors/none")).status == 404


async def test_changes_of_objects_are_told_by_the_names_of_what_changed(place: Place) -> None:
    manager = await place.get(f"{MANAGERS}/jwt")
    fields = [f for f in manager["configuration"]["fields"] if f["name"] != "Token Lifetime"]
    manager["configuration"]["fields"] = [*fields, {"name": "Token Lifetime", "value": "7"}]
    await place.put(f"{MANAGERS}/jwt", {**manager, "name": "New"})
    await place.post("/oauth/issuers", {"id": "t", "name": "T", "host": "t.example"})
    await place.ask("DELETE", "/oauth/issuers/t")
    assert [event.changed for event in events_of(place.server).events] == [
        ("accessTokenManagers/jwt.name", "accessTokenManagers/jwt.configuration.token_lifetime_minutes"),
        ("issuers/t",),
        ("issuers/t",),
    ]
    assert events_of(place.server).events[-1] == SettingsApplied(by=ADMIN, changed=("issuers/t",))


async def test_a_state_that_was_left_behind_is_412(place: Place) -> None:
    old = await place.ask("GET", f"{MANAGERS}/jwt")
    new = await place.ask("PUT", f"{MANAGERS}/jwt", {**old.json, "name": "N"}, ("if-match", old.tag))
    assert new.status == 200
    for method in ("PUT", "DELETE"):
        assert (await place.ask(method, f"{MANAGERS}/jwt", old.json, ("if-match", old.tag))).status == 412


# Certificate authorities ----------------------------------------------------------------------------------------------


async def test_an_authority_is_imported_read_and_forgotten(place: Place) -> None:
    import trustme

    pem = trustme.CA().cert_pem.bytes().decode()
    bare = "".join(pem.splitlines()[1:-1])
    made = await place.post("/certificates/ca/import", {"fileData": pem, "id": "acme"})
    assert made["id"] == "acme"
    assert made["subjectDN"] == made["issuerDN"]
    assert len(made["sha256Fingerprint"]) == 64
    assert (await place.get("/certificates/ca"))["items"] == [made]
    assert (await place.ask("GET", "/certificates/ca/acme/file")).text == pem
    again = await place.post("/certificates/ca/import", {"fileData": bare, "cryptoProvider": "LOCAL"})
    assert again["sha1Fingerprint"] == made["sha1Fingerprint"]
    assert await place.refused("POST", "/certificates/ca/import", {"fileData": "no"}) == {"fileData": "invalid_value"}
    assert await place.refused("POST", "/certificates/ca/import", {"fileData": 1}, 400) == {
        "fileData": "malformed_value"
    }
    for id_ in ("acme", again["id"]):
        assert (await place.ask("DELETE", f"/certificates/ca/{id_}")).status == 204
