"""The administrative API over HTTP: requests of tools seen in the wild, and what must never be seen anywhere."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import ADMIN, Running, running

BASE = "/pf-admin-api/v1"
SECRET = "canary-secret-of-a-client-5c1f"
PASSWORD = "Canary-password-77"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    headers = {"X-XSRF-Header": "pingfed", "X-BypassExternalValidation": "false", "Accept": "application/json"}
    with httpx.Client(base_url=server.admin_url + BASE, auth=ADMIN, headers=headers) as client:
        yield client


# Requests of real tools -----------------------------------------------------------------------------------------------

PUPPET: dict[str, Any] = {
    "clientId": "puppet",
    "name": "Puppet",
    "description": "",
    "logoUrl": "",
    "enabled": True,
    "redirectUris": ["https://app.example/*"],
    "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
    "clientAuth": None,
    "jwksSettings": {"jwksUrl": "", "jwks": ""},
    "restrictScopes": False,
    "restrictedScopes": ["email"],
    "persistentGrantExpirationType": "SERVER_DEFAULT",
    "persistentGrantExpirationTime": 0,
    "persistentGrantExpirationTimeUnit": "DAYS",
    "refreshRolling": "SERVER_DEFAULT",
    "oidcPolicy": {"grantAccessSessionRevocationApi": False, "policyGroup": {}, "pingAccessLogoutCapable": True,
                   "logoutUris": ["https://app.example/out"]},
    "defaultAccessTokenManagerRef": {"id": "jwt", "location": "https://pf:9999/pf-admin-api/v1/oauth/x"},
    "extendedParameters": {},
}  # fmt: skip
SECRET_CLIENT = {
    "clientId": "svc",
    "name": "Service",
    "grantTypes": ["CLIENT_CREDENTIALS", "ACCESS_TOKEN_VALIDATION"],
    "clientAuth": {"type": "SECRET", "secret": SECRET, "encryptedSecret": "", "clientCertIssuerDn": "",
                   "clientCertSubjectDn": "", "enforceReplayPrevention": False},
}  # fmt: skip


def test_nulls_empty_texts_empty_references_and_locations_are_read_as_tools_mean_them(http: httpx.Client) -> None:
    made = http.post("/oauth/clients", json=PUPPET)
    assert made.status_code == 201, made.text
    body = made.json()
    assert body["clientAuth"] == {"type": "NONE", "secondarySecrets": []}
    assert (body["description"], body["logoUrl"]) == ("", "")
    assert body["oidcPolicy"]["logoutMode"] == "PING_FRONT_CHANNEL"
    assert body["defaultAccessTokenManagerRef"] == {"id": "jwt"}
    assert not {"jwksSettings", "extendedParameters"} & set(body)


def test_a_read_modify_write_sends_back_what_nobody_sets(http: httpx.Client, server: Running) -> None:
    made = http.post("/oauth/clients", json=SECRET_CLIENT).json()
    body = {**made, "name": "Renamed", "lastModified": "x", "replicationStatus": "REPLICATED", "inherited": True}
    saved = http.put("/oauth/clients/svc", json=body)
    assert saved.json()["name"] == "Renamed"
    assert saved.json()["clientSecretChangedTime"] == made["clientSecretChangedTime"]
    form = {"grant_type": "client_credentials"}
    assert httpx.post(f"{server.issuer}/as/token.oauth2", data=form, auth=("svc", SECRET)).status_code == 200


def test_a_secrets_engine_rotates_a_secret_and_gets_the_text_that_stands_for_it(
    http: httpx.Client, server: Running
) -> None:
    http.post("/oauth/clients", json={**SECRET_CLIENT, "clientId": "rotated"})
    path = "/oauth/clients/rotated/clientAuth/clientSecret"
    answer = http.put(path, json={"secret": f"{SECRET}-new"})
    assert answer.json()["encryptedSecret"].startswith("OBF:")
    assert "secret" not in answer.json()
    form = {"grant_type": "client_credentials"}
    for secret, status in ((SECRET, 401), (f"{SECRET}-new", 200)):
        answer = httpx.post(f"{server.issuer}/as/token.oauth2", data=form, auth=("rotated", secret))
        assert answer.status_code == status
    assert http.put(path, json={}).status_code == 422


def test_what_is_changed_here_counts_for_the_next_token(http: httpx.Client, server: Running) -> None:
    http.post("/oauth/clients", json={**SECRET_CLIENT, "clientId": "switched"})
    form = {"grant_type": "client_credentials"}

    def status() -> int:
        answer = httpx.post(f"{server.issuer}/as/token.oauth2", data=form, auth=("switched", SECRET))
        return answer.status_code

    assert status() == 200
    body = http.get("/oauth/clients/switched").json()
    http.put("/oauth/clients/switched", json={**body, "enabled": False})
    assert status() == 401
    http.put("/oauth/clients/switched", json={**body, "enabled": True})
    assert status() == 200
    http.delete("/oauth/clients/switched")
    assert status() == 401


# What must never be seen ----------------------------------------------------------------------------------------------


def test_no_secret_stands_in_an_answer_a_log_an_export_or_the_evidence(http: httpx.Client, server: Running) -> None:
    """Threat T-42."""
    answers = [
        http.post("/oauth/clients", json={**SECRET_CLIENT, "clientId": "canary"}),
        http.post("/oauth/clients", json={**SECRET_CLIENT, "clientId": "canary"}),
        http.post("/oauth/clients", json={**SECRET_CLIENT, "clientId": "bad", "grantTypes": ["NONSENSE"]}),
        http.post("/oauth/clients", content=json.dumps({"clientAuth": {"secret": SECRET}})[:-2]),
        http.put("/oauth/clients/canary/clientAuth/clientSecret", json={"secret": f"{SECRET}2"}),
        http.post("/administrativeAccounts", json={"username": "eve", "password": PASSWORD, "auditor": True}),
        http.post("/administrativeAccounts", json={"username": "eve", "password": PASSWORD, "roles": 1}),
        http.post(
            "/passwordCredentialValidators",
            json={
                "id": "canaries", "name": "C", "pluginDescriptorRef": {"id": "simple"},
                "configuration": {"tables": [{"name": "Users", "rows": [{"fields": [
                    {"name": "Username", "value": "joe"}, {"name": "Password", "value": PASSWORD}]}]}]},
            },
        ),
        http.get("/oauth/clients"),
        http.get("/administrativeAccounts"),
        http.get("/passwordCredentialValidators"),
        http.get("/bulk/export"),
        http.get("/auditEvents"),
    ]  # fmt: skip
    seen = "".join(answer.text for answer in answers)
    seen += "".join(path.read_text() for path in (server.data / "log").iterdir()) + server.log.read_text()
    for canary in (SECRET, PASSWORD, ADMIN[1], "argon2"):
        assert canary not in seen
    stored = b"".join(path.read_bytes() for path in server.data.glob("ostiary.db*"))
    assert stored
    for canary in (SECRET, PASSWORD, ADMIN[1]):
        assert canary.encode() not in stored


def test_a_page_made_to_resolve_to_this_address_is_not_answered(http: httpx.Client) -> None:
    """DNS rebinding: another name in the Host field is refused whatever the path."""
    for path in ("/oauth/clients", "/openapi.json"):
        assert http.get(path, headers={"Host": "evil.example"}).status_code == 421
