"""Closed vocabularies and their spellings."""

from itertools import permutations

import pytest

from ostiary import words
from ostiary.words import (
    AuthMethod,
    ClientAuth,
    ContentEncryption,
    Dialect,
    GrantType,
    KeyManagement,
    ResponseType,
    RollingUnit,
    SigningAlgorithm,
    ThreeWay,
    TimeUnit,
    Word,
)

VOCABULARIES = [value for value in vars(words).values() if isinstance(value, type) and issubclass(value, Word)]
EVERY = [word for vocabulary in VOCABULARIES for word in vocabulary]


@pytest.mark.parametrize("word", EVERY, ids=lambda word: f"{type(word).__name__}.{word.name}")
def test_every_spelling_is_read_in_any_letter_case(word: Word) -> None:
    for spelling in word.spellings():
        for text in (spelling, spelling.upper(), spelling.lower(), f" {spelling} "):
            assert type(word).read(text) is word


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_written_is_read_as_the_same_word(dialect: Dialect) -> None:
    for word in EVERY:
        assert type(word).read(word.written(dialect)) is word


def test_a_word_equals_its_wire_spelling() -> None:
    assert GrantType.CIBA == "urn:openid:params:grant-type:ciba"
    assert "authorization_code" in frozenset({GrantType.AUTHORIZATION_CODE, GrantType.CIBA})
    assert f"{SigningAlgorithm.NONE}" == "none"


@pytest.mark.parametrize("text", ["", "nonsense", "RS 256", "co\u0000de"])
def test_an_unknown_word_is_none(text: str) -> None:
    for vocabulary in VOCABULARIES:
        assert vocabulary.read(text) is None


@pytest.mark.parametrize("response_type", ResponseType)
def test_the_order_of_words_in_a_response_type_does_not_matter(response_type: ResponseType) -> None:
    for order in permutations(response_type.split()):
        assert ResponseType.read(" ".join(order)) is response_type
        assert ResponseType.requested(" ".join(order)) is response_type


def test_a_request_spells_response_types_exactly() -> None:
    assert ResponseType.requested("CODE") is None
    assert ResponseType.requested("code_id_token") is None
    assert ResponseType.requested("code code id_token") is ResponseType.CODE_ID_TOKEN


def test_response_types_need_their_grant_types() -> None:
    assert ResponseType.CODE.grant_types == {GrantType.AUTHORIZATION_CODE}
    assert ResponseType.ID_TOKEN_TOKEN.grant_types == {GrantType.IMPLICIT}
    assert ResponseType.CODE_TOKEN.grant_types == {GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT}


def test_spellings_of_the_sources() -> None:
    assert ContentEncryption.A128CBC_HS256.written(Dialect.ADMIN) == "AES_128_CBC_HMAC_SHA_256"
    assert ContentEncryption.read("AES-GCM-256") is ContentEncryption.A256GCM
    assert KeyManagement.ECDH_ES_A192KW.written(Dialect.LEGACY) == "ECDH-ES+A192KW"
    assert ClientAuth.CERTIFICATE.written(Dialect.LEGACY) == "CLIENT_CERT"
    assert ThreeWay.INDEFINITE.written(Dialect.LEGACY) == "NONE"
    assert TimeUnit.MINUTES.written(Dialect.LEGACY) == "n"
    assert RollingUnit.MINUTES.written(Dialect.LEGACY) == "m"
    assert GrantType.PASSWORD.written(Dialect.ADMIN) == "RESOURCE_OWNER_CREDENTIALS"
    assert GrantType.EXTENSION.written(Dialect.LEGACY) == "extension"


def test_every_exact_method_belongs_to_a_kind_of_authentication() -> None:
    assert AuthMethod.CLIENT_SECRET_POST.client_auth is ClientAuth.SECRET
    assert {method.client_auth for method in AuthMethod} == set(ClientAuth)


def test_hmac_algorithms_ask_for_long_secrets() -> None:
    assert [SigningAlgorithm.HS256.secret_bytes, SigningAlgorithm.HS512.secret_bytes] == [32, 64]
    assert SigningAlgorithm.RS512.secret_bytes == 0
