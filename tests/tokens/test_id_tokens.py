"""ID tokens, verified by two other implementations."""

import json
import warnings
from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256, sha384, sha512
from types import MappingProxyType
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from ostiary.errors import InvalidRequest, ServerError
from ostiary.keys.jws import Signer
from ostiary.server import Server
from ostiary.tokens.id_tokens import IdTokenRequest, half_hash, issue, verify_own_id_token
from ostiary.tokens.people import Person
from ostiary.words import ASYMMETRIC_SIGNING, SYMMETRIC_SIGNING, KeyManagement, SigningAlgorithm
from tests.house import (
    REDIRECT_URI,
    SECRET,
    add_client,
    add_person,
    ask,
    change_client,
    changed,
    clock_of,
    fresh_objects,
    make_server,
    segment,
)

with warnings.catch_warnings():  # it warns of its successor, which is the other oracle
    import authlib.deprecate  # noqa: F401

    warnings.simplefilter("ignore")
    from authlib.jose import JsonWebKey as AuthlibKey
    from authlib.jose import JsonWebToken as AuthlibJwt

pytestmark = pytest.mark.anyio
JOE = Person(
    user_key="joe", username="joe", validator="users", claims={"name": "Joe", "email": "joe@example.com", "phone": "1"}
)


async def token(server: Server, client_id: str = "app", **values: Any) -> str:
    client = await server.clients.get(client_id)
    assert client is not None
    request: dict[str, Any] = {
        "client": client,
        "person": JOE,
        "scope": ("openid", "profile"),
        "grant_type": "authorization_code",
        "authenticated_at": server.clock.now() - 5000,
        "access_token": "the-access-token",
        **values,
    }
    return issue(IdTokenRequest(**request), server)


def with_policy(**values: Any) -> Server:
    objects = fresh_objects()
    policy = replace(objects.policies["default"], **values)
    return make_server(objects=replace(objects, policies=MappingProxyType({"default": policy})))


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC_SIGNING))
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
async def test_joserfc_verifies_it_with_the_published_set(algorithm: SigningAlgorithm) -> None:
    server = make_server()
    await add_client(server, openid__id_token_algorithm=algorithm)
    published = KeySet.import_key_set(json.loads(server.keys.jwks))
    found = jwt.decode(await token(server), published, algorithms=[str(algorithm)])
    assert found.header["alg"] == algorithm
    assert found.claims["sub"] == "joe"


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC_SIGNING | SYMMETRIC_SIGNING))
async def test_authlib_verifies_it(algorithm: SigningAlgorithm) -> None:
    server = make_server()
    await add_client(server, recoverable=True, openid__id_token_algorithm=algorithm)
    key: Any = SECRET.encode()
    if algorithm in ASYMMETRIC_SIGNING:
        key = AuthlibKey.import_key_set(json.loads(server.keys.jwks))
    claims = AuthlibJwt([str(algorithm)]).decode(await token(server), key)
    assert claims["sub"] == "joe"


@pytest.mark.parametrize("algorithm", sorted(SYMMETRIC_SIGNING))
async def test_hmac_is_keyed_with_the_plain_secret(algorithm: SigningAlgorithm) -> None:
    server = make_server()
    await add_client(server, recoverable=True, openid__id_token_algorithm=algorithm)
    found = jwt.decode(await token(server), OctKey.import_key(SECRET), algorithms=[str(algorithm)])
    assert found.header == {"alg": algorithm}


@pytest.mark.parametrize(("secret", "recoverable"), [(SECRET, False), ("too-short-for-any-hmac", True)])
async def test_hmac_without_a_usable_secret_is_an_error_of_the_server(secret: str, recoverable: bool) -> None:
    server = make_server()
    await add_client(server, secret=secret, recoverable=recoverable, openid__id_token_algorithm=SigningAlgorithm.HS256)
    with pytest.raises(ServerError) as refusal:
        await token(server)
    assert refusal.value.why.setting == "openid.id_token_algorithm"


async def test_rs256_is_the_default() -> None:
    server = make_server()
    await add_client(server)
    header = segment(await token(server), 0)
    assert header == {"alg": "RS256", "kid": header["kid"]}


async def test_what_the_protocol_says_is_there() -> None:
    server = make_server()
    await add_client(server)
    now = server.clock.now() // 1000
    claims = segment(await token(server, nonce="n", acr="urn:x", session="s"), 1)
    assert claims["iss"] == server.issuer
    assert claims["aud"] == "app"
    assert (claims["iat"], claims["exp"], claims["auth_time"]) == (now, now + 300, now - 5)
    assert (claims["nonce"], claims["acr"], claims["sid"]) == ("n", "urn:x", "s")
    assert claims["jti"].startswith("id.")
    assert not {"azp", "pi.sri", "c_hash", "s_hash"} & set(claims)


async def test_what_does_not_apply_is_left_out() -> None:
    server = make_server()
    await add_client(server)
    claims = segment(await token(server, access_token=None, scope=("openid",)), 1)
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "jti", "auth_time"}


async def test_no_session_is_named_where_sessions_are_not_tracked() -> None:
    server = make_server(authorization__track_sessions_for_logout=False)
    await add_client(server)
    assert "sid" not in segment(await token(server, session="s"), 1)


@pytest.mark.parametrize(
    ("algorithm", "hashed"),
    [
        (SigningAlgorithm.RS256, sha256),
        (SigningAlgorithm.ES384, sha384),
        (SigningAlgorithm.PS512, sha512),
        (SigningAlgorithm.EDDSA, sha512),
    ],
)
def test_a_half_hash_is_the_left_half_of_the_algorithms_hash(algorithm: SigningAlgorithm, hashed: Any) -> None:
    digest = hashed(b"token").digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    assert half_hash("token", algorithm) == expected


def test_the_example_of_openid_connect_core() -> None:
    """Core §A.3 and §A.4: the access token and the code of the examples."""
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", SigningAlgorithm.RS256) == "77QmUPtjPfzWtF2AnpK9RQ"
    assert (
        half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", SigningAlgorithm.RS256)
        == "LDktKdoQak3Pk0cnXxCltA"
    )


async def test_hashes_bind_what_is_issued_beside_it() -> None:
    server = with_policy(include_s_hash=True)
    await add_client(server)
    claims = segment(await token(server, code="c", state="s"), 1)
    assert claims["at_hash"] == half_hash("the-access-token", SigningAlgorithm.RS256)
    assert claims["c_hash"] == half_hash("c", SigningAlgorithm.RS256)
    assert claims["s_hash"] == half_hash("s", SigningAlgorithm.RS256)


# The policy -----------------------------------------------------------------------------------------------------------


async def test_claims_are_left_to_userinfo_when_there_is_an_access_token() -> None:
    server = make_server()
    await add_client(server)
    assert "name" not in segment(await token(server), 1)


async def test_without_an_access_token_the_released_claims_are_here() -> None:
    server = make_server()
    await add_client(server)
    claims = segment(await token(server, access_token=None), 1)
    assert claims["name"] == "Joe"
    assert "email" not in claims


async def test_the_policy_may_put_claims_here_in_any_case() -> None:
    server = with_policy(include_user_info=True)
    await add_client(server)
    assert segment(await token(server, scope=("openid", "email")), 1)["email"] == "joe@example.com"


async def test_a_claim_asked_for_by_name_is_here() -> None:
    server = make_server()
    await add_client(server)
    claims = segment(await token(server, scope=("openid",), requested_claims=("email", "shoe_size")), 1)
    assert claims["email"] == "joe@example.com"
    assert "shoe_size" not in claims


async def test_the_policy_sets_the_lifetime_the_type_and_the_session() -> None:
    server = with_policy(id_token_lifetime_minutes=7, type_header="JWT", include_sri=True)
    await add_client(server)
    text = await token(server, session="s")
    claims = segment(text, 1)
    assert segment(text, 0)["typ"] == "JWT"
    assert claims["exp"] - claims["iat"] == 420
    assert claims["pi.sri"] == "s"


async def test_encryption_is_refused_by_name_until_it_is_there() -> None:
    server = make_server()
    await add_client(server, openid__id_token_encryption=KeyManagement.RSA_OAEP)
    with pytest.raises(ServerError) as refusal:
        await token(server)
    assert refusal.value.why.setting == "openid.id_token_encryption"


# Pairwise -------------------------------------------------------------------------------------------------------------


async def test_pairwise_clients_of_one_sector_see_the_same_person_and_others_another() -> None:
    server = make_server()
    await add_client(server, "one", openid__pairwise=True)
    await add_client(server, "two", openid__pairwise=True, redirection__redirect_uris=("https://app.example/two",))
    await add_client(server, "far", openid__pairwise=True, redirection__redirect_uris=("https://far.example/cb",))
    seen = {name: segment(await token(server, name, session="s"), 1) for name in ("one", "two", "far")}
    assert seen["one"]["sub"] == seen["two"]["sub"] != "joe"
    assert seen["far"]["sub"] != seen["one"]["sub"]
    assert seen["far"]["sid"] != seen["one"]["sid"]


async def test_the_sector_may_be_named_by_its_document() -> None:
    server = make_server()
    uris = ("https://a.example/cb", "https://b.example/cb")
    await add_client(server, "two", openid__pairwise=True, redirection__redirect_uris=uris)
    with pytest.raises(ServerError):
        await token(server, "two")
    named = {"openid__sector_identifier_uri": "https://app.example/sector.json"}
    await change_client(server, "two", **named)
    await add_client(server, "app", openid__pairwise=True, redirection__redirect_uris=(REDIRECT_URI,))
    assert segment(await token(server, "two"), 1)["sub"] == segment(await token(server), 1)["sub"]


# Hints ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.RS256, SigningAlgorithm.ES256, SigningAlgorithm.HS256])
async def test_an_id_token_of_ours_is_recognised_long_after_it_expired(algorithm: SigningAlgorithm) -> None:
    server = make_server()
    await add_client(server, recoverable=True, openid__id_token_algorithm=algorithm)
    text = await token(server)
    clock_of(server).advance(seconds=86_400)
    claims = await verify_own_id_token(text, server)
    assert (claims["sub"], claims["aud"]) == ("joe", "app")


async def refused(text: str, server: Server) -> bool:
    try:
        await verify_own_id_token(text, server)
    except InvalidRequest:
        return True
    return False


async def test_nothing_else_passes_for_an_id_token() -> None:
    server = make_server()
    await add_client(server, recoverable=True, openid__id_token_algorithm=SigningAlgorithm.NONE)
    await add_client(server, "mac", recoverable=True, openid__id_token_algorithm=SigningAlgorithm.HS256)
    await add_person(server)
    unsigned = await token(server)
    access_token = (await ask(server, grant_type="client_credentials", access_token_manager_id="jwt"))["access_token"]
    claims = {"iss": server.issuer, "aud": "mac", "sub": "joe", "jti": "id.x"}
    by_stranger = Signer.symmetric(SigningAlgorithm.HS256, b"x" * 64).sign(claims)
    by_public_key = Signer.symmetric(SigningAlgorithm.HS256, server.keys.jwks).sign(claims)
    other_algorithm = Signer.symmetric(SigningAlgorithm.HS512, SECRET.encode()).sign(claims)
    nobody = Signer.symmetric(SigningAlgorithm.HS256, SECRET.encode()).sign({**claims, "aud": "nobody"})
    for text in ("", "a.b.c", unsigned, access_token, by_stranger, by_public_key, other_algorithm, nobody):
        assert await refused(text, server)
    assert not await refused(Signer.symmetric(SigningAlgorithm.HS256, SECRET.encode()).sign(claims), server)


async def test_an_id_token_of_another_issuer_is_not_ours() -> None:
    server = make_server()
    await add_client(server)
    text = await token(server)
    assert await refused(text, replace(server, issuer="https://other.example"))
    assert not await refused(text, changed(server, authorization__include_issuer=False))
