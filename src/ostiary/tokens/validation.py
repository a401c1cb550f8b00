"""What a presented access token says, of whichever kind it is: the one place that believes in access tokens."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ostiary.keys.jws import BadToken
from ostiary.keys.ring import Verified
from ostiary.ports.clock import SECOND
from ostiary.ports.records import AccessTokenRecord
from ostiary.server import Server
from ostiary.server_settings.managers import JwtConfiguration
from ostiary.server_settings.scopes import OPENID
from ostiary.server_settings.token_objects import AccessTokenManager
from ostiary.tokens.access_tokens import MANAGER_CLAIM, StoredAccessToken, jwt_key, read, revocation_key
from ostiary.tokens.handles import key_of
from ostiary.tokens.id_tokens import is_id_token

_SAID_BY_PROTOCOL = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti", MANAGER_CLAIM})


class LiveToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token that counts now."""

    key: bytes
    """Of its row; for a JWT of the row that accompanies it, if any."""
    manager: AccessTokenManager
    client_id: str
    grant_id: str
    expires_at: int
    scope: tuple[str, ...]
    attributes: Mapping[str, Any]
    stored: StoredAccessToken | None
    """What its row keeps; None for a JWT without one."""
    claims: Mapping[str, Any] | None = None
    """Of a JWT: everything it says."""

    @property
    def is_jwt(self) -> bool:
        """Whether it is a JWT."""
        return self.claims is not None


async def find_access_token(text: str, server: Server) -> LiveToken | None:
    """The token behind a text; None when it is none of ours, or expired, revoked, or its client is gone or disabled."""
    found = await (_find_jwt(text, server) if text.count(".") == 2 else _find_reference(text, server))
    if found is None or found.expires_at <= server.clock.now():
        return None
    if not found.client_id:  # a JWT of a manager that names no client, and has no row
        return found
    client = await server.clients.get(found.client_id)
    return found if client is not None and client.identity.enabled else None


async def _find_reference(text: str, server: Server) -> LiveToken | None:
    record = await server.stores.access_token(key_of(text))
    stored = None if record is None else read(record)
    if record is None or stored is None or stored.jwt or stored.issuer != server.issuer:
        return None
    manager = server.objects.managers.get(stored.manager)
    if manager is None:
        return None
    return LiveToken(
        key=record.key,
        manager=manager,
        client_id=record.client_id,
        grant_id=record.grant_id,
        expires_at=record.expires_at,
        scope=stored.scope,
        attributes=stored.attributes,
        stored=stored,
    )


# JWTs ----------------------------------------------------------------------------------------------------------------


async def _find_jwt(text: str, server: Server) -> LiveToken | None:
    try:
        token = server.keys.verified(text)
    except BadToken:
        return None
    manager = _manager_of(token, server)
    expires = token.claims.get("exp")
    if manager is None or not isinstance(expires, int):
        return None
    configuration: JwtConfiguration = manager.configuration
    scope = _scope_in(token.claims, configuration)
    key = jwt_key(text, expires * SECOND)
    record = await server.stores.access_token(key) if OPENID in scope else None
    if OPENID in scope and record is None:
        return None  # its grant was revoked, and the row that accompanied it went with the grant
    if await _is_revoked(token.claims, manager, configuration, server):
        return None
    return _live(key, token.claims, manager, configuration, scope, record)


def _manager_of(token: Verified, server: Server) -> AccessTokenManager | None:
    """Threat T-27: the manager whose `typ`, algorithm, issuer and client claim the token has. An ID token has none."""
    if is_id_token(token.claims):
        return None
    named = token.claims.get(MANAGER_CLAIM)
    for manager in server.objects.managers.values():
        configuration = manager.configuration
        if not isinstance(configuration, JwtConfiguration) or (named is not None and named != manager.id):
            continue
        if (
            token.typ == configuration.type_header.lower().removeprefix("application/")
            and token.algorithm == configuration.algorithm
            and token.claims.get("iss") == (configuration.issuer_claim or server.issuer)
            and (not configuration.client_id_claim or isinstance(token.claims.get(configuration.client_id_claim), str))
        ):
            return manager
    return None


def _scope_in(claims: Mapping[str, Any], configuration: JwtConfiguration) -> tuple[str, ...]:
    value = claims.get(configuration.scope_claim or "")
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


async def _is_revoked(
    claims: Mapping[str, Any], manager: AccessTokenManager, configuration: JwtConfiguration, server: Server
) -> bool:
    """Behaviour §12.2: directly, or through the persistent grant that it names."""
    jti = claims.get("jti")
    is_checked = configuration.enable_revocation and isinstance(jti, str)
    if is_checked and await server.stores.is_jwt_revoked(revocation_key(manager.id, str(jti))):
        return True
    grant_id = claims.get(configuration.grant_id_claim) if configuration.grant_id_claim else None
    if isinstance(grant_id, str):
        grant = await server.stores.grant(grant_id)
        return grant is None or grant.revoked  # only persistent grants are named; one that is gone was ended
    return False


def _live(
    key: bytes,
    claims: Mapping[str, Any],
    manager: AccessTokenManager,
    configuration: JwtConfiguration,
    scope: tuple[str, ...],
    record: AccessTokenRecord | None,
) -> LiveToken:
    hidden = _SAID_BY_PROTOCOL | {
        configuration.client_id_claim,
        configuration.scope_claim,
        configuration.grant_id_claim,
    }
    return LiveToken(
        key=key,
        manager=manager,
        client_id=claims.get(configuration.client_id_claim or "", "" if record is None else record.client_id),
        grant_id=record.grant_id if record is not None else str(claims.get(configuration.grant_id_claim, "")),
        expires_at=claims["exp"] * SECOND,
        scope=scope,
        attributes={name: value for name, value in claims.items() if name not in hidden},
        stored=None if record is None else read(record),
        claims=claims,
    )
