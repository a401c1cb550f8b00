"""The key ring and the set it publishes."""

import json

import pytest

from ostiary.errors import ServerError
from ostiary.keys import ring
from ostiary.keys.jws import BadToken, Parsed, Signer
from ostiary.keys.key_file import KeyFile
from ostiary.keys.ring import KeyRing
from ostiary.keys.rotation import MAKERS, State, new_key
from ostiary.keys.vault import Unsealable, Vault
from ostiary.ports.records import SigningKeyRecord
from ostiary.words import ASYMMETRIC_SIGNING, SigningAlgorithm

VAULT = Vault(KeyFile.fresh())
RECORDS: list[SigningKeyRecord] = [new_key(family, State.ACTIVE, 1, VAULT) for family in MAKERS] + [
    new_key("P-256", State.PENDING, 2, VAULT),
    new_key("P-256", State.RETIRED, 0, VAULT),
]
RING = KeyRing.open(RECORDS, VAULT)


def test_every_asymmetric_algorithm_can_sign() -> None:
    assert RING.algorithms == ASYMMETRIC_SIGNING
    for algorithm in ASYMMETRIC_SIGNING:
        token = RING.signer(algorithm).sign({"sub": "joe"})
        assert RING.claims(Parsed.of(token)) == {"sub": "joe"}


def test_each_published_key_has_its_own_id_use_and_algorithm() -> None:
    keys = json.loads(RING.jwks)["keys"]
    assert len(keys) == 6 + 3 + 3
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {key["use"] for key in keys} == {"sig"}
    assert {key["alg"] for key in keys} == ASYMMETRIC_SIGNING


def test_no_private_part_is_published() -> None:
    for key in json.loads(RING.jwks)["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)


def test_the_kid_of_a_token_is_published_for_its_algorithm() -> None:
    published = {key["kid"]: key["alg"] for key in json.loads(RING.jwks)["keys"]}
    for algorithm in ASYMMETRIC_SIGNING:
        assert published[Parsed.of(RING.signer(algorithm).sign({})).kid] == algorithm


def test_a_pending_key_does_not_sign_and_a_retired_one_still_verifies() -> None:
    active, pending, retired = (
        next(r.kid for r in RECORDS if r.family == "P-256" and r.state == state)
        for state in (State.ACTIVE, State.PENDING, State.RETIRED)
    )
    assert RING.signer(SigningAlgorithm.ES256).kid == active
    ids = {key["kid"] for key in json.loads(RING.jwks)["keys"]}
    assert {pending, retired} <= ids


def test_the_etag_changes_with_the_set_only() -> None:
    assert KeyRing.open(RECORDS[::-1], VAULT).etag == RING.etag
    assert KeyRing.open(RECORDS[1:], VAULT).etag != RING.etag


def test_an_id_that_is_not_published_verifies_nothing() -> None:
    stranger = Signer.asymmetric(SigningAlgorithm.ES256, "../../etc/passwd", MAKERS["P-256"]())
    with pytest.raises(BadToken):
        RING.claims(Parsed.of(stranger.sign({})))


def test_an_id_of_ours_on_a_foreign_key_verifies_nothing() -> None:
    kid = RING.signer(SigningAlgorithm.ES256).kid
    with pytest.raises(BadToken):
        RING.claims(Parsed.of(Signer.asymmetric(SigningAlgorithm.ES256, kid, MAKERS["P-256"]()).sign({})))


def test_an_rsa_key_verifies_each_of_its_ids_with_one_algorithm_only() -> None:
    rs256, ps256 = RING.signer(SigningAlgorithm.RS256), RING.signer(SigningAlgorithm.PS256)
    assert rs256.kid != ps256.kid
    _, claims, signature = ps256.sign({}).split(".")
    other = rs256.sign({}).split(".")[0]
    with pytest.raises(BadToken):
        RING.claims(Parsed.of(f"{other}.{claims}.{signature}"))


def test_an_algorithm_without_a_key_is_an_error_of_the_server() -> None:
    only_ec = KeyRing.open([r for r in RECORDS if r.family == "P-256"], VAULT)
    with pytest.raises(ServerError) as refusal:
        only_ec.signer(SigningAlgorithm.RS256, setting="openid.id_token_algorithm")
    assert refusal.value.why.setting == "openid.id_token_algorithm"


def test_keys_of_another_key_file_do_not_open() -> None:
    with pytest.raises(Unsealable):
        KeyRing.open(RECORDS, Vault(KeyFile.fresh()))


def test_an_issuer_with_its_own_keys_does_not_use_the_shared_ones() -> None:
    own = new_key("P-256", State.ACTIVE, 5, VAULT, issuer="https://b.example")
    ring = KeyRing.open([*RECORDS, own], VAULT, "https://b.example")
    assert ring.signer(SigningAlgorithm.ES256).kid == own.kid
    assert ring.algorithms == {SigningAlgorithm.ES256}
    assert KeyRing.open([*RECORDS, own], VAULT).jwks == RING.jwks


def test_a_token_without_key_id_is_verified_by_the_keys_of_its_algorithm() -> None:
    token = RING.signer(SigningAlgorithm.PS256).sign({"sub": "joe"}, with_kid=False)
    assert RING.claims(Parsed.of(token)) == {"sub": "joe"}
    with pytest.raises(BadToken):
        RING.claims(Parsed.of(Signer.asymmetric(SigningAlgorithm.ES256, "", MAKERS["P-256"]()).sign({})))


def test_a_good_signature_is_verified_once_and_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "MOST_VERIFIED", 2)
    small = KeyRing.open(RECORDS, VAULT)
    tokens = [small.signer(SigningAlgorithm.ES256).sign({"n": n}, typ="at+jwt") for n in range(3)]
    first = small.verified(tokens[0])
    assert (first.typ, first.algorithm, dict(first.claims)) == ("at+jwt", "ES256", {"n": 0})
    assert small.verified(tokens[0]) is first
    small.verified(tokens[1])
    small.verified(tokens[2])
    assert small.verified(tokens[0]) is not first


def test_a_bad_token_is_never_remembered() -> None:
    for _ in range(2):
        with pytest.raises(BadToken):
            RING.verified("a.b.c")
