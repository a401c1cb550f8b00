"""Clients of other servers come over with their ids and secrets; what does not come is told, and nothing comes half."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.as_code.documents import NotADocument
from ostiary.as_code.importers.bringing import SOURCES, Report, bring, judge
from ostiary.as_code.importers.imported import Here
from ostiary.client_auth import authenticate
from ostiary.client_management import registry
from ostiary.clients.registry import ClientChanged
from ostiary.clients.secret_keeping import HMAC, SecretKeeper
from ostiary.declare import Override, StoredSecret
from ostiary.errors import InvalidClient
from ostiary.server import Server
from ostiary.server_settings.scopes import Scope
from ostiary.words import AuthMethod, ClientAuth, GrantType, LogoutMode
from tests.client_auth.test_authentication import by_basic, by_body
from tests.house import add_client, events_of, found, make_server
from tests.scale import SCALE

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parent.parent / "examples" / "imports"
HASHED = "the-clear-secret-of-a-hash-elsewhere"


def raw(name: str) -> bytes:
    """An example, with a hash of `HASHED` in its place."""
    key = hashlib.pbkdf2_hmac("sha256", HASHED.encode(), b"0123456789abcdef", 1000, 32)
    text = (EXAMPLES / name).read_text()
    text = text.replace("MDEyMzQ1Njc4OWFiY2RlZg$PLACEHOLDER", f"MDEyMzQ1Njc4OWFiY2RlZg${b64encode(key).decode()[:-1]}")
    return text.replace("$2b$04$PLACEHOLDER", bcrypt.hashpw(HASHED.encode(), bcrypt.gensalt(4)).decode()).encode()


async def judged(server: Server, source: str, given: bytes, name: str = "x.json", *, new: bool = False) -> Report:
    clients = registry(server)
    here = Here(clients.facts, clients.secrets)
    records = list(SOURCES[source].records(given, name))
    read = (SOURCES[source].read(record, place, here) for place, record in records)
    return await judge(read, clients, new_secrets=new)


async def brought(server: Server, source: str, given: bytes, name: str = "x.json") -> Report:
    report = await judged(server, source, given, name)
    await bring(report, registry(server), "test")
    return report


def reasons(report: Report) -> dict[str, str]:
    return {one.imported.client_id: "; ".join(one.reasons) for one in report.refused}


def lost(report: Report, client_id: str) -> dict[str, str]:
    return dict(next(one.imported.without for one in report.brought if one.imported.client_id == client_id))


async def test_a_realm_of_keycloak(anyio_backend: str) -> None:
    server = make_server()
    report = await brought(server, "keycloak", raw("keycloak.json"))
    assert [one.client_id for one in report.left_out] == ["account", "old-saml"]
    assert set(reasons(report)) == {"masked", "everywhere"}
    assert "its secret is not in the source" in reasons(report)["masked"]
    assert "redirectUris" in reasons(report)["everywhere"]
    web = await found(server, "web")
    assert web.identity.name == "Web Shop"
    assert web.redirection.redirect_uris == ("https://shop.example/callback", "https://other.example/cb")
    assert web.redirection.post_logout_redirect_uris == ("https://shop.example/bye", *web.redirection.redirect_uris)
    assert web.redirection.bypass_approval is False
    assert web.grants.allowed == {
        GrantType.AUTHORIZATION_CODE, GrantType.CLIENT_CREDENTIALS, GrantType.REFRESH_TOKEN
    }  # fmt: skip
    assert web.scopes.restricted == ("openid", "profile", "email", "address", "phone", "offline_access")
    assert web.scopes.restrict
    assert (web.requests.require_pkce, web.requests.require_pushed) == (True, True)
    assert web.access_tokens.lifetime == Override(overrides=True, value=300)
    assert (web.logout.mode, web.logout.back_channel_uri) == (
        LogoutMode.OIDC_BACK_CHANNEL,
        "https://shop.example/logout",
    )
    assert web.openid.id_token_algorithm == "ES256"
    assert web.requests.object_algorithm is None
    assert set(lost(report, "web")) == {
        "webOrigins", "protocolMappers", "login_theme", "defaultClientScopes, optionalClientScopes: orders", "baseUrl",
    }  # fmt: skip
    secret = "kGv3nK1pYw0cX9b2LmQ8sT6uZ4rE7aHd"
    for knock in (by_basic("web", secret), by_body("web", secret)):
        assert (await authenticate(knock, server)).client_id == "web"
    spa = await found(server, "spa")
    assert (spa.identity.enabled, spa.authentication.method) == (False, ClientAuth.NONE)
    assert spa.redirection.post_logout_redirect_uris == ("https://spa.example/*",)
    assert GrantType.REFRESH_TOKEN not in spa.grants.allowed
    signer = await found(server, "signer")
    assert signer.authentication.method is ClientAuth.PRIVATE_KEY_JWT
    assert (signer.authentication.jwks_url, signer.authentication.assertion_algorithm) == (
        "https://signer.example/jwks",
        "PS256",
    )


async def test_clients_of_hydra_keep_their_hashes() -> None:
    server = make_server()
    report = await brought(server, "hydra", raw("hydra.json"))
    assert reasons(report) == {}
    billing = await found(server, "d3f1c0de-0000-4000-8000-000000000001")
    assert billing.redirection.bypass_approval is True
    assert billing.authentication.exact_methods == (AuthMethod.CLIENT_SECRET_POST,)
    assert billing.scopes.restricted == ("openid", "profile")
    told = lost(report, billing.client_id)
    assert set(told) == {
        "audience", "authorization_code_grant_access_token_lifespan", "created_at", "updated_at", "scope: invoices",
        "response_types: code id_token",
    }  # fmt: skip
    stored = billing.authentication.secret
    assert isinstance(stored, StoredSecret)
    assert stored.scheme == "pbkdf2"
    with pytest.raises(InvalidClient):
        await authenticate(by_body(billing.client_id, HASHED + "x"), server)
    await authenticate(by_body(billing.client_id, HASHED), server)
    server.clients.drop_all()
    stored = (await found(server, billing.client_id)).authentication.secret
    assert isinstance(stored, StoredSecret)
    assert stored.scheme == HMAC
    robot = await found(server, "robot")
    assert robot.identity.name == "robot"
    assert (
        await authenticate(by_basic("robot", "a-secret-in-clear-that-hydra-was-given"), server)
    ).client_id == "robot"


async def test_lines_of_hydra_are_read_as_a_list_is() -> None:
    items = json.loads(raw("hydra.json"))["items"]
    lines = "\n".join(json.dumps(item) for item in items).encode()
    for text, name in ((lines, "clients.ndjson"), (lines, "clients"), (json.dumps(items).encode(), "clients.json")):
        assert len((await judged(make_server(), "hydra", text, name)).brought) == 2


async def test_a_scope_that_exists_here_comes_along() -> None:
    scopes = (Scope(name="profile"), Scope(name="invoices"))
    server = make_server(scopes__common=(), scopes__exclusive=scopes)
    await brought(server, "hydra", raw("hydra.json"))
    billing = await found(server, "d3f1c0de-0000-4000-8000-000000000001")
    assert (billing.scopes.restricted, billing.scopes.exclusive) == (("openid",), ("profile", "invoices"))


async def test_client_information_of_rfc_7591() -> None:
    server = make_server()
    report = await brought(server, "rfc7591", raw("rfc7591.json"))
    assert reasons(report) == {}
    client = await found(server, "s6BhdRkqt3")
    assert client.identity.name == "My Example Client"
    assert client.grants.allowed == {GrantType.AUTHORIZATION_CODE}
    assert set(lost(report, "s6BhdRkqt3")) == {
        "client_id_issued_at", "registration_access_token", "registration_client_uri", "x_invented",
    }  # fmt: skip
    assert "ffx83" not in json.dumps(report.as_json())
    knock = by_basic("s6BhdRkqt3", "ZJYCqe3GGRvdrudKyZS0XhGv_Z45DuKhCUk0gBR1vZk")
    assert (await authenticate(knock, server)).client_id == "s6BhdRkqt3"


async def test_a_bulk_export_whose_secrets_another_server_sealed() -> None:
    server = make_server()
    report = await judged(server, "admin-bulk", raw("bulk.json"))
    assert [one.imported.client_id for one in report.brought] == ["native"]
    assert lost(report, "native") == {"inherited": "has no counterpart here"}
    assert list(reasons(report)) == ["sealed"]
    assert "--new-secrets" in reasons(report)["sealed"]
    report = await judged(server, "admin-bulk", raw("bulk.json"), new=True)
    (made,) = [one for one in report.brought if one.generated]
    assert made.imported.client_id == "sealed"
    assert made.generated is not None
    await bring(report, registry(server), "test")
    assert (await authenticate(by_basic("sealed", made.generated.reveal()), server)).client_id == "sealed"


async def test_our_own_sealed_secrets_come_back() -> None:
    server = make_server()
    client = await add_client(server, "app")
    keeper = SecretKeeper(server.vault, server.passwords)
    secret = client.authentication.secret
    assert isinstance(secret, StoredSecret)
    body = {
        "clientId": "app",
        "name": "App",
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "clientAuth": {"type": "SECRET", "encryptedSecret": keeper.echo(secret, "app")},
    }
    other = make_server()  # of the same key file
    assert reasons(await brought(other, "admin", json.dumps([body]).encode())) == {}
    assert (await authenticate(by_basic(), other)).client_id == "app"


async def test_a_table_of_plain_columns() -> None:
    server = make_server()
    report = await brought(server, "csv", raw("table.csv"), "clients.csv")
    assert reasons(report) == {}
    web = await found(server, "web1")
    assert web.identity.name == "Web, the first"
    assert web.requests.require_dpop is True
    assert web.redirection.redirect_uris == ("https://a.example/cb", "https://b.example/cb")
    assert list(lost(report, "web1")) == ["team"]
    assert list((await found(server, "spa1")).grants.restricted_response_types) == ["code", "code token"]
    assert (await authenticate(by_basic("job1", HASHED), server)).client_id == "job1"
    assert (await authenticate(by_basic("web1", "a-secret-from-a-table-of-clients"), server)).client_id == "web1"


async def test_a_taken_id_a_double_and_an_absurd_hash_are_refused_with_their_reasons() -> None:
    server = make_server()
    await add_client(server, "taken")
    base = {"client_name": "N", "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none"}
    given = [
        {**base, "client_id": "taken"},
        {**base, "client_id": "twice"},
        {**base, "client_id": "twice"},
        {**base, "client_id": "dear", "token_endpoint_auth_method": "client_secret_basic",
         "client_secret": "$2b$31$" + "a" * 53},
        {**base, "client_id": "bad", "redirect_uris": ["javascript:alert(1)"], "grant_types": ["x"]},
        {"client_name": "nobody"},
        3,
    ]  # fmt: skip
    report = await judged(server, "rfc7591", json.dumps(given).encode())
    told = reasons(report)
    assert "already" in told["taken"]
    assert "record 2" in told["twice"]
    assert "the cost must be 4 to 14" in told["dear"]
    assert "aaaa" not in told["dear"]
    assert "redirectUris" in told["bad"]
    assert "grantTypes" in told["bad"]
    assert len(report.refused) == 6
    assert await server.stores.count_clients() == 1


async def test_all_come_in_one_unit_or_none(anyio_backend: str) -> None:
    server = make_server()
    report = await judged(server, "csv", raw("table.csv"), "clients.csv")
    await add_client(server, "spa1", secret=None)
    with pytest.raises(ClientChanged):
        await bring(report, registry(server), "test")
    assert await server.stores.count_clients() == 1
    assert events_of(server).names == []


NO_FILES = {
    "admin": [b"", b"3", b"{}"],
    "admin-bulk": [b"", b"[]", b'{"operations": [3]}', b'{"operations": 3}',
                   b'{"operations": [{"resourceType": "/oauth/clients", "operationType": "DELETE", "items": []}]}'],
    "keycloak": [b"", b"{"],
    "hydra": [b"{", b"\xff"],
    "rfc7591": [b"{"],
    "csv": [b"", b"\xff", b"name\nx", b"clientId,clientId\na,b", b'clientId\n"a" b', b"clientId\n" + b"x" * 100_000],
}  # fmt: skip


@pytest.mark.parametrize(("source", "given"), [(source, one) for source, some in NO_FILES.items() for one in some])
async def test_a_file_of_another_kind_is_refused_as_a_whole(source: str, given: bytes) -> None:
    with pytest.raises(NotADocument):
        list(SOURCES[source].records(given, "x.json"))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "clientId",
                    "client_id",
                    "name",
                    "secret",
                    "client_secret",
                    "attributes",
                    "redirectUris",
                    "scope",
                    "redirect_uris",
                    "jwks",
                    "protocol",
                    "defaultClientScopes",
                    "rootUrl",
                    "clientAuth",
                    "grant_types",
                    "clients",
                    "clientAuthenticatorType",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("source", [source for source in SOURCES if source != "csv"])
async def test_no_record_however_strange_breaks_an_importer(source: str) -> None:
    server = make_server()

    @given(_json)
    @settings(max_examples=30 * SCALE, deadline=None)
    def read(record: object) -> None:
        SOURCES[source].read(record, "here", Here(registry(server).facts, registry(server).secrets))

    read()
