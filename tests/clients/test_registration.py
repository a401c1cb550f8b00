"""Client metadata of RFC 7591."""

from typing import Any

import pytest

from ostiary.clients.client import Client
from ostiary.clients.dialects import registration
from ostiary.declare import SubjectAltName
from ostiary.words import (
    AuthMethod,
    ClientAuth,
    ContentEncryption,
    GrantType,
    LogoutMode,
    ResponseType,
    SanType,
)
from tests.clients.golden import golden
from tests.clients.samples import changed

BASE = changed(Client(), identity__client_id="dc-1")


def read(**metadata: Any) -> Client:
    draft = registration.read(metadata, BASE, exclusive_scopes={"admin"}, properties={"Contact"})
    assert draft.problems == ()
    return draft.value


def test_a_sample_registration_takes_the_defaults_of_the_specification() -> None:
    client = read(**golden("registration/sample-post"))
    assert client.authentication.method is ClientAuth.SECRET
    assert client.authentication.exact_methods == (AuthMethod.CLIENT_SECRET_BASIC,)
    assert client.grants.allowed == {GrantType.AUTHORIZATION_CODE}
    assert list(client.grants.restricted_response_types) == [ResponseType.CODE]
    assert client.scopes.restrict
    assert client.scopes.restricted == ("email", "phone")


def test_the_answer_says_what_is_registered() -> None:
    sent = golden("registration/sample-post")
    body = registration.write_client(read(**sent))
    assert {name: body[name] for name in sent} == sent
    assert body["response_types"] == ["code"]
    assert body["token_endpoint_auth_method"] == "client_secret_basic"
    assert body["client_id"] == "dc-1"
    assert "client_secret" not in body


def test_a_name_that_is_not_given_is_the_id() -> None:
    assert read().identity.name == "dc-1"


@pytest.mark.parametrize("method", AuthMethod)
def test_the_exact_method_is_kept_and_echoed(method: AuthMethod) -> None:
    client = read(token_endpoint_auth_method=str(method))
    assert client.authentication.method is method.client_auth
    assert registration.write_client(client)["token_endpoint_auth_method"] == method


def test_scopes_are_parted_by_their_kind_and_written_together() -> None:
    client = read(scope="email admin")
    assert client.scopes.restricted == ("email",)
    assert client.scopes.exclusive == ("admin",)
    assert registration.write_client(client)["scope"] == "email admin"


def test_without_scope_the_base_decides() -> None:
    assert not read().scopes.restrict
    assert "scope" not in registration.write_client(read())


def test_an_encryption_algorithm_alone_means_the_default_content_encryption() -> None:
    client = read(id_token_encrypted_response_alg="RSA-OAEP", request_object_encryption_alg="ECDH-ES")
    assert client.openid.id_token_content_encryption is ContentEncryption.A128CBC_HS256
    assert client.requests.object_content_encryption is ContentEncryption.A128CBC_HS256
    assert client.jarm.content_encryption is None


def test_a_logout_uri_says_how_the_client_is_told() -> None:
    back = read(backchannel_logout_uri="https://a.example/b", backchannel_logout_session_required=True)
    front = read(frontchannel_logout_uri="https://a.example/f")
    assert back.logout.mode is LogoutMode.OIDC_BACK_CHANNEL
    assert front.logout.mode is LogoutMode.OIDC_FRONT_CHANNEL
    assert registration.write_client(front)["frontchannel_logout_uri"] == "https://a.example/f"
    assert read().logout.mode is LogoutMode.NONE


def test_one_grant_type_of_the_assertions_allows_both() -> None:
    client = read(grant_types=["urn:ietf:params:oauth:grant-type:saml2-bearer"])
    assert client.grants.allowed == {GrantType.EXTENSION}
    assert registration.write_client(client)["grant_types"] == [
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
    ]


def test_extended_properties_are_members_of_their_own() -> None:
    client = read(Contact="J. Smith")
    assert client.extended.parameters == {"Contact": ("J. Smith",)}
    assert registration.write_client(client)["Contact"] == "J. Smith"


def test_an_alternative_name_has_a_member_for_each_type() -> None:
    client = read(token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_ip="10.0.0.1")
    assert client.authentication.certificate_san == SubjectAltName(SanType.IP, "10.0.0.1")
    assert registration.write_client(client)["tls_client_auth_san_ip"] == "10.0.0.1"


def test_unknown_metadata_is_ignored_and_reported() -> None:
    draft = registration.read({"frobnicate": 1, "software_id": "x"}, BASE)
    assert draft.problems == ()
    assert draft.unknown == ("frobnicate",)


def test_a_registration_cannot_say_what_only_administrators_say() -> None:
    sent = {"enabled": False, "bypassApprovalPage": True, "client_id": "mine", "client_secret": "mine", "Contact": None}
    client = registration.read(sent, BASE, properties={"Contact"}).value
    assert client.identity.enabled
    assert not client.redirection.bypass_approval
    assert client.client_id == "dc-1"
    assert client.authentication.secret is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redirect_uris", "https://a.example/"),
        ("grant_types", ["nonsense"]),
        ("response_types", ["nonsense"]),
        ("scope", ["email"]),
        ("jwks", 5),
        ("subject_type", "secret"),
        ("backchannel_token_delivery_mode", "push"),
        ("default_max_age", "3"),
        ("initiate_login_uri", "http://a.example/"),
        ("request_uris", ["http://a.example/"]),
        ("logo_uri", "data:image/png,x"),
        ("token_endpoint_auth_method", ["none"]),
        ("dpop_bound_access_tokens", "true"),
        ("contacts", {}),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, value: Any) -> None:
    problems = registration.read({name: value}, BASE).problems
    assert name in {registration.name_of(problem.field) for problem in problems}


def test_a_property_must_be_text() -> None:
    assert registration.read({"Contact": 5}, BASE, properties={"Contact"}).problems[0].malformed
    assert registration.read(5, BASE).problems[0].malformed


def test_without_scope_what_the_server_gives_stays() -> None:
    base = changed(BASE, scopes__restrict=True, scopes__restricted=("email",), scopes__exclusive=("admin",))
    assert registration.read({}, base, exclusive_scopes={"admin"}).value.scopes == base.scopes
