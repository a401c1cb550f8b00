"""Where people and messages are sent."""

from collections.abc import Iterator

from ostiary.clients.client import Client
from ostiary.clients.rules.uris import uris_are_good
from ostiary.declare import Problem
from ostiary.declare.urls import split
from ostiary.server_settings.facts import Facts
from ostiary.words import GrantType, LogoutMode


def browser_grants_have_redirect_uris(client: Client, facts: Facts) -> Iterator[Problem]:
    """V05: answers need somewhere to go. Not asked of the portal, whose object has no place for them."""
    browser = not client.grants.allowed.isdisjoint({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT})
    elsewhere = client.redirection.allow_authentication_api or client.portal.runtime_id is not None
    if browser and not client.redirection.redirect_uris and not elsewhere:
        yield Problem(
            "redirection.redirect_uris", "at least one is required for the authorization code and implicit grant types"
        )


def redirect_uris_are_good(client: Client, facts: Facts) -> Iterator[Problem]:
    """V06, and the same for the URIs after logout."""
    for field, uris in (
        ("redirection.redirect_uris", client.redirection.redirect_uris),
        ("redirection.post_logout_redirect_uris", client.redirection.post_logout_redirect_uris),
    ):
        yield from uris_are_good(field, uris, wildcards_allowed=facts.wildcards_allowed)


def redirectless_mode_is_complete(client: Client, facts: Facts) -> Iterator[Problem]:
    """V13: what the redirectless mode forces cannot be refused in the same breath."""
    if not client.redirection.allow_authentication_api:
        return
    if not client.redirection.bypass_approval:
        yield Problem("redirection.bypass_approval", "must be true in redirectless mode")
    if not client.scopes.restrict:
        yield Problem("scopes.restrict", "must be true in redirectless mode")


def sector_fits_pairwise(client: Client, facts: Facts) -> Iterator[Problem]:
    """V18, OpenID Connect Core §8.1: a sector is for pairwise identifiers, which need one when there are many hosts."""
    own = client.openid
    if own.sector_identifier_uri and not own.pairwise:
        yield Problem("openid.sector_identifier_uri", "is possible with pairwise identifiers only")
    if own.pairwise and not own.sector_identifier_uri and len(redirect_hosts(client)) > 1:
        yield Problem(
            "openid.sector_identifier_uri", "is required for pairwise identifiers when redirect URIs have several hosts"
        )


def back_channel_has_its_uri(client: Client, facts: Facts) -> Iterator[Problem]:
    """V24: who wants to be told must say where."""
    if client.logout.mode is LogoutMode.OIDC_BACK_CHANNEL and not client.logout.back_channel_uri:
        yield Problem("logout.back_channel_uri", "is required for back-channel logout")


def redirect_hosts(client: Client) -> frozenset[str]:
    """The hosts of the redirect URIs, without ports."""
    hosts = set()
    for uri in client.redirection.redirect_uris:
        authority = split(uri)[1]
        if authority:
            hosts.add(authority.rpartition("]")[0] or authority.partition(":")[0].lower())
    return frozenset(hosts)
