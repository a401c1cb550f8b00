"""No input makes a 5xx (threat T-59): grammar-based requests at every endpoint of a running server."""

import json
import os
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.running import SERVICE, Running, running
from tests.scale import SCALE

CASES = 250 * SCALE
FORM = "application/x-www-form-urlencoded"
ENDPOINTS = (
    "/as/token.oauth2",
    "/as/authorization.oauth2",
    "/as/authorization/sign-on",
    "/as/authorization/consent",
    "/as/introspect.oauth2",
    "/as/revoke_token.oauth2",
    "/idp/userinfo.openid",
    "/pf/JWKS",
    "/.well-known/openid-configuration",
    "/pf-ws/rest/oauth/clients",
    "/pf-ws/rest/oauth/clients/web",
    "/as/clients.oauth2",
    "/as/clients.oauth2/dc-1",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/x",
    "/assets/x.css",
)
NAMES = (
    "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token", "scope",
    "token", "token_type_hint", "response_type", "response_mode", "state", "nonce", "prompt", "max_age", "claims",
    "id_token_hint", "login_hint", "ui_locales", "acr_values", "code_challenge", "code_challenge_method", "request",
    "request_uri", "resource", "audience", "access_token_manager_id", "username", "password", "action", "policy_id",
    "client_assertion", "client_assertion_type", "access_token", "aud", "idp",
)  # fmt: skip
WORDS = (
    "", "authorization_code", "refresh_token", "client_credentials", "web", "S256", "plain", "code", "code token",
    "openid", "openid profile", "none", "login", "consent", "-1", "99999999999999999999", "https://app.example.org/cb",
    "https://app.example.org/cb#x", '{"userinfo":{"email":null}}', "[" * 200, "{}", "a.b.c", "eyJhbGciOiJub25lIn0.e30.",
    "query", "form_post", "jwt", "pi.flow", "../..", "%00", "\x00", "\u2028", "\ud7ff", "😀", "a" * 3000,
)  # fmt: skip
ANY = st.one_of(st.sampled_from(WORDS), st.text(max_size=40))
PARAMETERS = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), ANY), max_size=8)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), ANY),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("client", "clientId", "name", "grantTypes", "redirectUris", "extendedParams",
                                         "entry", "secret", "jwks", "scope", "refreshRolling")), inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip
FAST = settings(
    max_examples=CASES, deadline=None, database=None, derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("fuzz")) as server:
        server.create_client(
            clientId="web",
            grantTypes=["authorization_code", "refresh_token", "client_credentials"],
            redirectUris=["https://app.example.org/cb"],
            secret="s" * 32,
        )
        opened = json.dumps({"clientSettings": {"dynamicClientRegistration": {}}})
        assert server.command("server", "apply", "-", stdin=opened).returncode == 0
        yield server
        assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.issuer, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def initial_token(server: Running) -> str:
    """With it, registrations are not counted against their source."""
    return server.command("registration-tokens", "add", "--uses", "1000000").stdout.strip()


@FAST
@given(
    path=st.sampled_from(ENDPOINTS),
    method=st.sampled_from(("GET", "POST")),
    parameters=PARAMETERS,
    auth=st.sampled_from((None, ("web", "s" * 32), ("web", "x"), ("", ""), ("\x00", "ä"))),
)
def test_no_form_or_query_makes_a_5xx(
    http: httpx.Client, path: str, method: str, parameters: list[tuple[str, str]], auth: tuple[str, str] | None
) -> None:
    query = str(httpx.QueryParams(parameters))
    if method == "GET":
        answer = http.get(f"{path}?{query}", auth=auth)
    else:
        answer = http.post(path, content=query, headers={"content-type": FORM}, auth=auth)
    assert answer.status_code < 500, answer.text


@FAST
@given(body=JSON, method=st.sampled_from(("POST", "PUT")))
def test_no_json_makes_the_service_fail(http: httpx.Client, body: object, method: str) -> None:
    path = "/pf-ws/rest/oauth/clients"
    for content in (body, {"client": body}, {"client": [{"clientId": "web", "name": "n", "x": body}]}):
        answer = http.request(method, path, json=content, auth=SERVICE)
        assert answer.status_code < 500, answer.text


MEMBERS = (
    "redirect_uris", "grant_types", "response_types", "scope", "client_name", "jwks", "jwks_uri", "contacts",
    "token_endpoint_auth_method", "subject_type", "software_statement", "client_id", "client_secret", "default_max_age",
    "logo_uri", "request_uris", "tls_client_auth_san_ip", "application_type",
)  # fmt: skip
METADATA = st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6)


@FAST
@given(metadata=METADATA, method=st.sampled_from(("POST", "PUT")))
def test_no_metadata_makes_registration_fail(
    http: httpx.Client, initial_token: str, metadata: dict[str, object], method: str
) -> None:
    path = "/as/clients.oauth2" if method == "POST" else "/as/clients.oauth2/dc-1"
    whole = {"redirect_uris": ["https://app.example.org/cb"], **metadata}
    answer = http.request(method, path, json=whole, headers={"authorization": f"Bearer {initial_token}"})
    assert answer.status_code < 500, answer.text


@FAST
@given(
    path=st.sampled_from(ENDPOINTS), body=st.binary(max_size=200), kind=st.sampled_from((FORM, "application/json", "x"))
)
def test_no_bytes_make_a_5xx(http: httpx.Client, path: str, body: bytes, kind: str) -> None:
    answer = http.post(path, content=body, headers={"content-type": kind}, auth=SERVICE)
    assert answer.status_code < 500, answer.text
