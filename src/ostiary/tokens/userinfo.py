"""OpenID Connect Core §5.3: claims about the person, for whoever holds the access token."""

from typing import Any

from ostiary.clients.client import Client
from ostiary.errors import InsufficientScope, InvalidToken, ServerError, Why
from ostiary.server import Server
from ostiary.server_settings.scopes import OPENID
from ostiary.tokens.claims import RESERVED, SUBJECT, Release, claims_of, released
from ostiary.tokens.id_tokens import policy_for, signer_for
from ostiary.tokens.people import Person, find_person
from ostiary.tokens.subjects import subject_for
from ostiary.tokens.validation import LiveToken, find_access_token
from ostiary.words import SigningAlgorithm

SETTING = "openid.userinfo_algorithm"


async def userinfo(token: str, server: Server) -> dict[str, Any] | str:
    """The claims, or for a client that registered an algorithm a JWT with them.

    Raises `InvalidToken` and `InsufficientScope`.
    """
    live = await find_access_token(token, server)
    if live is None:
        raise InvalidToken("the access token is not known, expired or revoked")
    if OPENID not in live.scope or not server.settings.roles.openid:
        raise InsufficientScope("the access token has not the scope openid")
    client, person = await _parties(live, server)
    claims = _claims(live, client, person, server)
    algorithm = client.openid.userinfo_algorithm
    if client.openid.userinfo_encryption is not None:
        why = Why(rule="behaviour §13.4", setting="openid.userinfo_encryption", level="client")
        raise ServerError("this version does not encrypt UserInfo", why)
    if algorithm in (None, SigningAlgorithm.NONE):
        return claims
    assert algorithm is not None
    claims |= {"iss": server.issuer, "aud": client.client_id}
    return signer_for(client, algorithm, SETTING, server).sign(claims)


async def _parties(token: LiveToken, server: Server) -> tuple[Client, Person]:
    """The client and the person behind the token, as of now (threat T-47)."""
    stored = token.stored
    client = await server.clients.get(token.client_id)
    if stored is None or client is None or not stored.username:
        raise InvalidToken("the access token stands for no person")
    person = await find_person(stored.user_key, stored.validator, stored.username, server)
    if person is None:
        raise InvalidToken("the person behind the access token is not known any more")
    return client, person


def _claims(token: LiveToken, client: Client, person: Person, server: Server) -> dict[str, Any]:
    stored = token.stored
    assert stored is not None
    policy = policy_for(client, server)
    requested = stored.userinfo_claims
    release = Release(
        client=client,
        person=person,
        scope=token.scope,
        grant_type=stored.grant_type,
        requested=requested,
        grant_attributes=stored.grant_attributes,
        token_attributes=token.attributes,
    )
    names = [
        attribute.name
        for attribute in released(policy, token.scope, requested)
        if attribute.in_user_info or attribute.name in requested
    ]
    said = claims_of(policy, release, server, names)
    claims = {name: said[name] for name in names if name in said and name not in RESERVED}
    claims[SUBJECT] = subject_for(str(said[SUBJECT]), client, server)
    return claims
