"""`ostiary server show` and `apply`."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ostiary.ports.records import ObjectRecord
from ostiary.secret import Secret
from ostiary.server_settings.apply import ApplyRefused, Plan, plan_apply, show
from ostiary.server_settings.configuration import Sealed
from ostiary.server_settings.managers import JwtConfiguration
from ostiary.server_settings.objects import build, fresh

CLEAR = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


def seal(secret: Secret) -> str:
    return f"sealed-{len(secret.reveal())}"


def applied(document: Mapping[str, Any], records: Iterable[ObjectRecord] | None = None) -> tuple[ObjectRecord, ...]:
    """The records after the apply."""
    records = fresh() if records is None else tuple(records)
    plan = plan_apply(records, document, seal=seal)
    changes = {(one.object.kind, one.object.id): one.object for one in plan.changes}
    return tuple(({(one.kind, one.id): one for one in records} | changes).values())


def shown(records: Iterable[ObjectRecord]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(show(*build(tuple(records)))))
    return document


def refused(document: Mapping[str, Any], **more: Any) -> dict[str, str]:
    """The problems by their place."""
    with pytest.raises(ApplyRefused) as caught:
        plan_apply(fresh(), document, **more)
    return {problem.path: problem.message for problem in caught.value.problems}


EXAMPLE = Path(__file__).parent.parent / "examples" / "server_settings.json"
EVERYTHING = json.loads(EXAMPLE.read_text())
(SIGNED_BY_HMAC,) = EVERYTHING["accessTokenManagers"]


def test_what_is_shown_can_be_applied_and_changes_nothing() -> None:
    plan = plan_apply(fresh(), shown(fresh()))
    assert plan == Plan(changes=(), changed=(), unknown=())


def test_everything_survives_the_round_trip() -> None:
    records = applied(EVERYTHING)
    assert build(records)[1].problems == ()
    again = plan_apply(records, shown(records))
    assert again == Plan(changes=(), changed=(), unknown=())
    assert shown(applied(shown(records), records)) == shown(records)


def test_applying_the_same_twice_changes_nothing_the_second_time() -> None:
    records = applied(EVERYTHING)
    without_secret = {name: value for name, value in EVERYTHING.items() if name != "accessTokenManagers"}
    assert plan_apply(records, without_secret).changes == ()


def test_only_what_is_present_changes() -> None:
    plan = plan_apply(fresh(), {"authServerSettings": {"authorizationCodeTimeout": 30}})
    assert plan.changed == ("authorization.code_timeout_seconds",)
    (change,) = plan.changes
    assert (change.object.kind, change.object.id, change.object.version) == ("settings", "authServerSettings", 2)
    assert change.expected == 1
    settings, _ = build(applied({"authServerSettings": {"authorizationCodeTimeout": 30}}))
    assert settings.authorization.disallow_plain_pkce
    assert len(settings.scopes.common) == 5


def test_a_null_puts_a_member_back_to_its_default_and_kept_members_stay() -> None:
    records = applied(
        {"authServerSettings": {"parStatus": "REQUIRED", "compatibility": {"securityProfile": "OAUTH2_1"}}}
    )
    nothing = {"parStatus": None, "trackUserSessionsForLogout": None, "compatibility": None}
    settings, _ = build(applied({"authServerSettings": nothing}, records))
    assert settings.pushed.status == "ENABLED"
    assert settings.authorization.track_sessions_for_logout
    assert settings.compatibility.security_profile == "OAUTH2_1"


def test_a_field_of_a_manager_changes_and_its_other_fields_stay() -> None:
    field = {"name": "Token Lifetime", "value": "5"}
    plan = plan_apply(fresh(), {"accessTokenManagers": [{"id": "jwt", "configuration": {"fields": [field]}}]})
    assert plan.changed == ("accessTokenManagers/jwt.configuration.token_lifetime_minutes",)
    _, objects = build(applied({"accessTokenManagers": [{"id": "jwt", "configuration": {"fields": [field]}}]}))
    jwt = objects.managers["jwt"].configuration
    assert (jwt.token_lifetime_minutes, jwt.algorithm, jwt.use_central_key) == (5, "ES256", True)


def test_a_manager_that_changes_its_kind_loses_the_configuration_of_the_old_one() -> None:
    document = {"accessTokenManagers": [{"id": "jwt", "pluginDescriptorRef": {"id": "reference"}}]}
    _, objects = build(applied(document))
    assert (objects.managers["jwt"].kind, objects.managers["jwt"].configuration.token_length) == ("reference", 28)


def test_attribute_sources_are_replaced_as_a_whole() -> None:
    fulfillment = {"sub": {"source": {"type": "TEXT"}, "value": "${ClientId}"}}
    document = {"accessTokenMappings": [{"id": "default|jwt", "attributeContractFulfillment": fulfillment}]}
    _, objects = build(applied(document))
    mapping = objects.mapping_for("jwt", "DEFAULT")
    assert mapping is not None
    assert (mapping.fulfillment["sub"].source_type, mapping.fulfillment["sub"].value) == ("TEXT", "${ClientId}")


def test_managers_are_numbered_in_the_order_they_were_made() -> None:
    records = applied(EVERYTHING)
    numbers = {one["id"]: one["sequenceNumber"] for one in shown(records)["accessTokenManagers"]}
    assert numbers == {"reference": 1, "jwt": 2, "hmac": 3}


def test_the_first_policy_of_a_kind_becomes_the_default() -> None:
    records = applied(EVERYTHING)
    _, objects = build(records)
    assert (objects.default_request_policy, objects.default_processor_policy) == ("ciba", "exchange")
    assert objects.default_policy == "default"


# Secrets --------------------------------------------------------------------------------------------------------------


def test_a_secret_is_stored_sealed_and_never_shown() -> None:
    records = applied({"accessTokenManagers": [SIGNED_BY_HMAC]})
    _, objects = build(records)
    configuration = objects.managers["hmac"].configuration
    assert isinstance(configuration, JwtConfiguration)
    assert configuration.symmetric_keys[0].key == Sealed(seal(Secret(CLEAR)))
    text = json.dumps(shown(records))
    assert CLEAR not in text
    assert CLEAR.encode() not in b"".join(one.document for one in records)
    assert seal(Secret(CLEAR)) not in repr(objects.managers["hmac"])


def test_a_secret_is_kept_when_its_encrypted_form_comes_back() -> None:
    records = applied({"accessTokenManagers": [SIGNED_BY_HMAC]})
    (manager,) = [one for one in shown(records)["accessTokenManagers"] if one["id"] == "hmac"]
    manager["name"] = "Renamed"
    _, objects = build(applied({"accessTokenManagers": [manager]}, records))
    assert objects.managers["hmac"].name == "Renamed"
    assert objects.managers["hmac"].configuration.symmetric_keys[0].key == Sealed(seal(Secret(CLEAR)))


def test_an_encrypted_form_from_elsewhere_is_refused() -> None:
    manager = json.loads(json.dumps(SIGNED_BY_HMAC).replace(f'"value": "{CLEAR}"', '"encryptedValue": "sealed-9"'))
    assert refused({"accessTokenManagers": [manager]}, seal=seal) == {
        "accessTokenManagers[0].configuration": "key: the encrypted value is not the one that is kept"
    }


def test_a_secret_that_cannot_be_protected_is_refused() -> None:
    problems = refused({"accessTokenManagers": [SIGNED_BY_HMAC]})
    assert problems == {"accessTokenManagers[0].configuration": "key cannot be protected here"}


def test_the_name_of_a_plug_in_comes_back_as_it_was_sent() -> None:
    records = applied({"accessTokenManagers": [SIGNED_BY_HMAC]})
    (manager,) = [one for one in shown(records)["accessTokenManagers"] if one["id"] == "hmac"]
    assert manager["pluginDescriptorRef"] == SIGNED_BY_HMAC["pluginDescriptorRef"]


# Registration and extended properties ---------------------------------------------------------------------------------


def test_registration_is_on_while_its_member_is_there() -> None:
    on = applied({"clientSettings": {"dynamicClientRegistration": {}}})
    assert build(on)[0].registration.on
    assert shown(on)["clientSettings"]["dynamicClientRegistration"]["cibaPollingInterval"] == 3
    off = applied({"clientSettings": {"dynamicClientRegistration": None}}, on)
    assert not build(off)[0].registration.on
    assert "dynamicClientRegistration" not in shown(off)["clientSettings"]


def test_registration_forgets_its_settings_when_it_is_turned_off() -> None:
    on = applied({"clientSettings": {"dynamicClientRegistration": {"cibaPollingInterval": 9}}})
    off = applied({"clientSettings": {"dynamicClientRegistration": None}}, on)
    again = applied({"clientSettings": {"dynamicClientRegistration": {}}}, off)
    assert build(again)[0].registration.ciba_polling_interval == 3


def test_extended_properties_have_two_views() -> None:
    records = applied({"clientSettings": {"clientMetadata": [{"parameter": "Region", "multiValued": True}]}})
    assert shown(records)["extendedProperties"] == [{"name": "Region", "description": "", "multiValued": True}]
    records = applied({"extendedProperties": []}, records)
    assert shown(records)["clientSettings"]["clientMetadata"] == []


def test_the_view_that_changed_counts_and_two_changes_must_agree() -> None:
    document = shown(fresh())
    document["extendedProperties"] = [{"name": "Region"}]
    settings, _ = build(applied(document))
    assert [one.name for one in settings.extended_properties.definitions] == ["Region"]
    document["clientSettings"]["clientMetadata"] = [{"parameter": "Other"}]
    assert list(refused(document)) == ["clientSettings.clientMetadata"]


# Refusals -------------------------------------------------------------------------------------------------------------


def test_every_problem_is_told_at_once_with_its_place() -> None:
    problems = refused(
        {
            "authServerSettings": {"scopes": [{"name": "a"}, {"dynamic": 3}], "parStatus": "PERHAPS"},
            "accessTokenManagers": [
                {"id": "jwt", "configuration": {"fields": [{"name": "Token Lifetime", "value": "soon"}]}},
                {"id": "a-b"},
            ],
            "openIdConnectPolicies": {},
            "sessionSettings": [],
            "spaceships": [],
        }
    )
    assert set(problems) == {
        "spaceships",
        "authServerSettings.scopes[1].name",
        "authServerSettings.scopes[1].dynamic",
        "authServerSettings.parStatus",
        "accessTokenManagers[0].configuration.fields[0].value",
        "accessTokenManagers[1].id",
        "accessTokenManagers[1].name",
        "accessTokenManagers[1].pluginDescriptorRef",
        "openIdConnectPolicies",
        "sessionSettings",
    }


def test_unknown_members_are_told_and_otherwise_ignored() -> None:
    document = {
        "authServerSettings": {"parStatus": "REQUIRED", "weather": "fine"},
        "accessTokenManagers": [
            {"id": "jwt", "lastModified": "x", "configuration": {"fields": [{"name": "Colour", "value": "red"}]}}
        ],
    }
    plan = plan_apply(fresh(), document)
    assert plan.changed == ("pushed.status",)
    assert set(plan.unknown) == {
        "authServerSettings.weather",
        "accessTokenManagers[0].lastModified",
        "accessTokenManagers[0].configuration.fields[0].name",
    }


@pytest.mark.parametrize(
    "entry", [None, 3, {}, {"id": ""}, {"id": 7}, {"id": "x y", "name": "n", "pluginDescriptorRef": {"id": "simple"}}]
)
def test_an_object_needs_a_good_id(entry: object) -> None:
    (path, *_) = refused({"passwordCredentialValidators": [entry]})
    assert path.startswith("passwordCredentialValidators[0]")


def test_an_object_stands_in_its_list_once() -> None:
    one = {"id": "users", "name": "People"}
    assert list(refused({"passwordCredentialValidators": [one, one]})) == ["passwordCredentialValidators[1].id"]


def test_what_will_not_be_there_any_more_is_told_for_its_users_to_be_looked_for() -> None:
    plan = plan_apply(fresh(), {"authServerSettings": {"scopes": [{"name": "email"}, {"name": "read"}]}})
    assert plan.gone == {("scopes", name) for name in ("profile", "address", "phone", "offline_access")}
    records = applied({"extendedProperties": [{"name": "Region"}]})
    assert plan_apply(records, {"extendedProperties": []}).gone == {("extended_properties", "Region")}


def test_what_was_wrong_before_does_not_block_other_changes() -> None:
    broken = [one for one in fresh() if one.kind != "openid-policy"]
    plan = plan_apply(broken, {"authServerSettings": {"parStatus": "REQUIRED"}})
    assert plan.changed == ("pushed.status",)
