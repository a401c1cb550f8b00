"""An authorization request, parsed once."""

import pytest

from ostiary.authorization_endpoint.claims_parameter import read_claims
from ostiary.authorization_endpoint.request import AuthorizationRequest, read_max_age, read_prompt, read_scopes
from ostiary.errors import InvalidRequest, InvalidScope
from ostiary.parameters import Parameters


@pytest.mark.parametrize("text", ["login", "consent", "select_account", "none", "login consent", "consent  login"])
def test_known_prompts_are_read(text: str) -> None:
    assert read_prompt(text) == frozenset(text.split())


@pytest.mark.parametrize("text", ["none login", "login none", "none consent", "create", "LOGIN", "none,login"])
def test_unknown_prompts_and_none_beside_others_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_prompt(text)


@pytest.mark.parametrize(("text", "seconds"), [(None, None), ("0", 0), ("1", 1), ("10000", 10000), ("9" * 18, 10**10)])
def test_max_age_is_a_number_of_seconds(text: str | None, seconds: int | None) -> None:
    assert read_max_age(text) == seconds


@pytest.mark.parametrize("text", ["-1", "1.5", "abc", "1e3", " 1", "+1", "٣", "9" * 19])
def test_anything_else_is_refused_as_max_age(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_max_age(text)


def test_scopes_are_read_in_their_order_each_once() -> None:
    assert read_scopes("b a  b c ") == ("b", "a", "c")
    assert read_scopes(None) == ()


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\tb", "ä", "a\nb"])
def test_characters_that_no_scope_has_are_refused(text: str) -> None:
    with pytest.raises(InvalidScope):
        read_scopes(text)


def test_unknown_parameters_are_kept_but_mean_nothing() -> None:
    request = AuthorizationRequest.parse(Parameters.of(client_id="c", display="popup", claims_locales="de", foo="bar"))
    assert request.client_id == "c"
    assert request.parameters.get("foo") == "bar"
    assert request.scopes == ()


CLAIMS = """{"userinfo": {"name": null, "email": {"essential": true}, "x": {"values": ["a", "b"], "other": 1}},
 "id_token": {"acr": {"essential": true, "values": ["urn:a", "urn:b"]}, "sub": {"value": "mara"}, "auth_time": null},
 "unknown": 17}"""


def test_the_claims_parameter_is_read_by_place_and_name() -> None:
    claims = read_claims(CLAIMS)
    assert tuple(claims.user_info) == ("name", "email", "x")
    assert claims.user_info["email"].essential
    assert claims.user_info["x"].values == ("a", "b")
    assert claims.essential_contexts == ("urn:a", "urn:b")
    assert claims.wished_contexts == ()
    assert claims.subject == "mara"


def test_a_voluntary_acr_is_a_wish() -> None:
    claims = read_claims('{"id_token": {"acr": {"value": "urn:a"}}}')
    assert claims.essential_contexts == ()
    assert claims.wished_contexts == ("urn:a",)


@pytest.mark.parametrize("text", ["{}", '{"id_token": null}', '{"userinfo": {}}'])
def test_asking_for_nothing_is_allowed(text: str) -> None:
    claims = read_claims(text)
    assert not claims.id_token
    assert not claims.user_info
    assert claims.subject is None


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        '"a"',
        "17",
        '{"id_token": []}',
        '{"userinfo": "name"}',
        '{"id_token": {"acr": true}}',
        '{"id_token": {"acr": {"essential": "yes"}}}',
        '{"id_token": {"acr": {"values": "urn:a"}}}',
        "[" * 5000,
        '{"id_token": {' + ",".join(f'"c{n}": null' for n in range(201)) + "}}",
        " " * 17_000,
    ],
)
def test_claims_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_claims(text)
