"""What a scope parameter may say at the token endpoint (behaviour §5.2, §5.3)."""

from ostiary.clients.client import Client
from ostiary.errors import InvalidScope, Why
from ostiary.server import Server
from ostiary.server_settings.scopes import OPENID, allowed, within

Scope = tuple[str, ...]
MOST_VALUES = 200


def parse_scope(text: str | None) -> Scope:
    """RFC 6749 §3.3: the values in their order, each once. Raises `InvalidScope`."""
    if text is None:
        return ()
    values = tuple(dict.fromkeys(text.split(" ")))
    if not text.isascii() or not text.isprintable() or '"' in text or "\\" in text or len(values) > MOST_VALUES:
        raise InvalidScope("scope must be values of printable characters, separated by single spaces")
    return tuple(value for value in values if value)


def check_allowed(scope: Scope, client: Client, server: Server) -> None:
    """Behaviour §5.2: one value that this client may not ask for refuses the whole request."""
    for value in scope:
        if not is_allowed(value, client, server):
            why = Why(rule="behaviour §5.2", setting="scopes", compared={"scope": value})
            raise InvalidScope("a requested scope is unknown or not available to this client", why)


def is_allowed(value: str, client: Client, server: Server) -> bool:
    """Whether the client may have this value as the settings are now."""
    if value == OPENID and not client.openid.supported:
        return False
    return allowed(
        server.settings.scope_book, value, client.scopes.restrict, client.restricted_scopes, client.exclusive_scopes
    )


def narrowed(requested: str | None, granted: Scope, client: Client, server: Server) -> Scope:
    """RFC 6749 §6: what was granted or less, and of that what the client may still have (threat T-14).

    A request that names more than was granted, or what the client lost since, is refused; one that names nothing gets
    what is left.
    """
    if requested is None:
        return tuple(value for value in granted if is_allowed(value, client, server))
    scope = parse_scope(requested)
    if not within(server.settings.scope_book, scope, granted):
        raise InvalidScope("scope names more than was granted", Why(rule="RFC 6749 §6"))
    left = tuple(value for value in granted if is_allowed(value, client, server))
    if not within(server.settings.scope_book, scope, left):  # a member of a group goes with its group
        raise InvalidScope("the client lost a scope that was granted", Why(rule="threat T-14", setting="scopes"))
    return scope
