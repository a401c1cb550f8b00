"""What a caller presents, taken apart."""

from base64 import b64encode

import pytest

from ostiary.client_auth.knock import Knock, presented
from ostiary.errors import InvalidRequest
from ostiary.parameters import Parameters
from ostiary.words import AuthMethod


def basic(credentials: str | bytes) -> str:
    raw = credentials.encode() if isinstance(credentials, str) else credentials
    return "Basic " + b64encode(raw).decode()


def knock(authorization: str | None = None, **parameters: str) -> Knock:
    return Knock(authorization=authorization, parameters=Parameters.of(**parameters))


@pytest.mark.parametrize(
    ("credentials", "client_id", "secret"),
    [
        ("app:s3cret", "app", "s3cret"),
        ("app:with:colons", "app", "with:colons"),
        ("a%3Ab:p%2Bq+r%25", "a:b", "p+q r%"),
        ("%C3%A4pp:gehe%C3%AFm", "äpp", "geheïm"),
        ("app:", "app", ""),
    ],
)
def test_both_parts_of_basic_are_form_decoded(credentials: str, client_id: str, secret: str) -> None:
    found = presented(knock(basic(credentials)))
    assert (found.client_id, found.secret) == (client_id, secret)
    assert found.method is AuthMethod.CLIENT_SECRET_BASIC


def test_the_name_of_the_scheme_may_be_in_any_case() -> None:
    assert presented(knock(basic("app:s").replace("Basic", "bAsIc"))).client_id == "app"


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", basic("no colon"), basic(b"\xff:\xff"), "Bearer abc", "Basic " + "QUJD" * 2000],
)
def test_a_header_that_cannot_be_read_is_a_failed_proof_and_no_other_method(header: str) -> None:
    found = presented(knock(header, client_id="app"))
    assert found.method is None
    assert found.client_id == ""
    assert found.is_basic


def test_a_secret_in_the_body_goes_with_the_client_id_there() -> None:
    found = presented(knock(client_id="app", client_secret="s"))
    assert (found.client_id, found.secret, found.method) == ("app", "s", AuthMethod.CLIENT_SECRET_POST)


def test_a_client_id_alone_presents_nothing() -> None:
    assert presented(knock(client_id="app")).method is AuthMethod.NONE


@pytest.mark.parametrize(
    "two",
    [
        knock(basic("app:s"), client_secret="s"),
        knock(basic("app:s"), client_assertion="a.b.c"),
        knock(client_id="app", client_secret="s", client_assertion="a.b.c"),
        knock(client_id="app", client_secret="s", client_assertion_type="x"),
    ],
)
def test_two_methods_at_once_are_refused(two: Knock) -> None:
    with pytest.raises(InvalidRequest):
        presented(two)


def test_a_client_id_that_contradicts_the_header_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        presented(knock(basic("app:s"), client_id="other"))
    assert presented(knock(basic("app:s"), client_id="app")).client_id == "app"


def test_a_secret_is_never_printed() -> None:
    assert "s3cret" not in repr(presented(knock(basic("app:s3cret"))))
