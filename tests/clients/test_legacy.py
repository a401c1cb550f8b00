"""The client management service: its manners, with the bodies its users send."""

from typing import Any

import pytest

from ostiary.clients.client import Client
from ostiary.clients.dialects import legacy
from ostiary.declare import Duration, NewSecret, Problem, StoredSecret
from ostiary.secret import Secret
from ostiary.words import (
    ClientAuth,
    ContentEncryption,
    DeliveryMode,
    GrantType,
    KeyManagement,
    LogoutMode,
    ResponseType,
    RollingPolicy,
    RollingUnit,
    ThreeWay,
    TimeUnit,
)
from tests.clients.golden import golden
from tests.clients.samples import FULL, LONG_SECRET, changed

STORED = StoredSecret("hmac", b"digest", None, 64)


def one(name: str) -> Any:
    (client,) = legacy.clients_in(golden(f"legacy/{name}"))
    return client


def new(**members: Any) -> Client:
    """Read a new client that has these members beside what every client needs."""
    draft = legacy.read_new({"clientId": "c", "name": "C", "grantTypes": ["implicit"], **members})
    assert draft.problems == ()
    return draft.value


def problems_of(**members: Any) -> dict[str, str]:
    draft = legacy.read_new({"clientId": "c", "name": "C", "grantTypes": ["implicit"], **members})
    return {legacy.name_of(problem.field): problem.message for problem in draft.problems}


def test_the_services_own_sample_is_read_as_a_confidential_client() -> None:
    draft = legacy.read_new(one("sample-post"))
    assert draft.problems == ()
    assert draft.unknown == ()
    client = draft.value
    assert client.authentication.method is ClientAuth.SECRET
    assert client.authentication.secret == NewSecret(Secret(LONG_SECRET))
    assert client.grants.allowed == {GrantType.REFRESH_TOKEN, GrantType.AUTHORIZATION_CODE}
    assert client.redirection.redirect_uris[1] == "https://www.example.com/redirect2"


def test_the_sample_is_written_as_the_service_writes_it() -> None:
    body = legacy.write_client(legacy.read_new(one("sample-post")).value)
    assert body == golden("legacy/sample-get")


def test_no_secret_is_ever_written() -> None:
    stored = changed(FULL, authentication__secret=STORED)
    assert b"ecret" not in legacy.render(stored).replace(b"clientSecretRetention", b"")


def test_the_connectors_body_is_read() -> None:
    client = legacy.read_new(one("connector")).value
    assert client.authentication.method is ClientAuth.SECRET
    assert set(client.grants.restricted_response_types) == set(ResponseType)


def test_the_playgrounds_body_is_read() -> None:
    draft = legacy.read_new(one("playground"))
    assert draft.problems == ()
    assert draft.value.redirection.redirect_uris == ("https://localhost:9031/OAuthPlayground/case1A-callback.jsp",)
    assert draft.value.authentication.method is ClientAuth.SECRET


def test_the_fragment_of_extended_parameters_is_read_and_written() -> None:
    fragment = golden("legacy/extended-params")
    client = new(**fragment)
    assert client.extended.parameters["ContactNumbers"] == ("555-123-4567", "555-987-6543")
    assert legacy.write_client(client)["extendedParams"] == fragment["extendedParams"]


@pytest.mark.parametrize(
    "value",
    [
        {"extendedParameters": {"entry": {"key": "Contact", "value": {"elements": "x"}}}},
        {"extendedParams": {"entry": [{"key": "Contact", "value": {"elements": ["x"]}}]}},
        {"extendedParams": {"Contact": {"values": ["x"]}}},
    ],
)
def test_extended_parameters_are_read_in_every_form(value: dict[str, Any]) -> None:
    assert new(**value).extended.parameters == {"Contact": ("x",)}


@pytest.mark.parametrize(
    "value", ["x", {"entry": [1]}, {"entry": [{"value": "x"}]}, {"entry": {"key": "a", "value": 5}}]
)
def test_malformed_extended_parameters_are_refused(value: Any) -> None:
    assert "extendedParams" in problems_of(extendedParams=value)


# Leniency -------------------------------------------------------------------------------------------------------------


def test_one_client_need_not_be_in_a_list() -> None:
    assert legacy.clients_in({"client": {"clientId": "c"}}) == [{"clientId": "c"}]


@pytest.mark.parametrize("body", [None, [], "x", {}, {"clients": []}, {"client": []}])
def test_a_body_without_clients_is_refused(body: Any) -> None:
    with pytest.raises(legacy.NotClients):
        legacy.clients_in(body)


@pytest.mark.parametrize("raw", [None, 5, "x", []])
def test_a_client_that_is_no_object_is_refused(raw: Any) -> None:
    assert legacy.read_new(raw).problems[0].malformed
    assert legacy.id_in(raw) == ""


@pytest.mark.parametrize(("sent", "meant"), [("true", True), ("FALSE", False), (True, True)])
def test_booleans_may_be_texts(sent: Any, meant: bool) -> None:
    assert new(enabled=sent).identity.enabled is meant


def test_numbers_may_be_texts() -> None:
    assert new(pendingAuthzTimeoutOverride="30").device.pending_timeout == 30


def test_one_value_stands_for_a_list() -> None:
    client = new(grantTypes="implicit", restrictedScopes="email", logoutUris="https://a.example/out")
    assert client.grants.allowed == {GrantType.IMPLICIT}
    assert client.scopes.restricted == ("email",)


def test_unknown_and_null_members_are_ignored_and_the_unknown_ones_reported() -> None:
    draft = legacy.read_new({"clientId": "c", "name": None, "frobnicate": 1, "refreshRolling": None})
    assert draft.problems == ()
    assert draft.unknown == ("frobnicate",)


@pytest.mark.parametrize("spelling", ["NONE", "none", "None"])
def test_client_authentication_is_read_in_any_letter_case(spelling: str) -> None:
    assert new(clientAuthnType=spelling).authentication.method is ClientAuth.NONE
    assert new(clientAuthnType="client_cert").authentication.method is ClientAuth.CERTIFICATE


def test_algorithms_are_read_in_either_spelling_and_written_in_the_services_own() -> None:
    client = new(
        idTokenEncryptionAlgorithm="ECDH_ES_A128KW",
        idTokenContentEncryptionAlgorithm="AES_128_GCM",
        introspectionContentEncryptionAlgorithm="AES-GCM-192",
        authorizationResponseContentEncryptionAlgorithm="A256GCM",
    )
    assert client.openid.id_token_encryption is KeyManagement.ECDH_ES_A128KW
    assert client.introspection.content_encryption is ContentEncryption.A192GCM
    body = legacy.write_client(client)
    assert body["idTokenEncryptionAlgorithm"] == "ECDH-ES+A128KW"
    assert body["idTokenContentEncryptionAlgorithm"] == "A128GCM"
    assert body["authorizationResponseContentEncryptionAlgorithm"] == "AES_256_GCM"


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("persistentGrantIdleTimeoutUnit", "persistentGrantIdleTimeoutTimeUnit"),
        ("userAuthorizationUrlOverride", "userAuthzUrlOverride"),
        ("pairwiseIdentifierUserType", "pairwiseUserType"),
        ("tokenIntrospectionSigningAlgorithm", "introspectionSigningAlgorithm"),
        ("jwtSecuredAuthorizationResponseModeSigningAlgorithm", "authorizationResponseSigningAlgorithm"),
    ],
)
def test_names_of_the_administrative_api_are_read_as_aliases(alias: str, name: str) -> None:
    values = {"persistentGrantIdleTimeoutTimeUnit": "h", "userAuthzUrlOverride": "https://a.example/d"}
    value: Any = values.get(name, "RS256" if "Algorithm" in name else True)
    body = legacy.write_client(new(**{alias: value}))
    assert body[name] == value
    assert alias not in body


# Lifetimes and rolling ------------------------------------------------------------------------------------------------


def test_minutes_are_n_for_grants_and_m_for_the_rolling_interval() -> None:
    client = new(
        persistentGrantExpirationType="OVERRIDE_SERVER_DEFAULT",
        persistentGrantExpirationTime=5,
        persistentGrantExpirationTimeUnit="n",
        refreshTokenRollingIntervalType="OVERRIDE_SERVER_DEFAULT",
        refreshTokenRollingInterval=5,
        refreshTokenRollingIntervalTimeUnit="m",
    )
    assert client.persistent_grants.max_lifetime.unit is TimeUnit.MINUTES
    assert client.persistent_grants.max_lifetime.milliseconds(None) == 300_000
    assert client.persistent_grants.rolling_interval.value == Duration(5, RollingUnit.MINUTES)
    body = legacy.write_client(client)
    assert body["persistentGrantExpirationTimeUnit"] == "n"
    assert body["refreshTokenRollingIntervalTimeUnit"] == "m"


def test_either_letter_for_minutes_is_read_in_both_families() -> None:
    client = new(persistentGrantIdleTimeoutTimeUnit="m", refreshTokenRollingIntervalTimeUnit="n")
    assert client.persistent_grants.idle_timeout.unit is TimeUnit.MINUTES
    assert client.persistent_grants.rolling_interval.value == Duration(-1, RollingUnit.MINUTES)


def test_none_is_the_services_word_for_no_limit() -> None:
    client = new(persistentGrantIdleTimeoutType="NONE")
    assert client.persistent_grants.idle_timeout.type is ThreeWay.INDEFINITE
    assert client.persistent_grants.idle_timeout.milliseconds(5) is None
    assert legacy.write_client(client)["persistentGrantIdleTimeoutType"] == "NONE"


def test_an_override_needs_its_unit() -> None:
    assert "persistentGrantExpirationTimeUnit" in problems_of(
        persistentGrantExpirationType="OVERRIDE_SERVER_DEFAULT", persistentGrantExpirationTime=3
    )


@pytest.mark.parametrize("setting", ["persistentGrantExpiration", "persistentGrantIdleTimeout"])
def test_an_override_without_time_and_unit_is_told_both_at_once(setting: str) -> None:
    time = {"persistentGrantExpiration": "Time", "persistentGrantIdleTimeout": ""}[setting]
    unit = "TimeUnit"
    assert problems_of(**{f"{setting}Type": "OVERRIDE_SERVER_DEFAULT"}).keys() == {setting + time, setting + unit}


@pytest.mark.parametrize(
    ("sent", "meant"),
    [(True, RollingPolicy.ROLL), ("false", RollingPolicy.DONT_ROLL), ("ROLL", RollingPolicy.ROLL)],
)
def test_refresh_rolling_is_a_boolean(sent: Any, meant: RollingPolicy) -> None:
    client = new(refreshRolling=sent)
    assert client.persistent_grants.rolling is meant
    assert legacy.write_client(client)["refreshRolling"] is (meant is RollingPolicy.ROLL)


def test_refresh_rolling_is_left_out_where_the_server_decides() -> None:
    assert "refreshRolling" not in legacy.write_client(new())


def test_a_grace_period_alone_overrides_the_server() -> None:
    client = new(refreshTokenRollingGracePeriod=0)
    assert client.persistent_grants.rolling_grace.overrides
    assert client.persistent_grants.rolling_grace.resolved(60) == 0


# CIBA -----------------------------------------------------------------------------------------------------------------

CIBA = "urn:openid:params:grant-type:ciba"


def test_a_ciba_client_must_say_mode_and_interval() -> None:
    assert problems_of(grantTypes=[CIBA]) == {
        "cibaTokenDeliveryMode": "is required",
        "cibaPollingInterval": "is required",
    }


def test_other_clients_may_send_ciba_parameters_without_effect() -> None:
    client = new(cibaTokenDeliveryMode="ping", cibaPollingInterval=9999, cibaRequireSignedRequests=True)
    assert client.ciba.mode is DeliveryMode.POLL
    assert not client.ciba.require_signed


def test_the_delivery_mode_is_written_in_small_letters_and_with_its_default() -> None:
    client = changed(Client(), grants__allowed=frozenset({GrantType.CIBA}))
    body = legacy.write_client(client)
    assert body["cibaTokenDeliveryMode"] == "poll"
    assert body["cibaPollingInterval"] == 3


# PUT ------------------------------------------------------------------------------------------------------------------

CURRENT = changed(
    FULL, authentication__method=ClientAuth.SECRET, authentication__secret=STORED, authentication__exact_methods=()
)
PUT = {"clientId": "full", "name": "Full", "grantTypes": ["client_credentials"]}


def test_a_secret_without_the_flag_is_ignored() -> None:
    for flag in ({}, {"forceSecretChange": False}, {"forceSecretChange": "false"}):
        draft = legacy.read_changed({**PUT, "secret": "another", **flag}, CURRENT)
        assert draft.problems == ()
        assert draft.value.authentication.secret == STORED


@pytest.mark.parametrize("flag", [True, "true", "TRUE"])
def test_a_secret_with_the_flag_is_taken(flag: Any) -> None:
    draft = legacy.read_changed({**PUT, "secret": "another", "forceSecretChange": flag}, CURRENT)
    assert draft.value.authentication.secret == NewSecret(Secret("another"))


def test_a_flag_that_is_no_boolean_is_refused() -> None:
    draft = legacy.read_changed({**PUT, "forceSecretChange": "perhaps"}, CURRENT)
    assert [problem.field for problem in draft.problems] == ["forceSecretChange"]


def test_the_services_own_put_sample_changes_the_secret() -> None:
    current = legacy.read_new(one("sample-post")).value
    draft = legacy.read_changed(one("sample-put"), changed(current, authentication__secret=STORED))
    assert draft.problems == ()
    assert isinstance(draft.value.authentication.secret, NewSecret)
    assert draft.value.redirection.redirect_uris[0].endswith("redirectOne")


def test_secret_and_method_stay_when_they_are_left_out() -> None:
    draft = legacy.read_changed(PUT, CURRENT)
    assert draft.value.authentication.method is ClientAuth.SECRET
    assert draft.value.authentication.secret == STORED


def test_what_the_service_can_say_is_reset_when_it_is_left_out() -> None:
    after = legacy.read_changed(PUT, CURRENT).value
    assert after.redirection.redirect_uris == ()
    assert after.authentication.jwks is None
    assert after.authentication.jwks_url is None
    assert after.identity.enabled
    assert after.persistent_grants.rolling is RollingPolicy.SERVER_DEFAULT
    assert after.persistent_grants.max_lifetime.type is ThreeWay.SERVER_DEFAULT
    assert not after.openid.pairwise
    assert after.extended.parameters == {}


def test_what_the_service_of_old_cannot_say_is_kept() -> None:
    after = legacy.read_changed(PUT, CURRENT).value
    assert after.requests.require_dpop
    assert after.authentication.secret_retention == CURRENT.authentication.secret_retention
    assert after.access_tokens.restrict_to_default
    assert after.persistent_grants.reuse == CURRENT.persistent_grants.reuse
    assert after.redirection.post_logout_redirect_uris == CURRENT.redirection.post_logout_redirect_uris
    assert after.scopes.authorization_detail_types == ("payment",)
    assert after.token_exchange.policy == "exchange"
    assert after.logout.back_channel_uri == CURRENT.logout.back_channel_uri
    assert after.identity.contacts == CURRENT.identity.contacts
    assert after.requests.security_profile == CURRENT.requests.security_profile
    assert after.portal == CURRENT.portal


def test_a_public_client_that_is_given_a_secret_becomes_confidential() -> None:
    public = changed(CURRENT, authentication__method=ClientAuth.NONE, authentication__secret=None)
    draft = legacy.read_changed({**PUT, "secret": LONG_SECRET, "forceSecretChange": True}, public)
    assert draft.value.authentication.method is ClientAuth.SECRET


def test_a_secret_beside_the_type_none_is_refused() -> None:
    assert "secret" in problems_of(clientAuthnType="none", secret=LONG_SECRET)


def test_neither_type_nor_secret_makes_a_public_client() -> None:
    assert new().authentication.method is ClientAuth.NONE


def test_logout_uris_without_a_mode_mean_the_front_channel() -> None:
    assert new(logoutUris=["https://a.example/out"]).logout.mode is LogoutMode.PING_FRONT_CHANNEL
    assert new(pingAccessLogoutCapable=True).logout.mode is LogoutMode.PING_FRONT_CHANNEL
    assert new(logoutUris=["https://a.example/out"], logoutMode="NONE").logout.mode is LogoutMode.NONE


def test_an_algorithm_for_assertions_is_ignored_for_other_clients() -> None:
    assert new(tokenEndpointAuthSigningAlgorithm="RS256").authentication.assertion_algorithm is None


# Malformed values and the shape of failures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enabled", "yes"),
        ("enabled", 1),
        ("name", ["x"]),
        ("name", "a\x00b"),
        ("description", "\ud800"),
        ("grantTypes", ["nonsense"]),
        ("grantTypes", [5]),
        ("grantTypes", {"a": 1}),
        ("redirectUris", [{"a": 1}]),
        ("restrictedResponseTypes", ["code nonsense"]),
        ("clientAuthnType", "PASSWORD"),
        ("secret", 5.5),
        ("secret", "x" * 513),
        ("idTokenSigningAlgorithm", "RS1024"),
        ("requestObjectSigningAlgorithm", "HS256"),
        ("persistentGrantExpirationTime", "soon"),
        ("persistentGrantExpirationTimeUnit", "y"),
        ("refreshTokenRollingInterval", 8761),
        ("refreshTokenRollingGracePeriod", 86_401),
        ("refreshRolling", "sometimes"),
        ("pendingAuthzTimeoutOverride", 0),
        ("logoUrl", "javascript:alert(1)"),
        ("jwksUrl", "not a url"),
        ("jwks", 5),
        ("sectorIdentifierUri", "http://a.example/s"),
        ("policyGroupId", 5),
        ("logoutUris", ["data:text/html,x"]),
        ("persistentGrantReuseGrantTypes", ["client_credentials"]),
    ],
)
def test_a_value_that_cannot_be_is_a_problem_of_its_parameter(name: str, value: Any) -> None:
    assert name in problems_of(**{name: value})


def test_every_problem_is_named_at_once() -> None:
    found = problems_of(enabled="maybe", grantTypes=["nonsense"], logoUrl="ftp://x.example/", refreshRolling=7)
    assert set(found) == {"enabled", "grantTypes", "logoUrl", "refreshRolling"}


def test_a_failure_names_client_parameter_and_reason() -> None:
    problems = [
        ("a", Problem("identity.client_id", legacy.ID_IN_USE)),
        ("b", Problem("openid.pairwise", "must be true or false\nX")),
    ]
    body = legacy.failures(legacy.CANNOT_CREATE, problems)
    assert body["message"] == "Failed To Create Client"
    assert body["failures"][0] == {"clientId": "a", "parameter": "clientId", "reason": "Client ID is already in use"}
    assert body["failures"][1]["reason"].startswith("pairwiseUserType must")
    lines = legacy.failures_as_text(legacy.CANNOT_CREATE, problems).splitlines()
    assert lines[0] == "Failed To Create Client"
    assert len(lines) == 3


def test_a_reason_is_a_sentence_whether_it_is_about_the_parameter_or_not() -> None:
    problems = [
        ("a", Problem("identity.logo_url", "must be a URL")),
        ("a", Problem("identity.logo_url", "the scheme must be http or https")),
        ("a", Problem("access_tokens.default_manager", 'there is no access token manager "x"')),
    ]
    assert [failure["reason"] for failure in legacy.failures("", problems)["failures"]] == [
        "logoUrl must be a URL",
        "logoUrl: the scheme must be http or https",
        'defaultAccessTokenManagerId: there is no access token manager "x"',
    ]
