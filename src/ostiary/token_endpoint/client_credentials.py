"""RFC 6749 §4.4: a client asks for itself."""

from collections.abc import Mapping

import msgspec

from ostiary.audit.events import TokenIssued
from ostiary.clients.client import Client
from ostiary.errors import UnauthorizedClient, Why
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.server_settings.fulfillment import Fulfillment, SourceType, references
from ostiary.server_settings.scopes import OPENID
from ostiary.token_endpoint.answer import TokenAnswer
from ostiary.token_endpoint.scopes import Scope, check_allowed, parse_scope
from ostiary.tokens.access_tokens import AccessTokenRequest, Prepared, mint, prepare
from ostiary.tokens.managers import CLIENT_CREDENTIALS, Wanted, choose_manager, mapping_for
from ostiary.words import GrantType

MOST_PREPARED = 2048
"""Prepared tokens kept per process, a kilobyte or two each; when there are more, all are made anew."""
_VARYING = "ClientIp"


class _Ready(msgspec.Struct, frozen=True):
    """A prepared token, and what it was prepared from: it is used only while all of that is the very same."""

    client: Client
    server: Server
    token: Prepared
    event: TokenIssued


_Key = tuple[str, str | None, str | None]
_ready: dict[_Key, _Ready] = {}
"""By client id, scope and manager as they were asked for."""


async def exchange(parameters: Parameters, client: Client, server: Server) -> TokenAnswer:
    """An access token without a person. No refresh token, no ID token; ``openid`` is ignored."""
    wanted = Wanted.parse(parameters)
    scope = parameters.get("scope")
    key = (client.client_id, scope, wanted.manager_id)
    ready = None if wanted.resources else _ready.get(key)
    if ready is None or ready.client is not client or ready.server is not server:
        ready = _prepare(parse_scope(scope), wanted, client, server)
        if not wanted.resources and not _varies(ready.token, server):
            _keep(key, ready)
    minted = mint(ready.token, server)
    if minted.changes:
        await server.stores.commit(*minted.changes)
    server.events.record(ready.event)
    return TokenAnswer(access_token=minted.text, expires_in=minted.expires_in, scope=ready.token.scope_text)


def _prepare(scope: Scope, wanted: Wanted, client: Client, server: Server) -> _Ready:
    if client.authentication.may_stay_unproven:
        why = Why(rule="RFC 6749 §4.4", setting="authentication.method", level="client")
        raise UnauthorizedClient("client_credentials needs a client that authenticates", why)
    scope = tuple(value for value in scope if value != OPENID)
    check_allowed(scope, client, server)
    manager = choose_manager(wanted, CLIENT_CREDENTIALS, client, server, openid=False)
    request = AccessTokenRequest(
        client=client,
        manager=manager,
        context=CLIENT_CREDENTIALS,
        grant_type=GrantType.CLIENT_CREDENTIALS,
        scope=scope,
        resources=wanted.resources,
    )
    token = prepare(request, server)
    event = TokenIssued(
        client_id=client.client_id,
        grant_type=GrantType.CLIENT_CREDENTIALS,
        scope=token.scope_text,
        manager=manager.id,
    )
    return _Ready(client, server, token, event)


def _keep(key: _Key, ready: _Ready) -> None:
    if len(_ready) >= MOST_PREPARED:
        _ready.clear()
    _ready[key] = ready


def _varies(token: Prepared, server: Server) -> bool:
    """Whether the token depends on where the request comes from."""
    mapping = mapping_for(token.manager_id, CLIENT_CREDENTIALS, server.objects)
    return mapping is not None and _draws_on_address(mapping.fulfillment)


def _draws_on_address(fulfillment: Mapping[str, Fulfillment]) -> bool:
    return any(
        (rule.source_type is SourceType.CONTEXT and rule.value == _VARYING)
        or (rule.source_type is SourceType.TEXT and _VARYING in references(rule.value))
        for rule in fulfillment.values()
    )
