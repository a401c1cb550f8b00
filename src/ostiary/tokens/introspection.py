"""RFC 7662: what a resource server may know of a token (behaviour §12.1)."""

from typing import Any

from ostiary.audit.events import TokenIntrospected
from ostiary.clients.client import Client
from ostiary.errors import InvalidClient, UnauthorizedClient, Why
from ostiary.parameters import Parameters
from ostiary.ports.clock import SECOND
from ostiary.server import Server
from ostiary.server_settings.scopes import expand_groups
from ostiary.tokens.handles import key_of
from ostiary.tokens.managers import Wanted, default_id, eligible_managers, named_manager
from ostiary.tokens.persistent_grants import is_over
from ostiary.tokens.validation import LiveToken, find_access_token
from ostiary.words import GrantType

Answer = dict[str, Any]
INACTIVE: Answer = {"active": False}
ACTIVE: Answer = {"active": True}
REFRESH_TOKEN = "refresh_token"  # noqa: S105


async def introspect(parameters: Parameters, caller: Client, server: Server) -> Answer:
    """Answer for one token. Raises `UnauthorizedClient`, `InvalidClient`, `InvalidRequest`, `InvalidTarget`.

    The hint only says where to look first (RFC 7662 §2.1): every kind of token is found without it.
    """
    check_may_introspect(caller, server)
    text = parameters.require("token")
    judges = _judges(Wanted.parse(parameters), caller, server)
    if parameters.get("token_type_hint") == REFRESH_TOKEN:
        answer = await _refresh_token(text, server) or await _access_token(text, judges, server)
    else:
        answer = await _access_token(text, judges, server) or await _refresh_token(text, server)
    event = TokenIntrospected(client_id=caller.client_id, active=answer is not None)
    server.events.record(event)
    return INACTIVE if answer is None else answer


def check_may_introspect(caller: Client, server: Server) -> None:
    """Threat T-53: only resource servers that proved who they are; S094 lets those without a secret in."""
    if GrantType.ACCESS_TOKEN_VALIDATION not in caller.grants.allowed:
        why = Why(rule="behaviour §12.1", setting="grants.allowed", level="client")
        raise UnauthorizedClient("this client may not introspect tokens", why)
    if caller.authentication.may_stay_unproven and not server.settings.compatibility.unauthenticated_introspection:
        setting = "compatibility.unauthenticated_introspection"
        raise InvalidClient(Why(rule="threat T-53", setting=setting, level="server"))


def _judges(wanted: Wanted, caller: Client, server: Server) -> frozenset[str]:
    """The managers whose tokens the caller may ask about: the one it names, with C087 all of its, else its default."""
    eligible = eligible_managers(None, caller, server.objects)
    named = named_manager(wanted, eligible)
    if named is not None:
        return frozenset({named.id})
    own = caller.access_tokens
    if own.validate_against_all and not own.restrict_to_default:
        return frozenset(manager.id for manager in eligible)
    default = default_id(caller, server.objects)
    return frozenset(manager.id for manager in eligible if manager.id == default)


async def _access_token(text: str, judges: frozenset[str], server: Server) -> Answer | None:
    token = await find_access_token(text, server)
    if token is None or token.manager.id not in judges:
        return None
    return _said(token, server)


def _said(token: LiveToken, server: Server) -> Answer:
    """What the token stands for. What the protocol says wins over an attribute of the same name."""
    scope = token.scope
    if token.manager.configuration.expand_scope_groups:
        scope = expand_groups(server.settings.scope_book, scope)
    answer: Answer = {**token.attributes, "active": True}
    if token.client_id:
        answer["client_id"] = token.client_id
    if scope:
        answer["scope"] = " ".join(scope)
    answer["exp"] = token.expires_at // SECOND
    answer["token_type"] = "Bearer"  # noqa: S105
    if token.claims is not None:
        answer |= {name: token.claims[name] for name in ("iss", "aud", "iat", "nbf", "jti") if name in token.claims}
    return answer


async def _refresh_token(text: str, server: Server) -> Answer | None:
    """Behaviour §12.1: an active refresh token is just that."""
    found = await server.stores.refresh_token(key_of(text))
    if found is None:
        return None
    token, grant = found
    now = server.clock.now()
    if token.rolled_at is not None and (token.grace_until or 0) <= now:
        return None
    client = await server.clients.get(token.client_id)
    if client is None or not client.identity.enabled or is_over(grant, client, server):
        return None
    return ACTIVE
