"""The administrative API's way to write a client."""

from typing import Any

import pytest

from ostiary.clients.client import Client
from ostiary.clients.dialects import admin
from ostiary.declare import EchoedSecret, NewSecret, SecondarySecret, StoredSecret
from ostiary.secret import Secret
from ostiary.words import ClientAuth, DeliveryMode, GrantType, LogoutMode, ThreeWay
from tests.clients.golden import golden
from tests.clients.samples import FULL, changed

STORED = StoredSecret("hmac", b"digest", None, 64)
BODY = {"clientId": "c", "name": "C", "grantTypes": ["IMPLICIT"]}


def new(**members: Any) -> Client:
    draft = admin.read({**BODY, **members}, None)
    assert draft.problems == ()
    return draft.value


def answer(**members: Any) -> dict[str, Any]:
    return admin.write_client(new(**members), None, 0)


def problems_of(**members: Any) -> dict[str, bool]:
    """The names that have a problem, and whether their shape is wrong."""
    return {admin.name_of(p.field): p.malformed for p in admin.read({**BODY, **members}, None).problems}


def test_a_minimal_client_is_answered_with_its_defaults_and_nothing_else() -> None:
    client = changed(
        admin.read(golden("admin/minimal-post"), None).value,
        identity__created_at=1_800_000_000_000,
        identity__modified_at=1_800_000_000_000,
        authentication__secret=STORED,
        authentication__secret_changed_at=1_800_000_000_000,
    )
    assert admin.write_client(client, lambda _: "…", 0) == golden("admin/minimal-answer")


def test_null_is_absent_and_an_empty_reference_refers_to_nothing() -> None:
    client = new(clientAuth=None, jwksSettings=None, oidcPolicy={"policyGroup": {}}, requestPolicyRef=None)
    assert client == new()


@pytest.mark.parametrize(
    "members",
    [
        {"clientAuth": {"encryptedSecret": "", "secret": ""}},
        {"clientAuth": {"clientCertIssuerDn": "", "clientCertSubjectDn": ""}},
        {"jwksSettings": {"jwks": "", "jwksUrl": ""}},
        {"refreshTokenRollingIntervalTimeUnit": ""},
    ],
)
def test_an_empty_text_is_absent(members: dict[str, Any]) -> None:
    assert new(**members) == new()


def test_empty_descriptions_and_logos_are_echoed_and_others_left_out() -> None:
    assert answer(description="", logoUrl="")["description"] == ""
    assert "description" not in answer()
    assert "logoUrl" not in answer()


@pytest.mark.parametrize(
    "name",
    [
        "description",
        "logoUrl",
        "defaultAccessTokenManagerRef",
        "refreshTokenRollingInterval",
        "requestObjectSigningAlgorithm",
        "jwksSettings",
        "extendedParameters",
        "userAuthorizationUrlOverride",
        "pendingAuthorizationTimeoutOverride",
        "devicePollingIntervalOverride",
        "bypassActivationCodeConfirmationOverride",
        "cibaDeliveryMode",
        "cibaPollingInterval",
        "cibaRequireSignedRequests",
        "cibaUserCodeSupported",
        "requestPolicyRef",
        "tokenExchangeProcessorPolicyRef",
        "refreshTokenRollingGracePeriod",
        "clientSecretRetentionPeriod",
        "lockoutMaxMaliciousActions",
        "clientSecretChangedTime",
        "replicationStatus",
        "appMetadata",
        "securityProfile",
        "tlsClientCertificateBoundAccessTokens",
    ],
)
def test_what_was_not_sent_is_not_answered(name: str) -> None:
    assert name not in answer(grantTypes=["CIBA", "DEVICE_CODE", "TOKEN_EXCHANGE"])


def test_values_beside_another_type_are_kept_for_the_echo_without_effect() -> None:
    sent = {
        "persistentGrantExpirationType": "SERVER_DEFAULT",
        "persistentGrantExpirationTime": 9,
        "persistentGrantExpirationTimeUnit": "HOURS",
        "refreshTokenRollingIntervalType": "SERVER_DEFAULT",
        "refreshTokenRollingIntervalTimeUnit": "HOURS",
        "refreshTokenRollingGracePeriodType": "SERVER_DEFAULT",
        "refreshTokenRollingGracePeriod": 30,
        "deviceFlowSettingType": "SERVER_DEFAULT",
        "bypassActivationCodeConfirmationOverride": False,
    }
    client = new(**sent)
    assert client.persistent_grants.max_lifetime.milliseconds(7) == 7
    assert client.persistent_grants.rolling_grace.resolved(60) == 60
    body = admin.write_client(client, None, 0)
    assert {name: body[name] for name in sent} == sent


def test_minus_one_is_for_ever() -> None:
    client = new(persistentGrantExpirationType="OVERRIDE_SERVER_DEFAULT", persistentGrantExpirationTime=-1)
    assert client.persistent_grants.max_lifetime.endless
    assert (
        new(persistentGrantExpirationType="INDEFINITE_EXPIRY").persistent_grants.max_lifetime.type
        is ThreeWay.INDEFINITE
    )


def test_read_only_members_are_ignored() -> None:
    sent = {"creationDate": "x", "modificationDate": 5, "replicationStatus": 1, "lastModified": "x"}
    draft = admin.read({**BODY, **sent, "clientSecretChangedTime": []}, FULL)
    assert draft.problems == ()
    assert draft.unknown == ()
    assert draft.value.identity.created_at == FULL.identity.created_at


def test_unknown_members_are_reported_with_their_path() -> None:
    draft = admin.read({**BODY, "requireDPoP": True, "oidcPolicy": {"x": 1}, "clientAuth": {"y": 1}}, None)
    assert draft.problems == ()
    assert set(draft.unknown) == {"requireDPoP", "oidcPolicy.x", "clientAuth.y"}


def test_location_in_a_reference_is_ignored() -> None:
    client = new(defaultAccessTokenManagerRef={"id": "jwt", "location": "https://…"})
    assert client.access_tokens.default_manager == "jwt"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clientId", 5),
        ("enabled", "true"),
        ("name", {}),
        ("grantTypes", "IMPLICIT"),
        ("grantTypes", ["NONSENSE"]),
        ("redirectUris", "https://a.example/"),
        ("redirectUris", [1]),
        ("cibaPollingInterval", "3"),
        ("pendingAuthorizationTimeoutOverride", 1.5),
        ("refreshRolling", True),
        ("persistentGrantExpirationType", "NEVER"),
        ("defaultAccessTokenManagerRef", "jwt"),
        ("defaultAccessTokenManagerRef", {"id": 5}),
        ("extendedParameters", []),
        ("extendedParameters", {"a": {"values": [1]}}),
        ("restrictedResponseTypes", [None]),
    ],
)
def test_a_wrong_json_type_or_an_unknown_word_is_malformed(name: str, value: Any) -> None:
    assert problems_of(**{name: value}).get(name) is True


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"clientAuth": 5}, "clientAuth.type"),
        ({"clientAuth": {"type": "SECRET", "secret": 5}}, "clientAuth.secret"),
        ({"clientAuth": {"secondarySecrets": {}}}, "clientAuth.secondarySecrets"),
        ({"jwksSettings": {"jwks": {"keys": []}}}, "jwksSettings.jwks"),
        ({"oidcPolicy": {"logoutMode": "LOUD"}}, "oidcPolicy.logoutMode"),
        ({"clientAuth": {"clientCertSubjectAltName": {"type": "DNS"}}}, "clientAuth.clientCertSubjectAltName"),
        ({"appMetadata": {"contacts": "x"}}, "appMetadata.contacts"),
    ],
)
def test_nested_members_are_named_with_their_path(members: dict[str, Any], name: str) -> None:
    assert problems_of(**members).get(name) is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requestObjectSigningAlgorithm", "HS256"),
        ("cibaPollingInterval", 3601),
        ("pendingAuthorizationTimeoutOverride", 0),
        ("clientSecretRetentionPeriod", 43_801),
        ("refreshTokenRollingGracePeriod", -1),
        ("logoUrl", "javascript:alert(1)"),
        ("restrictedResponseTypes", ["nonsense"]),
        ("persistentGrantReuseGrantTypes", ["CIBA"]),
    ],
)
def test_a_value_that_is_not_allowed_is_no_malformed_body(name: str, value: Any) -> None:
    assert problems_of(**{name: value}) == {name: False}


def test_a_rolling_interval_is_at_most_a_year_in_any_unit() -> None:
    assert problems_of(refreshTokenRollingInterval=8761) == {"refreshTokenRollingInterval": False}
    assert problems_of(refreshTokenRollingInterval=366, refreshTokenRollingIntervalTimeUnit="DAYS")
    assert not problems_of(refreshTokenRollingInterval=8760 * 60, refreshTokenRollingIntervalTimeUnit="MINUTES")


@pytest.mark.parametrize("body", [None, 5, "x", [], [BODY]])
def test_a_body_that_is_no_object_is_malformed(body: Any) -> None:
    assert [problem.malformed for problem in admin.read(body, None).problems] == [True]


# Secrets --------------------------------------------------------------------------------------------------------------


def test_a_secret_and_its_echo_exclude_each_other() -> None:
    both = {"type": "SECRET", "secret": "x", "encryptedSecret": "OBF:JWE:x"}
    assert problems_of(clientAuth=both) == {"clientAuth.secret": False}
    assert new(clientAuth={"secret": "x", "encryptedSecret": ""}).authentication.secret == NewSecret(Secret("x"))


def test_an_echo_is_read_as_one() -> None:
    assert new(clientAuth={"encryptedSecret": "OBF:JWE:x"}).authentication.secret == EchoedSecret("OBF:JWE:x")


def test_a_stored_secret_stays_when_nothing_is_sent_unless_the_client_becomes_public() -> None:
    current = changed(FULL, authentication__method=ClientAuth.SECRET, authentication__secret=STORED)
    kept = admin.read({**BODY, "clientAuth": {"type": "SECRET"}}, current, "full").value
    assert kept.authentication.secret == STORED
    assert kept.client_id == "full"
    assert admin.read(BODY, current).value.authentication.secret is None


def test_secondary_secrets_keep_order_and_instant() -> None:
    sent = [
        {"secret": "one", "expiryTime": "2030-01-01T00:00:00+01:00"},
        {"encryptedSecret": "OBF:JWE:x", "expiryTime": "2029-01-01T00:00:00Z"},
    ]
    first, second = new(clientAuth={"secondarySecrets": sent}).authentication.secondary_secrets
    assert first.secret == NewSecret(Secret("one"))
    assert first.expires_at == 1_893_452_400_000
    assert first.expiry_as_sent == "2030-01-01T00:00:00+01:00"
    assert second.secret == EchoedSecret("OBF:JWE:x")


@pytest.mark.parametrize(
    "one", [{}, {"secret": "x"}, {"secret": "x", "expiryTime": "soon"}, {"expiryTime": "2030-01-01"}]
)
def test_a_secondary_secret_needs_a_secret_and_a_time(one: dict[str, Any]) -> None:
    assert problems_of(clientAuth={"secondarySecrets": [one]}) == {"clientAuth.secondarySecrets": False}


def test_expired_secondary_secrets_are_not_answered() -> None:
    secrets = (SecondarySecret(STORED, 1000), SecondarySecret(STORED, 3000))
    client = changed(FULL, authentication__secondary_secrets=secrets)
    body = admin.write_client(client, lambda _: "…", 2000)
    assert body["clientAuth"]["secondarySecrets"] == [
        {"encryptedSecret": "…", "expiryTime": "1970-01-01T00:00:03.000Z"}
    ]


def test_the_secret_resource_changes_secrets_only() -> None:
    current = changed(FULL, authentication__secret=STORED)
    draft = admin.read_secret({"secret": "another"}, current)
    assert draft.problems == ()
    assert draft.value == changed(current, authentication__secret=NewSecret(Secret("another")))
    for body in ({}, {"secret": ""}, {"secret": 5}, []):
        assert admin.read_secret(body, current).problems


# Manners --------------------------------------------------------------------------------------------------------------


def test_redirectless_mode_sets_what_nobody_said() -> None:
    client = new(allowAuthenticationApiInit=True)
    assert client.redirection.bypass_approval
    assert client.scopes.restrict
    explicit = new(allowAuthenticationApiInit=True, bypassApprovalPage=False)
    assert not explicit.redirection.bypass_approval


def test_logout_uris_without_a_mode_mean_the_front_channel() -> None:
    uris = {"logoutUris": ["https://a.example/out"]}
    assert new(oidcPolicy=uris).logout.mode is LogoutMode.PING_FRONT_CHANNEL
    assert new(oidcPolicy={**uris, "logoutMode": "NONE"}).logout.mode is LogoutMode.NONE


def test_empty_logout_uris_are_left_out() -> None:
    oidc = answer(oidcPolicy={"logoutUris": [], "postLogoutRedirectUris": []})["oidcPolicy"]
    assert "logoutUris" not in oidc
    assert "postLogoutRedirectUris" not in oidc


def test_ciba_defaults_count_at_use() -> None:
    client = new(grantTypes=["CIBA"])
    assert client.ciba.mode is DeliveryMode.POLL
    assert client.ciba.interval_seconds == 3
    assert GrantType.CIBA in client.grants.allowed


def test_a_polling_interval_of_zero_counts_as_absent_without_ciba() -> None:
    assert new(cibaPollingInterval=0).ciba.polling_interval is None
    assert new(cibaPollingInterval=0, grantTypes=["CIBA"]).ciba.polling_interval == 0
