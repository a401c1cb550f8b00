"""The developer portal's object."""

from typing import Any

import pytest

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import portal
from ostiary.clients.rules import check
from ostiary.declare import Dialect, NewSecret, ResponseTypes
from ostiary.secret import Secret
from ostiary.words import (
    AuthMethod,
    ClientAuth,
    GrantType,
    PortalClientType,
    ResponseType,
    SigningAlgorithm,
    ThreeWay,
    TimeUnit,
)
from tests.clients.golden import golden
from tests.clients.samples import FACTS, FULL, LONG_SECRET, changed

BASE = changed(Client(), identity__client_id="app-1", portal__runtime_id="version-1")
CONFIDENTIAL = "com.soa.oauth.ctype.confidential"
PUBLIC = "com.soa.oauth.clienttype.public"


def read(client_type: str = CONFIDENTIAL, **members: Any) -> Client:
    draft = portal.read({"OAuthClientType": client_type, "Title": "App", **members}, BASE)
    assert draft.problems == ()
    return draft.value


def test_the_sample_is_read() -> None:
    draft = portal.read(golden("portal/sample-put"), BASE)
    assert draft.problems == ()
    assert draft.unknown == ()
    client = draft.value
    assert client.authentication.method is ClientAuth.SECRET
    assert client.openid.id_token_algorithm is None
    assert client.requests.require_signed
    assert client.requests.object_algorithm is SigningAlgorithm.RS256
    assert client.persistent_grants.max_lifetime.type is ThreeWay.OVERRIDE
    assert (client.persistent_grants.max_lifetime.amount, client.persistent_grants.max_lifetime.unit) == (
        2,
        TimeUnit.HOURS,
    )
    assert client.access_tokens.lifetime.resolved(1) == 3600
    assert not client.openid.supported
    assert client.identity.client_uri == "http://www.rcoaless.com/game"


def test_the_sample_breaks_no_rule_once_it_has_a_secret() -> None:
    client = portal.read(golden("portal/sample-put"), BASE).value
    client = changed(client, authentication__secret=NewSecret(Secret(LONG_SECRET)))
    assert [problem for problem in check(client, FACTS) if not problem.warning] == []


@pytest.mark.parametrize(("client_type", "method"), [(CONFIDENTIAL, ClientAuth.SECRET), (PUBLIC, ClientAuth.NONE)])
def test_the_type_of_client_says_how_it_authenticates(client_type: str, method: ClientAuth) -> None:
    client = read(client_type)
    assert client.authentication.method is method
    assert (GrantType.CLIENT_CREDENTIALS in client.grants.allowed) is (method is ClientAuth.SECRET)


def test_both_spellings_of_a_type_are_one() -> None:
    assert read(PUBLIC).portal.client_type is PortalClientType.PUBLIC
    assert read("com.soa.oauth.ctype.PUBLIC").portal.client_type is PortalClientType.PUBLIC


@pytest.mark.parametrize("listed", [["none", "private_key_jwt"], "none private_key_jwt", "none,private_key_jwt"])
def test_listed_methods_are_all_accepted(listed: Any) -> None:
    client = read(
        token_endpoint_auth_method_supported_setting="token_endpoint_auth_methods_list",
        token_endpoint_auth_methods=listed,
    )
    assert client.authentication.exact_methods == (AuthMethod.NONE, AuthMethod.PRIVATE_KEY_JWT)
    assert client.authentication.method is ClientAuth.PRIVATE_KEY_JWT


def test_one_method_is_the_clients_authentication() -> None:
    client = read(token_endpoint_auth_method=["private_key_jwt"])
    assert client.authentication.method is ClientAuth.PRIVATE_KEY_JWT


def test_a_list_of_methods_must_be_there_when_it_is_chosen() -> None:
    draft = portal.read(
        {
            "OAuthClientType": CONFIDENTIAL,
            "token_endpoint_auth_method_supported_setting": "token_endpoint_auth_methods_list",
        },
        BASE,
    )
    assert [portal.name_of(problem.field) for problem in draft.problems] == ["token_endpoint_auth_methods"]


def test_openid_and_profile_are_never_excluded() -> None:
    client = read(restrictedScopes=["Email"])
    assert client.scopes.restrict
    assert client.scopes.restricted == ("Email", "openid", "profile")
    assert not read().scopes.restrict


@pytest.mark.parametrize("listed", [["code_id_token"], "code id_token"])
def test_code_and_id_token_token_are_always_allowed(listed: Any) -> None:
    types = read(restrictedResponseTypes=listed).grants.restricted_response_types
    assert set(types) == {ResponseType.CODE_ID_TOKEN, ResponseType.CODE, ResponseType.ID_TOKEN_TOKEN}


def test_default_means_unset() -> None:
    client = read(id_token_signed_response_alg="Default", userinfo_encrypted_response_enc="default")
    assert client.openid.id_token_algorithm is None
    assert client.openid.userinfo_content_encryption is None


def test_uris_after_logout_are_asked_for_with_openid_connect_only() -> None:
    draft = portal.read({"OAuthClientType": CONFIDENTIAL, "supports_openid_connect": "true"}, BASE)
    assert [portal.name_of(problem.field) for problem in draft.problems] == ["post_logout_redirect_uris"]


def test_the_type_of_client_is_required() -> None:
    assert [portal.name_of(problem.field) for problem in portal.read({"Title": "x"}, BASE).problems] == [
        "OAuthClientType"
    ]


def test_a_long_disclaimer_is_refused() -> None:
    draft = portal.read({"OAuthClientType": CONFIDENTIAL, "LegalDisclaimer": "x" * 1025}, BASE)
    assert [portal.name_of(problem.field) for problem in draft.problems] == ["LegalDisclaimer"]


def test_ids_stay_and_redirect_uris_are_kept() -> None:
    base = changed(BASE, redirection__redirect_uris=("https://a.example/",))
    client = portal.read({"OAuthClientType": PUBLIC, "Title": "x"}, base).value
    assert client.client_id == "app-1"
    assert client.portal.runtime_id == "version-1"
    assert client.redirection.redirect_uris == ("https://a.example/",)


def test_what_another_interface_changed_is_not_lost_on_a_round_trip() -> None:
    client = changed(
        read(),
        authentication__method=ClientAuth.PRIVATE_KEY_JWT,
        grants__allowed=frozenset({GrantType.CLIENT_CREDENTIALS}),
    )
    found = portal.read(portal.write_client(client), client).value
    assert found.authentication.method is ClientAuth.PRIVATE_KEY_JWT
    assert found.grants.allowed == {GrantType.CLIENT_CREDENTIALS}


def test_the_object_says_whether_there_is_a_logo() -> None:
    assert portal.write_client(read(LogoPictureID="7"))["LogoAssigned"] is True
    assert portal.write_client(read())["LogoAssigned"] is False
    assert portal.write_client(read())["token_type"] == "Default"


PROPERTIES = (
    "RuntimeID", "OAuthClientID", "OAuthClientType", "Title", "SubTitle", "Description", "AppURI",
    "LegalDisclaimer", "LogoPictureID", "LogoAssigned", "includeResourceOwnerUserInfoOption",
    "require_authtime_claim", "supports_openid_connect", "logo_uri", "Created", "Updated", "response_types",
    "grant_types", "token_type", "contacts", "client_uri", "policy_uri", "tos_uri", "jwks_uri", "application_type",
    "jwks", "subject_type", "sector_identifier_uri", "id_token_signed_response_alg",
    "id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc", "request_object_signing_alg",
    "request_object_encryption_alg", "request_object_encryption_enc",
    "token_endpoint_auth_method_supported_setting", "token_endpoint_auth_method", "token_endpoint_auth_methods",
    "token_endpoint_auth_signing_alg", "grant_expiration_setting", "grant_types_setting",
    "access_token_expiry_setting", "grant_expiration_hours", "access_token_expiry", "bypass_authorization",
    "default_max_age", "default_acr_values", "initiate_login_uri", "request_uris", "post_logout_redirect_uris",
    "enforceReplayPrevention", "requireSignedRequests", "restrictedScopes", "restrictedResponseTypes",
)  # fmt: skip
"""Every property of the portal's object."""


def test_every_property_of_the_object_is_known_and_written() -> None:
    known = CLIENT_SETTINGS.known_members(Dialect.PORTAL, portal.IGNORED)
    assert set(PROPERTIES) <= set(known)
    full = changed(FULL, identity__created_at=1, identity__modified_at=2)
    assert set(PROPERTIES) <= set(portal.write_client(full))


@pytest.mark.parametrize("name", [name for name in PROPERTIES if name.endswith(("_alg", "_enc", "token_type"))])
def test_default_means_not_set_for_algorithms_and_the_token_type(name: str) -> None:
    assert read(**{name: "Default"}) == read()


def test_the_second_name_of_a_property_counts_where_the_first_says_nothing() -> None:
    before = read(restrictedResponseTypes=["code"]).at_version(1)
    shown = portal.write_client(before)
    assert shown["response_types"] == shown["restrictedResponseTypes"]
    lifted = portal.read({**shown, "restrictedResponseTypes": []}, before).value
    assert lifted.grants.restricted_response_types == ResponseTypes()
    shown = portal.write_client(lifted.at_version(2))
    again = portal.read({**shown, "response_types": ["code"]}, lifted.at_version(2)).value
    assert ResponseType.CODE in again.grants.restricted_response_types
    methods = portal.read({**shown, "token_endpoint_auth_method": ["private_key_jwt"]}, lifted.at_version(2)).value
    assert methods.authentication.method is ClientAuth.SECRET  # the setting that was shown beside it says so
