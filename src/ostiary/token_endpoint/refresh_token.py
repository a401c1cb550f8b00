"""RFC 6749 §6: a grant is used again (behaviour §8.2, §9.4)."""

import msgspec

from ostiary.audit.events import RefreshTokenReused
from ostiary.audit.evidence import commit
from ostiary.clients.client import Client
from ostiary.errors import InvalidGrant, Why
from ostiary.parameters import Parameters
from ostiary.ports.changes import Change, Conflict, EndGrace, RevokeGrant, RollRefreshToken, TouchGrant
from ostiary.ports.records import GrantRecord, RefreshTokenRecord
from ostiary.server import Server
from ostiary.token_endpoint.answer import TokenAnswer
from ostiary.token_endpoint.issuing import Approval, has_openid, issue
from ostiary.token_endpoint.scopes import narrowed
from ostiary.tokens import persistent_grants
from ostiary.tokens.handles import key_of
from ostiary.tokens.id_tokens import policy_for
from ostiary.tokens.managers import Wanted
from ostiary.tokens.people import Person, find_person
from ostiary.tokens.persistent_grants import PersistentGrant
from ostiary.tokens.refresh_tokens import newest, roll, rolls
from ostiary.words import GrantType

UNKNOWN = "unknown, invalid, or expired refresh token"
ROUNDS = 3
"""How often a refresh looks again after a rival was faster: the second look finds what the rival made."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh token that may be used now, with its grant."""

    token: RefreshTokenRecord
    grant: GrantRecord
    document: PersistentGrant
    person: Person


async def exchange(parameters: Parameters, client: Client, server: Server) -> TokenAnswer:
    """New tokens of a grant. Of many requests with one token at once, one rolls it and the others get what it made."""
    text = parameters.require("refresh_token")
    wanted = Wanted.parse(parameters)
    for _ in range(ROUNDS):
        found = await _find(text, client, server)
        try:
            return await _refresh(text, parameters.get("scope"), wanted, found, client, server)
        except Conflict:
            continue
    raise InvalidGrant(UNKNOWN, Why(rule="behaviour §9.4", compared={"conflict": "lost every round"}))


async def _find(text: str, client: Client, server: Server) -> Found:
    row = await server.stores.refresh_token(key_of(text))
    if row is None:
        raise InvalidGrant(UNKNOWN)
    token, grant = row
    document = persistent_grants.read(grant)
    if token.client_id != client.client_id or document is None or document.issuer != server.issuer:
        why = Why(rule="RFC 6749 §6", compared={"client": client.client_id, "issued_to": token.client_id})
        raise InvalidGrant(UNKNOWN, why)
    if persistent_grants.is_over(grant, client, server):
        raise InvalidGrant(UNKNOWN, Why(rule="behaviour §9.2", compared={"grant": grant.grant_id}))
    person = await find_person(grant.user_key, document.validator, document.username, server)
    if person is None:  # threat T-47
        raise InvalidGrant(UNKNOWN, Why(rule="threat T-47", compared={"grant": grant.grant_id}))
    return Found(token=token, grant=grant, document=document, person=person)


async def _refresh(
    text: str, scope: str | None, wanted: Wanted, found: Found, client: Client, server: Server
) -> TokenAnswer:
    """Raises `Conflict` when a rival changed the token or its grant in between."""
    answered, changes = await _next(text, found, client, server)
    document = found.document
    approval = Approval(
        client=client,
        person=found.person,
        grant_type=GrantType.REFRESH_TOKEN,
        grant_id=found.grant.grant_id,
        persistent=True,
        scope=narrowed(scope, document.scope, client, server),
        manager=document.manager,
        authenticated_at=document.authenticated_at,
        acr=document.acr,
        session=document.session,
        id_token_claims=document.id_token_claims,
        userinfo_claims=document.userinfo_claims,
        attributes=document.attributes,
    )
    id_token = has_openid(approval, server) and policy_for(client, server).return_on_refresh
    issued = issue(approval, wanted, server, id_token=id_token, refresh_token=answered)
    await server.stores.commit(*changes, *issued.changes)
    server.events.record(issued.event)
    return issued.answer


async def _next(text: str, found: Found, client: Client, server: Server) -> tuple[str, tuple[Change, ...]]:
    """The refresh token to answer with, and what using this one changes."""
    token, now = found.token, server.clock.now()
    touch = TouchGrant(found.grant.grant_id, now)
    if token.rolled_at is not None:
        successor = newest(text, token, now)
        if successor is None:
            await _reused(found, server)
        assert successor is not None
        return successor, (touch,)
    # The newest token was used: the one before it has done its duty.
    settled = () if token.predecessor is None else (EndGrace(token.predecessor),)
    if not rolls(token, client, server.settings, now):
        return text, (touch, *settled)
    rolled, change = roll(text, token, found.grant, client, server)
    # The grant before its tokens, as a revocation locks them: otherwise the two wait for each other.
    changes: tuple[RollRefreshToken | TouchGrant | EndGrace, ...] = (touch, change, *settled)
    return rolled, changes


async def _reused(found: Found, server: Server) -> None:
    """RFC 9700 §4.14.2: a rolled token that comes back after its grace was stolen, or its successor was. Raises."""
    grant = found.grant
    event = RefreshTokenReused(client_id=grant.client_id, subject=grant.user_key, grant_id=grant.grant_id)
    revokes = server.settings.compatibility.revoke_grant_on_reuse
    revocation: tuple[Change, ...] = (RevokeGrant(grant.grant_id, server.clock.now()),) if revokes else ()
    await commit(server, *revocation, event)
    why = Why(rule="RFC 9700 §4.14.2", setting="compatibility.revoke_grant_on_reuse", level="server")
    raise InvalidGrant(UNKNOWN, why)
