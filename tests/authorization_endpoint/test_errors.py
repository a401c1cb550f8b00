"""Every error of the endpoint, and its place: the client's redirect URI, or our page (behaviour §4.4, §25)."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from ostiary.clients.directory import ClientDirectory
from ostiary.declare.values import ResponseTypes
from ostiary.pages.records import Notice
from ostiary.ports.stores import StoreUnavailable
from ostiary.web import pages
from ostiary.words import ConsentPage, GrantType, ParStatus, ResponseType
from tests.authorization_endpoint.browser import (
    CALLBACK,
    CHALLENGE,
    ISSUER,
    REQUEST,
    Browser,
    Place,
    answer_in,
    header,
    is_sign_on,
    location,
)

pytestmark = pytest.mark.anyio
ALL_GRANTS = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT})


@pytest.fixture
async def place() -> Place:
    return await Place.build()


BY_REDIRECT = [
    # parameters, error
    ({"response_type": ""}, "invalid_request"),
    ({"response_type": "nonsense"}, "unsupported_response_type"),
    ({"response_type": "code code"}, None),
    ({"response_type": "CODE"}, "unsupported_response_type"),
    ({"response_type": "token"}, "unauthorized_client"),
    ({"response_type": "id_token"}, "unauthorized_client"),
    ({"response_type": "code id_token"}, "unauthorized_client"),
    ({"response_mode": "query.jwt"}, "invalid_request"),
    ({"response_mode": "pi.flow"}, "invalid_request"),
    ({"response_mode": "nonsense"}, "invalid_request"),
    ({"code_challenge": "", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": ""}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge": "x" * 42}, "invalid_request"),
    ({"code_challenge": "x" * 129}, "invalid_request"),
    ({"code_challenge": "x" * 43 + "!"}, "invalid_request"),
    ({"scope": "openid nonsense"}, "invalid_scope"),
    ({"scope": "OPENID"}, "invalid_scope"),
    ({"scope": 'a"b'}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "nonsense"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"claims": "nonsense"}, "invalid_request"),
    ({"claims": '{"id_token":{"acr":{"essential":true,"value":"urn:strong"}}}'}, "unmet_authentication_requirements"),
    ({"id_token_hint": "x"}, "invalid_request"),
    ({"request": "x.y.z"}, "request_not_supported"),
    ({"request_uri": "https://shop.example/r"}, "request_uri_not_supported"),
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "request_uri_not_supported"),
    ({"authorization_details": "[]"}, "invalid_authorization_details"),
    ({"access_token_manager_id": "nonsense"}, "invalid_request"),
    ({"resource": "https://nowhere.example/"}, "invalid_target"),
    ({"prompt": "none"}, "login_required"),
]


@pytest.mark.parametrize(("changes", "error"), BY_REDIRECT)
async def test_the_client_is_told_of_an_error(place: Place, changes: dict[str, str], error: str | None) -> None:
    reply = await Browser(place).authorize(**changes)
    if error is None:
        assert is_sign_on(reply)
        return
    assert reply.status == 302
    assert location(reply).startswith(CALLBACK)
    answer = answer_in(reply)
    assert answer["error"] == error
    assert answer["state"] == "xyz"
    assert answer["iss"] == ISSUER
    assert set(answer) == {"error", "error_description", "state", "iss"}
    assert re.fullmatch(r"""[\x20-\x7e]+""", answer["error_description"])
    assert not set(answer["error_description"]) & set("\"'\\")
    (event,) = place.happened("request.refused")
    assert (event.client_id, event.endpoint, event.error) == ("shop", "authorization", error)


async def test_without_state_there_is_none_in_the_answer(place: Place) -> None:
    assert "state" not in answer_in(await Browser(place).authorize(prompt="none", state=""))


async def test_without_the_setting_there_is_no_issuer_in_the_answer(place: Place) -> None:
    place.set(authorization__include_issuer=False)
    assert "iss" not in answer_in(await Browser(place).authorize(prompt="none"))


@pytest.mark.parametrize(
    ("response_type", "mode", "part"),
    [
        ("code", "", "query"),
        ("code", "fragment", "fragment"),
        ("token", "", "fragment"),
        ("id_token", "query", "fragment"),
        ("code id_token token", "", "fragment"),
    ],
)
async def test_an_error_travels_in_the_part_its_response_type_belongs_to(
    place: Place, response_type: str, mode: str, part: str
) -> None:
    reply = await Browser(place).authorize(response_type=response_type, response_mode=mode, prompt="none")
    found = location(reply)
    assert ("#error=" in found) == (part == "fragment")
    assert ("?error=" in found) == (part == "query")


async def test_an_error_by_form_post_is_a_form_and_never_cached(place: Place) -> None:
    reply = await Browser(place).authorize(response_mode="form_post", prompt="none")
    assert reply.status == 200
    assert header(reply, b"location") is None
    assert answer_in(reply) | {"error_description": ""} == {
        "error": "login_required",
        "error_description": "",
        "state": "xyz",
        "iss": ISSUER,
    }
    assert "no-store" in (header(reply, b"cache-control") or "")
    assert f'action="{CALLBACK}"' in reply.body.decode()


@pytest.mark.parametrize("response_type", [word for word in ResponseType if word != "code"])
async def test_a_response_type_that_is_not_done_here_is_refused_even_when_the_client_may_use_it(
    place: Place, response_type: str
) -> None:
    await place.change_client(grants__allowed=ALL_GRANTS)
    reply = await Browser(place).authorize(response_type=response_type)
    assert answer_in(reply)["error"] == "unsupported_response_type"
    assert "#" in location(reply)


async def test_a_client_whose_response_types_are_restricted_may_not_use_others(place: Place) -> None:
    await place.change_client(
        grants__allowed=ALL_GRANTS, grants__restricted_response_types=ResponseTypes((ResponseType.ID_TOKEN,))
    )
    assert answer_in(await Browser(place).authorize())["error"] == "unauthorized_client"


async def test_a_client_without_the_grant_may_not_ask_for_codes(place: Place) -> None:
    await place.change_client(grants__allowed=frozenset({GrantType.CLIENT_CREDENTIALS}))
    assert answer_in(await Browser(place).authorize())["error"] == "unauthorized_client"


@pytest.mark.parametrize("setting", ["requests__require_pushed", "requests__require_jarm", "requests__require_signed"])
async def test_what_a_client_must_use_and_does_not_is_an_invalid_request(place: Place, setting: str) -> None:
    await place.change_client(**{setting: True})
    assert answer_in(await Browser(place).authorize())["error"] == "invalid_request"


async def test_pushing_is_required_when_the_server_says_so(place: Place) -> None:
    place.set(pushed__status=ParStatus.REQUIRED)
    assert answer_in(await Browser(place).authorize())["error"] == "invalid_request"
    place.set(pushed__status=ParStatus.DISABLED)
    assert is_sign_on(await Browser(place).authorize())


@pytest.mark.parametrize(
    ("required", "plain_off", "challenge", "method", "works"),
    [
        (False, True, "", "", True),
        (False, True, CHALLENGE, "S256", True),
        (False, True, CHALLENGE, "plain", False),
        (False, True, CHALLENGE, "", False),
        (False, False, CHALLENGE, "plain", True),
        (False, False, CHALLENGE, "", True),
        (True, True, "", "", False),
        (True, True, CHALLENGE, "S256", True),
        (True, False, CHALLENGE, "", True),
    ],
)
async def test_pkce_is_asked_for_as_client_and_server_say(
    place: Place, required: bool, plain_off: bool, challenge: str, method: str, works: bool
) -> None:
    await place.change_client(requests__require_pkce=required)
    place.set(authorization__disallow_plain_pkce=plain_off)
    reply = await Browser(place).authorize(code_challenge=challenge, code_challenge_method=method)
    assert is_sign_on(reply) if works else answer_in(reply)["error"] == "invalid_request"


async def test_scopes_are_available_as_client_and_server_say(place: Place) -> None:
    await place.change_client(scopes__restrict=True, scopes__restricted=("profile",))
    assert is_sign_on(await Browser(place).authorize(scope="profile"))
    for scope in ("email", "openid", "profile email"):
        assert answer_in(await Browser(place).authorize(scope=scope))["error"] == "invalid_scope"
    assert is_sign_on(await Browser(place).authorize(scope=""))


async def test_openid_is_no_scope_where_it_is_switched_off(place: Place) -> None:
    await place.change_client(openid__supported=False)
    assert answer_in(await Browser(place).authorize())["error"] == "invalid_scope"
    await place.change_client(openid__supported=True)
    place.set(roles__openid=False)
    assert answer_in(await Browser(place).authorize())["error"] == "invalid_scope"


async def test_cancelling_the_sign_on_is_access_denied(place: Place) -> None:
    browser = Browser(place)
    reply = await browser.cancel(await browser.authorize())
    assert reply.status == 303
    assert answer_in(reply)["error"] == "access_denied"
    assert answer_in(reply)["state"] == "xyz"


async def test_refusing_the_approval_is_access_denied(place: Place) -> None:
    browser = Browser(place)
    reply = await browser.deny(await browser.sign_on(await browser.authorize()))
    assert reply.status == 303
    assert answer_in(reply)["error"] == "access_denied"
    (event,) = place.happened("consent.decided")
    assert (event.allowed, event.subject) == (False, "mara")


async def test_an_external_consent_page_that_cannot_be_reached_is_not_replaced_by_ours(place: Place) -> None:
    place.set(consent__page=ConsentPage.ADAPTER)
    assert answer_in(await Browser(place).walk())["error"] == "server_error"


# On our page ----------------------------------------------------------------------------------------------------------

ON_THE_PAGE = [
    ({"client_id": ""}, "client_id is required"),
    ({"client_id": "nobody"}, "client_id names no client"),
    ({"redirect_uri": "https://evil.test/"}, "redirect_uri does not match"),
    ({"idp": "nonsense"}, "idp names no authentication source"),
]


@pytest.mark.parametrize(("changes", "text"), ON_THE_PAGE)
async def test_a_person_is_told_what_no_client_may_hear(place: Place, changes: dict[str, str], text: str) -> None:
    reply = await Browser(place).authorize(**changes)
    assert reply.status == 400
    assert reply.content_type.startswith(b"text/html")
    page = reply.body.decode()
    assert "invalid_request" in page
    assert text in page
    assert "test-1" in page, "the request id"
    assert place.happened("request.refused")


@pytest.mark.parametrize(
    ("parameter", "error"), [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
)
async def test_a_request_object_that_hides_the_redirect_uri_is_named_on_the_page(
    place: Place, parameter: str, error: str
) -> None:
    reply = await Browser(place).get({"client_id": "shop", parameter: "x"})
    assert answer_in(reply)["error"] == error, "the only redirect URI is known without being named"
    await place.change_client(redirection__redirect_uris=(CALLBACK, "https://shop.example/two"))
    reply = await Browser(place).get({"client_id": "shop", parameter: "x"})
    assert reply.status == 400
    assert error in reply.body.decode()


@pytest.mark.parametrize(
    "query",
    [
        b"client_id=shop&client_id=shop",
        b"client_id=shop&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&redirect_uri=https%3A%2F%2Fshop.example%2Fcb",
        b"client_id=nobody&state=a&state=b&redirect_uri=https%3A%2F%2Fshop.example%2Fcb",
        b"client_id=shop&state=a&state=b&redirect_uri=https%3A%2F%2Fevil.test%2Fcb",
        b"state=a&state=b",
        b"client_id=%ff",
        b"client_id=shop%00",
        b"&".join(b"a%d=1" % n for n in range(300)),
    ],
)
async def test_parameters_that_two_parsers_could_read_differently_end_on_the_page(place: Place, query: bytes) -> None:
    reply = await Browser(place).send("GET", pages.AUTHORIZATION, query=query)
    assert reply.status == 400
    assert header(reply, b"location") is None
    assert b"invalid_request" in reply.body


@pytest.mark.parametrize("name", ["state", "scope", "response_mode", "prompt", "nonce", "idp", "unknown"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_client_is_told_of_a_parameter_that_came_twice(place: Place, name: str, method: str) -> None:
    encoded = urlencode([*(REQUEST | {name: "query"}).items(), (name, "other")]).encode()
    sent = {"query": encoded} if method == "GET" else {"body": encoded}
    reply = await Browser(place).send(method, pages.AUTHORIZATION, **sent)  # type: ignore[arg-type]
    assert location(reply).startswith(CALLBACK)
    answer = answer_in(reply)
    assert answer["error"] == "invalid_request"
    assert answer["error_description"] == f"{name} was sent more than once"
    assert answer["state"] == ("query" if name == "state" else "xyz")
    assert place.happened("request.refused")


async def test_a_post_must_be_a_form(place: Place) -> None:
    reply = await Browser(place).send("POST", pages.AUTHORIZATION, body=b"{}", content_type="application/json")
    assert reply.status == 400
    assert reply.content_type.startswith(b"text/html")


async def test_a_post_is_answered_like_a_get(place: Place) -> None:
    browser = Browser(place)
    assert is_sign_on(await browser.post(pages.AUTHORIZATION, REQUEST))
    reply = await browser.post(pages.AUTHORIZATION, REQUEST | {"prompt": "none"})
    assert reply.status == 303
    assert answer_in(reply)["error"] == "login_required"


async def test_an_error_page_speaks_the_language_of_the_person_and_has_every_header(place: Place) -> None:
    browser = Browser(place)
    browser.headers = [(b"accept-language", b"de")]
    reply = await browser.authorize(client_id="nobody")
    assert "Diese Anfrage lässt sich nicht beantworten" in reply.body.decode()
    assert header(reply, b"content-language") == "de"
    for name, value in (
        (b"x-frame-options", "DENY"),
        (b"x-content-type-options", "nosniff"),
        (b"referrer-policy", "no-referrer"),
        (b"cache-control", "no-cache, no-store"),
    ):
        assert header(reply, name) == value
    assert "frame-ancestors 'none'" in (header(reply, b"content-security-policy") or "")


async def test_a_database_that_does_not_answer_is_no_reason_to_send_anybody_anywhere(place: Place) -> None:
    class Silent:
        async def client(self, client_id: str) -> None:
            raise StoreUnavailable("no")

    place.server = replace(place.server, clients=ClientDirectory(Silent()))  # type: ignore[arg-type]
    reply = await Browser(place).authorize()
    assert reply.status == 503
    assert str(Notice.BUSY_HEADLINE) in reply.body.decode()
