"""RFC 7009: a client gives a token back (behaviour §12.2)."""

from ostiary.audit.events import TokenRevoked
from ostiary.audit.evidence import commit
from ostiary.clients.client import Client
from ostiary.errors import UnsupportedTokenType, Why
from ostiary.parameters import Parameters
from ostiary.ports.changes import Change, RemoveAccessToken, RevokeGrant, RevokeJwt
from ostiary.server import Server
from ostiary.server_settings.managers import JwtConfiguration
from ostiary.tokens.access_tokens import revocation_key
from ostiary.tokens.handles import key_of
from ostiary.tokens.validation import LiveToken, find_access_token
from ostiary.words import GrantType


async def revoke(parameters: Parameters, client: Client, server: Server) -> None:
    """Take a token of this client out of use; returns only when that is durable.

    A token that is unknown, already dead or another client's changes nothing and is answered alike (threat T-54).
    Raises `UnsupportedTokenType` for a JWT that cannot be revoked, and `StoreUnavailable` rather than to say yes.
    """
    text = parameters.require("token")
    if parameters.get("token_type_hint") == "refresh_token":
        done = await _refresh_token(text, client, server) or await _access_token(text, client, server)
    else:
        done = await _access_token(text, client, server) or await _refresh_token(text, client, server)
    if not done:
        server.events.record(TokenRevoked(client_id=client.client_id, kind="unknown"))


async def _refresh_token(text: str, client: Client, server: Server) -> bool:
    """Its grant ends, and with it every token of the grant, rolled ones too."""
    found = await server.stores.refresh_token(key_of(text))
    if found is None or found[0].client_id != client.client_id:
        return False
    grant = found[1]
    event = TokenRevoked(
        client_id=client.client_id, subject=grant.user_key, kind="refresh_token", grant_id=grant.grant_id
    )
    await commit(server, RevokeGrant(grant.grant_id, server.clock.now()), event)
    return True


async def _access_token(text: str, client: Client, server: Server) -> bool:
    """Only itself ends; for an implicit flow whose grant is reused the grant too."""
    token = await find_access_token(text, server)
    if token is None or token.client_id != client.client_id:
        return False
    subject = "" if token.stored is None else token.stored.user_key
    event = TokenRevoked(client_id=client.client_id, subject=subject, kind="access_token", grant_id=token.grant_id)
    await server.stores.commit(*_changes(token, server))
    server.events.record(event)
    return True


def _changes(token: LiveToken, server: Server) -> tuple[Change, ...]:
    if token.claims is None:
        stored = token.stored
        if stored is not None and stored.persistent and stored.grant_type == GrantType.IMPLICIT:
            return (RevokeGrant(token.grant_id, server.clock.now()),)
        return (RemoveAccessToken(token.key),)
    configuration: JwtConfiguration = token.manager.configuration
    jti = token.claims.get("jti")
    if not configuration.enable_revocation or not isinstance(jti, str):
        why = Why(rule="RFC 7009 §2.2.1", setting=f"{token.manager.id}: Enable Token Revocation", level="server")
        raise UnsupportedTokenType("access tokens of this kind cannot be revoked", why)
    return (RevokeJwt(revocation_key(token.manager.id, jti), token.expires_at), RemoveAccessToken(token.key))
