"""ID tokens: what they say, how they are signed, and how one that comes back as a hint is recognised (OIDC Core §2)."""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256, sha384, sha512
from typing import Any

import msgspec

from ostiary.clients.client import Client
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare.secrets import StoredSecret
from ostiary.errors import InvalidRequest, ServerError, Why
from ostiary.keys.jws import BadToken, Parsed, Signer, UnsuitableKey, Verifier, unsecured
from ostiary.keys.vault import Unsealable
from ostiary.ports.clock import SECOND
from ostiary.server import Server
from ostiary.server_settings.openid_policies import OpenIdPolicy
from ostiary.tokens.claims import RESERVED, SUBJECT, Release, claims_of, released
from ostiary.tokens.managers import policy_of
from ostiary.tokens.people import Person
from ostiary.tokens.subjects import session_for, subject_for
from ostiary.words import SYMMETRIC_SIGNING, SigningAlgorithm

DEFAULT_ALGORITHM = SigningAlgorithm.RS256
SETTING = "openid.id_token_algorithm"
MARK = "id."
"""How every `jti` of an ID token begins. No other token of ours has a dot there, so that none can pass for another
kind, whatever the administrator sets as types, claims and attributes (threat T-27)."""
_JTI_BYTES = 16
_HASHES = {"256": sha256, "384": sha384, "512": sha512, "DSA": sha512}


class IdTokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a new ID token is to say."""

    client: Client
    person: Person
    scope: tuple[str, ...]
    grant_type: str
    authenticated_at: int
    """When the person signed on (ms)."""
    acr: str = ""
    nonce: str | None = None
    session: str = ""
    requested_claims: tuple[str, ...] = ()
    """OpenID Connect Core §5.5: the claims asked for by name."""
    access_token: str | None = None
    """The access token issued beside it, for ``at_hash``; None when there is none."""
    code: str | None = None
    """The code issued beside it, for ``c_hash``."""
    state: str | None = None
    """For ``s_hash``, where the policy has it."""
    grant_attributes: Mapping[str, Any] = msgspec.field(default_factory=dict)
    token_attributes: Mapping[str, Any] = msgspec.field(default_factory=dict)
    from_authorization_endpoint: bool = False


def issue(request: IdTokenRequest, server: Server) -> str:
    """OpenID Connect Core §3.1.3.3: a new ID token. Raises `ServerError` when the client's settings cannot be met."""
    plan = _plan(request, server)
    claims = _claims(request, plan, server)
    if plan.signer is None:
        return unsecured(claims, typ=plan.policy.type_header)
    return plan.signer.sign(claims, typ=plan.policy.type_header)


def policy_for(client: Client, server: Server) -> OpenIdPolicy:
    """C113, else the default policy; raises `ServerError` when there is none."""
    policy = policy_of(client, server.objects)
    if policy is None:
        raise ServerError("there is no OpenID Connect policy", Why(rule="behaviour §13.2", setting="openid.policy"))
    return policy


def half_hash(text: str, algorithm: SigningAlgorithm) -> str:
    """OpenID Connect Core §3.1.3.6: ``at_hash``, ``c_hash``, ``s_hash``: the left half of the algorithm's hash.

    Ed25519 hashes with SHA-512, and so do we for EdDSA; for ``none`` there is no hash to take.
    """
    digest = _HASHES[algorithm[-3:]](text.encode("ascii", "surrogateescape")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")


def signer_for(client: Client, algorithm: SigningAlgorithm, setting: str, server: Server) -> Signer:
    """Our key for the algorithm, or for HMAC the client's secret; raises `ServerError` naming the setting that asks."""
    if algorithm not in SYMMETRIC_SIGNING:
        return server.keys.signer(algorithm, setting)
    try:
        return Signer.symmetric(algorithm, _secret(client, server))
    except (Unsealable, UnsuitableKey) as problem:
        why = Why(rule="threat T-28", setting=setting, level="client", compared={"problem": type(problem).__name__})
        raise ServerError("the client's secret cannot sign", why) from None


def is_id_token(claims: Mapping[str, Any]) -> bool:
    """Whether a token of ours is an ID token."""
    jti = claims.get("jti")
    return isinstance(jti, str) and jti.startswith(MARK)


async def verify_own_id_token(text: str, server: Server) -> Mapping[str, Any]:
    """OpenID Connect Core §3.1.2.1 (``id_token_hint``): the claims of an ID token of this issuer, expired or not.

    Raises `InvalidRequest` for anything else: another issuer's, an access token, one nobody signed (threats T-22,
    T-27).
    """
    try:
        token = Parsed.of(text)
        algorithm = token.header["alg"]
        if algorithm in SYMMETRIC_SIGNING:
            claims: Mapping[str, Any] = await _verified_by_secret(token, SigningAlgorithm(algorithm), server)
        else:
            claims = server.keys.claims(token)
    except BadToken:
        raise InvalidRequest("id_token_hint is not an ID token of this issuer") from None
    if claims.get("iss") != server.issuer or not is_id_token(claims) or not isinstance(claims.get("aud"), str):
        raise InvalidRequest("id_token_hint is not an ID token of this issuer")
    return claims


# What is the same for all ID tokens of a client ----------------------------------------------------------------------

MOST_PLANS = 2048
"""Plans kept per process, half a kilobyte each; when there are more, all are made anew."""


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How ID tokens for a scope are made, and from what: it holds only while all of that is the very same."""

    client: Client
    server: Server
    policy: OpenIdPolicy
    algorithm: SigningAlgorithm
    signer: Signer | None
    """None: the client registered ``none``."""
    names: tuple[str, ...]
    """The attributes of the policy that are said."""


_PlanKey = tuple[str, tuple[str, ...], tuple[str, ...], bool, bool]
_plans: dict[_PlanKey, _Plan] = {}


def _plan(request: IdTokenRequest, server: Server) -> _Plan:
    """Raises `ServerError` and `InvalidRequest` when the client's settings cannot be met."""
    client = request.client
    key = (
        client.client_id,
        request.scope,
        request.requested_claims,
        request.access_token is None,
        request.from_authorization_endpoint,
    )
    plan = _plans.get(key)
    if plan is None or plan.client is not client or plan.server is not server:
        plan = _new_plan(request, server)
        if len(_plans) >= MOST_PLANS:
            _plans.clear()
        _plans[key] = plan
    return plan


def _new_plan(request: IdTokenRequest, server: Server) -> _Plan:
    client = request.client
    _check_not_encrypted(client)
    policy = policy_for(client, server)
    algorithm = client.openid.id_token_algorithm or DEFAULT_ALGORITHM
    if algorithm is SigningAlgorithm.NONE and request.from_authorization_endpoint:
        why = Why(rule="OpenID Connect Core §2", setting=SETTING, level="client")
        raise InvalidRequest("an unsigned ID token cannot come from the authorization endpoint", why)
    return _Plan(
        client=client,
        server=server,
        policy=policy,
        algorithm=algorithm,
        signer=None if algorithm is SigningAlgorithm.NONE else signer_for(client, algorithm, SETTING, server),
        names=_names(request, policy),
    )


# What it says --------------------------------------------------------------------------------------------------------


def _claims(request: IdTokenRequest, plan: _Plan, server: Server) -> dict[str, Any]:
    client, policy, now = request.client, plan.policy, server.clock.now() // SECOND
    said = claims_of(policy, _release(request), server, plan.names)
    claims: dict[str, Any] = {name: said[name] for name in plan.names if name in said}
    claims |= {
        "iss": server.issuer,
        "sub": subject_for(str(said[SUBJECT]), client, server),
        "aud": client.client_id,
        "iat": now,
        "exp": now + policy.id_token_lifetime_minutes * 60,
        "jti": MARK + urlsafe_b64encode(os.urandom(_JTI_BYTES)).rstrip(b"=").decode("ascii"),
        "auth_time": request.authenticated_at // SECOND,
    }
    if request.acr:
        claims["acr"] = request.acr
    if request.nonce is not None:
        claims["nonce"] = request.nonce
    if request.session:
        if server.settings.authorization.track_sessions_for_logout:
            claims["sid"] = session_for(request.session, client, server)
        if policy.include_sri:
            claims["pi.sri"] = request.session
    return claims | _hashes(request, policy, plan.algorithm)


def _names(request: IdTokenRequest, policy: OpenIdPolicy) -> tuple[str, ...]:
    """Behaviour §13.1: what is released, if the policy puts it here or no access token would fetch it from UserInfo."""
    all_of_it = policy.include_user_info or request.access_token is None
    return tuple(
        attribute.name
        for attribute in released(policy, request.scope, request.requested_claims)
        if ((attribute.in_id_token and all_of_it) or attribute.name in request.requested_claims)
        and attribute.name not in RESERVED
    )


def _hashes(request: IdTokenRequest, policy: OpenIdPolicy, algorithm: SigningAlgorithm) -> dict[str, str]:
    if algorithm is SigningAlgorithm.NONE:
        return {}
    hashed = {
        "at_hash": request.access_token,
        "c_hash": request.code,
        "s_hash": request.state if policy.include_s_hash else None,
    }
    return {name: half_hash(text, algorithm) for name, text in hashed.items() if text is not None}


def _release(request: IdTokenRequest) -> Release:
    return Release(
        client=request.client,
        person=request.person,
        scope=request.scope,
        grant_type=request.grant_type,
        requested=request.requested_claims,
        grant_attributes=request.grant_attributes,
        token_attributes=request.token_attributes,
    )


def _check_not_encrypted(client: Client) -> None:
    if client.openid.id_token_encryption is not None:
        why = Why(rule="behaviour §13.1", setting="openid.id_token_encryption", level="client")
        raise ServerError("this version does not encrypt ID tokens", why)


# Secrets -------------------------------------------------------------------------------------------------------------


def _secret(client: Client, server: Server) -> bytes:
    """The client's secret in clear; raises `UnsuitableKey` when no copy was kept, `Unsealable` when its key is gone."""
    secret = client.authentication.secret
    keeper = SecretKeeper(server.vault, server.passwords)
    clear = keeper.recovered(secret, client.client_id) if isinstance(secret, StoredSecret) else None
    if clear is None:
        raise UnsuitableKey("the clear value of the secret was not kept")
    return clear.reveal().encode()


async def _verified_by_secret(token: Parsed, algorithm: SigningAlgorithm, server: Server) -> dict[str, Any]:
    """The token says whose secret; it is believed only when that client is set to this algorithm and the MAC fits."""
    client_id = token.unverified_claims().get("aud")
    client = await server.clients.get(client_id) if isinstance(client_id, str) else None
    if client is None or client.openid.id_token_algorithm is not algorithm:
        raise BadToken("no client has this algorithm")
    try:
        return Verifier.symmetric(algorithm, _secret(client, server)).claims(token)
    except (Unsealable, UnsuitableKey):
        raise BadToken("the client has no such secret") from None
