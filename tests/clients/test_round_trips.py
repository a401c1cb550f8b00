"""A client that is written and read again is the same, as far as a dialect can say it."""

import dataclasses
from typing import Any

import pytest

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import admin, legacy, portal, registration
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import document_of, load_client
from ostiary.declare import Dialect, Lifetime, Problem, SecondarySecret, StoredSecret
from ostiary.words import GrantType, ResponseType, TimeUnit
from tests.clients.samples import FULL, VALUES, changed, keeper, reduced_to


def clean(draft: ClientDraft) -> Client:
    assert draft.problems == ()
    assert draft.unknown == ()
    return draft.value


def differences(found: Client, expected: Client) -> dict[str, Any]:
    return {
        path: (CLIENT_SETTINGS.by_path[path].value_in(found), CLIENT_SETTINGS.by_path[path].value_in(expected))
        for path in CLIENT_SETTINGS.changed(found, expected)
    }


def test_the_sample_sets_every_setting_that_can_be_written() -> None:
    written = {
        declared.path
        for declared in CLIENT_SETTINGS.settings
        if any(key.read for key in declared.setting.keys.values())
    }
    assert written - set(VALUES) == {"authentication.secret", "authentication.secondary_secrets"}
    assert set(VALUES) <= {*CLIENT_SETTINGS.changed(FULL, Client())}


def test_the_administrative_api() -> None:
    body = admin.write_client(FULL, None, now=0)
    assert differences(clean(admin.read(body, None)), reduced_to(Dialect.ADMIN, FULL)) == {}


def test_the_legacy_service() -> None:
    found = clean(legacy.read_new(legacy.write_client(FULL)))
    assert differences(found, reduced_to(Dialect.LEGACY, FULL)) == {}


def test_the_legacy_service_keeps_what_it_cannot_say() -> None:
    found = clean(legacy.read_changed(legacy.write_client(FULL), FULL))
    assert differences(found, FULL) == {}


def test_registration() -> None:
    full = changed(FULL, identity__client_id="", identity__name="Full")
    names = frozenset(full.extended.parameters)
    body = registration.write_client(full)
    draft = registration.read(body, Client(), exclusive_scopes={"admin"}, properties=names)
    expected = reduced_to(Dialect.REGISTRATION, full)
    expected = changed(
        expected,
        scopes__restrict=True,
        scopes__exclusive=("admin",),
        logout__mode=full.logout.mode,
        extended__parameters=full.extended.parameters,
    )
    assert differences(clean(draft), expected) == {}


def test_the_portal() -> None:
    lifetime = Lifetime(FULL.persistent_grants.max_lifetime.type, 5, TimeUnit.HOURS)
    full = changed(
        FULL, persistent_grants__max_lifetime=lifetime, grants__allowed=frozenset(GrantType) - {GrantType.CIBA}
    )
    found = clean(portal.read(portal.write_client(full), Client()))
    expected = changed(
        reduced_to(Dialect.PORTAL, full),
        authentication__method=full.authentication.method,
        scopes__restrict=True,
    )
    assert differences(found, expected) == {}


def test_what_every_dialect_leaves_out_stays_on_a_replacement() -> None:
    body = {"clientId": "full", "name": "n", "grantTypes": ["CLIENT_CREDENTIALS"]}
    found = admin.read(body, FULL).value
    for path in ("requests.default_max_age", "requests.request_uris", "portal.sub_title", "openid.supported"):
        declared = CLIENT_SETTINGS.by_path[path]
        assert declared.value_in(found) == declared.value_in(FULL)


def test_the_canonical_document() -> None:
    import json

    secret = StoredSecret("hmac", b"digest", b"sealed", 64)
    full = changed(
        FULL,
        authentication__secret=secret,
        authentication__secondary_secrets=(SecondarySecret(secret, 5, "2030-01-01T00:00:00Z"),),
        authentication__secret_changed_at=3,
        identity__created_at=1,
        identity__modified_at=2,
    )
    found, problems = load_client(json.loads(document_of(full)))
    assert problems == ()
    assert differences(found, full) == {}


def test_response_types_come_back_in_the_word_order_they_were_sent() -> None:
    body = {"restrictedResponseTypes": ["token id_token", "code token id_token"], "grantTypes": ["IMPLICIT"]}
    draft = admin.read(body, None)
    assert ResponseType.ID_TOKEN_TOKEN in draft.value.grants.restricted_response_types
    assert admin.write_client(draft.value, None, 0)["restrictedResponseTypes"] == [
        "token id_token",
        "code token id_token",
    ]
    assert legacy.write_client(draft.value)["restrictedResponseTypes"] == ["id_token token", "code id_token token"]


def test_a_key_set_comes_back_byte_for_byte() -> None:
    text = '{ "keys" : [ ] }\n'
    draft = admin.read({"jwksSettings": {"jwks": text}}, None)
    assert admin.write_client(draft.value, None, 0)["jwksSettings"] == {"jwks": text}


@pytest.mark.parametrize("as_sent", ['{"keys":[]}', {"keys": []}])
def test_the_legacy_service_gives_a_key_set_back_in_the_shape_it_was_sent(as_sent: Any) -> None:
    draft = legacy.read_new({"clientId": "c", "jwks": as_sent})
    assert legacy.write_client(draft.value)["jwks"] == as_sent


def test_an_echoed_secret_stands_for_the_same_secret() -> None:
    stored = StoredSecret("hmac", b"digest", None, 64)
    keeping = keeper()
    full = changed(FULL, authentication__secret=stored)
    body = admin.write_client(full, lambda secret: keeping.echo(secret, "full"), now=0)
    echoed = body["clientAuth"]["encryptedSecret"]
    assert echoed.startswith("OBF:JWE:")
    assert keeping.echoed(echoed, "full") == stored
    assert echoed != keeping.echo(stored, "full")


def test_problems_are_translated_into_the_names_of_each_dialect() -> None:
    field = "persistent_grants.max_lifetime.unit"
    assert admin.name_of(field) == "persistentGrantExpirationTimeUnit"
    assert legacy.name_of("openid.pairwise") == "pairwiseUserType"
    assert registration.name_of("redirection.redirect_uris") == "redirect_uris"
    assert portal.name_of(field) == "grant_expiration_hours"
    assert admin.name_of("persistent_grants.rolling_interval.value.amount") == "refreshTokenRollingInterval"
    assert admin.name_of("persistent_grants.rolling_interval.value.unit") == "refreshTokenRollingIntervalTimeUnit"
    assert admin.name_of("nothing.known") == "nothing.known"
    assert dataclasses.replace(Problem("a", "b")).by("V01").rule == "V01"
