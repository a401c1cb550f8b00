"""The metadata documents tell the truth."""

import json
from typing import Any

import pytest

from ostiary import discovery
from ostiary.server import Server
from ostiary.server_settings.scopes import Scope, ScopeGroup
from ostiary.token_endpoint.endpoint import GRANTS
from tests.house import changed, key_ring, make_server


def members(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(discovery.document(server).body)
    return found


def test_the_issuer_is_the_base_of_every_endpoint() -> None:
    found = members(make_server(issuer="https://as.example/tenant"))
    assert found["issuer"] == "https://as.example/tenant"
    for name, value in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith("https://as.example/tenant/")


def test_the_grant_types_are_those_that_the_token_endpoint_exchanges() -> None:
    assert set(members(make_server())["grant_types_supported"]) == set(GRANTS)


def test_only_what_is_served_is_published() -> None:
    found = members(make_server())
    for absent in (
        "registration_endpoint",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "end_session_endpoint",
        "mtls_endpoint_aliases",
        "dpop_signing_alg_values_supported",
    ):
        assert absent not in found
    assert found["response_types_supported"] == ["code"]
    assert found["request_parameter_supported"] is False


def test_plain_is_published_only_where_it_is_allowed() -> None:
    assert members(make_server())["code_challenge_methods_supported"] == ["S256"]
    lenient = make_server(authorization__disallow_plain_pkce=False)
    assert members(lenient)["code_challenge_methods_supported"] == ["plain", "S256"]


@pytest.mark.parametrize("on", [True, False])
def test_the_issuer_in_responses_is_announced_as_it_is_set(on: bool) -> None:
    server = make_server(authorization__include_issuer=on)
    assert members(server)["authorization_response_iss_parameter_supported"] is on


def test_the_algorithms_are_those_that_can_sign() -> None:
    found = members(make_server())["id_token_signing_alg_values_supported"]
    assert set(found) == {"none", "HS256", "HS384", "HS512", *key_ring().algorithms}
    assert "RS256" in found


def test_exclusive_and_dynamic_scopes_are_not_listed() -> None:
    server = make_server(
        scopes__common=(Scope(name="read"), Scope(name="txn:*", dynamic=True)),
        scopes__common_groups=(ScopeGroup(name="all", scopes=("read",)),),
        scopes__exclusive=(Scope(name="admin"),),
    )
    assert members(server)["scopes_supported"] == ["openid", "read", "all"]


def test_without_the_openid_role_nothing_of_it_is_said() -> None:
    found = members(make_server(roles__openid=False))
    assert "userinfo_endpoint" not in found
    assert "id_token_signing_alg_values_supported" not in found
    assert "openid" not in found["scopes_supported"]


def test_introspection_without_a_secret_is_announced_only_where_it_is_allowed() -> None:
    name = "introspection_endpoint_auth_methods_supported"
    assert "none" not in members(make_server())[name]
    assert "none" in members(make_server(compatibility__unauthenticated_introspection=True))[name]


def test_nothing_is_empty_or_null_or_said_twice() -> None:
    for name, value in members(make_server()).items():
        assert value not in (None, "", [], {}), name
        if isinstance(value, list):
            assert len(set(value)) == len(value), name


def test_a_snapshot_has_one_document_and_the_next_snapshot_another() -> None:
    server = make_server()
    first = discovery.document(server)
    assert discovery.document(server) is first
    after = discovery.document(changed(server, authorization__include_issuer=False))
    assert after.etag != first.etag


def test_a_policy_that_does_not_exist_is_the_default_one() -> None:
    server = make_server()
    assert discovery.document(server, "nobody") is discovery.document(server)
