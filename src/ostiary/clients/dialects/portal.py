"""The developer portal's object for an application's client (behaviour §18, settings §3.18)."""

from collections.abc import Collection, Mapping
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
    ThreeWay,
    TwoWay,
)

IGNORED = frozenset({"LogoAssigned"})
ALWAYS_SCOPES = ("openid", "profile")
"""Seed of the portal: these cannot be restricted."""
_USUAL = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT, GrantType.REFRESH_TOKEN})


def read(body: Any, base: Client, *, common_scopes: Collection[str] = ALWAYS_SCOPES) -> ClientDraft:
    """Read the object. `base` holds the ids and what the portal cannot say.

    What is sent as `base` was shown is no change: some values look simpler here than they are, and must survive that.
    """
    shown = write_client(base) if base.version and isinstance(body, Mapping) else {}
    draft = read_client(_by_first_names(body, shown), Dialect.PORTAL, base, own_members=IGNORED)
    draft = _with_method(draft)
    draft = _with_grant_types(draft)
    draft = _with_scopes(draft, common_scopes)
    draft = _with_response_types(draft)
    if draft.value.identity.client_uri is None and draft.value.portal.app_uri is not None:
        draft = with_values(draft, {"identity.client_uri": draft.value.portal.app_uri})
    if shown:
        draft = _with_what_was_shown(draft, body, shown, base)
    return ciba_at_rest(redirectless_completed(_with_required(draft)))


_TOGETHER: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("portal.client_type",), ("portal.client_type",)),
    (
        ("portal.client_type", "authentication.exact_methods", "authentication.methods_setting"),
        ("authentication.method", "authentication.exact_methods", "authentication.methods_setting"),
    ),
    (("portal.client_type", "grants.allowed", "grants.types_setting"), ("grants.allowed", "grants.types_setting")),
    (("scopes.restricted",), ("scopes.restrict", "scopes.restricted")),
    (("grants.restricted_response_types", "grants.allowed"), ("grants.restricted_response_types",)),
    (("persistent_grants.max_lifetime",), ("persistent_grants.max_lifetime",)),
    (("portal.app_uri", "identity.client_uri"), ("identity.client_uri",)),
)
"""Settings that say something together: if the first come as they were shown, the second stay as they are."""


def _by_first_names(body: Any, shown: Mapping[str, Any]) -> Any:
    """C187, C188: two properties may say one thing; the second counts where it is new and the first says nothing."""
    if not isinstance(body, Mapping):
        return body
    told = dict(body)
    for name, alias in _SECOND_NAMES:
        if told.get(alias) == shown.get(alias):
            told.pop(alias, None)
        elif told.get(alias) and not told.get(name):
            told.pop(name, None)
    return told


_SECOND_NAMES = tuple(
    (key.names[0], alias) for _, key in CLIENT_SETTINGS.in_dialect(Dialect.PORTAL) for alias, _ in key.aliases
)


def _with_what_was_shown(
    draft: ClientDraft, body: Mapping[str, Any], shown: Mapping[str, Any], base: Client
) -> ClientDraft:
    kept = {
        path: CLIENT_SETTINGS.by_path[path].value_in(base)
        for asked, paths in _TOGETHER
        if all(_is_as_shown(path, body, shown) for path in asked)
        for path in paths
    }
    return with_values(draft, kept)


def _is_as_shown(path: str, body: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    key = CLIENT_SETTINGS.by_path[path].key_in(Dialect.PORTAL)
    assert key is not None
    seconds = [alias for alias, _ in key.aliases if body.get(alias) is not None]
    return all(_is_same(body.get(name), shown.get(name)) for name in (*key.names, *seconds))


def _is_same(sent: Any, shown: Any) -> bool:
    return bool(sent == shown or (isinstance(shown, int) and sent == str(shown)))


def _usual_method(client: Client) -> ClientAuth:
    confidential = client.portal.client_type is PortalClientType.CONFIDENTIAL
    return ClientAuth.SECRET if confidential else ClientAuth.NONE


def _usual_grant_types(client: Client) -> frozenset[GrantType]:
    """C081: what the server gives when the portal does not list grant types."""
    confidential = client.portal.client_type is PortalClientType.CONFIDENTIAL
    confidential = confidential and not client.authentication.may_stay_unproven
    return _USUAL | {GrantType.CLIENT_CREDENTIALS} if confidential else _USUAL


def _with_method(draft: ClientDraft) -> ClientDraft:
    """The type of client says how it authenticates, unless methods are listed; then any listed one does."""
    own = draft.value.authentication
    listed = own.methods_setting is MethodsSetting.LISTED or "authentication.methods_setting" not in draft.sent
    if own.exact_methods and listed:
        proving = [method.client_auth for method in own.exact_methods if method.client_auth is not ClientAuth.NONE]
        method = proving[0] if proving else ClientAuth.NONE
        said = {"authentication.method": method, "authentication.methods_setting": MethodsSetting.LISTED}
        return with_values(draft, said)
    if own.methods_setting is MethodsSetting.LISTED:
        problem = Problem("authentication.exact_methods", "is required beside token_endpoint_auth_methods_list")
        return with_problems(draft, problem)
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
    if client.portal.client_type is None:
        body["OAuthClientType"] = str(_apparent_type(client))
    if not client.scopes.restrict:
        body["restrictedScopes"] = []  # a list without effect must not look like one
    body["LogoAssigned"] = bool(client.portal.logo_picture_id or client.identity.logo_url)
    if client.grants.allowed != _usual_grant_types(client):
        body["grant_types_setting"] = str(GrantTypesSetting.LISTED)
    own = client.authentication
    methods = own.exact_methods or [one for one in AuthMethod if one.client_auth is own.method]
    if not own.exact_methods and own.method is not _usual_method(client):
        body["token_endpoint_auth_method_supported_setting"] = str(MethodsSetting.LISTED)
        body["token_endpoint_auth_methods"] = [str(one) for one in methods]
    body["token_endpoint_auth_method"] = [str(one) for one in methods]
    reachable = (one for one in ResponseType if one.grant_types <= client.grants.allowed)
    body["response_types"] = [str(one) for one in client.grants.restricted_response_types or reachable]
    return body


def _apparent_type(client: Client) -> PortalClientType:
    """RFC 6749 §2.1: what a client is that was made elsewhere."""
    public = client.authentication.may_stay_unproven
    return PortalClientType.PUBLIC if public else PortalClientType.CONFIDENTIAL


def name_of(field: str) -> str:
    """The property that a problem is about; for what the portal cannot say, the name it has for administrators."""
    named = _SAID_BY.get(field) or CLIENT_SETTINGS.name_in(Dialect.PORTAL, field)
    return CLIENT_SETTINGS.name_in(Dialect.ADMIN, field) if named == field else named


def reason_of(problem: Problem) -> str:
    """What is wrong, in the portal's word for *the client's own value*."""
    own = TwoWay.OVERRIDE if problem.field.startswith("access_tokens.") else ThreeWay.OVERRIDE
    return problem.message.replace(own.written(Dialect.ADMIN), own.written(Dialect.PORTAL))


_SAID_BY = {"authentication.method": "token_endpoint_auth_methods", "scopes.restrict": "restrictedScopes"}
"""What the portal says in the words of another setting."""
