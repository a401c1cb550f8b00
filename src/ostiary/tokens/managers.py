"""Which access token manager makes or judges a token (behaviour §11.2)."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import msgspec

from ostiary.clients.client import Client
from ostiary.errors import InvalidRequest, InvalidTarget, ServerError, Why
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.openid_policies import OpenIdPolicy
from ostiary.server_settings.token_objects import AccessTokenManager, AccessTokenMapping
from ostiary.words import PortalTokenType


class Context(msgspec.Struct, frozen=True):
    """Where a token comes from: a mapping holds for one of these, or for all that have none of their own."""

    type: str
    id: str = ""


CLIENT_CREDENTIALS = Context("CLIENT_CREDENTIALS")
_DEFAULT = "DEFAULT"


def signed_on(validator: str) -> Context:
    """The context of a person whom a password credential validator knows."""
    return Context("PCV", validator)


class Wanted(msgspec.Struct, frozen=True):
    """What a request says of the manager: an id, or the resources the token is for (RFC 8707)."""

    manager_id: str | None = None
    resources: tuple[str, ...] = ()

    @classmethod
    def parse(cls, parameters: Parameters) -> "Wanted":
        """From ``access_token_manager_id``, ``aud`` and ``resource``; raises `InvalidTarget`."""
        manager_id = parameters.get("access_token_manager_id")
        if manager_id is None and "resource" not in parameters and "aud" not in parameters:
            return NOTHING
        aud = parameters.get("aud")
        resources = (*parameters.all("resource"), *(() if aud is None else (aud,)))
        for resource in resources:
            check_is_resource(resource)
        return cls(manager_id, resources)


NOTHING = Wanted()


def check_is_resource(uri: str) -> None:
    """RFC 8707 §2: an absolute URI without a fragment."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise InvalidTarget("resource is not a URI") from None
    if not parts.scheme or "#" in uri or not uri.isascii():
        raise InvalidTarget("resource must be an absolute URI without a fragment")


def choose_manager(
    wanted: Wanted, context: Context, client: Client, server: Server, *, openid: bool, before: str = ""
) -> AccessTokenManager:
    """The manager of a new token. Raises `InvalidRequest` for an id and `InvalidTarget` for a resource that cannot be.

    `openid` says whether that scope is asked for. `before` is the manager chosen at the authorization endpoint or kept
    with the grant; it is taken when the request names none.
    """
    eligible = eligible_managers(context, client, server.objects)
    if wanted is not NOTHING and (named := named_manager(wanted, eligible)) is not None:
        return named
    for manager_id in _in_order(client, server.objects, openid=openid, before=before):
        for manager in eligible:
            if manager.id == manager_id:
                return manager
    if len(eligible) == 1:
        return eligible[0]
    why = Why(rule="behaviour §11.2", setting="access_tokens.default_manager", compared={"context": context.type})
    raise ServerError("no access token manager can be used for this request", why)


def eligible_managers(context: Context | None, client: Client, objects: Objects) -> list[AccessTokenManager]:
    """Rule 1: those with a mapping for the context (if one is given) and with the client on their list."""
    only = default_id(client, objects) if client.access_tokens.restrict_to_default else None
    return [
        manager
        for manager in objects.managers.values()
        if (only is None or manager.id == only)
        and (not manager.restrict_clients or client.client_id in manager.allowed_clients)
        and (context is None or mapping_for(manager.id, context, objects) is not None)
    ]


def named_manager(wanted: Wanted, eligible: Sequence[AccessTokenManager]) -> AccessTokenManager | None:
    """Rule 2: the one that the request names, by id or by resource; None when it names none."""
    found: AccessTokenManager | None = None
    if wanted.manager_id is not None:
        found = next((manager for manager in eligible if manager.id == wanted.manager_id), None)
        if found is None:
            raise InvalidRequest("access_token_manager_id names no manager that this client may use")
    for resource in wanted.resources:
        manager = _of_resource(resource, eligible)
        if manager is None:
            raise InvalidTarget("no access token of this client is for the resource")
        if found is not None and manager is not found:
            if wanted.manager_id is not None:
                raise InvalidRequest("access_token_manager_id and the resource name different managers")
            raise InvalidTarget("one access token cannot be for all of the resources")
        found = manager
    return found


def default_id(client: Client, objects: Objects) -> str:
    """C085, else a manager of the kind that C186 asks for, else the server's default."""
    return client.access_tokens.default_manager or _of_wished_kind(client, objects) or objects.default_manager


def _of_wished_kind(client: Client, objects: Objects) -> str:
    """C186: the server's default manager if it makes such tokens, else the first by id; empty: any kind will do."""
    wished = client.portal.token_type
    if wished is PortalTokenType.DEFAULT:
        return ""
    fitting = [
        manager.id
        for manager in objects.managers.values()
        if manager.token_type is wished
        and (not manager.restrict_clients or client.client_id in manager.allowed_clients)
    ]
    return objects.default_manager if objects.default_manager in fitting else min(fitting, default="")


def mapping_for(manager_id: str, context: Context, objects: Objects) -> AccessTokenMapping | None:
    """The mapping of a manager for a context: its own, else that of all validators, else the default one."""
    key = (manager_id, context.type, context.id)
    known = _mappings.get(key)
    if known is None or known[0] is not objects:
        if len(_mappings) >= MOST_MAPPINGS:
            _mappings.clear()
        known = _mappings[key] = (objects, _find_mapping(manager_id, context, objects))
    return known[1]


MOST_MAPPINGS = 1024
"""Mappings looked up before and remembered, per process; when there are more, all are looked up anew."""
_mappings: dict[tuple[str, str, str], tuple[Objects, AccessTokenMapping | None]] = {}
"""By manager and context, with the objects they were found in: they count only while those are the very same."""


def _find_mapping(manager_id: str, context: Context, objects: Objects) -> AccessTokenMapping | None:
    found: AccessTokenMapping | None = None
    rank = 0
    for mapping in objects.mappings:
        if mapping.manager_id != manager_id:
            continue
        mine = _rank(mapping, context)
        if mine > rank:
            found, rank = mapping, mine
    return found


def policy_of(client: Client, objects: Objects) -> OpenIdPolicy | None:
    """C113, else the default policy."""
    return objects.policies.get(client.openid.policy or objects.default_policy)


def _in_order(client: Client, objects: Objects, *, openid: bool, before: str) -> Iterable[str]:
    """Rules 3 and 4; a kind of token that was chosen for this one client comes before the policy of many."""
    if before:
        yield before
    if not client.access_tokens.default_manager and (wished := _of_wished_kind(client, objects)):
        yield wished
    if openid and (policy := policy_of(client, objects)) is not None and policy.manager_id:
        yield policy.manager_id
    if client.access_tokens.default_manager:
        yield client.access_tokens.default_manager
    yield objects.default_manager


def _rank(mapping: AccessTokenMapping, context: Context) -> int:
    if mapping.context_type == context.type and (mapping.context_id or "") in ("", context.id):
        return 3 if mapping.context_id else 2
    return 1 if mapping.context_type == _DEFAULT else 0


def _of_resource(uri: str, managers: Iterable[AccessTokenManager]) -> AccessTokenManager | None:
    """The manager with the longest base URI that the resource is, or is below of at a path boundary."""
    found: AccessTokenManager | None = None
    longest = 0
    for manager in managers:
        for base in manager.resource_uris:
            if len(base) > longest and (uri == base or uri.startswith(base if base.endswith("/") else base + "/")):
                found, longest = manager, len(base)
    return found
