"""What the grants with a person behind them share: the tokens of one approval, ready to be committed as one unit."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ostiary.audit.events import TokenIssued
from ostiary.clients.client import Client
from ostiary.ports.changes import Change
from ostiary.server import Server
from ostiary.server_settings.scopes import OPENID
from ostiary.token_endpoint.answer import TokenAnswer
from ostiary.token_endpoint.scopes import Scope
from ostiary.tokens import id_tokens
from ostiary.tokens.access_tokens import AccessTokenRequest, mint, prepare
from ostiary.tokens.id_tokens import IdTokenRequest
from ostiary.tokens.managers import Wanted, choose_manager, signed_on
from ostiary.tokens.people import Person


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """What a person approved, as a code or a grant keeps it."""

    client: Client
    person: Person
    grant_type: str
    """The grant type of this request."""
    grant_id: str
    persistent: bool
    scope: Scope
    """What the new tokens are for, no wider than what was approved."""
    manager: str
    """The access token manager chosen before; empty: none was."""
    authenticated_at: int
    acr: str = ""
    session: str = ""
    nonce: str | None = None
    state: str | None = None
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = msgspec.field(default_factory=dict)
    resources: tuple[str, ...] = ()


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, what must be durable before it is given, and what happened."""

    answer: TokenAnswer
    changes: tuple[Change, ...]
    event: TokenIssued


def has_openid(approval: Approval, server: Server) -> bool:
    """Whether this is an OpenID Connect answer, as the settings are now (threat T-47)."""
    return OPENID in approval.scope and server.settings.roles.openid and approval.client.openid.supported


def issue(
    approval: Approval, wanted: Wanted, server: Server, *, id_token: bool, refresh_token: str | None = None
) -> Issued:
    """Make the tokens. Nothing is durable yet: the caller commits `changes` with its own conditions before them."""
    client, context = approval.client, signed_on(approval.person.validator)
    openid = has_openid(approval, server)
    manager = choose_manager(wanted, context, client, server, openid=openid, before=approval.manager)
    prepared = prepare(
        AccessTokenRequest(
            client=client,
            manager=manager,
            context=context,
            grant_type=approval.grant_type,
            scope=approval.scope,
            person=approval.person,
            grant_id=approval.grant_id,
            persistent=approval.persistent,
            session=approval.session,
            resources=wanted.resources or approval.resources,
            authenticated_at=approval.authenticated_at,
            acr=approval.acr,
            userinfo_claims=approval.userinfo_claims,
            grant_attributes=approval.attributes,
        ),
        server,
    )
    minted = mint(prepared, server)
    answer = TokenAnswer(
        access_token=minted.text,
        expires_in=minted.expires_in,
        scope=prepared.scope_text,
        refresh_token=refresh_token,
        id_token=_id_token(approval, minted.text, prepared.attributes, server) if id_token and openid else None,
    )
    event = TokenIssued(
        client_id=client.client_id,
        subject=approval.person.user_key,
        grant_type=approval.grant_type,
        scope=prepared.scope_text,
        manager=manager.id,
        grant_id=approval.grant_id,
    )
    return Issued(answer=answer, changes=minted.changes, event=event)


def _id_token(approval: Approval, access_token: str, attributes: Mapping[str, Any], server: Server) -> str:
    return id_tokens.issue(
        IdTokenRequest(
            client=approval.client,
            person=approval.person,
            scope=approval.scope,
            grant_type=approval.grant_type,
            authenticated_at=approval.authenticated_at,
            acr=approval.acr,
            nonce=approval.nonce,
            session=approval.session,
            requested_claims=approval.id_token_claims,
            access_token=access_token,
            state=approval.state,
            grant_attributes=approval.attributes,
            token_attributes=attributes,
        ),
        server,
    )
