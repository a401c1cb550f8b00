"""The developer portal's object for an application's client (behaviour §18, settings §3.18)."""

from collections.abc import Collection
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import (
    ClientDraft,
    ciba_at_rest,
    read_client,
    redirectless_completed,
    with_problems,
    with_values,
)
from ostiary.clients.rules.protection import ALWAYS_IN_PORTAL
from ostiary.declare import Dialect, Problem, ResponseTypes, write
from ostiary.declare.kinds import Writing
from ostiary.words import (
    AuthMethod,
    ClientAuth,
    GrantType,
    GrantTypesSetting,
    MethodsSetting,
    PortalClientType,
    ResponseType,
)

IGNORED = frozenset({"LogoAssigned"})
ALWAYS_SCOPES = ("openid", "profile")
"""Seed of the portal: these cannot be restricted."""
_USUAL = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT, GrantType.REFRESH_TOKEN})


def read(body: Any, base: Client, *, common_scopes: Collection[str] = ALWAYS_SCOPES) -> ClientDraft:
    """Read the object. `base` holds the ids and what the portal cannot say."""
    draft = read_client(body, Dialect.PORTAL, base, own_members=IGNORED)
    draft = _with_method(draft)
    draft = _with_grant_types(draft)
    draft = _with_scopes(draft, common_scopes)
    draft = _with_response_types(draft)
    if draft.value.identity.client_uri is None and draft.value.portal.app_uri is not None:
        draft = with_values(draft, {"identity.client_uri": draft.value.portal.app_uri})
    return ciba_at_rest(redirectless_completed(_with_required(draft)))


def _usual_method(client: Client) -> ClientAuth:
    confidential = client.portal.client_type is PortalClientType.CONFIDENTIAL
    return ClientAuth.SECRET if confidential else ClientAuth.NONE


def _usual_grant_types(client: Client) -> frozenset[GrantType]:
    """C081: what the server gives when the portal does not list grant types."""
    confidential = client.portal.client_type is PortalClientType.CONFIDENTIAL
    return _USUAL | {GrantType.CLIENT_CREDENTIALS} if confidential else _USUAL


def _with_method(draft: ClientDraft) -> ClientDraft:
    """The type of client says how it authenticates, unless methods are listed; then any listed one does."""
    own = draft.value.authentication
    if own.exact_methods and own.methods_setting is MethodsSetting.LISTED:
        proving = [method.client_auth for method in own.exact_methods if method.client_auth is not ClientAuth.NONE]
        return with_values(draft, {"authentication.method": proving[0] if proving else ClientAuth.NONE})
    if own.methods_setting is MethodsSetting.LISTED:
        problem = Problem("authentication.exact_methods", "is required beside token_endpoint_auth_methods_list")
        return with_problems(draft, problem)
    if len(own.exact_methods) == 1 and "authentication.methods_setting" not in draft.sent:
        return with_values(draft, {"authentication.method": own.exact_methods[0].client_auth})
    method = _usual_method(draft.value)
    return with_values(draft, {"authentication.method": method, "authentication.exact_methods": ()})


def _with_grant_types(draft: ClientDraft) -> ClientDraft:
    own = draft.value.grants
    if own.types_setting is GrantTypesSetting.LISTED or ("grants.allowed" in draft.sent and not _says_global(draft)):
        return draft
    return with_values(draft, {"grants.allowed": _usual_grant_types(draft.value)})


def _says_global(draft: ClientDraft) -> bool:
    return "grants.types_setting" in draft.sent and draft.value.grants.types_setting is GrantTypesSetting.GLOBAL


def _with_scopes(draft: ClientDraft, common_scopes: Collection[str]) -> ClientDraft:
    if not draft.value.scopes.restricted:
        return with_values(draft, {"scopes.restrict": False})
    always = (scope for scope in ALWAYS_SCOPES if scope in common_scopes)
    restricted = tuple(dict.fromkeys((*draft.value.scopes.restricted, *always)))
    return with_values(draft, {"scopes.restrict": True, "scopes.restricted": restricted})


def _with_response_types(draft: ClientDraft) -> ClientDraft:
    """X13: code and ``id_token token`` are always allowed, as far as the grant types reach."""
    listed = draft.value.grants.restricted_response_types
    if not listed:
        return draft
    reachable = (
        one for one in ResponseType if one in ALWAYS_IN_PORTAL and one.grant_types <= draft.value.grants.allowed
    )
    return with_values(
        draft, {"grants.restricted_response_types": ResponseTypes(tuple(dict.fromkeys((*listed, *reachable))))}
    )


def _with_required(draft: ClientDraft) -> ClientDraft:
    """Samples leave the URIs after logout out, so they are asked for only where OpenID Connect is asked for."""
    if "openid.supported" in draft.sent and draft.value.openid.supported:
        field = "redirection.post_logout_redirect_uris"
        if field not in draft.sent and not any(problem.field == field for problem in draft.problems):
            return with_problems(draft, Problem(field, "is required"))
    return draft


def write_client(client: Client) -> dict[str, Any]:
    """The object of a client."""
    body = write(CLIENT_SETTINGS, client, Writing(Dialect.PORTAL))
    body["LogoAssigned"] = bool(client.portal.logo_picture_id or client.identity.logo_url)
    if client.grants.allowed != _usual_grant_types(client):
        body["grant_types_setting"] = str(GrantTypesSetting.LISTED)
    own = client.authentication
    if not own.exact_methods and own.method is not _usual_method(client):
        body["token_endpoint_auth_method_supported_setting"] = str(MethodsSetting.LISTED)
        body["token_endpoint_auth_methods"] = [str(one) for one in AuthMethod if one.client_auth is own.method]
    return body


def name_of(field: str) -> str:
    """The property that a problem is about."""
    return CLIENT_SETTINGS.name_in(Dialect.PORTAL, field)
