"""Where answers and errors may go (threats T-01, T-02, T-05, T-06; behaviour §4.3)."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlencode, urlsplit

import pytest

from ostiary.authorization_endpoint import endpoint
from ostiary.authorization_endpoint.outcomes import Visitor
from ostiary.errors import InvalidRequest, ShownHere
from ostiary.parameters import Parameters
from ostiary.words import GrantType, SecurityProfile
from tests.authorization_endpoint.browser import (
    CALLBACK,
    REQUEST,
    Browser,
    Place,
    answer_in,
    client,
    header,
    is_sign_on,
    location,
    without,
)

pytestmark = pytest.mark.anyio
MODES = (
    "query",
    "fragment",
    "form_post",
    "query.jwt",
    "fragment.jwt",
    "form_post.jwt",
    "jwt",
    "web_message",
    "pi.flow",
)
GRAMMAR: tuple[str, ...] = (
    "",
    ".",
    "/",
    "//",
    "\\",
    "\\\\",
    "?",
    "#",
    "@",
    ":",
    ";",
    "%2f",
    "%5c",
    "%2e",
    "%252e",
    "%00",
    "\t",
    "\n",
)
GRAMMAR += (" ", "\r\n", "..", "/..", "/../", "/./", "/..;/", "/%2e%2e/", "/%252e%252e%252f", "%2e%2e%2f", "/.%2e/")
GRAMMAR += ("?x=1", "&x=1", "#x", ":443", ":80", ":0", ":", ":99999", ":8443@evil.test", "@evil.test", ".evil.test")
GRAMMAR += ("%09", "%0d%0a", "。", "／", "．", "\u200b", "*", "{}", "evil.test", "%ff", "cb", "x")
WHOLE = (
    "https://evil.test/cb",
    "https://evil.test\\@shop.example/cb",
    "https://shop.example@evil.test/cb",
    "https://shop.example:443@evil.test/cb",
    "https://evil.test/https://shop.example/cb",
    "https://evil.test#@shop.example/cb",
    "https://evil.test?@shop.example/cb",
    "//shop.example/cb",
    "///shop.example/cb",
    "https:/shop.example/cb",
    "https:shop.example/cb",
    "http://shop.example/cb",
    "javascript://shop.example/cb%0aalert(1)",
    "data:text/html,https://shop.example/cb",
    "http://localhost:80@evil.test/cb",
    "http://127.0.0.1:80\\@evil.test/cb",
    "http://[::1]@evil.test/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://0x7f.0.0.1/cb",
    "http://127.0.0.2/cb",
    "http://localhost/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://[0:0:0:0:0:0:0:1]/cb",
    "https://ѕhop.example/cb",
    "https://xn--hop-fed.example/cb",
    "https://company.com.evil.test/app/x",
    "https://evilcompany.com/app/x",
    "https://a.b.company.com/app/x",
    "https://company.com/app/x",
    "https://.company.com/app/x",
    "https://a%2eb.company.com/app/x",
    "https://a..company.com/app/x",
    "https://a.company.com./app/x",
    "https://a.company.com/app/../x",
    "https://a.company.com/app/%2e%2e/x",
    "https://a.company.com/app/%252e%252e/x",
    "https://a.company.com/app/..;/x",
    "https://a.company.com/app/.%5c..%5cx",
    "https://a.company.com/app/x?y",
    "https://a.company.com/app/x#y",
    "https://a@evil.test/.company.com/app/x",
    "null",
    "",
    " ",
)


def mutations(uri: str) -> Iterator[str]:
    """Everything near a URI that somebody might read as that URI."""
    yield from WHOLE
    for position in range(len(uri) + 1):
        before, after = uri[:position], uri[position:]
        for piece in ("\t", "\n", "\\", "@", ".", "/", "%00", "x", "*"):
            yield before + piece + after
        if after:
            yield before + after[0].swapcase() + after[1:]
            yield before + f"%{ord(after[0]):02x}" + after[1:]
            yield before + after[0] + after
            yield before + after[1:]
    parts = urlsplit(uri)
    for piece in GRAMMAR:
        yield piece + uri
        yield uri + piece
        yield uri.replace(parts.netloc, parts.netloc + piece, 1)
        yield uri.replace(parts.netloc, piece + parts.netloc, 1)
        yield uri.replace(parts.path, piece + parts.path, 1)


def corpus(uri: str) -> list[str]:
    found = [mutation for mutation in dict.fromkeys(mutations(uri)) if mutation and mutation != uri]
    assert len(found) > 300
    return found


def is_literal(registered: str, uri: str) -> bool:
    return uri == registered


def is_loopback(_: str, uri: str) -> bool:
    found = re.fullmatch(r"http://127\.0\.0\.1(?::([0-9]{1,5}))?/cb", uri)
    return found is not None and int(found[1] or 80) <= 65535


def is_inside_company(_: str, uri: str) -> bool:
    """An independent reading of ``https://*.company.com/app/*``."""
    if not uri.isascii() or re.search(r"[\x00-\x20\x7f\\]", uri):
        return False
    parts = urlsplit(uri)
    path = parts.path
    for _round in range(5):
        path = unquote(path)
    segments = [segment.split(";")[0] for segment in re.split(r"[/\\]", path)]
    return (
        uri.startswith("https://")
        and re.fullmatch(r"[A-Za-z0-9_-]+\.company\.com", parts.netloc) is not None
        and parts.path.startswith("/app/")
        and not parts.query
        and "#" not in uri
        and "?" not in uri
        and "." not in segments
        and ".." not in segments
    )


@pytest.fixture
async def place() -> Place:
    return await Place.build()


async def target_of(place: Place, values: dict[str, str]) -> str | None:
    """Where the endpoint would send somebody with an error, or None for the page."""
    try:
        parameters = Parameters.from_form(urlencode(values).encode())
        outcome = await endpoint.authorize(parameters, Visitor(browser="b" * 43), place.server)
    except (ShownHere, InvalidRequest):  # the latter: a parameter that cannot be read at all
        return None
    return getattr(outcome, "redirect_uri", "a page")


@pytest.mark.parametrize(
    ("registered", "base", "expected"),
    [
        (CALLBACK, CALLBACK, is_literal),
        ("https://shop.example/cb?x=1", "https://shop.example/cb?x=1", is_literal),
        ("com.example.shop:/cb", "com.example.shop:/cb", is_literal),
        ("http://127.0.0.1/cb", "http://127.0.0.1/cb", is_loopback),
        ("https://*.company.com/app/*", "https://a.company.com/app/x", is_inside_company),
    ],
)
async def test_of_all_mutations_only_the_expected_ones_are_redirected_to(
    place: Place, registered: str, base: str, expected: object
) -> None:
    await place.change_client(redirection__redirect_uris=(registered,))
    values = REQUEST | {"prompt": "none"}
    assert await target_of(place, values | {"redirect_uri": base}) == base
    assert callable(expected)
    for mutation in corpus(base):
        target = await target_of(place, values | {"redirect_uri": mutation})
        assert target is None or (target == mutation and expected(registered, mutation)), mutation


async def test_the_response_mode_has_no_say_in_where_answers_go(place: Place) -> None:
    await place.change_client(redirection__redirect_uris=(CALLBACK, "https://*.company.com/app/*"))
    for mutation in corpus(CALLBACK)[::7] + corpus("https://a.company.com/app/x")[::7]:
        expected = None
        for place_in_row, mode in enumerate(("", *MODES)):
            values = REQUEST | {"prompt": "none", "redirect_uri": mutation, "response_mode": mode}
            target = await target_of(place, values)
            expected = target if place_in_row == 0 else expected
            assert target == expected, (mutation, mode)


FAULTS = {
    "no client": {"client_id": ""},
    "unknown client": {"client_id": "nobody"},
    "bad scope": {"scope": "openid nonsense"},
    "bad response type": {"response_type": "nonsense"},
    "response type not allowed": {"response_type": "token"},
    "no response type": {"response_type": ""},
    "nobody there": {"prompt": "none"},
    "bad prompt": {"prompt": "none login"},
    "request object": {"request": "eyJhbGciOiJub25lIn0.e30."},
    "request by reference": {"request_uri": "https://evil.test/request"},
    "pushed reference": {"request_uri": "urn:ietf:params:oauth:request_uri:abc"},
    "no challenge method": {"code_challenge_method": ""},
    "bad challenge": {"code_challenge": "short"},
    "bad max_age": {"max_age": "soon"},
    "bad claims": {"claims": "{"},
    "bad hint": {"id_token_hint": "x.y.z"},
    "bad manager": {"access_token_manager_id": "nonsense"},
    "bad resource": {"resource": "not a uri"},
    "details": {"authorization_details": "[]"},
    "bad mode": {"response_mode": "nonsense"},
    "unknown source": {"idp": "nonsense"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_no_error_travels_to_a_foreign_redirect_uri(place: Place, fault: dict[str, str]) -> None:
    for foreign in ("https://evil.test/cb", "https://shop.example/cb/", "", "javascript:alert(1)"):
        for mode in ("", "form_post", "fragment"):
            reply = await Browser(place).authorize(**{**fault, "redirect_uri": foreign, "response_mode": mode} | fault)
            assert reply.status == 400
            assert header(reply, b"location") is None
            assert b"evil.test/cb" not in reply.body


async def test_a_disabled_client_is_told_nothing_by_redirect(place: Place) -> None:
    await place.change_client(identity__enabled=False)
    reply = await Browser(place).authorize()
    assert reply.status == 400
    assert header(reply, b"location") is None


async def test_cancel_and_refusal_go_only_to_where_the_request_came_from(place: Place) -> None:
    browser = Browser(place)
    page = await browser.authorize()
    await place.change_client(redirection__redirect_uris=("https://other.example/cb",))
    reply = await browser.cancel(page)
    assert reply.status == 400
    assert header(reply, b"location") is None


# Present, absent, one, many -------------------------------------------------------------------------------------------


async def test_the_only_registered_redirect_uri_may_be_left_out_of_a_plain_oauth_request(place: Place) -> None:
    browser = Browser(place)
    reply = await browser.walk(redirect_uri="", scope="profile")
    assert location(reply).startswith(CALLBACK + "?")
    assert not (await place.code_in(reply)).redirect_uri_sent


async def test_an_openid_request_always_names_its_redirect_uri(place: Place) -> None:
    reply = await Browser(place).authorize(redirect_uri="")
    assert reply.status == 400
    assert b"redirect_uri" in reply.body


@pytest.mark.parametrize("uris", [(CALLBACK, "https://shop.example/two"), ("https://shop.example/*",), ()])
async def test_with_several_a_wildcard_or_none_it_must_be_sent(place: Place, uris: tuple[str, ...]) -> None:
    await place.change_client(redirection__redirect_uris=uris)
    reply = await Browser(place).get(without(REQUEST, "redirect_uri") | {"scope": "profile"})
    assert reply.status == 400
    assert header(reply, b"location") is None


@pytest.mark.parametrize("uri", [CALLBACK, "https://shop.example/two?a=b"])
async def test_each_of_several_can_be_named(place: Place, uri: str) -> None:
    await place.change_client(redirection__redirect_uris=(CALLBACK, "https://shop.example/two?a=b"))
    reply = await Browser(place).authorize(redirect_uri=uri, prompt="none")
    assert location(reply).startswith(uri)
    assert answer_in(reply)["error"] == "login_required"


@pytest.mark.parametrize(
    "switch",
    [
        {"compatibility__redirect_uri_wildcards": False},
        {"compatibility__security_profile": SecurityProfile.OAUTH2_1},
    ],
)
async def test_wildcards_that_are_switched_off_match_nothing(place: Place, switch: dict[str, object]) -> None:
    await place.change_client(redirection__redirect_uris=("https://*.company.com/*",))
    values = {"redirect_uri": "https://a.company.com/x"}
    assert is_sign_on(await Browser(place).authorize(**values))
    place.set(**switch)
    assert (await Browser(place).authorize(**values)).status == 400


async def test_a_profile_of_the_client_forbids_wildcards_too(place: Place) -> None:
    await place.change_client(
        redirection__redirect_uris=("https://*.company.com/*",), requests__security_profile=SecurityProfile.OAUTH2_1
    )
    assert (await Browser(place).authorize(redirect_uri="https://a.company.com/x")).status == 400


async def test_a_native_client_gets_its_code_at_any_loopback_port_and_at_its_own_scheme(place: Place) -> None:
    await place.save_client(
        client(
            "native",
            redirection__redirect_uris=("http://127.0.0.1/cb", "com.example.app:/cb"),
            redirection__bypass_approval=True,
            grants__allowed=frozenset({GrantType.AUTHORIZATION_CODE}),
        )
    )
    for uri in ("http://127.0.0.1:51004/cb", "com.example.app:/cb"):
        reply = await Browser(place).walk(client_id="native", redirect_uri=uri)
        assert location(reply).startswith(uri + "?code=")
