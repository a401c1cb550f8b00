"""Signers and verifiers, checked by two other implementations."""

import json
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ostiary.keys.jws import BadToken, Parsed, PrivateKey, Signer, UnsuitableKey, Verifier, unsecured
from ostiary.keys.rotation import public_jwk
from ostiary.words import ASYMMETRIC_SIGNING, SYMMETRIC_SIGNING, SigningAlgorithm

with warnings.catch_warnings():  # it warns of its successor, which is the other oracle
    import authlib.deprecate  # noqa: F401

    warnings.simplefilter("ignore")
    from authlib.jose import JsonWebKey as AuthlibKey
    from authlib.jose import JsonWebSignature as AuthlibJws

KEYS: dict[str, PrivateKey] = {
    "RSA": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
SECRET = b"a secret that is long enough for every HMAC there is, sixty-four bytes"
CLAIMS = {"sub": "joe", "scope": "openid é"}


def key_for(algorithm: SigningAlgorithm) -> PrivateKey:
    return KEYS["RSA" if algorithm[:2] in ("RS", "PS") else algorithm]


def signer_for(algorithm: SigningAlgorithm) -> Signer:
    if algorithm in SYMMETRIC_SIGNING:
        return Signer.symmetric(algorithm, SECRET)
    return Signer.asymmetric(algorithm, "k1", key_for(algorithm))


def verifier_for(algorithm: SigningAlgorithm) -> Verifier:
    if algorithm in SYMMETRIC_SIGNING:
        return Verifier.symmetric(algorithm, SECRET)
    return Verifier.asymmetric(algorithm, "k1", key_for(algorithm).public_key())


def jwk_for(algorithm: SigningAlgorithm) -> dict[str, str]:
    if algorithm in SYMMETRIC_SIGNING:
        return {"kty": "oct", "k": urlsafe_b64encode(SECRET).rstrip(b"=").decode()}
    return public_jwk(key_for(algorithm))


def segment(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def forged(header: Any, claims: Any = CLAIMS, signature: bytes = b"x" * 64) -> str:
    return f"{segment(header)}.{segment(claims)}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


ALL = sorted(ASYMMETRIC_SIGNING | SYMMETRIC_SIGNING)


@pytest.mark.parametrize("algorithm", ALL)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
def test_joserfc_verifies_what_we_sign(algorithm: SigningAlgorithm) -> None:
    kinds: dict[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey, "oct": OctKey}
    jwk = jwk_for(algorithm)
    token = signer_for(algorithm).sign(CLAIMS)
    found = joserfc_jws.deserialize_compact(token, kinds[jwk["kty"]].import_key(jwk), algorithms=[str(algorithm)])
    assert json.loads(found.payload) == CLAIMS


@pytest.mark.parametrize("algorithm", ALL)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_authlib_verifies_what_we_sign(algorithm: SigningAlgorithm) -> None:
    token = signer_for(algorithm).sign(CLAIMS)
    oracle = AuthlibJws(algorithms=[str(algorithm)])
    found = oracle.deserialize_compact(token.encode(), AuthlibKey.import_key(jwk_for(algorithm)))
    assert json.loads(found["payload"]) == CLAIMS


@pytest.mark.parametrize("algorithm", ALL)
def test_we_verify_what_we_sign(algorithm: SigningAlgorithm) -> None:
    token = Parsed.of(signer_for(algorithm).sign(CLAIMS, typ="at+jwt"))
    assert verifier_for(algorithm).claims(token) == CLAIMS
    assert token.typ == "at+jwt"


@pytest.mark.parametrize("algorithm", ALL)
def test_a_changed_character_anywhere_is_refused(algorithm: SigningAlgorithm) -> None:
    token = signer_for(algorithm).sign(CLAIMS)
    for place in (5, token.index(".") + 3, len(token) - 10):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadToken):
            verifier_for(algorithm).claims(Parsed.of(changed))


@pytest.mark.parametrize("presented", ALL)
@pytest.mark.parametrize("registered", [SigningAlgorithm.RS256, SigningAlgorithm.ES256, SigningAlgorithm.HS256])
def test_only_the_named_algorithm_verifies(registered: SigningAlgorithm, presented: SigningAlgorithm) -> None:
    if presented is not registered:
        with pytest.raises(BadToken):
            verifier_for(registered).claims(Parsed.of(signer_for(presented).sign(CLAIMS)))


def test_a_claims_set_that_is_ready_is_signed_as_it_is() -> None:
    token = signer_for(SigningAlgorithm.ES256).sign(b'{"a": 1}')
    assert urlsafe_b64decode(token.split(".")[1] + "==") == b'{"a": 1}'


def test_the_header_names_the_key_unless_told_not_to() -> None:
    signer = signer_for(SigningAlgorithm.ES256)
    assert Parsed.of(signer.sign(CLAIMS)).header == {"alg": "ES256", "kid": "k1"}
    assert Parsed.of(signer.sign(CLAIMS, with_kid=False, typ="JWT")).header == {"alg": "ES256", "typ": "JWT"}
    assert Parsed.of(signer_for(SigningAlgorithm.HS256).sign(CLAIMS)).header == {"alg": "HS256"}


def test_an_unsecured_token_is_verified_by_nobody() -> None:
    token = unsecured(CLAIMS)
    assert token.endswith(".")
    for algorithm in ALL:
        with pytest.raises(BadToken):
            verifier_for(algorithm).claims(Parsed.of(token))


@pytest.mark.parametrize(
    ("algorithm", "length"), [(SigningAlgorithm.HS256, 31), (SigningAlgorithm.HS384, 47), (SigningAlgorithm.HS512, 63)]
)
def test_a_short_secret_signs_nothing(algorithm: SigningAlgorithm, length: int) -> None:
    with pytest.raises(UnsuitableKey):
        Signer.symmetric(algorithm, b"s" * length)
    with pytest.raises(UnsuitableKey):
        Verifier.symmetric(algorithm, b"s" * length)


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC_SIGNING))
@pytest.mark.parametrize("family", KEYS)
def test_a_key_of_another_kind_is_refused(algorithm: SigningAlgorithm, family: str) -> None:
    if KEYS[family] is not key_for(algorithm):
        with pytest.raises(UnsuitableKey):
            Verifier.asymmetric(algorithm, "k", KEYS[family].public_key())


def test_a_small_rsa_key_is_refused() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(UnsuitableKey):
        Signer.asymmetric(SigningAlgorithm.RS256, "k", small)


@pytest.mark.parametrize(
    "extra",
    [{"crit": ["exp"]}, {"b64": False}, {"zip": "DEF"}, {"jwk": {}}, {"jku": "https://a"}, {"x5c": []}, {"x5u": "u"}],
)
def test_a_header_that_changes_the_reading_or_brings_a_key_is_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        Parsed.of(forged({"alg": "ES256", "kid": "k1", **extra}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "a" * 20_000,
        "é.é.é",
        forged('{"alg":"ES256","alg":"none"}'),
        forged('["ES256"]'),
        forged("NaN"),
        forged('{"alg":NaN}'),
        forged({"alg": 5}),
        forged({"alg": "ES256", "kid": 5}),
        forged({"kid": "k1"}),
        forged("\ufeff{}"),
        forged('{"alg":' + "[" * 5000),
        forged({"alg": "ES256", "kid": "k" * 3000}),
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        Parsed.of(text)


def test_a_claims_set_that_says_something_twice_is_refused() -> None:
    token = signer_for(SigningAlgorithm.HS256).sign(b'{"sub":"a","sub":"b"}')
    with pytest.raises(BadToken):
        verifier_for(SigningAlgorithm.HS256).claims(Parsed.of(token))


@pytest.mark.parametrize("change", ["=", "==", "+", "\n", " "])
def test_base64_that_two_readers_could_read_differently_is_refused(change: str) -> None:
    with pytest.raises(BadToken):
        Parsed.of(signer_for(SigningAlgorithm.HS256).sign(CLAIMS) + change)


def test_trailing_bits_in_base64_are_refused() -> None:
    header, claims, signature = signer_for(SigningAlgorithm.HS256).sign(CLAIMS).split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(signature[-1]) | 1]
    if other == signature[-1]:
        other = alphabet[alphabet.index(signature[-1]) & ~1]
    assert urlsafe_b64decode(signature + "=") == urlsafe_b64decode(signature[:-1] + other + "=")
    with pytest.raises(BadToken):
        Parsed.of(f"{header}.{claims}.{signature[:-1]}{other}")
