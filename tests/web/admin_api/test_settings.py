"""The settings of the server, as the administrative API reads and replaces them."""

from typing import Any

import pytest

from ostiary.audit.events import SettingsApplied
from tests.house import events_of
from tests.web.admin_api.place import ADMIN, Place

pytestmark = pytest.mark.anyio
SETTINGS = "/oauth/clientSettings"
SERVER = "/oauth/authServerSettings"
REQUIRED = {
    "authorizationCodeTimeout": 60,
    "authorizationCodeEntropy": 30,
    "refreshTokenLength": 42,
    "refreshRollingInterval": 0,
}
SINGLETONS = (
    SERVER,
    "/oauth/accessTokenManagers/settings",
    "/oauth/openIdConnect/settings",
    "/oauth/cibaServerPolicy/settings",
    "/oauth/tokenExchange/processor/settings",
    "/extendedProperties",
    "/session/settings",
    "/session/authenticationSessionPolicies/global",
    "/session/applicationSessionPolicy",
    "/redirectValidation",
    "/virtualHostNames",
    "/keyPairs/oauthOpenIdConnect",
    "/serverSettings",
    "/oauth/authServerSettings/scopes/defaultScope",
)


@pytest.mark.parametrize("path", SINGLETONS)
async def test_what_is_read_can_be_put_back_and_changes_nothing(place: Place, path: str) -> None:
    before = await place.ask("GET", path)
    after = await place.ask("PUT", path, before.json, query="strict=true")
    assert (after.status, after.json) == (200, before.json), after.text
    assert after.tag == before.tag
    assert events_of(place.server).events == []


async def test_a_fresh_server_has_no_registration_and_no_metadata(place: Place) -> None:
    assert await place.get(SETTINGS) == {"clientMetadata": []}


# Seed 000 -------------------------------------------------------------------------------------------------------------

EXAMPLE = {
    "clientMetadata": [{"parameter": "ContactName", "description": "Contact", "multiValued": False}],
    "dynamicClientRegistration": {
        "initialAccessTokenScope": "email",
        "restrictCommonScopes": True,
        "restrictedCommonScopes": ["email"],
        "allowedExclusiveScopes": [],
        "refreshRolling": "SERVER_DEFAULT",
        "persistentGrantExpirationType": "OVERRIDE_SERVER_DEFAULT",
        "persistentGrantExpirationTime": 30,
        "persistentGrantExpirationTimeUnit": "DAYS",
        "clientCertIssuerType": "NONE",
        "cibaPollingInterval": 3,
        "requireProofKeyForCodeExchange": True,
        "defaultAccessTokenManagerRef": {"id": "jwt", "location": "https://localhost:9999/pf-admin-api/v1/x"},
    },
}


async def test_200_and_the_stored_settings_with_their_defaults(place: Place) -> None:
    saved = await place.put(SETTINGS, EXAMPLE)
    assert saved["clientMetadata"] == EXAMPLE["clientMetadata"]
    dynamic, sent = saved["dynamicClientRegistration"], dict(EXAMPLE["dynamicClientRegistration"])  # type: ignore[call-overload]
    assert dynamic["defaultAccessTokenManagerRef"] == {"id": "jwt"}
    del sent["defaultAccessTokenManagerRef"]
    assert {name: dynamic[name] for name in sent} == sent
    assert (dynamic["rotateClientSecret"], dynamic["policyRefs"]) == (False, [])
    assert await place.get(SETTINGS) == saved
    assert place.server.settings.registration.on


@pytest.mark.parametrize(
    "dynamic",
    [3, {"cibaPollingInterval": "soon"}, {"refreshRolling": "MAYBE"}, {"defaultAccessTokenManagerRef": "jwt"}],
)
async def test_400_for_what_is_malformed(place: Place, dynamic: Any) -> None:
    errors = await place.refused("PUT", SETTINGS, {"dynamicClientRegistration": dynamic}, 400)
    assert list(errors.values()) == ["malformed_value"]
    assert all(path.startswith("dynamicClientRegistration") for path in errors)


async def test_403_while_the_role_is_off(place: Place) -> None:
    roles = await place.get("/serverSettings")
    roles["rolesAndProtocols"]["oauthRole"]["enableOauth"] = False
    await place.put("/serverSettings", roles)
    for method, path in (("GET", SETTINGS), ("PUT", SETTINGS), ("GET", "/oauth/clients"), ("GET", SERVER)):
        found = await place.ask(method, path, EXAMPLE)
        assert (found.status, found.json["resultId"]) == (403, "role_off")
    roles["rolesAndProtocols"]["oauthRole"]["enableOauth"] = True
    await place.put("/serverSettings", roles)
    assert (await place.ask("GET", SETTINGS)).status == 200


async def test_422_for_everything_that_does_not_fit_at_once(place: Place) -> None:
    dynamic = {
        "restrictedCommonScopes": ["email", "nonsense"],
        "allowedExclusiveScopes": ["nothing"],
        "initialAccessTokenScope": "nowhere",
        "defaultAccessTokenManagerRef": {"id": "none"},
        "clientCertIssuerRef": {"id": "ca"},
        "policyRefs": [{"id": "none"}],
        "persistentGrantIdleTimeoutType": "OVERRIDE_SERVER_DEFAULT",
        "oidcPolicy": {"idTokenEncryptionAlgorithm": "RSA_OAEP_256"},
    }
    errors = await place.refused("PUT", SETTINGS, {"dynamicClientRegistration": dynamic})
    assert {path.removeprefix("dynamicClientRegistration.") for path in errors} == {
        "restrictedCommonScopes[1]",
        "allowedExclusiveScopes[0]",
        "initialAccessTokenScope",
        "defaultAccessTokenManagerRef",
        "clientCertIssuerRef",
        "policyRefs[0]",
        "persistentGrantIdleTimeout",
        "oidcPolicy.idTokenContentEncryptionAlgorithm",
    }
    assert await place.get(SETTINGS) == {"clientMetadata": []}


async def test_an_empty_put_turns_registration_off_and_leaves_the_metadata(place: Place) -> None:
    await place.put(SETTINGS, EXAMPLE)
    assert await place.put(SETTINGS, {}) == {"clientMetadata": EXAMPLE["clientMetadata"]}
    assert await place.put(SETTINGS, {"clientMetadata": []}) == {"clientMetadata": []}


async def test_metadata_and_extended_properties_are_two_views_of_one_list(place: Place) -> None:
    await place.put("/extendedProperties", {"items": [{"name": "Region", "multiValued": True}]})
    expected = {"parameter": "Region", "description": "", "multiValued": True}
    assert (await place.get(SETTINGS))["clientMetadata"] == [expected]
    twice = [{"parameter": "A"}, {"parameter": "A"}, {"parameter": "client_id"}, {"description": "x"}]
    errors = await place.refused("PUT", SETTINGS, {"clientMetadata": twice[:3]})
    assert errors == {"clientMetadata[1].parameter": "id_in_use", "clientMetadata[2].parameter": "invalid_value"}
    errors = await place.refused("PUT", SETTINGS, {"clientMetadata": twice[3:]})
    assert errors == {"clientMetadata[0].parameter": "required"}
    errors = await place.refused("PUT", "/extendedProperties", {"items": [{"name": "A"}, {"name": "A"}]})
    assert errors == {"items[1].name": "id_in_use"}


async def test_a_property_that_a_client_has_cannot_go(place: Place) -> None:
    await place.put("/extendedProperties", {"items": [{"name": "Region"}]})
    client = {
        "clientId": "c",
        "name": "c",
        "grantTypes": ["EXTENSION"],
        "extendedParameters": {"Region": {"values": ["x"]}},
    }
    await place.post("/oauth/clients", client)
    found = await place.ask("PUT", "/extendedProperties", {"items": []})
    assert (found.status, found.errors) == (422, {"items": "resource_in_use"})
    assert '\\"c\\"' in found.text


# The authorization server's settings ----------------------------------------------------------------------------------


async def test_four_members_are_required_and_the_rest_goes_back_to_its_default(place: Place) -> None:
    assert await place.refused("PUT", SERVER, {}) == dict.fromkeys(REQUIRED, "required")
    saved = await place.put(SERVER, REQUIRED)
    assert (saved["rollRefreshTokenValues"], saved["disallowPlainPKCE"], saved["scopes"]) == (False, False, [])
    assert saved["trackUserSessionsForLogout"] is True
    assert [one["name"] for one in saved["persistentGrantContract"]["coreAttributes"]] == ["USER_KEY", "USER_NAME"]
    assert saved["compatibility"]["allowRedirectUriWildcards"] is True
    assert "userAuthorizationConsentAdapter" not in saved
    assert "adminWebServicePcvRef" not in saved


async def test_unknown_members_are_refused_when_asked_for(place: Place) -> None:
    body = {**REQUIRED, "weather": "fine", "compatibility": {"x": 1}}
    errors = await place.refused("PUT", SERVER, body, 400, query="strict=true")
    assert errors == {"weather": "unknown_member", "compatibility.x": "unknown_member"}
    assert (await place.get(SERVER))["rollRefreshTokenValues"] is True
    await place.put(SERVER, body)


async def test_a_state_that_was_left_behind_is_412(place: Place) -> None:
    old = await place.ask("GET", SERVER)
    new = await place.ask("PUT", SERVER, {**old.json, "parStatus": "REQUIRED"}, ("if-match", old.tag))
    assert new.status == 200
    assert (await place.ask("PUT", SERVER, old.json, ("if-match", old.tag))).status == 412
    assert (await place.ask("PUT", SERVER, old.json, ("if-match", new.tag))).status == 200
    assert (await place.ask("GET", SERVER)).tag != old.tag


async def test_a_change_is_told_by_the_names_of_settings(place: Place) -> None:
    before = await place.get(SERVER)
    await place.put(SERVER, {**before, "parStatus": "REQUIRED", "dpopProofRequireNonce": True})
    assert events_of(place.server).events == [
        SettingsApplied(by=ADMIN, changed=("pushed.status", "dpop.require_nonce"))
    ]


# Scopes one by one ----------------------------------------------------------------------------------------------------

SCOPES = f"{SERVER}/scopes"


async def test_scopes_are_added_changed_and_removed_one_by_one(place: Place) -> None:
    made = await place.ask("POST", f"{SCOPES}/commonScopes", {"name": "read", "description": "Read"})
    assert (made.status, made.json) == (201, {"name": "read", "description": "Read", "dynamic": False})
    assert made.headers["location"] == f"/pf-admin-api/v1{SCOPES}/commonScopes/read"
    assert (await place.get(SERVER))["scopes"][-1]["name"] == "read"
    await place.put(f"{SCOPES}/commonScopes/read", {"description": "See"})
    assert (await place.get(f"{SCOPES}/commonScopes/read"))["description"] == "See"
    group = {"name": "basic", "description": "", "scopes": ["read", "email"]}
    assert await place.post(f"{SCOPES}/commonScopeGroups", group) == group
    found = await place.ask("DELETE", f"{SCOPES}/commonScopes/read")
    assert found.status == 422
    assert (await place.ask("DELETE", f"{SCOPES}/commonScopeGroups/basic")).status == 204
    assert (await place.ask("DELETE", f"{SCOPES}/commonScopes/read")).status == 204
    assert (await place.ask("GET", f"{SCOPES}/commonScopes/read")).status == 404


async def test_a_scope_that_a_client_names_is_not_deleted(place: Place) -> None:
    await place.post(f"{SCOPES}/exclusiveScopes", {"name": "admin", "description": ""})
    await place.post(
        "/oauth/clients", {"clientId": "c", "name": "c", "grantTypes": ["EXTENSION"], "exclusiveScopes": ["admin"]}
    )
    found = await place.ask("DELETE", f"{SCOPES}/exclusiveScopes/admin")
    assert found.status == 422
    assert '\\"c\\"' in found.text


async def test_scopes_are_refused_by_their_own_members(place: Place) -> None:
    path = f"{SCOPES}/commonScopes"
    assert await place.refused("POST", path, {"name": "email", "description": ""}) == {"name": "id_in_use"}
    assert await place.refused("POST", path, {"description": ""}) == {"name": "required"}
    assert await place.refused("POST", path, {"name": "a*b*", "dynamic": True}) == {"name": "invalid_value"}
    assert await place.refused("POST", path, {"name": 5}, 400) == {"name": "malformed_value"}
    errors = await place.refused("POST", f"{SCOPES}/exclusiveScopeGroups", {"name": "g", "scopes": ["email"]})
    assert errors == {"scopes[0]": "invalid_value"}
    assert (await place.post(path, {"name": "openid", "description": "sign on"}))["name"] == "openid"
    assert await place.refused("POST", path, {"name": "openid", "description": ""}) == {"name": "id_in_use"}


async def test_lists_of_scopes_have_pages_a_filter_an_order_and_a_total(place: Place) -> None:
    path = f"{SCOPES}/commonScopes"
    found = await place.get(path)
    assert (len(found["items"]), found["totalItems"]) == (5, 5)
    found = await place.get(path, "sortOrder=DESC&page=1&numberPerPage=2")
    assert ([one["name"] for one in found["items"]], found["totalItems"]) == (["profile", "phone"], 5)
    found = await place.get(path, "filter=ADDRESS")
    assert [one["name"] for one in found["items"]] == ["email", "address"] or found["totalItems"] == 2
    assert "openid" in [one["name"] for one in (await place.get(path, "includeDefaultOpenId=true"))["items"]]
    assert await place.refused("GET", path, query="sortOrder=UP") == {"sortOrder": "invalid_value"}


async def test_the_default_scope_is_a_description(place: Place) -> None:
    assert await place.put(f"{SCOPES}/defaultScope", {"description": "All"}) == {"description": "All"}
    assert (await place.get(SERVER))["defaultScopeDescription"] == "All"
    assert await place.refused("PUT", f"{SCOPES}/defaultScope", {}) == {"description": "required"}
    assert await place.refused("PUT", f"{SCOPES}/defaultScope", {"description": 1}, 400) == {
        "description": "malformed_value"
    }


# Sessions and the rest ------------------------------------------------------------------------------------------------


async def test_the_views_of_the_sessions_do_not_touch_each_other(place: Place) -> None:
    policy = "/session/authenticationSessionPolicies/global"
    assert set(await place.get("/session/settings")) == {
        "trackAdapterSessionsForLogout", "revokeUserSessionOnLogout", "sessionRevocationLifetime",
    }  # fmt: skip
    await place.put("/session/settings", {"trackAdapterSessionsForLogout": True, "sessionRevocationLifetime": 30})
    assert await place.refused("PUT", policy, {}) == {"enableSessions": "required"}
    saved = await place.put(policy, {"enableSessions": True, "idleTimeoutMins": 120, "idleTimeoutDisplayUnit": "HOURS"})
    assert saved == {
        "enableSessions": True, "persistentSessions": False, "hashUniqueUserKeyAttribute": False,
        "idleTimeoutMins": 120, "maxTimeoutMins": 480, "idleTimeoutDisplayUnit": "HOURS",
        "maxTimeoutDisplayUnit": "MINUTES",
    }  # fmt: skip
    found = await place.get("/session/settings")
    assert (found["trackAdapterSessionsForLogout"], found["sessionRevocationLifetime"]) == (True, 30)
    errors = await place.refused("PUT", policy, {"enableSessions": True, "maxTimeoutDisplayUnit": "DAYS"})
    assert errors == {"maxTimeoutDisplayUnit": "invalid_value"}


async def test_the_base_url_is_told_and_not_changed_here(place: Place) -> None:
    found = await place.get("/serverSettings")
    assert found["federationInfo"] == {"baseUrl": place.server.issuer}
    found["federationInfo"]["baseUrl"] = "https://other.example"
    assert await place.refused("PUT", "/serverSettings", found) == {"federationInfo.baseUrl": "invalid_value"}


async def test_virtual_host_names_are_host_names(place: Place) -> None:
    saved = await place.put("/virtualHostNames", {"virtualHostNames": ["a.example", "b"]})
    assert saved == {"virtualHostNames": ["a.example", "b"]}
    errors = await place.refused("PUT", "/virtualHostNames", {"virtualHostNames": ["a.example", "A.example", "x y"]})
    assert errors == {"virtualHostNames[1]": "invalid_value", "virtualHostNames[2]": "invalid_value"}


async def test_the_default_manager_is_not_taken_away_while_there_are_managers(place: Place) -> None:
    refused = await place.refused("PUT", "/oauth/accessTokenManagers/settings", {})
    assert set(refused) == {"defaultAccessTokenManagerRef"}
    assert (await place.get("/oauth/accessTokenManagers/settings"))["defaultAccessTokenManagerRef"] == {
        "id": "reference"
    }
