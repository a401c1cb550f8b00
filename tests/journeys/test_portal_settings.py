"""What only the portal can say of a client takes effect: each setting is sent through the portal, then looked for."""

from base64 import b64encode
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from ostiary import app_versions
from ostiary.app_versions import AppVersion
from ostiary.client_auth import Knock, authenticate
from ostiary.clients.registry import ClientsRefused
from ostiary.errors import InvalidClient, InvalidGrant, UnauthorizedClient
from ostiary.parameters import Parameters
from ostiary.ports.clock import HOUR
from ostiary.server import Server
from ostiary.server_settings.fulfillment import Fulfillment, Fulfillments, SourceType
from ostiary.server_settings.token_objects import ManagerAttribute
from ostiary.tokens import introspection
from ostiary.words import GrantType, ResponseType
from tests import house
from tests.authorization_endpoint.browser import Browser, Place, answer_in, is_consent, is_sign_on
from tests.house import add_person, ask, clock_of, code_for, make_server, redeem, refresh, segment

pytestmark = pytest.mark.anyio
BROWSER_CALLBACK = "https://shop.example/cb"
LISTED = "token_endpoint_auth_methods_list"
CALLBACK = house.REDIRECT_URI
SECRETS: dict[str, str] = {}
"""What was made for the clients of a test, by client."""


async def portal_client(server: Server, client_id: str = "app", **members: Any) -> str:
    """A client made by the portal, which then gets the redirect URIs that the portal cannot give; its version."""
    found = await app_versions.add(AppVersion(title="App"), "ada", server)
    body = {"OAuthClientType": "com.soa.oauth.ctype.confidential", "OAuthClientID": client_id, **members}
    given = await app_versions.give_client(found.id, body, "ada", server)
    SECRETS[client_id] = "none was made" if given.secret is None else given.secret.reveal()
    callbacks = (BROWSER_CALLBACK, CALLBACK)
    await house.change_client(server, client_id, redirection__redirect_uris=callbacks)
    return found.id


async def with_person(**members: Any) -> Server:
    """A server with a client of the portal and a person."""
    server = make_server()
    await portal_client(server, **members)
    await add_person(server, name="Joe", email="joe@example.com", phone_number="1")
    return server


async def shop(**members: Any) -> Place:
    """A server with a client of the portal and a browser's person before it."""
    place = Place(make_server())
    await portal_client(place.server, "shop", **members)
    await place.add_person("mara")
    return place


# Requests ------------------------------------------------------------------------------------------------------------


async def test_default_max_age_asks_to_sign_on_again() -> None:
    place = await shop(default_max_age="60", bypass_authorization="true")
    browser = Browser(place)
    assert "code" in answer_in(await browser.walk())
    assert "code" in answer_in(await browser.authorize())
    place.clock.advance(seconds=61)
    assert is_sign_on(await browser.authorize())


async def test_require_authtime_claim_is_met_in_every_id_token() -> None:
    server = await with_person(require_authtime_claim="true")
    signed_on = server.clock.now() // 1000
    policy = replace(server.objects.policies[server.objects.default_policy], return_on_refresh=True)
    policies = MappingProxyType({policy.id: policy})
    server = replace(server, objects=replace(server.objects, policies=policies))
    first = await redeem(server, await code_for(server))
    clock_of(server).advance(seconds=100)
    second = await refresh(server, first["refresh_token"])
    for answer in (first, second):
        assert segment(answer["id_token"], 1)["auth_time"] == signed_on


async def test_a_request_uri_is_never_followed_yet_whatever_is_registered() -> None:
    place = await shop(request_uris="https://shop.example/request")
    answer = answer_in(await Browser(place).authorize(request_uri="https://shop.example/request"))
    assert answer["error"] == "request_uri_not_supported"


async def test_bypass_authorization_leaves_the_consent_page_out() -> None:
    browser = Browser(await shop())
    assert is_consent(await browser.sign_on(await browser.authorize()))
    browser = Browser(await shop(bypass_authorization="true"))
    assert "code" in answer_in(await browser.sign_on(await browser.authorize()))


# Scopes and response types -------------------------------------------------------------------------------------------


async def test_without_openid_connect_the_scope_openid_is_refused() -> None:
    place = await shop(supports_openid_connect="false")
    assert answer_in(await Browser(place).authorize())["error"] == "invalid_scope"
    assert is_sign_on(await Browser(place).authorize(scope="profile email"))


async def test_openid_and_profile_cannot_be_restricted() -> None:
    place = await shop(restrictedScopes=["email"])
    assert is_sign_on(await Browser(place).authorize(scope="openid profile email"))
    assert answer_in(await Browser(place).authorize(scope="openid phone"))["error"] == "invalid_scope"


async def test_the_response_type_code_cannot_be_restricted() -> None:
    place = await shop(restrictedResponseTypes=["code_id_token"])
    assert is_sign_on(await Browser(place).authorize())
    client = await house.found(place.server, "shop")
    left = {ResponseType.CODE, ResponseType.CODE_ID_TOKEN, ResponseType.ID_TOKEN_TOKEN}
    assert set(client.grants.restricted_response_types) == left


# Lifetimes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token_type", ["Default", "JWT"])
async def test_access_token_expiry_is_the_lifetime_of_access_tokens(token_type: str) -> None:
    own = {"access_token_expiry_setting": "access_token_exp_in_secs", "access_token_expiry": "77"}
    server = await with_person(token_type=token_type, **own)
    assert (await ask(server, grant_type="client_credentials"))["expires_in"] == 77
    assert (await redeem(server, await code_for(server)))["expires_in"] == 77


async def test_access_token_expiry_beside_the_global_setting_has_no_effect() -> None:
    server = await with_person(access_token_expiry_setting="global_setting", access_token_expiry="77")
    assert (await ask(server, grant_type="client_credentials"))["expires_in"] == 7200


async def test_grant_expiration_hours_end_a_grant() -> None:
    server = await with_person(grant_expiration_setting="grant_exp_in_hours", grant_expiration_hours="2")
    answer = await redeem(server, await code_for(server))
    clock_of(server).advance(milliseconds=2 * HOUR - 1000)
    answer = await refresh(server, answer["refresh_token"])
    clock_of(server).advance(milliseconds=2000)
    with pytest.raises(InvalidGrant):
        await refresh(server, answer["refresh_token"])


# Kinds of tokens -----------------------------------------------------------------------------------------------------


def is_jwt(token: str) -> bool:
    return token.count(".") == 2


@pytest.mark.parametrize(("token_type", "jwt"), [("Default", False), ("Bearer", False), ("JWT", True), ("jwt", True)])
async def test_token_type_says_what_makes_the_access_tokens(token_type: str, jwt: bool) -> None:
    server = await with_person(token_type=token_type)
    assert is_jwt((await ask(server, grant_type="client_credentials"))["access_token"]) is jwt
    assert is_jwt((await redeem(server, await code_for(server)))["access_token"]) is jwt
    without_openid = await redeem(server, await code_for(server, scope=("email",)))
    assert is_jwt(without_openid["access_token"]) is jwt


async def test_bearer_holds_where_the_server_makes_jwts_by_default() -> None:
    server = await with_person(token_type="Bearer")
    server = replace(server, objects=replace(server.objects, default_manager="jwt"))
    assert not is_jwt((await ask(server, grant_type="client_credentials"))["access_token"])


async def test_a_manager_that_an_administrator_chose_comes_before_the_kind() -> None:
    server = await with_person(token_type="JWT")
    await house.change_client(server, "app", access_tokens__default_manager="reference")
    assert not is_jwt((await ask(server, grant_type="client_credentials"))["access_token"])


async def test_a_manager_that_the_client_may_not_use_is_passed_over() -> None:
    server = await with_person(token_type="JWT")
    jwt = replace(server.objects.managers["jwt"], restrict_clients=True, allowed_clients=("other",))
    managers = MappingProxyType({**server.objects.managers, "jwt": jwt})
    server = replace(server, objects=replace(server.objects, managers=managers))
    assert not is_jwt((await ask(server, grant_type="client_credentials"))["access_token"])


async def test_a_kind_that_no_manager_makes_is_refused() -> None:
    server = make_server()
    managers = MappingProxyType({"reference": server.objects.managers["reference"]})
    server = replace(server, objects=replace(server.objects, managers=managers))
    with pytest.raises(ClientsRefused) as refused:
        await portal_client(server, token_type="JWT")
    ((_, problem),) = refused.value.problems
    assert problem.field == "portal.token_type"


# Claims in access tokens ---------------------------------------------------------------------------------------------


def with_mapped_name(server: Server) -> Server:
    """The same server; the contract of the JWT manager has the person's name too, and the client's."""
    objects, rules = server.objects, {
        "sub": Fulfillment(source_type=SourceType.OAUTH_PERSISTENT_GRANT, value="USER_KEY"),
        "full_name": Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value="name"),
        "greeting": Fulfillment(source_type=SourceType.TEXT, value="Hello ${name}"),
        "key": Fulfillment(source_type=SourceType.CONTEXT, value="UserKey"),
        "for": Fulfillment(source_type=SourceType.CONTEXT, value="ClientId"),
        "note": Fulfillment(source_type=SourceType.TEXT, value="by ${ClientId}"),
    }  # fmt: skip
    attributes = tuple(ManagerAttribute(name=name) for name in rules)
    managers = {**objects.managers, "jwt": replace(objects.managers["jwt"], attributes=attributes)}
    mappings = tuple(
        replace(one, fulfillment=Fulfillments(rules)) if one.manager_id == "jwt" else one for one in objects.mappings
    )
    return replace(server, objects=replace(objects, managers=MappingProxyType(managers), mappings=mappings))


PERSONAL = {"full_name", "greeting", "key"}
ABOUT_THE_CLIENT = {"for", "note"}


@pytest.mark.parametrize(
    ("option", "there", "absent"),
    [
        ("global_setting", PERSONAL | ABOUT_THE_CLIENT, {"email", "name"}),
        ("include", PERSONAL | ABOUT_THE_CLIENT | {"email", "name"}, {"phone_number"}),
        ("exclude", ABOUT_THE_CLIENT, PERSONAL | {"email", "name"}),
    ],
)
async def test_the_option_says_what_jwt_access_tokens_tell_of_the_person(
    option: str, there: set[str], absent: set[str]
) -> None:
    server = with_mapped_name(await with_person(token_type="JWT", includeResourceOwnerUserInfoOption=option))
    claims = segment((await redeem(server, await code_for(server)))["access_token"], 1)
    assert there <= claims.keys()
    assert absent.isdisjoint(claims)
    assert (claims["sub"], claims["iss"], claims["client_id"]) == ("joe", server.issuer, "app")


async def test_included_claims_are_those_of_user_info_and_need_openid() -> None:
    server = await with_person(token_type="JWT", includeResourceOwnerUserInfoOption="include")
    narrow = segment((await redeem(server, await code_for(server, scope=("openid",))))["access_token"], 1)
    other = segment((await redeem(server, await code_for(server, scope=("email",))))["access_token"], 1)
    assert {"email", "name"}.isdisjoint(narrow)
    assert "email" not in other


# Authentication ------------------------------------------------------------------------------------------------------


def by_basic(secret: str) -> Knock:
    credentials = b64encode(f"app:{secret}".encode()).decode()
    return Knock(authorization=f"Basic {credentials}", parameters=Parameters({}), source="192.0.2.1")


def by_body(secret: str) -> Knock:
    return Knock(parameters=Parameters.of(client_id="app", client_secret=secret), source="192.0.2.1")


def by_nothing(_secret: str) -> Knock:
    return Knock(parameters=Parameters.of(client_id="app"), source="192.0.2.1")


WAYS = {"client_secret_basic": by_basic, "client_secret_post": by_body, "none": by_nothing}


@pytest.mark.parametrize(
    "listed",
    [
        ("client_secret_basic",),
        ("client_secret_post",),
        ("client_secret_basic", "client_secret_post"),
        ("none", "client_secret_post"),
        ("none",),
        ("private_key_jwt", "client_secret_basic"),
        ("client_secret_jwt", "client_secret_post", "none"),
    ],
)
async def test_any_listed_method_authenticates_and_no_other(listed: tuple[str, ...]) -> None:
    server = make_server()
    methods = {"token_endpoint_auth_method_supported_setting": LISTED, "token_endpoint_auth_methods": list(listed)}
    await portal_client(server, jwks_uri="https://app.example/keys", **methods)
    for method, knock in WAYS.items():
        if method in listed:
            assert (await authenticate(knock(SECRETS["app"]), server)).client_id == "app"
        else:
            with pytest.raises(InvalidClient):
                await authenticate(knock(SECRETS["app"]), server)


async def test_a_client_that_may_come_unproven_gets_nothing_that_needs_a_proof() -> None:
    server = make_server()
    listed = ["none", "client_secret_basic"]
    with pytest.raises(ClientsRefused) as refused:
        await portal_client(
            server,
            "greedy",
            token_endpoint_auth_methods=listed,
            grant_types=["client_credentials", "authorization_code"],
        )
    assert [problem.field for _, problem in refused.value.problems] == ["authentication.method"]
    await portal_client(server, token_endpoint_auth_methods=listed)
    with pytest.raises(UnauthorizedClient):
        await ask(server, grant_type="client_credentials")
    grants = frozenset({GrantType.ACCESS_TOKEN_VALIDATION, GrantType.CLIENT_CREDENTIALS})
    client = await house.change_client(server, "app", grants__allowed=grants)
    with pytest.raises(InvalidClient):
        introspection.check_may_introspect(client, server)
    with pytest.raises(UnauthorizedClient):
        await ask(server, grant_type="client_credentials")


# Pages ---------------------------------------------------------------------------------------------------------------


async def test_subtitle_and_disclaimer_stand_on_the_consent_page_and_are_only_text() -> None:
    place = await shop(SubTitle="One <b>&</b> two", LegalDisclaimer='<script>alert("1")</script>\nSecond line')
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    html = page.body.decode()
    assert '<p class="subtitle">One &lt;b&gt;&amp;&lt;/b&gt; two</p>' in html
    assert "<p>&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;\nSecond line</p>" in html
    assert "<script>" not in html


async def test_without_them_nothing_stands_there() -> None:
    browser = Browser(await shop())
    html = (await browser.sign_on(await browser.authorize())).body.decode()
    assert "subtitle" not in html
    assert 'class="legal"' not in html


async def test_the_website_of_the_application_is_linked() -> None:
    browser = Browser(await shop(AppURI="https://game.example/"))
    assert 'href="https://game.example/"' in (await browser.sign_on(await browser.authorize())).body.decode()
