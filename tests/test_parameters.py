"""Forms and queries, read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.errors import InvalidRequest
from ostiary.parameters import MOST_PARAMETERS, Parameters


def test_names_and_values_are_decoded() -> None:
    parameters = Parameters.from_form(b"scope=a+b%20c&state=%C3%A4")
    assert parameters.get("scope") == "a b c"
    assert parameters.get("state") == "ä"


def test_an_empty_parameter_counts_as_absent() -> None:
    parameters = Parameters.from_form(b"scope=&state&x=1")
    assert parameters.get("scope") is None
    assert "state" not in parameters
    with pytest.raises(InvalidRequest, match="scope is required"):
        parameters.require("scope")


def test_a_repeated_parameter_is_refused_unless_it_may_be_repeated() -> None:
    with pytest.raises(InvalidRequest, match="more than once"):
        Parameters.from_form(b"scope=a&scope=a")
    assert Parameters.from_form(b"resource=a&resource=b").all("resource") == ("a", "b")


def test_a_repeated_name_is_found_behind_its_encoding() -> None:
    with pytest.raises(InvalidRequest):
        Parameters.from_form(b"scope=a&%73cope=b")


def test_a_repeated_name_can_be_remembered_and_refused_later() -> None:
    parameters = Parameters.with_repeats(b"client_id=a&state=1&%73tate=2&resource=x&resource=y")
    assert parameters.get("state") == "1"
    parameters.check_once("client_id", "redirect_uri", "resource")
    with pytest.raises(InvalidRequest, match="state was sent more than once"):
        parameters.check_once("client_id", "state")
    with pytest.raises(InvalidRequest, match="state was sent more than once"):
        parameters.check_once()
    Parameters.with_repeats(b"a=1&b=2&resource=x&resource=y&a=&c").check_once()
    Parameters.from_form(b"a=1").check_once()
    with pytest.raises(InvalidRequest):
        Parameters.with_repeats(b"a=%FF")


@pytest.mark.parametrize(
    "body", [b"a=%FF", b"a=\xff", b"a=%00", b"a\x00=b", b"&".join([b"a=1"] * (MOST_PARAMETERS + 1))]
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        Parameters.from_form(body)


@given(st.binary(max_size=300))
def test_no_input_is_worse_than_an_invalid_request(body: bytes) -> None:
    try:
        Parameters.from_form(body)
    except InvalidRequest as refused:
        assert refused.description.isascii()  # noqa: PT017


def test_values_are_not_printed() -> None:
    assert "hunter2" not in repr(Parameters.from_form(b"client_secret=hunter2"))
