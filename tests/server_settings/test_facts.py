"""What client rules are told of the server."""

from ostiary.server_settings.apply import plan_apply
from ostiary.server_settings.facts import Facts, facts
from ostiary.server_settings.objects import build, fresh


def told(document: dict[str, object]) -> Facts:
    changes = {(one.object.kind, one.object.id): one.object for one in plan_apply(fresh(), document).changes}
    records = {(one.kind, one.id): one for one in fresh()} | changes
    return facts(*build(tuple(records.values())))


def test_a_new_installation_knows_its_scopes_managers_and_policy() -> None:
    found = facts(*build(fresh()))
    assert found.common_scopes == {"openid", "profile", "email", "address", "phone", "offline_access"}
    assert found.exclusive_scopes == frozenset()
    assert found.managers == {"reference": None, "jwt": None}
    assert found.policies == {"default"}
    assert found.wildcards_allowed
    assert not found.unsigned_responses_allowed


def test_names_of_groups_and_patterns_are_among_the_scopes() -> None:
    found = told(
        {
            "authServerSettings": {
                "scopes": [{"name": "a"}, {"name": "txn:*", "dynamic": True}],
                "scopeGroups": [{"name": "all", "scopes": ["a"]}],
                "exclusiveScopes": [{"name": "x"}],
            },
            "accessTokenManagers": [
                {"id": "jwt", "accessControlSettings": {"restrictClients": True, "allowedClients": [{"id": "c1"}]}}
            ],
            "extendedProperties": [{"name": "Region", "multiValued": True}],
        }
    )
    assert found.common_scopes == {"openid", "a", "txn:*", "all"}
    assert found.exclusive_scopes == {"x"}
    assert found.managers == {"reference": None, "jwt": frozenset({"c1"})}
    assert found.extended_properties == {"Region": True}


def test_without_the_openid_role_openid_is_no_scope() -> None:
    found = told({"serverSettings": {"rolesAndProtocols": {"oauthRole": {"enableOpenIdConnect": False}}}})
    assert "openid" not in found.common_scopes
