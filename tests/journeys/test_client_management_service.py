"""The client management service as its documented samples and its real consumers use it, over HTTP."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import SERVICE, Running, running

SECRET = "L1u508MfeZYTvR03kcpa6ezysNEspFEtzxSAIEOTll8AuNd2pnNqjkRdOXzfTFXc"
CONNECTOR = Path(__file__).parent.parent / "examples" / "legacy" / "connector.json"
"""What a public gateway connector sends."""
POST_SAMPLE = {
    "client": [
        {
            "secret": SECRET,
            "clientId": "SampleClient",
            "description": "This is a sample client.",
            "grantTypes": ["refresh_token", "authorization_code"],
            "name": "Sample Client",
            "redirectUris": ["https://www.example.com/redirect1", "https://www.example.com/redirect2"],
        }
    ]
}
PUT_SAMPLE = {
    "client": [
        {
            "secret": SECRET[::-1],
            "forceSecretChange": "true",
            "clientId": "SampleClient",
            "description": "This is a sample client.",
            "grantTypes": ["refresh_token", "authorization_code"],
            "name": "Sample Client",
            "redirectUris": ["https://www.example.com/redirectOne", "https://www.example.com/redirectTwo"],
        }
    ]
}
EXTENDED = {
    "extendedParams": {
        "entry": [
            {"key": "ContactName", "value": {"elements": "J. Smith"}},
            {"key": "ContactNumbers", "value": {"elements": ["555-123-4567", "555-987-6543"]}},
        ]
    }
}
PROPERTIES = (
    '{"extendedProperties": [{"name": "ContactName", "description": "Contact"},'
    ' {"name": "ContactNumbers", "description": "Numbers", "multiValued": true}]}'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("service")) as server:
        yield server


@pytest.fixture
def clients(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.issuer}/pf-ws/rest/oauth", auth=SERVICE) as http:
        yield http
        for client in http.get("/clients").json()["client"]:
            http.delete(f"/clients/{client['clientId']}")


def minimal(**members: Any) -> dict[str, Any]:
    return {"client": [{"clientId": "c", "name": "C", "grantTypes": ["extension"], **members}]}


def test_the_documented_samples_work_unchanged(clients: httpx.Client) -> None:
    created = clients.post("/clients", json=POST_SAMPLE)
    assert created.status_code == 200
    assert created.json()["client"][0]["clientAuthnType"] == "SECRET"
    assert SECRET not in created.text
    changed = clients.put("/clients", json=PUT_SAMPLE)
    assert changed.status_code == 200
    (client,) = changed.json()["client"]
    assert client["redirectUris"] == ["https://www.example.com/redirectOne", "https://www.example.com/redirectTwo"]
    found = clients.get("/clients/SampleClient")
    assert found.json() == client
    assert "secret" not in found.json()
    assert [one["clientId"] for one in clients.get("/clients").json()["client"]] == ["SampleClient"]
    deleted = clients.delete("/clients/SampleClient")
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert clients.get("/clients/SampleClient").status_code == 400


def test_what_a_gateway_connector_sends_is_taken_and_can_be_sent_again(clients: httpx.Client) -> None:
    body = json.loads(CONNECTOR.read_text())
    (sent,) = body["client"]
    assert clients.post("/clients", json=body).status_code == 200
    again = clients.put("/clients", json=body)
    assert again.status_code == 200
    (client,) = again.json()["client"]
    for name in ("name", "clientId", "redirectUris", "description", "clientAuthnType", "bypassApprovalPage"):
        assert client[name] == sent[name]
    assert set(client["grantTypes"]) == set(sent["grantTypes"])
    assert clients.delete(f"/clients/{sent['clientId']}").status_code == 200


def test_extended_parameters_come_back_as_they_are_documented(server: Running, clients: httpx.Client) -> None:
    undefined = clients.post("/clients", json=minimal(**EXTENDED))
    assert undefined.status_code == 400
    applied = server.command("server", "apply", "-", stdin=PROPERTIES)
    assert applied.returncode == 0, applied.stderr
    created = clients.post("/clients", json=minimal(**EXTENDED))
    assert created.status_code == 200, created.text
    entries = clients.get("/clients/c").json()["extendedParams"]["entry"]
    assert {entry["key"]: entry["value"]["elements"] for entry in entries} == {
        "ContactName": "J. Smith",
        "ContactNumbers": ["555-123-4567", "555-987-6543"],
    }


def test_refresh_rolling_is_left_out_while_the_server_decides(clients: httpx.Client) -> None:
    clients.post("/clients", json=minimal())
    assert "refreshRolling" not in clients.get("/clients/c").json()
    clients.put("/clients", json=minimal(refreshRolling="true"))
    assert clients.get("/clients/c").json()["refreshRolling"] is True


@pytest.mark.parametrize("auth", [None, ("oauthadmin", "wrong"), ("nobody", "Password1"), ("joe", "2Federate")])
def test_who_may_not_gets_401_and_the_way_to_authenticate(server: Running, auth: tuple[str, str] | None) -> None:
    answer = httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients", auth=auth)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_person_s_password_never_opens_the_service(server: Running) -> None:
    people = '[{"username": "joe", "password": "Password1", "claims": {}}]'
    assert server.command("users", "import", "-", stdin=people).returncode == 0
    assert httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients", auth=("joe", "Password1")).status_code == 401


def test_delete_without_an_id_is_405(clients: httpx.Client) -> None:
    for path in ("/clients", "/clients/"):
        answer = clients.delete(path)
        assert answer.status_code == 405
        assert "allow" in answer.headers


def test_unknown_ids_are_400_on_every_verb(clients: httpx.Client) -> None:
    assert clients.get("/clients/nobody").json()["message"] == "Failed To Retrieve Client"
    assert clients.delete("/clients/nobody").json()["message"] == "Failed To Delete Client"
    changed = clients.put("/clients", json=minimal())
    assert (changed.status_code, changed.json()["message"]) == (400, "Failed To Update Client")


def test_a_taken_id_is_told_in_the_words_that_set_up_tools_look_for(clients: httpx.Client) -> None:
    assert clients.post("/clients", json=minimal()).status_code == 200
    again = clients.post("/clients", json=minimal())
    assert again.status_code == 400
    assert "Client ID is already in use" in again.text


def test_a_batch_with_one_bad_client_stores_nothing_and_names_every_problem(clients: httpx.Client) -> None:
    batch = {
        "client": [
            {"clientId": "good", "name": "Good", "grantTypes": ["extension"]},
            {"clientId": "bad", "grantTypes": ["client_credentials", "nonsense"], "restrictScopes": "perhaps"},
        ]
    }
    answer = clients.post("/clients", json=batch)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Failed To Create Client"
    named = {(failure["clientId"], failure["parameter"]) for failure in answer.json()["failures"]}
    assert {("bad", "name"), ("bad", "grantTypes"), ("bad", "restrictScopes")} <= named
    assert clients.get("/clients").json() == {"client": []}


def test_problems_can_be_had_as_plain_text(clients: httpx.Client) -> None:
    answer = clients.post("/clients", json={"client": {"clientId": "x"}}, headers={"accept": "text/plain"})
    assert answer.status_code == 400
    assert answer.text.splitlines()[0] == "Failed To Create Client"
    assert any("name" in line for line in answer.text.splitlines()[1:])


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_415(clients: httpx.Client, content_type: str) -> None:
    answer = clients.post("/clients", content=b"{}", headers={"content-type": content_type})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"3", b'{"client": 3}', b'{"client": []}', b"\xff", b"[" * 5000]
)
def test_what_is_no_batch_of_clients_is_400(clients: httpx.Client, body: bytes) -> None:
    answer = clients.post("/clients", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_a_single_object_and_scalars_for_lists_are_read_and_lists_are_written(clients: httpx.Client) -> None:
    body = {
        "client": {
            "clientId": "play",
            "name": "Playground",
            "grantTypes": "authorization_code",
            "redirectUris": "https://app.example.org/cb",
            "secret": "s" * 30,
        }
    }
    assert clients.post("/clients", json=body).status_code == 200
    client = clients.get("/clients/play").json()
    assert client["grantTypes"] == ["authorization_code"]
    assert client["redirectUris"] == ["https://app.example.org/cb"]


def token(server: Running, secret: str) -> int:
    return httpx.post(
        f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials"}, auth=("c", secret)
    ).status_code


def test_a_secret_changes_only_by_force(server: Running, clients: httpx.Client) -> None:
    old, new = "o" * 32, "n" * 32
    body = {"clientId": "c", "name": "C", "grantTypes": ["client_credentials"]}
    clients.post("/clients", json={"client": [{**body, "secret": old}]})
    assert clients.put("/clients", json={"client": [{**body, "secret": new}]}).status_code == 200
    assert (token(server, old), token(server, new)) == (200, 401)
    assert clients.put("/clients", json={"client": [{**body, "secret": new, "forceSecretChange": True}]}).is_success
    assert (token(server, old), token(server, new)) == (401, 200)


def test_a_change_is_obeyed_by_the_very_next_request(server: Running, clients: httpx.Client) -> None:
    body = {"clientId": "c", "name": "C", "grantTypes": ["client_credentials"], "secret": "s" * 32}
    clients.post("/clients", json={"client": [body]})
    for _ in range(6):
        clients.put("/clients", json={"client": [{**body, "enabled": False}]})
        assert token(server, "s" * 32) == 401
        clients.put("/clients", json={"client": [body]})
        assert token(server, "s" * 32) == 200


def test_an_id_that_is_a_url_is_one_id(clients: httpx.Client) -> None:
    client_id = "https://app.example.org/a%20b?c=d"
    assert clients.post("/clients", json=minimal(clientId=client_id)).status_code == 200
    path = "/clients/" + "".join(f"%{byte:02X}" for byte in client_id.encode())
    assert clients.get(path).json()["clientId"] == client_id
    assert clients.delete(path).status_code == 200


def test_every_call_leaves_one_line_refused_ones_too(server: Running, clients: httpx.Client) -> None:
    log = server.data / "log" / "runtime-api.log"
    before = len(log.read_text().splitlines())
    clients.post("/clients", json=minimal())
    httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients", auth=("a|b\r\nc", "x"))
    clients.delete("/clients")
    httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients")
    lines = log.read_text().splitlines()[before:]
    fields = [line.split(" | ") for line in lines]
    assert [len(line) for line in fields] == [7, 7, 7, 7]
    assert [line[1:] for line in fields] == [
        ["oauthadmin", "BASIC", "127.0.0.1", "POST", "/pf-ws/rest/oauth/clients", "200"],
        ["a\\u007cb\\u000d\\u000ac", "BASIC", "127.0.0.1", "GET", "/pf-ws/rest/oauth/clients", "401"],
        ["oauthadmin", "BASIC", "127.0.0.1", "DELETE", "/pf-ws/rest/oauth/clients", "405"],
        ["", "", "127.0.0.1", "GET", "/pf-ws/rest/oauth/clients", "401"],
    ]
    assert all(len(line[0]) == len("2026-01-15 10:00:00,123") for line in fields)


def test_methods_that_are_not_served_are_refused_by_the_service_and_leave_a_line(
    server: Running, clients: httpx.Client
) -> None:
    log = server.data / "log" / "runtime-api.log"
    before = len(log.read_text().splitlines())
    for path, allow in (("/clients", "GET, POST, PUT"), ("/clients/one", "DELETE, GET")):
        for method in ("OPTIONS", "TRACE", "PATCH", "PROPFIND"):
            answer = clients.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allow)
            assert set(answer.json()) == {"message"}
    lines = log.read_text().splitlines()[before:]
    assert [line.split(" | ")[4] for line in lines] == ["OPTIONS", "TRACE", "PATCH", "PROPFIND"] * 2


def test_guessing_is_throttled_and_the_owner_is_not_locked_out_elsewhere(tmp_path: Path) -> None:
    """Slow: each of the guesses that is not throttled costs a real slow hash, as it must."""
    with running(tmp_path, environment={"OSTIARY_TRUSTED_PROXIES": "127.0.0.1"}) as server:
        url = f"{server.issuer}/pf-ws/rest/oauth/clients"
        elsewhere = {"x-forwarded-for": "198.51.100.9"}
        with ThreadPoolExecutor(8) as guessers:  # together, so that a slow machine does not make them patient
            seen = set(guessers.map(lambda n: httpx.get(url, auth=(SERVICE[0], f"guess-{n}")).status_code, range(40)))
        assert seen == {401, 429}
        assert httpx.get(url, auth=SERVICE).status_code == 429
        assert httpx.get(url, auth=SERVICE, headers=elsewhere).status_code == 200
