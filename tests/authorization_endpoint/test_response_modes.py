"""How answers travel."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from ostiary.authorization_endpoint.response_modes import (
    AuthorizationResponse,
    ResponseMode,
    default_mode,
    mode_in_force,
    printable,
)


def location(uri: str, mode: ResponseMode = ResponseMode.QUERY, **members: str) -> str:
    return AuthorizationResponse(redirect_uri=uri, mode=mode, members=tuple(members.items())).location


def test_a_registered_query_is_kept_and_the_answer_follows_it() -> None:
    assert location("https://a.example/cb", code="x") == "https://a.example/cb?code=x"
    assert location("https://a.example/cb?x=1&x=2", code="y") == "https://a.example/cb?x=1&x=2&code=y"
    assert location("https://a.example/cb?", code="y") == "https://a.example/cb?code=y"
    assert location("com.example.app:/cb", code="y") == "com.example.app:/cb?code=y"


def test_a_fragment_answer_leaves_the_query_alone() -> None:
    found = location("https://a.example/cb?x=1", ResponseMode.FRAGMENT, error="invalid_scope", state="s")
    assert found == "https://a.example/cb?x=1#error=invalid_scope&state=s"


@pytest.mark.parametrize("state", ["a b&c=d#e", "%0d%0aSet-Cookie: x=y", "\r\nX: y", "ümläut🎈", "x" * 5000, "=&?+ %"])
def test_a_state_comes_back_as_it_was_and_breaks_nothing(state: str) -> None:
    found = location("https://a.example/cb", code="c", state=state)
    assert found.isascii()
    assert "\r" not in found
    assert "\n" not in found
    assert dict(parse_qsl(urlsplit(found).query, strict_parsing=True)) == {"code": "c", "state": state}


@pytest.mark.parametrize(
    ("response_type", "mode"),
    [
        ("code", "query"),
        ("token", "fragment"),
        ("id_token token", "fragment"),
        ("code id_token", "fragment"),
        ("token unknown", "fragment"),
        ("nonsense", "query"),
    ],
)
def test_the_default_mode_follows_from_what_is_asked_for(response_type: str, mode: str) -> None:
    assert default_mode(response_type) == mode


@pytest.mark.parametrize(
    ("response_type", "response_mode", "mode"),
    [
        ("code", None, "query"),
        (None, None, "query"),
        ("code", "form_post", "form_post"),
        ("code", "fragment", "fragment"),
        ("token", "query", "fragment"),
        ("token", "form_post", "form_post"),
        ("code", "query.jwt", "query"),
        ("code", "web_message", "query"),
        ("token", "pi.flow", "fragment"),
    ],
)
def test_an_error_travels_in_the_mode_asked_for_where_that_can_be(
    response_type: str | None, response_mode: str | None, mode: str
) -> None:
    assert mode_in_force(response_type, response_mode) == mode


def test_descriptions_are_printable_ascii_without_quotes() -> None:
    assert printable("a\"b\\c'd\r\n\te\x00ü~ !") == "abcde~ !"
