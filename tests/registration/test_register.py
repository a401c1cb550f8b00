"""RFC 7591: what a registration gets, and what it is refused for."""

import json
from typing import Any

import pytest

from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import StoredSecret
from ostiary.server_settings.scopes import Scope
from ostiary.words import ClientAuth, GrantType
from tests.house import clock_of, events_of, make_server
from tests.registration.desk import METADATA, PATH, Desk

pytestmark = pytest.mark.anyio

KEYS = {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "1"}]}


@pytest.fixture
def desk(anyio_backend: str) -> Desk:
    return Desk()


async def test_a_new_installation_registers_nobody() -> None:
    desk = Desk(make_server())
    for method, path in (("POST", PATH), ("GET", f"{PATH}/x"), ("PUT", f"{PATH}/x"), ("DELETE", f"{PATH}/x")):
        assert (await desk.ask(method, path, METADATA)).status == 404


async def test_without_the_authorization_server_role_nobody_registers(desk: Desk) -> None:
    desk.change(roles__oauth=False)
    assert (await desk.register()).status == 404


async def test_the_documented_sample_is_answered_as_it_is_stored(desk: Desk) -> None:
    sent = {
        "client_name": "Example Org Sample One",
        "redirect_uris": ["https://example.org/app1", "https://example.org/appM"],
        "scope": "email phone",
        "grant_types": ["authorization_code"],
    }
    answer = await desk.ask("POST", body=sent)
    assert answer.status == 201
    assert answer.headers["cache-control"] == "no-cache, no-store"
    assert answer.headers["pragma"] == "no-cache"
    body = answer.body
    assert {name: body[name] for name in sent} == sent
    assert body["client_id"].startswith("dc-")
    assert len(body["client_secret"]) == 64
    assert body["client_secret"].isalnum()
    assert body["client_secret_expires_at"] == 0
    assert body["client_id_issued_at"] == desk.server.clock.now() // 1000
    assert body["response_types"] == ["code"]
    assert body["token_endpoint_auth_method"] == "client_secret_basic"
    assert body["registration_client_uri"] == f"https://as.example{PATH}/{body['client_id']}"
    assert body["registration_access_token"]


async def test_secret_and_token_are_kept_as_digests_only(desk: Desk) -> None:
    body = await desk.registered()
    record = await desk.server.stores.registration(body["client_id"])
    stored = await desk.server.stores.client(body["client_id"])
    assert record is not None
    assert stored is not None
    kept = repr((record, stored)).encode() + record.token + record.document + stored.document + stored.legacy
    assert body["registration_access_token"].encode() not in kept
    assert body["client_secret"].encode() not in kept
    secret = (await desk.client(body["client_id"])).authentication.secret
    assert isinstance(secret, StoredSecret)
    keeper = SecretKeeper(desk.server.vault, desk.server.passwords)
    assert await keeper.fits(secret, body["client_secret"], body["client_id"])


async def test_what_happened_is_evidence_without_secrets(desk: Desk) -> None:
    body = await desk.registered()
    assert events_of(desk.server).names == ["client.created"]
    told = repr(events_of(desk.server).events)
    assert body["client_id"] in told
    assert body["client_secret"] not in told
    assert body["registration_access_token"] not in told


@pytest.mark.parametrize(
    ("method", "more", "has_secret"),
    [
        ("none", {}, False),
        ("client_secret_basic", {}, True),
        ("client_secret_post", {}, True),
        ("client_secret_jwt", {}, True),
        ("private_key_jwt", {"jwks": KEYS}, False),
        ("private_key_jwt", {"jwks_uri": "https://app.example/keys"}, False),
        ("self_signed_tls_client_auth", {"jwks": KEYS}, False),
        ("private_key_jwt", {"jwks": KEYS, "id_token_signed_response_alg": "HS256"}, True),
        ("private_key_jwt", {"jwks": KEYS, "id_token_encrypted_response_alg": "A128KW"}, True),
    ],
)
async def test_a_secret_is_made_where_one_is_needed(
    desk: Desk, method: str, more: dict[str, Any], has_secret: bool
) -> None:
    body = await desk.registered(token_endpoint_auth_method=method, **more)
    assert body["token_endpoint_auth_method"] == method
    assert ("client_secret" in body) is has_secret
    assert ("client_secret_expires_at" in body) is has_secret


async def test_everything_that_metadata_can_say_comes_back(desk: Desk) -> None:
    sent: dict[str, Any] = {
        "client_name": "All of it",
        "client_description": "Says everything",
        "redirect_uris": ["https://app.example/cb", "https://app.example/other?x=1"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "grant_types": ["authorization_code", "implicit", "refresh_token", "urn:openid:params:grant-type:ciba"],
        "response_types": ["code", "code id_token"],
        "application_type": "web",
        "contacts": ["admin@app.example"],
        "logo_uri": "https://app.example/logo.svg",
        "client_uri": "https://app.example/",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/terms",
        "jwks_uri": "https://app.example/keys",
        "scope": "openid email",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES256",
        "id_token_encrypted_response_alg": "RSA-OAEP",
        "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "RS256",
        "request_object_signing_alg": "PS256",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "default_max_age": 3600,
        "require_auth_time": True,
        "default_acr_values": ["urn:acr:1"],
        "initiate_login_uri": "https://app.example/login",
        "request_uris": ["https://app.example/request#abc"],
        "backchannel_logout_uri": "https://app.example/logout",
        "backchannel_logout_session_required": True,
        "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": "https://app.example/ciba",
        "backchannel_authentication_request_signing_alg": "ES256",
        "require_pushed_authorization_requests": True,
        "dpop_bound_access_tokens": True,
        "authorization_signed_response_alg": "ES256",
        "introspection_signed_response_alg": "ES256",
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "1.2",
    }
    answer = await desk.ask("POST", body=sent)
    assert answer.status == 201, answer.body
    assert {name: answer.body.get(name) for name in sent} == sent
    again = await desk.manage("GET", answer.body)
    hidden = {"client_secret", "client_secret_expires_at"}
    assert again.body == {name: value for name, value in answer.body.items() if name not in hidden}


async def test_a_client_that_uses_no_browser_needs_no_response_type(desk: Desk) -> None:
    body = await desk.registered(redirect_uris=None, grant_types=["client_credentials"])
    client = await desk.client(body["client_id"])
    assert client.grants.allowed == {GrantType.CLIENT_CREDENTIALS}
    assert "response_types" not in body or body["response_types"] == []


async def test_an_empty_list_of_response_types_is_not_all_of_them(desk: Desk) -> None:
    body = await desk.registered(grant_types=["authorization_code", "implicit"], response_types=[])
    assert body["response_types"] == ["code"]


async def test_names_may_be_anything_people_write(desk: Desk) -> None:
    body = await desk.registered(client_name="<script>alert(1)</script> · 日本語 'DROP TABLE")
    assert (await desk.client(body["client_id"])).identity.name == "<script>alert(1)</script> · 日本語 'DROP TABLE"


async def test_extended_properties_are_registered_by_their_names(desk: Desk) -> None:
    from ostiary.server_settings.settings.people import ExtendedProperty

    defined = (ExtendedProperty(name="Team"), ExtendedProperty(name="enabled", multi_valued=True))
    desk.change(extended_properties__definitions=defined)
    body = await desk.registered(Team="Blue", enabled=["a", "b"])
    client = await desk.client(body["client_id"])
    assert client.extended.parameters == {"Team": ("Blue",), "enabled": ("a", "b")}
    assert client.identity.enabled


# Refusals -------------------------------------------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"redirect_uris": None}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": []}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["https://app.example/cb#x"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["/cb"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["https://u@app.example/"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["https://*.app.example/"]}, "invalid_redirect_uri", "star"),
    ({"redirect_uris": ["https://app.example/cb/*"]}, "invalid_redirect_uri", "star"),
    ({"redirect_uris": ["https://app.example/a\x00"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": "https://app.example/cb"}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": [5]}, "invalid_redirect_uri", "redirect_uris"),
    ({"redirect_uris": ["com.example.app:/cb"]}, "invalid_redirect_uri", "application_type"),
    ({"redirect_uris": ["cursor://x/cb"], "application_type": "native"}, "invalid_redirect_uri", "dot"),
    ({"redirect_uris": ["http://app.example/cb"], "application_type": "native"}, "invalid_redirect_uri", "loopback"),
    (
        {"redirect_uris": ["http://app.example/"], "grant_types": ["implicit"], "response_types": ["token"]},
        "invalid_redirect_uri",
        "https",
    ),
    (
        {"redirect_uris": ["https://localhost/"], "grant_types": ["implicit"], "response_types": ["token"]},
        "invalid_redirect_uri",
        "localhost",
    ),
    ({"post_logout_redirect_uris": ["https://*.app.example/"]}, "invalid_client_metadata", "star"),
    ({"grant_types": ["nonsense"]}, "invalid_client_metadata", "grant_types"),
    ({"grant_types": ["implicit"]}, "invalid_client_metadata", "response_types"),
    ({"response_types": ["token"]}, "invalid_client_metadata", "response_types"),
    ({"jwks": KEYS, "jwks_uri": "https://app.example/k"}, "invalid_client_metadata", "jwks"),
    ({"jwks_uri": "http://app.example/k"}, "invalid_client_metadata", "jwks_uri"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}, "invalid_client_metadata", "jwks"),
    ({"jwks": {"keys": [{"kty": "EC", "d": "AA"}]}}, "invalid_client_metadata", "jwks"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata", "jwks"),
    ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata", "token_endpoint_auth_method"),
    ({"token_endpoint_auth_method": "magic"}, "invalid_client_metadata", "token_endpoint_auth_method"),
    (
        {"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]},
        "invalid_client_metadata",
        "token_endpoint_auth_method",
    ),
    ({"subject_type": "secret"}, "invalid_client_metadata", "subject_type"),
    ({"sector_identifier_uri": "https://app.example/s"}, "invalid_client_metadata", "sector_identifier_uri"),
    (
        {"subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"]},
        "invalid_client_metadata",
        "sector_identifier_uri",
    ),
    ({"logo_uri": "data:image/svg+xml,x"}, "invalid_client_metadata", "logo_uri"),
    ({"initiate_login_uri": "http://app.example/"}, "invalid_client_metadata", "initiate_login_uri"),
    ({"id_token_encrypted_response_enc": "A128GCM"}, "invalid_client_metadata", "id_token_encrypted"),
    ({"default_max_age": -1}, "invalid_client_metadata", "default_max_age"),
    ({"default_max_age": "1"}, "invalid_client_metadata", "default_max_age"),
    ({"scope": "nonsense"}, "invalid_client_metadata", "scope"),
    ({"scope": ["email"]}, "invalid_client_metadata", "scope"),
    ({"scope": "admin"}, "invalid_client_metadata", "scope"),
    ({"authorization_details_types": ["payment"]}, "invalid_client_metadata", "authorization_details_types"),
    ({"client_name": "a\x00b"}, "invalid_client_metadata", "client_name"),
    ({"client_name": {}}, "invalid_client_metadata", "client_name"),
    ({"software_id": 5}, "invalid_client_metadata", "software_id"),
    ({"backchannel_token_delivery_mode": "push"}, "invalid_client_metadata", "backchannel_token_delivery_mode"),
    (
        {"grant_types": ["urn:pingidentity.com:oauth2:grant_type:validate_bearer"]},
        "invalid_client_metadata",
        "grant_types",
    ),
]


@pytest.mark.parametrize(("metadata", "error", "told"), REFUSED)
async def test_what_cannot_be_is_refused_by_name_and_nothing_is_stored(
    desk: Desk, metadata: dict[str, Any], error: str, told: str
) -> None:
    desk.change(scopes__exclusive=(Scope(name="admin"),))
    answer = await desk.register(**metadata)
    assert answer.status == 400
    assert answer.error == error
    assert told in answer.description
    assert answer.headers["cache-control"] == "no-cache, no-store"
    assert await desk.server.stores.count_clients() == 0


async def test_every_problem_is_named_at_once(desk: Desk) -> None:
    answer = await desk.register(logo_uri="x", subject_type="y", grant_types=["z"], enabled=False)
    for name in ("logo_uri", "subject_type", "grant_types", "enabled"):
        assert name in answer.description


POWER: dict[str, Any] = {
    "enabled": True,
    "bypassApprovalPage": True,
    "bypass_authorization": True,
    "restrictScopes": False,
    "grantAccessSessionRevocationApi": True,
    "oidcPolicy": {"grantAccessSessionRevocationApi": True},
    "clientAuth": {"type": "NONE", "secret": "mine"},
    "defaultAccessTokenManagerRef": {"id": "jwt"},
    "restrictToDefaultAccessTokenManager": False,
    "validateUsingAllEligibleAtms": True,
    "persistentGrantExpirationType": "INDEFINITE_EXPIRY",
    "access_token_expiry": 10**6,
    "allowAuthenticationApiInit": True,
    "securityProfile": "NONE",
    "lockoutMaxMaliciousActions": 10**6,
    "refreshRolling": "DONT_ROLL",
    "requireOfflineAccessScopeToIssueRefreshTokens": "NO",
    "clientCertIssuerDn": "Trust Any",
}


@pytest.mark.parametrize("name", POWER)
async def test_power_is_refused_whatever_interface_it_is_named_by(desk: Desk, name: str) -> None:
    answer = await desk.register(**{name: POWER[name]})
    assert answer.status == 400
    assert answer.error == "invalid_client_metadata"
    assert name in answer.description


async def test_unknown_members_and_ids_and_secrets_of_one_s_own_have_no_effect(desk: Desk) -> None:
    body = await desk.registered(client_id="mine", client_secret="mine", frobnicate=1, client_name__ja="x")
    client = await desk.client(body["client_id"])
    assert client.client_id != "mine"
    assert body["client_secret"] != "mine"
    assert client.redirection.bypass_approval is False


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"5", b'"x"', b"{", b"\xff", b'{"a":NaN}', b'{"a":Infinity}', b"[" * 50_000,
        b'{"a":' * 20_000, b'{"a":' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}",
        b'{"client_name":"a","client_name":"b","redirect_uris":["https://app.example/cb"]}',
        b'{"jwks":{"keys":[],"keys":[]}}',
    ],
)  # fmt: skip
async def test_a_body_that_is_no_plain_json_object_is_refused(desk: Desk, body: bytes) -> None:
    answer = await desk.ask("POST", body=body)
    assert answer.status == 400
    assert answer.error == "invalid_client_metadata"


async def test_a_member_that_is_there_twice_is_named(desk: Desk) -> None:
    answer = await desk.ask("POST", body=b'{"scope":"email","scope":"admin"}')
    assert "scope: is there twice" in answer.description


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_content_type_is_415(desk: Desk, content_type: str) -> None:
    assert (await desk.ask("POST", body=METADATA, content_type=content_type)).status == 415


async def test_ten_thousand_redirect_uris_are_too_many(desk: Desk) -> None:
    uris = [f"https://app.example/{n}" for n in range(10_000)]
    assert (await desk.register(redirect_uris=uris)).status == 413
    assert (await desk.register(redirect_uris=uris[:1500])).status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_the_collection_takes_registrations_only(desk: Desk, method: str) -> None:
    answer = await desk.ask(method, body=METADATA)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


async def test_descriptions_hold_what_a_description_may(desk: Desk) -> None:
    answer = await desk.register(redirect_uris=['https://app.example/"\\\n日本' + "x" * 3000], scope='a"b\\')
    assert len(answer.description) <= 2000
    assert not set(answer.description) & {'"', "\\", "\n"}
    assert answer.description.isascii()


async def test_a_flood_from_one_source_is_held_up_and_others_are_not(desk: Desk) -> None:
    answers = [await desk.register(client_name="x") for _ in range(60)]
    assert [answer.status for answer in answers].count(201) == 50
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await desk.register(source="198.51.100.1")).status == 201
    clock_of(desk.server).advance(seconds=10)
    assert (await desk.register()).status == 201


async def test_what_was_refused_is_recorded_with_its_rule(desk: Desk) -> None:
    await desk.register(scope="nonsense")
    (event,) = events_of(desk.server).events
    assert event.name == "request.refused"
    assert "V12" in event.rule


async def test_public_clients_have_no_method_of_authentication(desk: Desk) -> None:
    body = await desk.registered(token_endpoint_auth_method="none")
    assert (await desk.client(body["client_id"])).authentication.method is ClientAuth.NONE
    assert json.dumps(body).find("secret") == -1
