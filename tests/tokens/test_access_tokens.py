"""Access tokens of both kinds, and every option of JWTs that this version has."""

import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from ostiary.errors import OAuthError, ServerError
from ostiary.server import Server
from ostiary.server_settings.configuration import Plugin
from ostiary.server_settings.fulfillment import Fulfillment, Fulfillments, SourceType
from ostiary.server_settings.scopes import ScopeGroup
from ostiary.server_settings.token_objects import AccessTokenManager, ManagerAttribute, SessionValidation
from ostiary.tokens.access_tokens import AccessTokenRequest, mint, prepare
from ostiary.tokens.managers import signed_on
from ostiary.tokens.people import Person
from ostiary.tokens.validation import find_access_token
from ostiary.words import KeyManagement, SigningAlgorithm
from tests.house import (
    add_client,
    add_person,
    change_client,
    clock_of,
    code_for,
    fresh_objects,
    make_server,
    redeem,
    segment,
)

pytestmark = pytest.mark.anyio
JOE = Person(user_key="joe", username="joe", validator="users", claims={"groups": ["a", "b"], "level": "gold"})


def server_with(manager_id: str = "jwt", *, only: bool = False, **values: Any) -> Server:
    """A fresh server whose manager has other settings; with `only` there is no other manager."""
    objects = fresh_objects()
    manager = objects.managers[manager_id]
    assert manager.plugin is not None
    own = {name: values.pop(name) for name in tuple(values) if name in AccessTokenManager.__dataclass_fields__}
    plugin = Plugin(manager.plugin.kind, replace(manager.configuration, **values))
    manager = replace(manager, plugin=plugin, **own)
    managers = {} if only else dict(objects.managers)
    return make_server(objects=replace(objects, managers=MappingProxyType({**managers, manager_id: manager})))


def with_mapping(server: Server, **rules: Fulfillment) -> Server:
    """The same server; the contract of `jwt` has these attributes, mapped so for everybody."""
    objects = server.objects
    attributes = tuple(ManagerAttribute(name=name, multi_valued=name == "groups") for name in rules)
    manager = replace(objects.managers["jwt"], attributes=attributes)
    mappings = tuple(
        replace(one, fulfillment=Fulfillments(rules)) if one.manager_id == "jwt" else one for one in objects.mappings
    )
    managers = MappingProxyType({**objects.managers, "jwt": manager})
    return replace(server, objects=replace(objects, managers=managers, mappings=mappings))


async def token(server: Server, manager_id: str = "jwt", **values: Any) -> str:
    client = await server.clients.get("app") or await add_client(server)
    request: dict[str, Any] = {
        "client": client,
        "manager": server.objects.managers[manager_id],
        "context": signed_on("users"),
        "grant_type": "authorization_code",
        "scope": ("profile",),
        "person": JOE,
        **values,
    }
    minted = mint(prepare(AccessTokenRequest(**request), server), server)
    if minted.changes:
        await server.stores.commit(*minted.changes)
    return minted.text


async def claims(server: Server, **values: Any) -> dict[str, Any]:
    return segment(await token(server, **values), 1)


# Reference tokens -----------------------------------------------------------------------------------------------------


async def test_a_reference_token_has_the_length_and_life_that_its_manager_says() -> None:
    server = server_with("reference", token_length=40, token_lifetime_minutes=3)
    text = await token(server, "reference")
    assert len(text) == 40
    clock_of(server).advance(milliseconds=179_999)
    assert await find_access_token(text, server)
    clock_of(server).advance(milliseconds=1)
    assert await find_access_token(text, server) is None


async def test_the_contract_is_filled_from_the_person() -> None:
    server = make_server()
    live = await find_access_token(await token(server, "reference"), server)
    assert live is not None
    assert live.attributes == {"sub": "joe"}


# JWTs -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.ES256, SigningAlgorithm.RS256, SigningAlgorithm.PS384])
async def test_joserfc_verifies_it_with_the_published_set(algorithm: SigningAlgorithm) -> None:
    server = server_with(algorithm=algorithm)
    published = KeySet.import_key_set(json.loads(server.keys.jwks))
    found = jwt.decode(await token(server), published, algorithms=[str(algorithm)])
    assert found.header["typ"] == "at+jwt"
    assert found.claims["sub"] == "joe"


async def test_what_rfc_9068_requires_is_there() -> None:
    server = make_server()
    said = await claims(server, authenticated_at=server.clock.now(), acr="urn:x")
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "auth_time", "acr"} <= set(said)
    assert (said["iss"], said["aud"]) == (server.issuer, server.issuer)


async def test_the_resource_is_the_audience_where_the_manager_has_none() -> None:
    assert (await claims(make_server(), resources=("https://api.example",)))["aud"] == "https://api.example"
    both = ("https://api.example/a", "https://api.example/b")
    assert (await claims(make_server(), resources=both))["aud"] == list(both)
    fixed = server_with(audience_claim="urn:api")
    assert (await claims(fixed, resources=both))["aud"] == "urn:api"


OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"issuer_claim": "https://else.example"}, {"iss": "https://else.example"}),
    ({"client_id_claim": "azp"}, {"azp": "app", "client_id": None}),
    ({"client_id_claim": ""}, {"client_id": None}),
    ({"scope_claim": "scp"}, {"scp": "profile email", "scope": None}),
    ({"scope_claim": ""}, {"scope": None}),
    ({"space_delimit_scope": False}, {"scope": ["profile", "email"]}),
    ({"grant_id_claim": "grant"}, {"grant": "g-1"}),
    ({"not_before_offset_minutes": 2}, {"nbf": 1_800_000_000 - 120}),
    ({"include_issued_at": False}, {"iat": 1_800_000_000}),
    ({"include_issued_at": False, "type_header": ""}, {"iat": None}),
    ({"jwt_id_length": 0, "enable_revocation": False}, {"jti": None}),
    ({"token_lifetime_minutes": 5}, {"exp": 1_800_000_300}),
]


@pytest.mark.parametrize(("configuration", "expected"), OPTIONS)
async def test_every_option_says_what_the_token_says(configuration: dict[str, Any], expected: dict[str, Any]) -> None:
    said = await claims(server_with(**configuration), scope=("profile", "email"), grant_id="g-1", persistent=True)
    for name, value in expected.items():
        assert said.get(name) == value, name


@pytest.mark.parametrize("length", [22, 23, 64, 256])
async def test_the_id_has_exactly_the_length_that_is_set(length: int) -> None:
    assert len((await claims(server_with(jwt_id_length=length)))["jti"]) == length


async def test_the_header_is_as_it_is_set() -> None:
    text = await token(server_with(include_key_id=False, type_header=""))
    assert segment(text, 0) == {"alg": "ES256"}


async def test_scope_groups_are_expanded_where_the_manager_says_so() -> None:
    groups = (ScopeGroup(name="both", scopes=("profile", "email")),)
    plain = make_server(scopes__common_groups=groups)
    assert (await claims(plain, scope=("both",)))["scope"] == "both"
    expanding = replace(server_with(expand_scope_groups=True), settings=plain.settings)
    assert (await claims(expanding, scope=("both",)))["scope"] == "profile email"


async def test_the_manager_is_named_only_where_several_sign_with_the_same_keys() -> None:
    assert "pi.atm" not in await claims(make_server())
    objects = fresh_objects()
    second = replace(objects.managers["jwt"], id="jwt2")
    mappings = (*objects.mappings, *(replace(m, manager_id="jwt2") for m in objects.mappings if m.manager_id == "jwt"))
    managers = MappingProxyType({**objects.managers, "jwt2": second})
    server = make_server(objects=replace(objects, managers=managers, mappings=mappings))
    text = await token(server, "jwt2")
    assert segment(text, 1)["pi.atm"] == "jwt2"
    live = await find_access_token(text, server)
    assert live is not None
    assert live.manager.id == "jwt2"


async def test_attributes_come_from_where_the_mapping_says() -> None:
    server = with_mapping(
        make_server(),
        groups=Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value="groups"),
        level=Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value="level"),
        hello=Fulfillment(source_type=SourceType.TEXT, value="hello ${username}"),
        absent=Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value="shoe_size"),
    )
    said = await claims(server)
    assert (said["groups"], said["level"], said["hello"]) == (["a", "b"], "gold", "hello joe")
    assert "absent" not in said


async def test_an_attribute_cannot_speak_for_the_server() -> None:
    rule = Fulfillment(source_type=SourceType.TEXT, value="forged")
    server = with_mapping(make_server(), iss=rule, aud=rule, client_id=rule, scope=rule, jti=rule)
    assert "forged" not in (await claims(server)).values()


async def test_an_attribute_named_exp_is_the_lifetime_in_minutes() -> None:
    server = with_mapping(make_server(), exp=Fulfillment(source_type=SourceType.TEXT, value="7"))
    said = await claims(server)
    assert said["exp"] - said["iat"] == 420


async def test_the_subject_of_a_pairwise_client_is_pairwise_here_too() -> None:
    server = make_server()
    await add_client(server, openid__pairwise=True)
    assert (await claims(server))["sub"] not in ("joe", "")


UNBUILT: list[tuple[dict[str, Any], str]] = [
    ({"encryption": KeyManagement.RSA_OAEP}, "JWE Algorithm"),
    ({"active_symmetric_key": "k"}, "Active Symmetric Key ID"),
    ({"use_central_key": False}, "Use Centralized Signing Key"),
    ({"algorithm": SigningAlgorithm.HS256}, "JWS Algorithm"),
    ({"algorithm": None}, "JWS Algorithm"),
    ({"include_thumbprint": True}, "Include X.509 Thumbprint Header Parameter"),
    ({"session_validation": SessionValidation(check_session=True)}, "sessionValidationSettings"),
]


@pytest.mark.parametrize(("configuration", "setting"), UNBUILT)
async def test_what_this_version_has_not_is_refused_by_name(configuration: dict[str, Any], setting: str) -> None:
    with pytest.raises(ServerError) as refusal:
        await token(server_with(**configuration))
    assert refusal.value.why.setting == f"jwt: {setting}"


async def test_the_session_is_named_where_the_manager_says_so() -> None:
    server = server_with("reference", session_validation=SessionValidation(include_session_id=True))
    live = await find_access_token(await token(server, "reference", session="sri-1"), server)
    assert live is not None
    assert live.attributes["pi.sri"] == "sri-1"


# What counts ----------------------------------------------------------------------------------------------------------


async def test_a_jwt_counts_until_it_expires() -> None:
    server = make_server()
    text = await token(server)
    live = await find_access_token(text, server)
    assert live is not None
    assert (live.client_id, live.scope, live.manager.id) == ("app", ("profile",), "jwt")
    clock_of(server).advance(seconds=7200)
    assert await find_access_token(text, server) is None


async def test_a_jwt_without_a_key_id_counts_too() -> None:
    server = server_with(include_key_id=False)
    assert await find_access_token(await token(server), server)


async def test_an_id_token_is_no_access_token_whatever_the_manager_says() -> None:
    server = server_with(only=True, type_header="", client_id_claim="", algorithm=SigningAlgorithm.RS256)
    await add_client(server)
    await add_person(server)
    answer = await redeem(server, await code_for(server))
    assert await find_access_token(answer["access_token"], server)
    assert await find_access_token(answer["id_token"], server) is None


async def test_a_jwt_of_another_issuer_or_type_does_not_count() -> None:
    server = make_server()
    text = await token(server)
    assert await find_access_token(text, replace(server, issuer="https://other.example")) is None
    other_type = replace(server_with(type_header="JWT"), stores=server.stores, clients=server.clients)
    assert await find_access_token(text, other_type) is None


async def test_a_token_of_a_client_that_is_disabled_or_gone_does_not_count() -> None:
    server = make_server()
    reference, signed = await token(server, "reference"), await token(server)
    await change_client(server, "app", identity__enabled=False)
    assert await find_access_token(reference, server) is None
    assert await find_access_token(signed, server) is None


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "..", "é" * 30, "x" * 100_000, "." * 2, "\x00" * 28])
async def test_any_other_text_is_no_token(text: str) -> None:
    assert await find_access_token(text, make_server()) is None


async def test_the_row_beside_a_jwt_is_no_token_of_its_own() -> None:
    server = make_server()
    text = await token(server, scope=("openid",), grant_id="g")
    assert await find_access_token(text, server)
    assert await find_access_token(text[:-4], server) is None


def test_errors_of_settings_are_oauth_errors() -> None:
    assert issubclass(ServerError, OAuthError)
