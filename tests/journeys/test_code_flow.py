"""The walk of an application and a person through the public endpoints, with Authlib as the application."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.journeys.person import Person
from tests.running import Running, running

CALLBACK = "https://app.example.org/cb"
SECRET = "a-secret-that-nobody-guesses-1234-and-long-enough-for-hmac-512-really"
CLAIMS = {"name": "Joe Smith", "email": "joe@example.org", "email_verified": True}
PEOPLE = json.dumps(
    [
        {"username": "joe", "password": "Password1", "claims": CLAIMS},
        {"username": "eve", "password": "Password2", "claims": {}},
    ]
)
CODE_CLIENT = {
    "clientId": "web",
    "name": "Web Shop",
    "grantTypes": ["authorization_code", "refresh_token"],
    "redirectUris": [CALLBACK],
    "secret": SECRET,
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_url: str
) -> Iterator[Running]:
    environment = {} if request.param == "sqlite" else {"OSTIARY_DATABASE_URL": postgresql_url, "OSTIARY_WORKERS": "2"}
    with running(tmp_path_factory.mktemp(request.param), environment=environment) as server:
        assert server.command("users", "import", "-", stdin=PEOPLE).returncode == 0
        server.create_client(**CODE_CLIENT)
        rs = "urn:pingidentity.com:oauth2:grant_type:validate_bearer"
        server.create_client(clientId="rs", grantTypes=[rs], secret=SECRET, validateUsingAllEligibleAtms=True)
        yield server


def application(server: Running, **more: object) -> OAuth2Client:
    return OAuth2Client(
        client_id="web",
        client_secret=SECRET,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=f"{server.issuer}/as/token.oauth2",
        token_endpoint_auth_method="client_secret_basic",
        revocation_endpoint=f"{server.issuer}/as/revoke_token.oauth2",
        **more,
    )


def signed_in(
    server: Running, app: OAuth2Client, scope: str = "openid profile email", **more: str
) -> dict[str, object]:
    verifier = secrets.token_urlsafe(48)
    url, state = app.create_authorization_url(
        f"{server.issuer}/as/authorization.oauth2", scope=scope, code_verifier=verifier, nonce="n-0S6", **more
    )
    back = Person().authorize(url)
    assert parse_qs(back.query.decode())["iss"] == [server.issuer]
    token: dict[str, object] = app.fetch_token(authorization_response=str(back), state=state, code_verifier=verifier)
    return token


def introspected(server: Running, token: object) -> dict[str, object]:
    answer = httpx.post(f"{server.issuer}/as/introspect.oauth2", data={"token": str(token)}, auth=("rs", SECRET))
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_an_application_logs_a_person_in(server: Running) -> None:
    app = application(server)
    token = signed_in(server, app)
    keys = KeySet.import_key_set(httpx.get(f"{server.issuer}/pf/JWKS").json())
    id_token = jwt.decode(str(token["id_token"]), keys, algorithms=["RS256"])
    assert id_token.claims["iss"] == server.issuer
    assert id_token.claims["aud"] == "web"
    assert id_token.claims["nonce"] == "n-0S6"
    digest = hashlib.sha256(str(token["access_token"]).encode()).digest()[:16]
    if "at_hash" in id_token.claims:
        assert id_token.claims["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    info = app.get(f"{server.issuer}/idp/userinfo.openid").json()
    assert info == {"sub": id_token.claims["sub"], **CLAIMS}
    found = introspected(server, token["access_token"])
    assert found["active"] is True
    assert found["client_id"] == "web"
    assert set(str(found["scope"]).split()) == {"openid", "profile", "email"}


def test_a_token_is_refreshed_and_the_old_one_still_works_in_its_grace(server: Running) -> None:
    app = application(server)
    first = signed_in(server, app)
    second = app.refresh_token(refresh_token=first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    again = app.refresh_token(refresh_token=first["refresh_token"])
    assert again["refresh_token"] == second["refresh_token"]
    assert introspected(server, second["refresh_token"]) == {"active": True}


def test_a_revoked_refresh_token_takes_its_access_tokens_with_it(server: Running) -> None:
    app = application(server)
    token = signed_in(server, app)
    answer = app.revoke_token(
        f"{server.issuer}/as/revoke_token.oauth2", token=token["refresh_token"], token_type_hint="refresh_token"
    )
    assert answer.status_code == 200
    assert introspected(server, token["access_token"]) == {"active": False}
    assert introspected(server, token["refresh_token"]) == {"active": False}


def test_a_code_that_comes_twice_takes_back_what_it_gave(server: Running) -> None:
    verifier = secrets.token_urlsafe(48)
    app = application(server)
    url, state = app.create_authorization_url(
        f"{server.issuer}/as/authorization.oauth2", scope="openid", code_verifier=verifier
    )
    back = str(Person().authorize(url))
    token = app.fetch_token(authorization_response=back, state=state, code_verifier=verifier)
    assert introspected(server, token["access_token"])["active"] is True
    again = httpx.post(
        f"{server.issuer}/as/token.oauth2",
        data={
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(back).query)["code"][0],
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        },
        auth=("web", SECRET),
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert introspected(server, token["access_token"])["active"] is False
    assert introspected(server, token["refresh_token"])["active"] is False


def test_a_person_may_untick_a_scope(server: Running) -> None:
    verifier = secrets.token_urlsafe(48)
    app = application(server)
    url, state = app.create_authorization_url(
        f"{server.issuer}/as/authorization.oauth2", scope="openid profile email", code_verifier=verifier
    )
    person = Person()
    answer = person.allow(person.sign_on(person.go(url)), without="email")
    token = app.fetch_token(authorization_response=answer.headers["location"], state=state, code_verifier=verifier)
    assert set(token["scope"].split()) == {"openid", "profile"}
    assert "email" not in app.get(f"{server.issuer}/idp/userinfo.openid").json()


def test_a_session_saves_the_second_sign_on_and_prompt_none_says_what_is_missing(server: Running) -> None:
    app = application(server)
    person = Person()
    endpoint = f"{server.issuer}/as/authorization.oauth2"

    def url(**more: str) -> str:
        made: str = app.create_authorization_url(endpoint, scope="openid", code_verifier="v" * 43, **more)[0]
        return made

    silent = person.go(url(prompt="none"))
    assert parse_qs(urlsplit(silent.headers["location"]).query)["error"] == ["login_required"]
    person.authorize(url())
    silent = person.go(url(prompt="none"))
    assert parse_qs(urlsplit(silent.headers["location"]).query)["error"] == ["consent_required"]
    page = person.go(url())
    assert "Request for Approval" in page.text
    forced = person.go(url(prompt="login"))
    assert 'name="password"' in forced.text


def test_a_jwt_access_token_follows_rfc_9068(server: Running) -> None:
    server.create_client(
        **{**CODE_CLIENT, "clientId": "jwt", "defaultAccessTokenManagerId": "jwt", "grantTypes": ["client_credentials"]}
    )
    answer = httpx.post(
        f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials"}, auth=("jwt", SECRET)
    )
    keys = KeySet.import_key_set(httpx.get(f"{server.issuer}/pf/JWKS").json())
    token = jwt.decode(answer.json()["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= token.claims.keys()
    assert introspected(server, answer.json()["access_token"])["active"] is True


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "ES384", "ES512", "HS256", "EdDSA", "RS512"])
def test_an_id_token_is_signed_as_the_client_wishes(server: Running, algorithm: str) -> None:
    name = f"web-{algorithm}"
    server.create_client(**{**CODE_CLIENT, "clientId": name, "idTokenSigningAlgorithm": algorithm})
    app = application(server)
    app.client_id = name
    token = signed_in(server, app, scope="openid")
    header = json.loads(base64.urlsafe_b64decode(str(token["id_token"]).split(".")[0] + "=="))
    assert header["alg"] == algorithm


def test_discovery_tells_what_there_is(server: Running) -> None:
    openid = httpx.get(f"{server.issuer}/.well-known/openid-configuration").json()
    assert openid["issuer"] == server.issuer
    assert openid["authorization_endpoint"] == f"{server.issuer}/as/authorization.oauth2"
    assert openid["code_challenge_methods_supported"] == ["S256"]
    assert openid["authorization_response_iss_parameter_supported"] is True
    assert "openid" in openid["scopes_supported"]
    plain = httpx.get(f"{server.issuer}/.well-known/oauth-authorization-server").json()
    assert plain["token_endpoint"] == openid["token_endpoint"]
    tagged = httpx.get(f"{server.issuer}/pf/JWKS")
    again = httpx.get(f"{server.issuer}/pf/JWKS", headers={"if-none-match": tagged.headers["etag"]})
    assert again.status_code == 304


def test_a_restart_loses_neither_session_nor_grant(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("restart")) as server:
        assert server.command("users", "import", "-", stdin=PEOPLE).returncode == 0
        server.create_client(**CODE_CLIENT)
        app = application(server)
        token = signed_in(server, app)
        assert server.stop() == 0
        server.start()
        refreshed = app.refresh_token(refresh_token=token["refresh_token"])
        assert refreshed["access_token"]
