"""The portal API over HTTP on both databases: what a developer portal sends, and what becomes of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.clients.golden import golden
from tests.running import ADMIN, SERVICE, Running, running
from tests.scale import SCALE

CSRF = {"X-Csrf-Token_acmepaymentscorp": "TokenID%3D4f5f"}
AUDITOR = ("looker", "Sesame-54321")
CONFIDENTIAL = "com.soa.oauth.ctype.confidential"
PUBLIC = "com.soa.oauth.clienttype.public"
LISTED = "token_endpoint_auth_methods_list"
VENDOR = "application/vnd.soa.v80+json"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    more = {}
    if request.param == "postgresql":
        more["OSTIARY_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    with running(tmp_path_factory.mktemp("data"), environment={**more, "OSTIARY_WORKERS": "2"}) as started:
        yield started


@pytest.fixture
def portal(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.admin_url}/api", auth=ADMIN, headers=CSRF) as client:
        yield client


def new_app(portal: httpx.Client, **members: Any) -> str:
    answer = portal.post("apps", json={"Title": "Game App", "Description": "A game", **members})
    assert answer.status_code == 201, answer.text
    app_id: str = answer.json()["AppVersionID"]
    assert answer.headers["location"] == f"/api/apps/versions/{app_id}"
    return app_id


def oauth_client(app_id: str) -> str:
    return f"apps/versions/{app_id}/oauthclient"


def given(portal: httpx.Client, **members: Any) -> dict[str, Any]:
    """A new version with a new client."""
    answer = portal.post(oauth_client(new_app(portal)), json={"OAuthClientType": CONFIDENTIAL, **members})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def token(server: Running, **form: str) -> httpx.Response:
    return httpx.post(f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials", **form})


def reasons(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {one["property"]: one["reason"] for one in answer.json()["errors"]}


# The walk ------------------------------------------------------------------------------------------------------------


def test_a_version_gets_its_client_and_the_secret_is_shown_once(server: Running, portal: httpx.Client) -> None:
    app_id = new_app(portal)
    assert portal.get(oauth_client(app_id)).status_code == 404
    assert portal.put(oauth_client(app_id), json={"OAuthClientType": CONFIDENTIAL}).status_code == 404
    made = portal.post(oauth_client(app_id), json={"OAuthClientType": CONFIDENTIAL})
    assert made.status_code == 201
    body = made.json()
    assert (body["RuntimeID"], body["OAuthClientID"], body["Title"], body["Description"]) == (
        app_id,
        app_id,
        "Game App",
        "A game",
    )
    secret = body.pop("OAuthClientSecret")
    assert portal.get(oauth_client(app_id)).json() == body
    assert token(server, client_id=app_id, client_secret=secret).status_code == 200
    assert portal.post(oauth_client(app_id), json={"OAuthClientType": CONFIDENTIAL}).status_code == 409
    again = portal.put(oauth_client(app_id), json=body)
    assert again.status_code == 200
    assert "OAuthClientSecret" not in again.json()
    assert token(server, client_id=app_id, client_secret=secret).status_code == 200


def test_the_sample_of_the_portal_is_accepted_as_it_is(portal: httpx.Client) -> None:
    app_id = new_app(portal)
    sample = golden("portal/sample-put")
    made = portal.post(oauth_client(app_id), json=sample)
    assert made.status_code == 201, made.text
    assert [one["property"] for one in made.json()["warnings"]] == ["jwks_uri"]
    changed = portal.put(oauth_client(app_id), json={**sample, "Title": "Other"})
    assert changed.status_code == 200, changed.text
    found = portal.get(oauth_client(app_id)).json()
    assert (found["Title"], found["access_token_expiry"], found["grant_expiration_hours"]) == ("Other", 3600, 2)
    assert found["Updated"] >= found["Created"]


def test_what_was_read_can_be_sent_back_and_nothing_changes(portal: httpx.Client) -> None:
    app_id = given(portal, restrictedScopes=["email"], token_endpoint_auth_methods=["client_secret_post"])["RuntimeID"]
    before = portal.get(oauth_client(app_id)).json()
    assert portal.put(oauth_client(app_id), json=before).json() == before
    assert portal.get(oauth_client(app_id)).json() == before  # not even its date: nothing was stored


def test_versions_are_listed_page_by_page(portal: httpx.Client) -> None:
    made = {new_app(portal, Title=f"App {number}") for number in range(3)}
    every = portal.get("apps").json()["apps"]
    assert made <= {one["AppVersionID"] for one in every}
    paged: list[dict[str, Any]] = []
    while page := portal.get("apps", params={"limit": 2, "after": paged[-1]["AppVersionID"] if paged else ""}).json()[
        "apps"
    ]:
        assert len(page) <= 2
        paged += page
    assert paged == every
    assert reasons(portal.get("apps", params={"limit": "0"})) == {"limit": "must be a whole number from 1 to 1000"}


def test_a_version_that_goes_takes_its_client_with_it(server: Running, portal: httpx.Client) -> None:
    body = given(portal)
    app_id, secret = body["RuntimeID"], body["OAuthClientSecret"]
    assert token(server, client_id=app_id, client_secret=secret).status_code == 200
    assert portal.delete(f"apps/versions/{app_id}").status_code == 204
    assert token(server, client_id=app_id, client_secret=secret).status_code == 401
    for answer in (portal.delete(f"apps/versions/{app_id}"), portal.get(oauth_client(app_id))):
        assert answer.status_code == 404
        assert answer.json() == {"message": "there is no app version with this id"}


def test_a_client_that_was_made_elsewhere_becomes_the_client_of_a_version(
    server: Running, portal: httpx.Client
) -> None:
    server.create_client(clientId="elsewhere", grantTypes=["client_credentials"], secret="x" * 32)
    app_id = new_app(portal, OAuthClientID="elsewhere")
    found = portal.get(oauth_client(app_id)).json()
    assert (found["OAuthClientID"], found["OAuthClientType"]) == ("elsewhere", CONFIDENTIAL)
    assert portal.put(oauth_client(app_id), json={**found, "SubTitle": "1.0"}).status_code == 200
    assert token(server, client_id="elsewhere", client_secret="x" * 32).status_code == 200
    taken = portal.post("apps", json={"Title": "Thief", "OAuthClientID": "elsewhere"})
    assert reasons(taken) == {"OAuthClientID": "this client belongs to another app version"}
    nobody = portal.post("apps", json={"Title": "Lost", "OAuthClientID": "nobody"})
    assert reasons(nobody) == {"OAuthClientID": "there is no client with this id"}


def test_a_client_that_was_deleted_elsewhere_can_be_given_anew(server: Running, portal: httpx.Client) -> None:
    app_id = given(portal)["RuntimeID"]
    assert httpx.delete(f"{server.issuer}/pf-ws/rest/oauth/clients/{app_id}", auth=SERVICE).status_code == 200
    assert portal.get(oauth_client(app_id)).status_code == 404
    assert "OAuthClientID" not in portal.get(f"apps/versions/{app_id}").json()
    assert portal.post(oauth_client(app_id), json={"OAuthClientType": PUBLIC}).status_code == 201


def test_a_change_leaves_evidence_and_a_line(server: Running, portal: httpx.Client) -> None:
    app_id = given(portal)["RuntimeID"]
    headers = {"X-XSRF-Header": "x"}
    events = httpx.get(
        f"{server.admin_url}/pf-admin-api/v1/auditEvents", params={"client": app_id}, auth=ADMIN, headers=headers
    ).json()["items"]
    assert {"client.created", "app_version.changed"} <= {one["event"] for one in events}
    lines = (server.data / "log" / "admin-api.log").read_text().splitlines()
    assert any(f"| POST | /api/apps/versions/{app_id}/oauthclient | 201" in line for line in lines)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001", "000000001999999", "000000001" + "0" * 4500])
def test_a_limit_that_is_none_is_refused_whatever_its_length(portal: httpx.Client, limit: str) -> None:
    assert portal.get("apps", params={"limit": limit}).status_code == 400


# Who may, and how ----------------------------------------------------------------------------------------------------


def test_only_administrators_are_answered_and_auditors_only_look(server: Running, portal: httpx.Client) -> None:
    anonymous = httpx.get(f"{server.admin_url}/api/apps")
    assert anonymous.status_code == 401
    assert anonymous.headers["www-authenticate"].startswith("Basic ")
    added = server.command("admins", "add", AUDITOR[0], "--auditor", stdin=f"{AUDITOR[1]}\n{AUDITOR[1]}\n")
    assert added.returncode == 0, added.stderr
    app_id = given(portal)["RuntimeID"]
    with httpx.Client(base_url=f"{server.admin_url}/api", auth=AUDITOR, headers=CSRF) as auditor:
        assert auditor.get(oauth_client(app_id)).status_code == 200
        for method, path in (
            ("POST", "apps"),
            ("DELETE", f"apps/versions/{app_id}"),
            ("PUT", oauth_client(app_id)),
            ("POST", oauth_client(app_id)),
        ):
            refused = auditor.request(method, path, json={"Title": "T", "OAuthClientType": PUBLIC})
            assert refused.status_code == 403, (method, path)
            assert refused.json()["message"]
    assert portal.get(oauth_client(app_id)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 403), ({"X-Csrf-Token_acme": ""}, 403), ({"X-Csrf-Token_any": "1"}, 201), ({"X-XSRF-Header": "1"}, 201)],
)
def test_a_change_says_that_no_foreign_page_sent_it(server: Running, headers: dict[str, str], status: int) -> None:
    answer = httpx.post(f"{server.admin_url}/api/apps", json={"Title": "T"}, auth=ADMIN, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/vnd.soa.v72+json", "application/vnd.soa.v72+json"),
        (f"text/html, {VENDOR}; q=0.5", VENDOR),
        ("application/xml", None),
        ("application/json;q=0", None),
    ],
)
def test_answers_are_json_under_three_names(server: Running, accept: str | None, content_type: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    with httpx.Client(auth=ADMIN) as client:
        del client.headers["accept"]
        answer = client.get(f"{server.admin_url}/api/apps", headers=headers)
    if content_type is None:
        assert answer.status_code == 406
    else:
        assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


def test_bodies_may_come_under_the_same_names(portal: httpx.Client) -> None:
    for media_type, status in (("application/json", 201), (VENDOR, 201), ("text/plain", 415)):
        answer = portal.post("apps", content=b'{"Title":"T"}', headers={"Content-Type": media_type})
        assert answer.status_code == status


# Bad input -----------------------------------------------------------------------------------------------------------


def test_every_property_that_is_wrong_is_named_at_once_and_nothing_is_stored(portal: httpx.Client) -> None:
    app_id = new_app(portal)
    wrong = {
        "RuntimeID": "another",
        "LegalDisclaimer": "x" * 1025,
        "token_type": "Cookie",
        "subject_type": "secret",
        "supports_openid_connect": "true",
        "access_token_expiry_setting": "access_token_exp_in_secs",
        "grant_expiration_setting": "grant_exp_in_hours",
        "restrictedScopes": ["unheard"],
        "restrictedResponseTypes": ["dance"],
        "request_uris": ["http://app.example/r"],
        "default_max_age": "soon",
        "id_token_signed_response_alg": "ROT13",
        "token_endpoint_auth_method_supported_setting": LISTED,
    }
    answer = portal.post(oauth_client(app_id), json=wrong)
    named = reasons(answer)
    assert set(named) == {
        *wrong.keys() - {"supports_openid_connect", "access_token_expiry_setting", "grant_expiration_setting"}
        - {"token_endpoint_auth_method_supported_setting"},
        "OAuthClientType",
        "post_logout_redirect_uris",
        "access_token_expiry",
        "grant_expiration_hours",
        "token_endpoint_auth_methods",
    }  # fmt: skip
    assert named["access_token_expiry"] == "is required beside access_token_exp_in_secs"
    assert named["grant_expiration_hours"] == "must be at least 1 and is required beside grant_exp_in_hours"
    assert portal.get(oauth_client(app_id)).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 5000])
def test_a_body_that_is_no_object_is_told(portal: httpx.Client, body: bytes) -> None:
    app_id = new_app(portal)
    for method, path in (("POST", "apps"), ("POST", oauth_client(app_id))):
        answer = portal.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["message"]


def test_ids_are_said_by_the_path_and_never_change(portal: httpx.Client) -> None:
    body = given(portal, OAuthClientID="chosen")
    app_id = body["RuntimeID"]
    assert body["OAuthClientID"] == "chosen"
    moved = portal.put(oauth_client(app_id), json={**body, "OAuthClientID": "other", "RuntimeID": "another"})
    assert set(reasons(moved)) == {"OAuthClientID", "RuntimeID"}
    second = portal.post(oauth_client(new_app(portal)), json={**body, "RuntimeID": None})
    assert reasons(second) == {"OAuthClientID": "is in use already"}


@pytest.mark.parametrize("path", ["/versions", "/versions/", "/versions/a/b", "/versions/a/oauthclient/b", "/x"])
def test_there_is_nothing_elsewhere(portal: httpx.Client, path: str) -> None:
    assert portal.get(f"apps{path}").status_code == 404


@pytest.mark.parametrize("app_id", ["unknown", "a%2Fb", "%00", "%FF", "%ED%A0%80", "x" * 2000])
def test_an_id_that_is_none_is_not_found(portal: httpx.Client, app_id: str) -> None:
    assert portal.get(oauth_client(app_id)).status_code == 404
    assert portal.put(oauth_client(app_id), json={"OAuthClientType": PUBLIC}).status_code == 404
    assert portal.delete(f"apps/versions/{app_id}").status_code == 404


def test_other_methods_are_refused_by_name(portal: httpx.Client) -> None:
    for method, path, allow in (
        ("PUT", "apps", "GET, HEAD, POST"),
        ("PATCH", "apps/versions/a", "DELETE, GET, HEAD"),
        ("DELETE", oauth_client("a"), "GET, HEAD, POST, PUT"),
    ):
        answer = portal.request(method, path, json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, allow)


# Beside the other interfaces -----------------------------------------------------------------------------------------

KEYS = '{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y","use":"sig","kid":"1"}]}'
CALLBACK = "https://app.example/cb"
BODIES: dict[str, dict[str, Any]] = {
    "portal": {
        "OAuthClientType": CONFIDENTIAL, "Title": "Portal Made", "SubTitle": "1.0", "LegalDisclaimer": "None.",
        "jwks": KEYS,
        "token_type": "JWT", "default_max_age": "60", "restrictedScopes": ["email"], "subject_type": "public",
        "grant_expiration_setting": "grant_exp_in_hours", "grant_expiration_hours": "3", "contacts": "ops@app.example",
        "access_token_expiry_setting": "access_token_exp_in_secs", "access_token_expiry": "90",
        "request_uris": ["https://app.example/r"], "initiate_login_uri": "https://app.example/start",
        "includeResourceOwnerUserInfoOption": "include", "token_endpoint_auth_methods": ["client_secret_post"],
        "post_logout_redirect_uris": ["https://app.example/bye"], "request_object_signing_alg": "ES256",
        "id_token_signed_response_alg": "Default", "policy_uri": "https://app.example/p", "LogoPictureID": "7",
    },
    "legacy": {
        "clientId": "made-by-legacy", "name": "Legacy Made", "secret": "x" * 64, "grantTypes": ["authorization_code"],
        "redirectUris": [CALLBACK], "restrictScopes": True, "restrictedScopes": ["email"], "bypassApprovalPage": "true",
        "persistentGrantExpirationType": "OVERRIDE_SERVER_DEFAULT", "persistentGrantExpirationTime": 90,
        "persistentGrantExpirationTimeUnit": "n", "refreshRolling": False, "idTokenSigningAlgorithm": "ES256",
        "jwks": KEYS, "requireSignedRequests": True, "restrictedResponseTypes": ["code"], "logoutUris": [CALLBACK],
        "pairwiseUserType": True, "requireProofKeyForCodeExchange": True, "description": "Made here",
    },
    "admin": {
        "clientId": "made-by-admin", "name": "Admin Made", "grantTypes": ["CLIENT_CREDENTIALS", "IMPLICIT"],
        "redirectUris": [CALLBACK], "clientAuth": {"type": "SECRET", "secret": "y" * 64}, "restrictScopes": True,
        "defaultAccessTokenManagerRef": {"id": "jwt"}, "persistentGrantExpirationType": "OVERRIDE_SERVER_DEFAULT",
        "persistentGrantExpirationTime": 2, "persistentGrantExpirationTimeUnit": "DAYS", "logoUrl": "https://app.example/l",
        "oidcPolicy": {"idTokenSigningAlgorithm": "ES384", "policyGroup": {"id": "default"}},
        "jwksSettings": {"jwks": KEYS}, "requireJwtSecuredAuthorizationResponseMode": True,
        "refreshRolling": "ROLL", "restrictedResponseTypes": ["id_token token"], "enabled": False,
    },
}  # fmt: skip
"""What each interface is sent to make its client."""
ADMIN_API = {"X-XSRF-Header": "x"}


class Interfaces:
    """The three ways to one client over HTTP."""

    def __init__(self, server: Running, client_id: str, app_id: str) -> None:
        self._client_id, self._services = client_id, f"{server.issuer}/pf-ws/rest/oauth/clients"
        self._admin = f"{server.admin_url}/pf-admin-api/v1/oauth/clients/{client_id}"
        self._portal = f"{server.admin_url}/api/apps/versions/{app_id}/oauthclient"

    def views(self) -> dict[str, Any]:
        """What each of them shows. The texts that stand for a secret differ at every look."""
        found = {
            "legacy": httpx.get(f"{self._services}/{self._client_id}", auth=SERVICE),
            "admin": httpx.get(self._admin, auth=ADMIN),
            "portal": httpx.get(self._portal, auth=ADMIN),
        }
        for name, answer in found.items():
            assert answer.status_code == 200, (name, answer.text)
        views = {name: answer.json() for name, answer in found.items()}
        assert views["admin"]["clientAuth"].pop("encryptedSecret", "OBF").startswith("OBF")
        return views

    def send_back(self, through: str) -> None:
        """PUT what was read."""
        if through == "legacy":
            shown = httpx.get(f"{self._services}/{self._client_id}", auth=SERVICE).json()
            answer = httpx.put(self._services, json={"client": [shown]}, auth=SERVICE)
        else:
            url = self._admin if through == "admin" else self._portal
            shown = httpx.get(url, auth=ADMIN).json()
            answer = httpx.put(url, json=shown, auth=ADMIN, headers=ADMIN_API)
        assert answer.status_code == 200, (through, answer.text)


def made_through(interface: str, server: Running, portal: httpx.Client) -> Interfaces:
    body = BODIES[interface]
    if interface == "portal":
        app_id = new_app(portal)
        answer = portal.post(oauth_client(app_id), json=body)
        assert answer.status_code == 201, answer.text
        return Interfaces(server, app_id, app_id)
    if interface == "legacy":
        server.create_client(**body)
    else:
        url = f"{server.admin_url}/pf-admin-api/v1/oauth/clients"
        answer = httpx.post(url, json=body, auth=ADMIN, headers=ADMIN_API)
        assert answer.status_code == 201, answer.text
    return Interfaces(server, body["clientId"], new_app(portal, Title=body["name"], OAuthClientID=body["clientId"]))


@pytest.mark.parametrize("interface", BODIES)
def test_a_client_of_one_interface_is_the_same_through_the_others(
    server: Running, portal: httpx.Client, interface: str
) -> None:
    client = made_through(interface, server, portal)
    before = client.views()
    assert before["legacy"]["name"] == before["admin"]["name"] == before["portal"]["Title"]
    assert before["legacy"]["clientId"] == before["admin"]["clientId"] == before["portal"]["OAuthClientID"]
    assert set(before["portal"]["restrictedScopes"]) == set(before["admin"].get("restrictedScopes", []))
    assert set(before["legacy"].get("restrictedScopes", [])) == set(before["portal"]["restrictedScopes"])
    for through in ("legacy", "admin", "portal"):
        client.send_back(through)
        after = client.views()
        for name, view in before.items():
            changed = {key for key in {*view, *after[name]} if view.get(key) != after[name].get(key)}
            assert not changed, (name, "after", through)


def test_of_many_who_give_one_version_its_client_one_does(server: Running, portal: httpx.Client) -> None:
    for _ in range(3 * SCALE):
        app_id = new_app(portal)

        def give(_number: int, app_id: str = app_id) -> httpx.Response:
            url = f"{server.admin_url}/api/{oauth_client(app_id)}"
            return httpx.post(url, json={"OAuthClientType": CONFIDENTIAL}, auth=ADMIN, headers=CSRF)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(give, range(4)))
        (winner,) = [one for one in answers if one.status_code == 201]
        for one in answers:
            assert one is winner or one.status_code == 409 or "OAuthClientID" in reasons(one)
        secret = winner.json()["OAuthClientSecret"]
        assert token(server, client_id=app_id, client_secret=secret).status_code == 200
