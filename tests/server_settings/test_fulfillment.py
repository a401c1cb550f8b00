"""Where the attributes of a token come from."""

import pytest

from ostiary.server_settings.fulfillment import Fulfillment, Sources, SourceType, fulfil, references

SOURCES = Sources(
    context={"ClientId": "web1", "Scope": "openid email"},
    account={"username": "joe", "email": "joe@example.com", "groups": ["a", "b"], "admin": True, "nickname": ""},
    validator="users",
    grant={"USER_KEY": "joe-key", "USER_NAME": "joe"},
    client_properties={"Region": ("eu", "us")},
    token={"sub": "token-sub"},
    subject_token={"sub": "subject"},
    actor_token={"sub": "actor"},
    exchange={"subject": "exchanged"},
)


def one(source_type: SourceType, value: str = "", source_id: str = "") -> object:
    rule = Fulfillment(source_type=source_type, value=value, source_id=source_id)
    return fulfil({"x": rule}, SOURCES).get("x")


@pytest.mark.parametrize(
    ("source_type", "value", "expected"),
    [
        (SourceType.CONTEXT, "ClientId", "web1"),
        (SourceType.PASSWORD_CREDENTIAL_VALIDATOR, "email", "joe@example.com"),
        (SourceType.OAUTH_PERSISTENT_GRANT, "USER_KEY", "joe-key"),
        (SourceType.EXTENDED_CLIENT_METADATA, "Region", ("eu", "us")),
        (SourceType.EXTENDED_PROPERTIES, "Region", ("eu", "us")),
        (SourceType.TOKEN, "sub", "token-sub"),
        (SourceType.SUBJECT_TOKEN, "sub", "subject"),
        (SourceType.ACTOR_TOKEN, "sub", "actor"),
        (SourceType.TOKEN_EXCHANGE_PROCESSOR_POLICY, "subject", "exchanged"),
        (SourceType.TEXT, "as it is", "as it is"),
        (SourceType.NO_MAPPING, "anything", None),
        (SourceType.EXPRESSION, "1 + 1", None),
    ],
)
def test_each_source_answers_by_name(source_type: SourceType, value: str, expected: object) -> None:
    assert one(source_type, value) == expected


def test_a_text_takes_its_references_from_every_source() -> None:
    text = "${username}@${ClientId} in ${Region}: ${groups}, ${admin}, ${nobody}."
    assert one(SourceType.TEXT, text) == "joe@web1 in eu us: a b, true, ."
    assert list(references(text)) == ["username", "ClientId", "Region", "groups", "admin", "nobody"]


def test_what_a_reference_brings_is_not_expanded_again() -> None:
    sources = Sources(account={"a": "${b}", "b": "secret"})
    assert fulfil({"x": Fulfillment(source_type=SourceType.TEXT, value="${a}")}, sources) == {"x": "${b}"}


def test_attributes_without_a_value_are_left_out() -> None:
    empty = Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value="nickname")
    absent = Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value="phone")
    assert fulfil({"nickname": empty, "phone": absent}, SOURCES) == {}


def test_a_false_value_is_a_value() -> None:
    sources = Sources(account={"email_verified": False, "updated_at": 0})
    rules = {
        name: Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value=name)
        for name in ("email_verified", "updated_at")
    }
    assert fulfil(rules, sources) == {"email_verified": False, "updated_at": 0}


def test_a_named_validator_answers_only_for_its_own_people() -> None:
    assert one(SourceType.PASSWORD_CREDENTIAL_VALIDATOR, "email", "users") == "joe@example.com"
    assert one(SourceType.PASSWORD_CREDENTIAL_VALIDATOR, "email", "partners") is None
