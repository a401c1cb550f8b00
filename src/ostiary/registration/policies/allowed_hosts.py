"""Allowed Hosts: every URI of a registered client leads to a host on the list."""

import re
from collections.abc import Iterator

from ostiary.clients.client import Client
from ostiary.declare import Problem
from ostiary.declare.urls import reads_alike, split
from ostiary.registration.candidate import Candidate
from ostiary.server import Server
from ostiary.server_settings.plugins import AllowedHostsConfiguration

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_REDIRECTS = frozenset({"redirection.redirect_uris", "redirection.post_logout_redirect_uris"})


async def judge(configuration: AllowedHostsConfiguration, candidate: Candidate, _server: Server) -> Candidate:
    """Threat T-36: hosts are compared as parsed, whole labels at a time."""
    hosts = listed(configuration.hosts)
    for field, uri in uris_of(candidate.draft.value):
        if not is_allowed(uri, hosts, configuration, redirects=field in _REDIRECTS):
            shown = uri[:120] if uri.isprintable() else "an entry"
            candidate = candidate.with_problem(Problem(field, f"{shown}: the host is not open to registration"))
    return candidate


def listed(text: str) -> frozenset[str]:
    """The host names of the list, in lower case."""
    return frozenset(one.lower().rstrip(".") for one in re.split(r"[\s,]+", text) if one)


def is_allowed(uri: str, hosts: frozenset[str], configuration: AllowedHostsConfiguration, *, redirects: bool) -> bool:
    """Whether a URI leads where it may. Only redirect URIs may lead into the person's own machine."""
    scheme, authority, _, _, _ = split(uri)
    if redirects and scheme not in ("http", "https"):
        return configuration.private_schemes
    if not authority or "@" in authority or not reads_alike(uri):
        return False
    host = host_of(authority)
    if redirects and configuration.loopback and scheme == "http" and host in _LOOPBACK:
        return True
    return host_is_listed(host, hosts)


def host_is_listed(host: str, hosts: frozenset[str]) -> bool:
    """The host itself, or ``*.`` with a domain it is below of."""
    labels = host.split(".")
    return host in hosts or any(f"*.{'.'.join(labels[n:])}" in hosts for n in range(1, len(labels)))


def uris_of(client: Client) -> Iterator[tuple[str, str]]:
    """Every URI of the client, with its setting."""
    for field, uris in (
        ("redirection.redirect_uris", client.redirection.redirect_uris),
        ("redirection.post_logout_redirect_uris", client.redirection.post_logout_redirect_uris),
        ("requests.request_uris", client.requests.request_uris),
        ("logout.uris", client.logout.uris),
    ):
        yield from ((field, uri) for uri in uris)
    for field, one in (
        ("identity.logo_url", client.identity.logo_url),
        ("identity.client_uri", client.identity.client_uri),
        ("identity.policy_uri", client.identity.policy_uri),
        ("identity.tos_uri", client.identity.tos_uri),
        ("authentication.jwks_url", client.authentication.jwks_url),
        ("requests.initiate_login_uri", client.requests.initiate_login_uri),
        ("openid.sector_identifier_uri", client.openid.sector_identifier_uri),
        ("logout.back_channel_uri", client.logout.back_channel_uri),
        ("ciba.notification_endpoint", client.ciba.notification_endpoint),
    ):
        if one:
            yield field, one


def host_of(authority: str) -> str:
    """The host of an authority, in lower case, without port, brackets and the dot at its end."""
    if authority.startswith("["):
        return authority.partition("]")[0][1:].lower()
    return authority.partition(":")[0].lower().rstrip(".")
