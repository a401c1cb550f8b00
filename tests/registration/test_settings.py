"""The settings that govern registration, property by property (S110–S153)."""

from dataclasses import replace
from typing import Any

import pytest
import trustme
from cryptography.x509 import load_pem_x509_certificate

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.declare import Duration, Lifetime, Override, StoredSecret
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.other_objects import CertificateAuthority, DetailProcessor, DetailType
from ostiary.server_settings.scopes import Scope, ScopeGroup
from ostiary.words import (
    CertificateIssuer,
    ClientAuth,
    ContentEncryption,
    KeyManagement,
    LockoutType,
    RollingPolicy,
    RollingUnit,
    SigningAlgorithm,
    ThreeWay,
    TimeUnit,
    TwoWay,
    YesNo,
)
from tests.house import add_client, clock_of, fresh_objects, make_server
from tests.registration.desk import PATH, Desk

pytestmark = pytest.mark.anyio

KEYS = {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "1"}]}
HOURS = Lifetime(ThreeWay.OVERRIDE, 3, TimeUnit.HOURS)


def _scope(name: str) -> Scope:
    return Scope(name=name)


SCOPES: dict[str, Any] = {
    "scopes__common": (*map(_scope, ("email", "phone", "a", "b")), Scope(name="r:*", dynamic=True)),
    "scopes__common_groups": (ScopeGroup(name="ab", scopes=("a", "b")),),
    "scopes__exclusive": (Scope(name="admin"), Scope(name="root")),
}  # fmt: skip


def desk_with(objects: Objects | None = None, **settings: Any) -> Desk:
    return Desk(make_server(objects=objects, registration__on=True, **settings))


# S110: who may -------------------------------------------------------------------------------------------------------


async def test_s110_without_a_token_nobody_registers() -> None:
    desk = desk_with(registration__initial_access_token_scope="email", **SCOPES)
    answer = await desk.register()
    assert answer.status == 401
    assert answer.body is None
    assert answer.headers["www-authenticate"] == 'Bearer realm="Ostiary"'


async def test_s110_a_token_that_is_none_says_so() -> None:
    desk = desk_with(registration__initial_access_token_scope="email", **SCOPES)
    answer = await desk.register(token="nonsense")
    assert (answer.status, answer.error) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_s110_an_initial_token_needs_the_scope_and_counts_down() -> None:
    desk = desk_with(registration__initial_access_token_scope="email", **SCOPES)
    poor = await desk.initial_token(scope=("phone",), name="poor")
    answer = await desk.register(token=poor)
    assert (answer.status, answer.error) == (403, "insufficient_scope")
    rich = await desk.initial_token(scope=("phone", "email"), uses=2, name="rich")
    assert (await desk.register(token=rich, scope="nonsense")).status == 400
    assert [(await desk.register(token=rich)).status for _ in range(3)] == [201, 201, 401]
    registration = await desk.server.stores.registration(await newest(desk))
    assert registration is not None
    assert registration.vouched_by == "rich"


async def newest(desk: Desk) -> str:
    async for records in desk.server.stores.clients():
        return records[-1].client_id
    raise AssertionError


async def test_s110_a_token_ends_with_its_time() -> None:
    desk = desk_with(registration__initial_access_token_scope="email", **SCOPES)
    token = await desk.initial_token(scope=("email",))
    clock_of(desk.server).advance(seconds=86_400)
    assert (await desk.register(token=token)).status == 401


@pytest.mark.parametrize(
    ("needed", "held", "status"),
    [
        ("email", "email", 201),
        ("ab", "ab", 201),
        ("ab", "a b", 201),
        ("a", "ab", 201),
        ("ab", "a", 403),
        ("email", "phone", 403),
    ],
)
async def test_s110_an_access_token_with_the_scope_opens_too(needed: str, held: str, status: int) -> None:
    from tests.house import ask

    desk = desk_with(registration__initial_access_token_scope=needed, **SCOPES)
    await add_client(desk.server, "portal")
    token = await ask(desk.server, "portal", grant_type="client_credentials", scope=held)
    answer = await desk.register(token=token["access_token"])
    assert answer.status == status
    if status == 201:
        registration = await desk.server.stores.registration(answer.body["client_id"])
        assert registration is not None
        assert registration.vouched_by == "client:portal"


async def test_s110_a_registration_token_does_not_open_registration() -> None:
    desk = Desk()
    body = await desk.registered()
    desk.change(registration__initial_access_token_scope="email")
    assert (await desk.register(token=body["registration_access_token"])).status == 401


async def test_where_registration_is_open_a_token_that_was_sent_must_still_be_one() -> None:
    desk = Desk()
    assert (await desk.register(token="nonsense")).status == 401
    assert (await desk.register(token=await desk.initial_token())).status == 201
    assert (await desk.ask("POST", body={}, basic=("a", "b"))).status == 401


async def test_guessing_tokens_is_held_up() -> None:
    desk = desk_with(registration__initial_access_token_scope="email", **SCOPES)
    statuses = [(await desk.register(token=f"guess-{n}")).status for n in range(50)]
    assert statuses[:40] == [401] * 40
    assert set(statuses[40:]) == {429}
    good = await desk.initial_token(scope=("email",))
    assert (await desk.register(token=good, source="198.51.100.1")).status == 201


# S111-S114: what they may ask for ------------------------------------------------------------------------------------


def only(*scopes: str) -> dict[str, Any]:
    return {"registration__restrict_common_scopes": True, "registration__restricted_common_scopes": scopes}


@pytest.mark.parametrize(
    ("settings", "scope", "refused"),
    [
        ({}, "email phone r:*", None),
        ({}, "admin", "S113"),
        ({"registration__allowed_exclusive_scopes": ("admin",)}, "email admin", None),
        ({"registration__allowed_exclusive_scopes": ("admin",)}, "root", "S113"),
        ({"registration__restrict_common_scopes": True}, "email", "S111"),
        (only("email"), "email", None),
        (only("email"), "phone", "S111"),
        (only("ab"), "a", None),
        (only("email"), "openid", "S111"),
        ({"registration__restricted_common_scopes": ("email",)}, "phone", None),
    ],
)  # fmt: skip
async def test_s111_to_s113_the_scopes_that_are_open(settings: dict[str, Any], scope: str, refused: str | None) -> None:
    desk = desk_with(**SCOPES, **settings)
    answer = await desk.register(scope=scope)
    if refused is None:
        assert answer.status == 201, answer.body
        assert answer.body["scope"] == scope
    else:
        assert answer.error == "invalid_client_metadata"
        assert "scope: " in answer.description
        assert "not open to registration" in answer.description


async def test_without_scope_the_server_s_scopes_are_the_client_s() -> None:
    settings = {
        "registration__restrict_common_scopes": True,
        "registration__restricted_common_scopes": ("email", "ab"),
        "registration__allowed_exclusive_scopes": ("admin",),
    }
    desk = desk_with(**SCOPES, **settings)
    body = await desk.registered()
    scopes = (await desk.client(body["client_id"])).scopes
    assert (scopes.restrict, scopes.restricted, scopes.exclusive) == (True, ("email", "ab"), ("admin",))
    assert body["scope"] == "email ab admin"


async def test_s114_detail_types_that_are_not_open_are_refused_and_the_others_kept() -> None:
    objects = replace(
        fresh_objects(),
        detail_processors={"p": DetailProcessor(id="p", name="p")},
        detail_types={kind: DetailType(id=kind, type=kind, processor="p") for kind in ("payment", "account")},
    )
    desk = desk_with(objects, registration__allowed_authorization_detail_types=("payment",))
    assert (await desk.registered(authorization_details_types=["payment"]))["authorization_details_types"] == [
        "payment"
    ]
    answer = await desk.register(authorization_details_types=["payment", "account"])
    assert "account is not open" in answer.description
    body = await desk.registered()
    assert (await desk.client(body["client_id"])).scopes.authorization_detail_types == ()


# S115-S145, S152, S153: what is copied into the client ---------------------------------------------------------------

CIBA = {"grant_types": ["authorization_code", "urn:openid:params:grant-type:ciba"]}
COPIES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("S115", {"enforce_replay_prevention": True}, {"authentication.enforce_replay_prevention": True}, {}),
    ("S116", {"require_signed_requests": True}, {"requests.require_signed": True}, {"jwks": KEYS}),
    ("S117", {"require_jarm": True}, {"requests.require_jarm": True}, {}),
    ("S118", {"require_pkce": True}, {"requests.require_pkce": True}, {}),
    ("S119", {"default_manager": "jwt"}, {"access_tokens.default_manager": "jwt"}, {}),
    ("S120", {"restrict_to_default_manager": True}, {"access_tokens.restrict_to_default": True}, {}),
    ("S121", {"max_lifetime": HOURS}, {"persistent_grants.max_lifetime": HOURS}, {}),
    ("S124", {"idle_timeout": HOURS}, {"persistent_grants.idle_timeout": HOURS}, {}),
    ("S129", {"rolling": RollingPolicy.DONT_ROLL}, {"persistent_grants.rolling": RollingPolicy.DONT_ROLL}, {}),
    (
        "S130",
        {"rolling_interval": Override(True, Duration(2, RollingUnit.HOURS))},
        {"persistent_grants.rolling_interval": Override(True, Duration(2, RollingUnit.HOURS))},
        {},
    ),
    ("S131", {"rolling_grace": Override(True, 9)}, {"persistent_grants.rolling_grace": Override(True, 9)}, {}),
    (
        "S132",
        {"id_token_algorithm": SigningAlgorithm.ES384},
        {"openid.id_token_algorithm": SigningAlgorithm.ES384},
        {},
    ),
    (
        "S133, S134",
        {
            "id_token_encryption": KeyManagement.RSA_OAEP_256,
            "id_token_content_encryption": ContentEncryption.A256GCM,
        },
        {
            "openid.id_token_encryption": KeyManagement.RSA_OAEP_256,
            "openid.id_token_content_encryption": ContentEncryption.A256GCM,
        },
        {"jwks": KEYS},
    ),
    ("S135", {"policy": "openid"}, {"openid.policy": "openid"}, {}),
    (
        "S137-S141",
        {
            "device_setting_type": TwoWay.OVERRIDE,
            "device_user_authorization_url": "https://as.example/go",
            "device_pending_timeout": 77,
            "device_polling_interval": 7,
            "device_bypass_confirmation": True,
        },
        {
            "device.setting_type": TwoWay.OVERRIDE,
            "device.user_authorization_url": "https://as.example/go",
            "device.pending_timeout": 77,
            "device.polling_interval": 7,
            "device.bypass_confirmation": True,
        },
        {},
    ),
    ("S142", {"ciba_polling_interval": 9}, {"ciba.polling_interval": 9}, CIBA),
    ("S143", {"ciba_require_signed": True}, {"ciba.require_signed": True}, {**CIBA, "jwks": KEYS}),
    (
        "S152",
        {"offline_access_required": YesNo.YES, "offline_access_prompt": YesNo.YES},
        {"persistent_grants.offline_access_required": YesNo.YES, "persistent_grants.offline_access_prompt": YesNo.YES},
        {},
    ),
    (
        "S153",
        {"lockout_type": LockoutType.OVERRIDE, "lockout_actions": 3},
        {"identity.lockout_type": LockoutType.OVERRIDE, "identity.lockout_actions": 3},
        {},
    ),
]


@pytest.mark.parametrize(("row", "settings", "expected", "metadata"), COPIES, ids=[row for row, *_ in COPIES])
async def test_a_default_is_copied_into_the_client_and_stays_when_the_default_changes(
    row: str, settings: dict[str, Any], expected: dict[str, Any], metadata: dict[str, Any]
) -> None:
    desk = Desk()
    policy = next(iter(desk.server.objects.policies))
    named = {**settings, **({"policy": policy} if "policy" in settings else {})}
    wanted = {**expected, **({"openid.policy": policy} if "policy" in settings else {})}
    before = desk.server.settings.registration
    desk.change(**{f"registration__{name}": value for name, value in named.items()})
    body = await desk.registered(**metadata)
    desk.change(**{f"registration__{name}": getattr(before, name) for name in named})
    other = await desk.client((await desk.registered(**metadata))["client_id"])
    client = await desk.client(body["client_id"])
    for path, value in wanted.items():
        assert CLIENT_SETTINGS.by_path[path].value_in(client) == value
        assert CLIENT_SETTINGS.by_path[path].value_in(other) != value


async def test_s144_and_s145_references_are_copied_too() -> None:
    from ostiary.server_settings.other_objects import ProcessorPolicy, RequestPolicy

    objects = replace(
        fresh_objects(),
        request_policies={"slow": RequestPolicy(id="slow", name="slow")},
        processor_policies={"swap": ProcessorPolicy(id="swap", name="swap")},
    )
    desk = desk_with(objects, registration__ciba_policy="slow", registration__exchange_policy="swap")
    client = await desk.client((await desk.registered(**CIBA))["client_id"])
    assert (client.ciba.policy, client.token_exchange.policy) == ("slow", "swap")


@pytest.mark.parametrize(
    ("setting", "member", "metadata"),
    [
        ("require_signed_requests", "require_signed_request_object", {"jwks": KEYS}),
        ("require_jarm", "require_jwt_secured_authorization_response_mode", {}),
        ("require_pkce", "require_proof_key_for_code_exchange", {}),
    ],
)
async def test_what_the_server_demands_cannot_be_declined(setting: str, member: str, metadata: dict[str, Any]) -> None:
    desk = desk_with(**{f"registration__{setting}": True})
    answer = await desk.register(**metadata, **{member: False})
    assert member in answer.description
    assert (await desk.registered(**metadata, **{member: True}))[member] is True
    assert (await desk.registered(**metadata))[member] is True
    body = await desk.registered(**metadata, **{member: True})
    assert body[member] is True


async def test_s132_and_s133_give_way_to_what_was_asked_for() -> None:
    desk = desk_with(
        registration__id_token_algorithm=SigningAlgorithm.ES384,
        registration__id_token_encryption=KeyManagement.RSA_OAEP_256,
        registration__id_token_content_encryption=ContentEncryption.A256GCM,
    )
    body = await desk.registered(
        jwks=KEYS, id_token_signed_response_alg="PS256", id_token_encrypted_response_alg="ECDH-ES"
    )
    assert body["id_token_signed_response_alg"] == "PS256"
    assert body["id_token_encrypted_response_alg"] == "ECDH-ES"
    assert body["id_token_encrypted_response_enc"] == "A128CBC-HS256"


# S127, S128 ----------------------------------------------------------------------------------------------------------


async def test_s127_certificates_are_not_open_by_default() -> None:
    answer = await Desk().register(token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=client")
    assert answer.error == "invalid_client_metadata"
    assert answer.description.startswith("token_endpoint_auth_method: TLS certificates are not open")


async def test_s127_any_authority_or_the_one_of_s128() -> None:
    pem = trustme.CA().cert_pem.bytes()
    objects = replace(
        fresh_objects(), certificate_authorities={"ours": CertificateAuthority(id="ours", pem=pem.decode())}
    )
    desk = desk_with(objects, registration__certificate_issuer_type=CertificateIssuer.TRUST_ANY)
    sent = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=client"}
    client = await desk.client((await desk.registered(**sent))["client_id"])
    assert client.authentication.method is ClientAuth.CERTIFICATE
    assert client.authentication.certificate_issuer_dn == "Trust Any"
    desk.change(
        registration__certificate_issuer_type=CertificateIssuer.CERTIFICATE, registration__certificate_issuer="ours"
    )
    client = await desk.client((await desk.registered(**sent))["client_id"])
    subject = load_pem_x509_certificate(pem).subject.rfc4514_string()
    assert client.authentication.certificate_issuer_dn == subject
    answer = await desk.register(token_endpoint_auth_method="tls_client_auth")
    assert "tls_client_auth_subject_dn" in answer.description


# S146-S151: managing -------------------------------------------------------------------------------------------------


async def test_s146_the_secret_changes_with_every_look_or_stays() -> None:
    desk = Desk()
    body = await desk.registered()
    before = (await desk.client(body["client_id"])).authentication.secret
    assert "client_secret" not in (await desk.manage("GET", body)).body
    assert (await desk.client(body["client_id"])).authentication.secret == before
    desk.change(registration__rotate_client_secret=True)
    first = (await desk.manage("GET", body)).body
    second = (await desk.manage("GET", body)).body
    assert len({body["client_secret"], first["client_secret"], second["client_secret"]}) == 3
    assert second["client_secret_expires_at"] == 0
    public = await desk.registered(token_endpoint_auth_method="none")
    assert "client_secret" not in (await desk.manage("GET", public)).body


async def test_s147_the_token_changes_with_every_look_and_the_old_one_dies() -> None:
    desk = Desk()
    body = await desk.registered()
    kept = await desk.manage("GET", body)
    assert kept.body["registration_access_token"] == body["registration_access_token"]
    desk.change(registration__rotate_registration_access_token=True)
    changed = await desk.manage("GET", body)
    assert changed.body["registration_access_token"] != body["registration_access_token"]
    assert (await desk.manage("GET", body)).status == 401
    put = await desk.manage(
        "PUT", changed.body, {"client_id": body["client_id"], "redirect_uris": ["https://a.example/"]}
    )
    assert put.status == 200
    assert (await desk.manage("GET", changed.body)).status == 401
    assert (await desk.manage("GET", put.body)).status == 200


async def test_s148_deleting_is_closed_by_default() -> None:
    desk = Desk()
    body = await desk.registered()
    refused = await desk.manage("DELETE", body)
    assert refused.status == 405
    assert refused.headers["allow"] == "GET, PUT"
    desk.change(registration__allow_client_delete=True)
    assert (await desk.manage("DELETE", body, token="wrong")).status == 401
    gone = await desk.manage("DELETE", body)
    assert (gone.status, gone.body) == (204, None)
    assert (await desk.manage("GET", body)).status == 401
    assert (await desk.manage("DELETE", body)).status == 401
    assert await desk.server.stores.count_clients() == 0


async def test_s149_a_client_s_own_authentication_instead_of_a_token() -> None:
    desk = Desk()
    early = await desk.registered()
    desk.change(registration__disable_registration_access_tokens=True)
    body = await desk.registered()
    assert "registration_access_token" not in body
    assert "registration_client_uri" not in body
    path = f"{PATH}/{body['client_id']}"
    own = (body["client_id"], body["client_secret"])
    assert (await desk.ask("GET", path, basic=own)).status == 200
    assert (await desk.ask("GET", path)).status == 401
    assert (await desk.ask("GET", path, basic=(own[0], "wrong"))).status == 401
    assert (await desk.ask("GET", path, basic=(early["client_id"], early["client_secret"]))).status == 401
    assert (await desk.manage("GET", early)).status == 401
    put = {"client_id": body["client_id"], "client_secret": own[1], "redirect_uris": ["https://b.example/"]}
    assert (await desk.ask("PUT", path, put, basic=own)).status == 200


async def test_s149_clients_made_elsewhere_and_public_ones_stay_out() -> None:
    desk = desk_with(registration__disable_registration_access_tokens=True)
    await add_client(desk.server, "app", secret="a-secret-that-is-long-enough-for-this")
    basic = ("app", "a-secret-that-is-long-enough-for-this")
    assert (await desk.ask("GET", f"{PATH}/app", basic=basic)).status == 401
    public = await desk.registered(token_endpoint_auth_method="none")
    assert (await desk.ask("GET", f"{PATH}/{public['client_id']}", basic=(public["client_id"], ""))).status == 401


@pytest.mark.parametrize(
    ("retain", "server_minutes", "override", "minutes"),
    [(False, 60, Override(), 0), (True, 60, Override(), 60), (True, 0, Override(True, 5), 5), (True, 0, Override(), 0)],
)
async def test_s150_and_s151_a_replaced_secret_lives_on_for_its_time_or_dies_at_once(
    retain: bool, server_minutes: int, override: Override[int], minutes: int
) -> None:
    desk = desk_with(
        secrets__retention_minutes=server_minutes,
        registration__retain_client_secret=retain,
        registration__secret_retention=override,
        registration__rotate_client_secret=True,
    )
    body = await desk.registered()
    old = (await desk.client(body["client_id"])).authentication.secret
    await desk.manage("GET", body)
    own = (await desk.client(body["client_id"])).authentication
    assert isinstance(old, StoredSecret)
    kept = {one.secret: one.expires_at for one in own.secondary_secrets}
    assert kept == ({old: desk.server.clock.now() + minutes * 60_000} if minutes else {})


async def test_a_retained_secret_changes_nothing_any_more() -> None:
    """Threat T-20."""
    desk = desk_with(
        registration__retain_client_secret=True,
        registration__secret_retention=Override(True, 60),
        registration__rotate_client_secret=True,
        registration__disable_registration_access_tokens=True,
    )
    body = await desk.registered()
    path, old = f"{PATH}/{body['client_id']}", (body["client_id"], body["client_secret"])
    new = (await desk.ask("GET", path, basic=old)).body["client_secret"]
    desk.server.clients.drop(body["client_id"])
    assert (await desk.ask("GET", path, basic=old)).status == 401
    assert (await desk.ask("GET", path, basic=(body["client_id"], new))).status == 200
