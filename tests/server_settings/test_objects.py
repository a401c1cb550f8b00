"""Settings and objects are built from what is stored, whatever is stored."""

import msgspec
import pytest

from ostiary.ports.records import ObjectRecord
from ostiary.server_settings.documents import LIFTS, Unreadable, document, members_of
from ostiary.server_settings.fresh import SCOPE_CLAIMS, fresh_settings
from ostiary.server_settings.managers import JwtConfiguration, ReferenceConfiguration
from ostiary.server_settings.objects import build, fresh
from ostiary.server_settings.token_objects import MappingContext
from ostiary.words import SigningAlgorithm


def stored(kind: str, id_: str, members: object) -> ObjectRecord:
    return ObjectRecord(kind=kind, id=id_, version=1, document=msgspec.json.encode(members))


def with_record(record: ObjectRecord) -> list[ObjectRecord]:
    return [one for one in fresh() if (one.kind, one.id) != (record.kind, record.id)] + [record]


def test_a_new_installation_has_what_nothing_works_without() -> None:
    settings, objects = build(fresh())
    assert objects.problems == ()
    assert settings == fresh_settings()
    assert set(objects.validators) == {"users", "services"}
    assert settings.management.validator == "services"
    assert (objects.default_manager, objects.default_policy) == ("reference", "default")
    assert objects.managers["reference"].configuration == ReferenceConfiguration()


def test_the_jwt_manager_of_a_new_installation_makes_tokens_of_rfc_9068() -> None:
    _, objects = build(fresh())
    jwt = objects.managers["jwt"].configuration
    assert isinstance(jwt, JwtConfiguration)
    assert jwt.algorithm is SigningAlgorithm.ES256
    assert jwt.use_central_key
    assert jwt.enable_revocation
    assert jwt.include_issued_at
    assert (jwt.jwt_id_length, jwt.type_header, jwt.client_id_claim) == (22, "at+jwt", "client_id")


@pytest.mark.parametrize("manager", ["reference", "jwt"])
def test_both_managers_have_mappings_for_people_and_for_clients_by_themselves(manager: str) -> None:
    _, objects = build(fresh())
    person = objects.mapping_for(manager, MappingContext.DEFAULT)
    machine = objects.mapping_for(manager, MappingContext.CLIENT_CREDENTIALS)
    assert person is not None
    assert machine is not None
    assert person.fulfillment["sub"].value == "USER_KEY"
    assert machine.fulfillment["sub"].value == "ClientId"
    assert objects.mapping_for(manager, MappingContext.PCV, "users") is None


def test_the_default_policy_releases_the_standard_claims_by_scope() -> None:
    _, objects = build(fresh())
    policy = objects.policies["default"]
    assert len(SCOPE_CLAIMS["profile"]) == 14
    assert {scope: policy.scope_attributes[scope] for scope in policy.scope_attributes} == SCOPE_CLAIMS
    names = {attribute.name for attribute in policy.attributes}
    assert set(policy.fulfillment) == {"sub", *names}
    assert "offline_access" not in policy.scope_attributes


def test_without_any_record_the_safe_settings_count() -> None:
    settings, objects = build(())
    assert settings == fresh_settings()
    assert objects.default_manager == ""
    assert objects.managers == {}


def test_the_scope_book_is_made_once_per_settings() -> None:
    settings, _ = build(fresh())
    assert settings.scope_book is settings.scope_book
    assert "email" in settings.scope_book.statics


BAD_SETTINGS = [
    ("authorization", "code_timeout_seconds", "soon", "authorization.code_timeout_seconds"),
    ("authorization", "code_entropy_bytes", 3, "authorization.code_entropy_bytes"),
    ("grants", "lifetime", [0, "DAYS"], "grants.lifetime"),
    ("grants", "reuse", ["everything"], "grants.reuse"),
    ("pushed", "status", "SOMETIMES", "pushed.status"),
    ("scopes", "common", "all", "scopes.common"),
    ("compatibility", "security_profile", 7, "compatibility.security_profile"),
    ("device", "user_authorization_url", "javascript:x", "device.user_authorization_url"),
    ("authorization", "never_heard_of", 1, "authorization.never_heard_of"),
]


@pytest.mark.parametrize(("section", "name", "value", "field"), BAD_SETTINGS)
def test_a_bad_setting_disables_itself_and_is_told(section: str, name: str, value: object, field: str) -> None:
    members = {"v": 1, section: {name: value}, "management": {"validator": "services"}}
    settings, objects = build(with_record(stored("settings", "authServerSettings", members)))
    assert [problem.field for problem in objects.problems] == [field]
    assert objects.problems[0].id == "authServerSettings"
    assert settings.management.validator == "services"


def test_an_unreadable_safety_setting_counts_as_on() -> None:
    members = {"v": 1, "authorization": {"disallow_plain_pkce": "no", "include_issuer": 0}}
    settings, objects = build(with_record(stored("settings", "authServerSettings", members)))
    assert settings.authorization.disallow_plain_pkce
    assert settings.authorization.include_issuer
    assert len(objects.problems) == 2


def test_a_bad_scope_does_not_take_the_others_along() -> None:
    scopes = [{"name": "read"}, {"name": 7}, "nonsense", {"name": "write"}]
    members = {"v": 1, "scopes": {"common": scopes}}
    settings, objects = build(with_record(stored("settings", "authServerSettings", members)))
    assert [scope.name for scope in settings.scopes.common] == ["read", "write"]
    assert [problem.field for problem in objects.problems] == ["scopes.common/[1]", "scopes.common/[2]"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b'{"v":99}', b'{"v":null}', b"{}", b"\xff"])
def test_an_unreadable_document_counts_as_a_new_installation_and_is_told(raw: bytes) -> None:
    record = ObjectRecord(kind="settings", id="authServerSettings", version=3, document=raw)
    settings, objects = build(with_record(record))
    assert settings == fresh_settings()
    assert len(objects.problems) == 1


@pytest.mark.parametrize("raw", [b"", b'{"v":99}', b"[1]"])
def test_an_unreadable_object_is_left_out_alone(raw: bytes) -> None:
    _, objects = build(with_record(ObjectRecord(kind="access-token-manager", id="jwt", version=1, document=raw)))
    assert list(objects.managers) == ["reference"]
    assert {mapping.manager_id for mapping in objects.mappings} == {"reference"}
    assert any(problem.id == "jwt" for problem in objects.problems)


def test_a_bad_field_of_a_plug_in_counts_as_its_default_and_is_told() -> None:
    plugin = {"kind": "reference", "configuration": {"token_length": 3, "token_lifetime_minutes": 5}}
    members = {"v": 1, "name": "Reference", "plugin": plugin, "attributes": [{"name": "sub"}]}
    _, objects = build(with_record(stored("access-token-manager", "reference", members)))
    configuration = objects.managers["reference"].configuration
    assert (configuration.token_length, configuration.token_lifetime_minutes) == (28, 5)
    assert [problem.field for problem in objects.problems] == ["configuration.token_length"]


@pytest.mark.parametrize("plugin", [None, 1, {}, {"kind": "gone"}, {"kind": "jwt", "configuration": 3}])
def test_an_object_whose_plug_in_is_gone_is_left_out_and_told(plugin: object) -> None:
    members = {"v": 1, "name": "Reference", "plugin": plugin}
    _, objects = build(with_record(stored("access-token-manager", "reference", members)))
    assert objects.problems
    if plugin != {"kind": "jwt", "configuration": 3}:
        assert "reference" not in objects.managers
        assert objects.default_manager == ""


def test_a_stored_expression_has_no_value_and_is_told() -> None:
    members = {"v": 1, "manager_id": "reference", "fulfillment": {"sub": ["EXPRESSION", "1 + 1", ""]}}
    _, objects = build(with_record(stored("access-token-mapping", "default|reference", members)))
    assert [problem.field for problem in objects.problems] == ["fulfillment.sub"]


def test_records_of_unknown_kinds_and_resources_are_told_and_harm_nobody() -> None:
    strange = [stored("spaceship", "one", {"v": 1}), stored("settings", "weather", {"v": 1})]
    settings, objects = build([*fresh(), *strange])
    assert settings == fresh_settings()
    assert {problem.id for problem in objects.problems} == {"one", "weather"}
    assert all("one" in str(problem) or "weather" in str(problem) for problem in objects.problems)


def test_a_record_cannot_change_the_settings_of_another_resource() -> None:
    members = {"v": 1, "compatibility": {"unauthenticated_introspection": True}}
    settings, _ = build(with_record(stored("settings", "sessionSettings", members)))
    assert not settings.compatibility.unauthenticated_introspection


def test_a_document_says_its_schema_number() -> None:
    assert members_of(document({"a": 1})) == {"a": 1}
    with pytest.raises(Unreadable):
        members_of(msgspec.json.encode({"a": 1}))
    assert 1 not in LIFTS
