"""Every rule between the settings of a client, by its number."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary.clients.client import Client
from ostiary.clients.rules import RULES, check
from ostiary.declare import (
    Duration,
    KeySet,
    Lifetime,
    NewSecret,
    Override,
    Problem,
    ResponseTypes,
    StoredSecret,
    SubjectAltName,
)
from ostiary.declare.kinds import Properties
from ostiary.secret import Secret
from ostiary.server_settings.facts import Facts
from ostiary.words import (
    ClientAuth,
    ContentEncryption,
    DeliveryMode,
    GrantType,
    KeyManagement,
    LockoutType,
    LogoutMode,
    ResponseType,
    SanType,
    SigningAlgorithm,
    ThreeWay,
    TimeUnit,
    YesNo,
)
from tests.clients.samples import CONFIDENTIAL, FACTS, KEYS, LONG_SECRET, changed

PUBLIC = changed(CONFIDENTIAL, authentication__method=ClientAuth.NONE, authentication__secret=None)
KEYED = changed(
    CONFIDENTIAL, authentication__method=ClientAuth.PRIVATE_KEY_JWT, authentication__jwks_url="https://a.example/keys"
)


def found(client: Client, facts: Facts = FACTS) -> set[tuple[str, str]]:
    """The rules that refuse, each with the setting it names."""
    return {(problem.rule, problem.field) for problem in check(client, facts) if not problem.warning}


def warned(client: Client, facts: Facts = FACTS) -> set[tuple[str, str]]:
    return {(problem.rule, problem.field) for problem in check(client, facts) if problem.warning}


def test_good_clients_have_no_problem() -> None:
    for client in (CONFIDENTIAL, PUBLIC, KEYED):
        assert check(client, FACTS) == ()


def test_every_rule_has_its_section_in_its_first_words_or_is_plain() -> None:
    for number, rule in RULES:
        assert rule.__doc__, number


@pytest.mark.parametrize(
    ("rule", "field", "values"),
    [
        ("V01", "identity.client_id", {"identity__client_id": ""}),
        ("V01", "identity.client_id", {"identity__client_id": " web"}),
        ("V01", "identity.client_id", {"identity__client_id": "we\nb"}),
        ("V01", "identity.client_id", {"identity__client_id": "x" * 257}),
        ("V01", "identity.name", {"identity__name": " "}),
        ("V01", "grants.allowed", {"grants__allowed": frozenset()}),
        ("V03", "authentication.secret", {"authentication__secret": None}),
        (
            "V03",
            "authentication.secret",
            {"authentication__method": ClientAuth.CLIENT_SECRET_JWT, "authentication__secret": None},
        ),
        ("V03", "authentication.jwks_url", {"authentication__method": ClientAuth.PRIVATE_KEY_JWT}),
        ("V03", "authentication.jwks_url", {"authentication__method": ClientAuth.SELF_SIGNED_CERTIFICATE}),
        ("V03", "authentication.certificate_issuer_dn", {"authentication__method": ClientAuth.CERTIFICATE}),
        ("V03", "authentication.certificate_subject_dn", {"authentication__method": ClientAuth.CERTIFICATE}),
        (
            "V03",
            "authentication.certificate_san",
            {
                "authentication__method": ClientAuth.CERTIFICATE,
                "authentication__certificate_issuer_dn": "Trust Any",
                "authentication__certificate_subject_dn": "CN=x",
                "authentication__certificate_san": SubjectAltName(SanType.DNS, "x"),
            },
        ),
        (
            "V04",
            "authentication.method",
            {
                "authentication__method": ClientAuth.NONE,
                "grants__allowed": frozenset({GrantType.CLIENT_CREDENTIALS}),
            },
        ),
        (
            "V04",
            "openid.id_token_algorithm",
            {"authentication__method": ClientAuth.NONE, "openid__id_token_algorithm": SigningAlgorithm.HS256},
        ),
        (
            "V04",
            "introspection.algorithm",
            {"authentication__method": ClientAuth.NONE, "introspection__algorithm": SigningAlgorithm.HS256},
        ),
        (
            "V04",
            "jarm.algorithm",
            {"authentication__method": ClientAuth.NONE, "jarm__algorithm": SigningAlgorithm.HS512},
        ),
        (
            "V04",
            "logout.session_revocation_api",
            {"authentication__method": ClientAuth.NONE, "logout__session_revocation_api": True},
        ),
        (
            "V04",
            "logout.session_management_api",
            {"authentication__method": ClientAuth.NONE, "logout__session_management_api": True},
        ),
        ("V05", "redirection.redirect_uris", {"redirection__redirect_uris": ()}),
        ("V06", "redirection.redirect_uris", {"redirection__redirect_uris": ("https://a.example/#x",)}),
        ("V06", "redirection.redirect_uris", {"redirection__redirect_uris": ("",)}),
        ("V06", "redirection.redirect_uris", {"redirection__redirect_uris": ("https://a.example/",) * 2}),
        ("V06", "redirection.post_logout_redirect_uris", {"redirection__post_logout_redirect_uris": ("data:x",)}),
        (
            "V07",
            "authentication.jwks",
            {"authentication__jwks_url": "https://a.example/k", "authentication__jwks": KeySet(KEYS)},
        ),
        ("V07", "authentication.jwks_url", {"authentication__jwks_url": "http://a.example/k"}),
        ("V07", "authentication.jwks", {"authentication__jwks": KeySet("nonsense")}),
        ("V07", "authentication.jwks", {"authentication__jwks": KeySet("[]")}),
        ("V07", "authentication.jwks", {"authentication__jwks": KeySet('{"keys":[{"kty":"RSA","d":"x"}]}')}),
        ("V07", "authentication.jwks", {"authentication__jwks": KeySet('{"keys":[{"kty":"oct","k":"x"}]}')}),
        ("V07", "authentication.jwks", {"authentication__jwks": KeySet('{"keys":[{}]}')}),
        ("V07", "authentication.jwks", {"authentication__jwks": KeySet("[" * 100_000)}),
        ("V08", "authentication.jwks_url", {"requests__require_signed": True}),
        (
            "V08",
            "authentication.jwks_url",
            {"ciba__require_signed": True, "grants__allowed": frozenset({GrantType.CIBA})},
        ),
        (
            "V09",
            "authentication.jwks_url",
            {
                "openid__id_token_encryption": KeyManagement.RSA_OAEP,
                "openid__id_token_content_encryption": ContentEncryption.A128GCM,
            },
        ),
        (
            "V09",
            "authentication.secret",
            {
                "authentication__secret": StoredSecret("hmac", b"", None, 64),
                "jarm__encryption": KeyManagement.DIR,
                "jarm__content_encryption": ContentEncryption.A128GCM,
            },
        ),
        (
            "V09",
            "authentication.secret",
            {
                "authentication__secret": NewSecret(Secret("x" * 31)),
                "openid__id_token_algorithm": SigningAlgorithm.HS256,
            },
        ),
        (
            "V09",
            "authentication.secret",
            {
                "authentication__secret": StoredSecret("hmac", b"", b"", 47),
                "introspection__algorithm": SigningAlgorithm.HS384,
            },
        ),
        (
            "V09",
            "authentication.secret",
            {
                "authentication__method": ClientAuth.CLIENT_SECRET_JWT,
                "authentication__secret": StoredSecret("hmac", b"", None, 64),
            },
        ),
        ("V10", "openid.id_token_content_encryption", {"openid__id_token_encryption": KeyManagement.A128KW}),
        ("V10", "jarm.content_encryption", {"jarm__content_encryption": ContentEncryption.A128GCM}),
        ("V10", "introspection.content_encryption", {"introspection__encryption": KeyManagement.A128KW}),
        (
            "V10",
            "openid.userinfo_content_encryption",
            {"openid__userinfo_content_encryption": ContentEncryption.A128GCM},
        ),
        (
            "V11",
            "grants.restricted_response_types",
            {"grants__restricted_response_types": ResponseTypes((ResponseType.CODE_ID_TOKEN,))},
        ),
        ("V12", "scopes.restricted", {"scopes__restrict": True, "scopes__restricted": ("admin",)}),
        ("V12", "scopes.exclusive", {"scopes__exclusive": ("email",)}),
        ("V13", "redirection.bypass_approval", {"redirection__allow_authentication_api": True}),
        ("V13", "scopes.restrict", {"redirection__allow_authentication_api": True}),
        (
            "V14",
            "persistent_grants.max_lifetime.amount",
            {"persistent_grants__max_lifetime": Lifetime(ThreeWay.OVERRIDE, 0, TimeUnit.DAYS)},
        ),
        (
            "V14",
            "persistent_grants.idle_timeout.amount",
            {"persistent_grants__idle_timeout": Lifetime(ThreeWay.OVERRIDE)},
        ),
        ("V14", "persistent_grants.rolling_interval.value", {"persistent_grants__rolling_interval": Override(True)}),
        ("V14", "persistent_grants.rolling_grace.value", {"persistent_grants__rolling_grace": Override(True)}),
        ("V14", "authentication.secret_retention.value", {"authentication__secret_retention": Override(True)}),
        ("V14", "access_tokens.lifetime.value", {"access_tokens__lifetime": Override(True)}),
        ("V14", "identity.lockout_actions", {"identity__lockout_type": LockoutType.OVERRIDE}),
        ("V14", "identity.lockout_actions", {"identity__lockout_actions": 3}),
        (
            "V17",
            "ciba.notification_endpoint",
            {"ciba__delivery_mode": DeliveryMode.PING, "grants__allowed": frozenset({GrantType.CIBA})},
        ),
        (
            "V17",
            "ciba.polling_interval",
            {"ciba__polling_interval": 0, "grants__allowed": frozenset({GrantType.CIBA})},
        ),
        (
            "V17",
            "ciba.user_code_supported",
            {"ciba__user_code_supported": True, "grants__allowed": frozenset({GrantType.CIBA})},
        ),
        ("V17", "ciba.delivery_mode", {"ciba__delivery_mode": DeliveryMode.PING}),
        ("V17", "ciba.polling_interval", {"ciba__polling_interval": 10}),
        ("V17", "ciba.policy", {"ciba__policy": "ciba"}),
        ("V18", "openid.sector_identifier_uri", {"openid__sector_identifier_uri": "https://a.example/s"}),
        (
            "V18",
            "openid.sector_identifier_uri",
            {
                "openid__pairwise": True,
                "redirection__redirect_uris": ("https://a.example/", "https://b.example:8443/"),
            },
        ),
        ("V19", "access_tokens.default_manager", {"access_tokens__default_manager": "none"}),
        ("V19", "access_tokens.default_manager", {"access_tokens__default_manager": "reserved"}),
        ("V19", "openid.policy", {"openid__policy": "none"}),
        (
            "V19",
            "ciba.policy",
            {"ciba__policy": "none", "grants__allowed": frozenset({GrantType.CIBA})},
        ),
        ("V19", "token_exchange.policy", {"token_exchange__policy": "none"}),
        ("V19", "scopes.authorization_detail_types", {"scopes__authorization_detail_types": ("none",)}),
        ("V21", "extended.parameters", {"extended__parameters": Properties({"none": ("x",)})}),
        ("V21", "extended.parameters", {"extended__parameters": Properties({"Contact": ("x", "y")})}),
        ("V23", "authentication.assertion_algorithm", {"authentication__assertion_algorithm": SigningAlgorithm.RS256}),
        (
            "V23",
            "authentication.assertion_algorithm",
            {
                "authentication__method": ClientAuth.PRIVATE_KEY_JWT,
                "authentication__assertion_algorithm": SigningAlgorithm.HS256,
            },
        ),
        ("V23", "introspection.algorithm", {"introspection__algorithm": SigningAlgorithm.NONE}),
        ("V23", "jarm.algorithm", {"jarm__algorithm": SigningAlgorithm.NONE}),
        (
            "V23",
            "openid.id_token_algorithm",
            {
                "openid__id_token_algorithm": SigningAlgorithm.NONE,
                "grants__allowed": frozenset({GrantType.IMPLICIT}),
                "grants__restricted_response_types": ResponseTypes((ResponseType.ID_TOKEN,)),
            },
        ),
        ("V24", "logout.back_channel_uri", {"logout__mode": LogoutMode.OIDC_BACK_CHANNEL}),
    ],
)
def test_a_broken_rule_names_the_setting(rule: str, field: str, values: dict[str, Any]) -> None:
    assert (rule, field) in found(changed(CONFIDENTIAL, **values))


@pytest.mark.parametrize(
    "values",
    [
        {"redirection__redirect_uris": (), "grants__allowed": frozenset({GrantType.CLIENT_CREDENTIALS})},
        {"redirection__redirect_uris": ("https://*.example.com/*", "com.example.app:/cb")},
        {
            "redirection__redirect_uris": (),
            "redirection__allow_authentication_api": True,
            "redirection__bypass_approval": True,
            "scopes__restrict": True,
        },
        {"redirection__redirect_uris": (), "portal__runtime_id": "v1"},
        {"access_tokens__restrict_to_default": True, "access_tokens__validate_against_all": True},
        {"persistent_grants__max_lifetime": Lifetime(ThreeWay.SERVER_DEFAULT, 0, TimeUnit.DAYS)},
        {"persistent_grants__max_lifetime": Lifetime(ThreeWay.OVERRIDE, -1, TimeUnit.DAYS)},
        {"persistent_grants__rolling_interval": Override(True, Duration(0))},
        {"persistent_grants__reuse": Override(True, frozenset())},
        {"scopes__restricted": ("email", "txn:*")},
        {"grants__restricted_response_types": ResponseTypes((ResponseType.CODE,))},
        {"ciba__polling_interval": 3, "ciba__delivery_mode": DeliveryMode.POLL, "ciba__require_signed": False},
        {"grants__allowed": frozenset({GrantType.CIBA, GrantType.TOKEN_EXCHANGE})},
        {
            "grants__allowed": frozenset({GrantType.CIBA}),
            "ciba__user_code_supported": True,
            "ciba__policy": "ciba",
        },
        {"openid__pairwise": True},
        {"logout__uris": ("https://a.example/out",)},
        {"openid__id_token_algorithm": SigningAlgorithm.HS512},
        {"openid__id_token_algorithm": SigningAlgorithm.NONE},
        {
            "openid__id_token_encryption": KeyManagement.DIR,
            "openid__id_token_content_encryption": ContentEncryption.A256GCM,
        },
        {
            "authentication__method": ClientAuth.CERTIFICATE,
            "authentication__certificate_issuer_dn": "Trust Any",
            "authentication__certificate_san": SubjectAltName(SanType.DNS, "x"),
        },
        {"extended__parameters": Properties({"Phones": ("1", "2"), "Contact": ()})},
        {"access_tokens__default_manager": "jwt", "openid__policy": "policy", "token_exchange__policy": "exchange"},
        {"requests__require_pushed": True, "authentication__enforce_replay_prevention": True},
    ],
)
def test_what_looks_odd_and_is_allowed(values: dict[str, Any]) -> None:
    assert found(changed(CONFIDENTIAL, **values)) == set()


def test_switches_of_the_server_allow_and_forbid() -> None:
    unsigned = changed(CONFIDENTIAL, jarm__algorithm=SigningAlgorithm.NONE)
    assert found(unsigned, replace(FACTS, unsigned_responses_allowed=True)) == set()
    wild = changed(CONFIDENTIAL, redirection__redirect_uris=("https://*.example.com/",))
    assert ("V06", "redirection.redirect_uris") in found(wild, replace(FACTS, wildcards_allowed=False))


def test_the_user_code_is_not_asked_about_where_there_is_no_policy() -> None:
    client = changed(CONFIDENTIAL, ciba__user_code_supported=True, grants__allowed=frozenset({GrantType.CIBA}))
    assert found(client, Facts()) == set()


@pytest.mark.parametrize(
    ("rule", "field", "values"),
    [
        (
            "V11",
            "grants.restricted_response_types",
            {
                "grants__allowed": frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT}),
                "grants__restricted_response_types": ResponseTypes((ResponseType.CODE,)),
            },
        ),
        ("V22", "persistent_grants.offline_access_prompt", {"persistent_grants__offline_access_prompt": YesNo.YES}),
        ("V09", "authentication.secret", {"authentication__secret": NewSecret(Secret("short"))}),
        (
            "V07",
            "authentication.jwks_url",
            {"authentication__jwks_url": "http://jwks.example.com", "portal__runtime_id": "v1"},
        ),
    ],
)
def test_some_things_are_told_and_not_refused(rule: str, field: str, values: dict[str, Any]) -> None:
    client = changed(CONFIDENTIAL, **values)
    assert (rule, field) in warned(client)
    assert found(client) == set()


def test_the_portal_always_allows_two_response_types() -> None:
    types = ResponseTypes((ResponseType.CODE, ResponseType.ID_TOKEN_TOKEN))
    client = changed(CONFIDENTIAL, grants__restricted_response_types=types)
    assert ("V11", "grants.restricted_response_types") in found(client)
    assert found(changed(client, portal__runtime_id="v1")) == set()


def test_a_problem_never_repeats_a_secret() -> None:
    client = changed(
        CONFIDENTIAL,
        authentication__secret=NewSecret(Secret("hunter2")),
        openid__id_token_algorithm=SigningAlgorithm.HS256,
    )
    problems: tuple[Problem, ...] = check(client, FACTS)
    assert problems
    assert "hunter2" not in repr(problems)
    assert LONG_SECRET not in repr(check(CONFIDENTIAL, FACTS)) + repr(CONFIDENTIAL)
