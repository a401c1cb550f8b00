"""What a client points to exists."""

from collections.abc import Collection, Iterator

from ostiary.clients.client import Client
from ostiary.declare import Problem
from ostiary.server_settings.facts import Facts
from ostiary.words import PortalTokenType


def scopes_exist(client: Client, facts: Facts) -> Iterator[Problem]:
    """V12: common scopes are common, exclusive ones exclusive."""
    yield from _all_known("scopes.restricted", client.scopes.restricted, facts.common_scopes, "common scope")
    yield from _all_known("scopes.exclusive", client.scopes.exclusive, facts.exclusive_scopes, "exclusive scope")


def references_exist(client: Client, facts: Facts) -> Iterator[Problem]:
    """V19."""
    for field, found, known, noun in (
        ("access_tokens.default_manager", client.access_tokens.default_manager, facts.managers, "access token manager"),
        ("openid.policy", client.openid.policy, facts.policies, "OpenID Connect policy"),
        ("ciba.policy", client.ciba.policy, facts.request_policies, "CIBA request policy"),
        ("token_exchange.policy", client.token_exchange.policy, facts.processor_policies, "processor policy"),
    ):
        if found is not None and found not in known:
            yield Problem(field, f'there is no {noun} "{_shown(found)}"')
    wished = client.portal.token_type
    if wished is not PortalTokenType.DEFAULT and wished not in facts.token_types:
        yield Problem("portal.token_type", f"no access token manager makes tokens of the type {wished}")
    types = client.scopes.authorization_detail_types
    yield from _all_known("scopes.authorization_detail_types", types, facts.detail_types, "authorization detail type")
    manager = client.access_tokens.default_manager
    allowed = facts.managers.get(manager) if manager is not None else None
    if allowed is not None and client.client_id not in allowed:
        yield Problem("access_tokens.default_manager", "this client may not use that access token manager")


def extended_properties_are_defined(client: Client, facts: Facts) -> Iterator[Problem]:
    """V21: a property is defined, and has several values only where its definition says so."""
    for name, values in client.extended.parameters.items():
        several = facts.extended_properties.get(name)
        if several is None:
            yield Problem("extended.parameters", f'"{_shown(name)}" is not defined')
        elif len(values) > 1 and not several:
            yield Problem("extended.parameters", f'"{_shown(name)}" may have one value only')


def _all_known(field: str, found: Collection[str], known: Collection[str], noun: str) -> Iterator[Problem]:
    for one in found:
        if one not in known:
            yield Problem(field, f'there is no {noun} "{_shown(one)}"')


def _shown(text: str) -> str:
    return text[:80] if text.isprintable() else "…"
