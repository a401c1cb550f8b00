"""Client metadata of RFC 7591 and OpenID Connect Registration."""

from collections.abc import Collection, Mapping
from dataclasses import replace
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
from ostiary.declare import Dialect, Problem, write
from ostiary.declare.kinds import Properties, Writing
from ostiary.words import ContentEncryption, GrantType, LogoutMode, ResponseType

IGNORED = frozenset(
    {
        "client_id",
        "client_secret",
        "client_secret_expires_at",
        "registration_access_token",
        "registration_client_uri",
        "software_id",
        "software_version",
        "software_statement",
    }
)
_DEFAULTS: dict[str, Any] = {
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": ["authorization_code"],
}
_BROWSER = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT})
_PAIRS = (
    ("openid.id_token_encryption", "openid.id_token_content_encryption"),
    ("openid.userinfo_encryption", "openid.userinfo_content_encryption"),
    ("introspection.encryption", "introspection.content_encryption"),
    ("jarm.encryption", "jarm.content_encryption"),
    ("requests.object_encryption", "requests.object_content_encryption"),
)


def read(
    body: Any,
    base: Client,
    *,
    exclusive_scopes: Collection[str] = frozenset(),
    properties: Collection[str] = frozenset(),
) -> ClientDraft:
    """Read metadata. `base` holds the id and what metadata cannot say; the rest takes the defaults of RFC 7591 §2.

    `exclusive_scopes` says which names of ``scope`` are exclusive; `properties` names the extended properties.
    """
    if isinstance(body, Mapping):
        given = {name: value for name, value in body.items() if value is not None}
        body = _with_response_types({**_DEFAULTS, **given})
    draft = read_client(body, Dialect.REGISTRATION, base, own_members=IGNORED | frozenset(properties))
    draft = _with_scopes(_with_derived(draft), exclusive_scopes)
    if isinstance(body, Mapping):
        draft = _with_properties(draft, body, properties)
    return ciba_at_rest(redirectless_completed(draft))


def _with_response_types(body: dict[str, Any]) -> dict[str, Any]:
    """RFC 7591 §2: ``code`` when there are none, unless no grant type of the client goes through the browser."""
    grants = body["grant_types"]
    named = {GrantType.read(one) for one in grants if isinstance(one, str)} if isinstance(grants, list) else set()
    if body.get("response_types") or (named and named.isdisjoint(_BROWSER)):
        return body
    return {**body, "response_types": ["code"]}


def _with_derived(draft: ClientDraft) -> ClientDraft:
    """OpenID Connect Registration §2: an ``alg`` alone means A128CBC-HS256; a logout URI alone means its mode."""
    changes: dict[str, Any] = {}
    for key_management, content in _PAIRS:
        if key_management in draft.sent and content not in draft.sent:
            changes[content] = ContentEncryption.A128CBC_HS256
    own = draft.value.logout
    if own.back_channel_uri and "logout.back_channel_uri" in draft.sent:
        changes["logout.mode"] = LogoutMode.OIDC_BACK_CHANNEL
    elif own.uris and "logout.uris" in draft.sent:
        changes["logout.mode"] = LogoutMode.OIDC_FRONT_CHANNEL
    elif own.mode in (LogoutMode.OIDC_BACK_CHANNEL, LogoutMode.OIDC_FRONT_CHANNEL):
        changes["logout.mode"] = LogoutMode.NONE
    if not draft.value.identity.name:
        changes["identity.name"] = draft.value.identity.client_id
    return with_values(draft, changes)


def _with_scopes(draft: ClientDraft, exclusive_scopes: Collection[str]) -> ClientDraft:
    """One ``scope`` for both kinds; giving it restricts the client to it, leaving it out keeps what the base has."""
    if "scopes.restricted" not in draft.sent:
        return draft
    asked = draft.value.scopes.restricted
    return with_values(
        draft,
        {
            "scopes.restrict": True,
            "scopes.restricted": tuple(scope for scope in asked if scope not in exclusive_scopes),
            "scopes.exclusive": tuple(scope for scope in asked if scope in exclusive_scopes),
        },
    )


def _with_properties(draft: ClientDraft, body: Mapping[str, Any], names: Collection[str]) -> ClientDraft:
    found = {}
    for name in names:
        value = body.get(name)
        texts = [value] if isinstance(value, str) else value
        if texts is None:
            continue
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            draft = with_problems(draft, Problem("extended.parameters", f"{name} must be text", malformed=True))
        else:
            found[name] = tuple(texts)
    return with_values(draft, {"extended.parameters": Properties(found)})


def write_client(client: Client) -> dict[str, Any]:
    """The metadata of a client, without secret and registration members; those belong to the endpoint."""
    if not client.grants.restricted_response_types:
        reachable = tuple(one for one in ResponseType if one.grant_types <= client.grants.allowed)
        grants = replace(
            client.grants, restricted_response_types=type(client.grants.restricted_response_types)(reachable)
        )
        client = replace(client, grants=grants)
    body = write(CLIENT_SETTINGS, client, Writing(Dialect.REGISTRATION))
    scopes = (*client.scopes.restricted, *client.scopes.exclusive)
    body.pop("scope", None)
    if client.scopes.restrict or client.scopes.exclusive:
        body["scope"] = " ".join(scopes)
    for name, values in client.extended.parameters.items():
        body.setdefault(name, values[0] if len(values) == 1 else list(values))
    return body


def name_of(field: str) -> str:
    """The metadata member that a problem is about."""
    return CLIENT_SETTINGS.name_in(Dialect.REGISTRATION, field)
