"""Which claims about a person go to whom: by scope, by policy, and by the ``claims`` parameter (behaviour §13.2)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from ostiary.audit.request import current_request
from ostiary.clients.client import Client
from ostiary.server import Server
from ostiary.server_settings.fulfillment import Sources, fulfil
from ostiary.server_settings.openid_policies import OpenIdPolicy, PolicyAttribute
from ostiary.tokens.people import Person

SUBJECT = "sub"
RESERVED = frozenset(
    {"iss", "aud", "exp", "iat", "nbf", "jti", "nonce", "auth_time", "acr", "azp", "sid", "at_hash", "c_hash", "s_hash"}
)
"""What only the server itself says in an ID token; an attribute of such a name is not put into one."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances under which claims are asked for."""

    client: Client
    person: Person
    scope: tuple[str, ...]
    grant_type: str
    requested: Collection[str] = ()
    """OpenID Connect Core §5.5: the claims asked for by name."""
    grant_attributes: Mapping[str, Any] | None = None
    token_attributes: Mapping[str, Any] | None = None
    """The attributes of the access token, for policies that draw on it."""


def sources_for(
    client: Client,
    scope: tuple[str, ...],
    grant_type: str,
    server: Server,
    person: Person | None = None,
    grant_attributes: Mapping[str, Any] | None = None,
    token_attributes: Mapping[str, Any] | None = None,
) -> Sources:
    """What mappings may draw on, in the words of behaviour §17.2."""
    user_key, username = ("", "") if person is None else (person.user_key, person.username)
    return Sources(
        context={
            "ClientId": client.client_id,
            "Scope": " ".join(scope),
            "GrantType": grant_type,
            "Issuer": server.issuer,
            "ClientIp": current_request.get().source,
            "UserKey": user_key,
        },
        account={} if person is None else person.attributes,
        validator="" if person is None else person.validator,
        grant={"USER_KEY": user_key, "USER_NAME": username, **(grant_attributes or {})},
        client_properties={name: _single(values) for name, values in client.extended.parameters.items()},
        token=token_attributes or {},
    )


def claims_of(policy: OpenIdPolicy, release: Release, server: Server, names: Collection[str]) -> dict[str, Any]:
    """Those attributes of the policy's contract that have a value, and always ``sub``."""
    sources = sources_for(
        release.client,
        release.scope,
        release.grant_type,
        server,
        release.person,
        release.grant_attributes,
        release.token_attributes,
    )
    rules = policy.fulfillment
    claims = fulfil({name: rules[name] for name in (SUBJECT, *names) if name in rules}, sources)
    claims.setdefault(SUBJECT, release.person.user_key)
    for attribute in policy.attributes:
        value = claims.get(attribute.name)
        if attribute.multi_valued and value is not None and not isinstance(value, (list, tuple)):
            claims[attribute.name] = [value]
    return claims


def released(policy: OpenIdPolicy, scope: Collection[str], requested: Collection[str]) -> list[PolicyAttribute]:
    """The attributes that the granted scopes release, that no scope guards, or that were asked for by name."""
    guarded, granted = guarded_by(policy, policy.scope_attributes), guarded_by(policy, scope)
    return [
        attribute
        for attribute in policy.attributes
        if attribute.name in granted or attribute.name not in guarded or attribute.name in requested
    ]


def asked_by_name(policy: OpenIdPolicy, wished: Iterable[str]) -> tuple[str, ...]:
    """OpenID Connect Core §5.5: the wished claims that the policy knows, each once. Nobody could be told the others."""
    known = {attribute.name for attribute in policy.attributes} - RESERVED - {SUBJECT}
    return tuple(name for name in dict.fromkeys(wished) if name in known)


def uncovered(policy: OpenIdPolicy, scope: Collection[str], names: Collection[str]) -> tuple[str, ...]:
    """Those claims that neither these scopes nor the policy by itself releases: somebody must approve them by name."""
    if not names:
        return ()
    guarded = guarded_by(policy, policy.scope_attributes)
    free = {
        attribute.name for attribute in policy.attributes if attribute.in_user_info and attribute.name not in guarded
    }
    covered = free | guarded_by(policy, scope)
    return tuple(name for name in names if name not in covered)


def guarded_by(policy: OpenIdPolicy, scope: Iterable[str]) -> set[str]:
    """The claims that these scopes release."""
    return {name for value in scope for name in policy.scope_attributes.get(value, ())}


def _single(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
