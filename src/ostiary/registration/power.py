"""What a registration may not give itself (threat T-35). It is refused by name, never trimmed in silence."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.declare import Dialect, Problem
from ostiary.declare.urls import split
from ostiary.server_settings.scopes import ScopeBook, within
from ostiary.server_settings.settings.registration import Registration
from ostiary.words import ApplicationType, CertificateIssuer, ClientAuth, GrantType

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEMANDS = (
    ("requests.require_signed", "S116"),
    ("requests.require_jarm", "S117"),
    ("requests.require_pkce", "S118"),
)


@cache
def names_of_power() -> frozenset[str]:
    """Members that other interfaces know for settings which metadata has no word for: only administrators set those."""
    found = {
        name.partition(".")[0]
        for declared in CLIENT_SETTINGS.settings
        if declared.key_in(Dialect.REGISTRATION) is None
        for dialect in (Dialect.ADMIN, Dialect.LEGACY, Dialect.PORTAL)
        if (key := declared.key_in(dialect)) is not None and key.read
        for name in (*key.names, *(alias for alias, _ in key.aliases))
    }
    return frozenset(found - CLIENT_SETTINGS.known_members(Dialect.REGISTRATION).keys())


def nothing_only_administrators_set(metadata: Mapping[str, Any], properties: frozenset[str]) -> Iterator[Problem]:
    """Threat T-35: a member that would be power is refused, although unknown members are ignored (RFC 7591 §2)."""
    for name in metadata:
        if name in names_of_power() and name not in properties:
            yield Problem(name, "can be set by administrators only", rule="T-35")


def scopes_are_open(client: Client, new: Registration, book: ScopeBook) -> Iterator[Problem]:
    """S111–S113: the scopes that registering clients may ask for."""
    field = "scopes.restricted"
    for name in client.scopes.exclusive:
        if not within(book, (name,), new.allowed_exclusive_scopes):
            yield Problem(field, f"{_shown(name)} is not open to registration", rule="S113")
    if new.restrict_common_scopes:
        for name in client.scopes.restricted:
            if not within(book, (name,), new.restricted_common_scopes):
                yield Problem(field, f"{_shown(name)} is not open to registration", rule="S111")


def detail_types_are_open(client: Client, new: Registration) -> Iterator[Problem]:
    """S114."""
    for name in client.scopes.authorization_detail_types:
        if name not in new.allowed_authorization_detail_types:
            yield Problem("scopes.authorization_detail_types", f"{_shown(name)} is not open to registration").by("S114")


def demands_are_kept(draft: ClientDraft, base: Client) -> Iterator[Problem]:
    """S116–S118: what the server demands of registered clients is not theirs to undo."""
    for path, rule in _DEMANDS:
        declared = CLIENT_SETTINGS.by_path[path]
        if declared.value_in(base) and path in draft.sent and not declared.value_in(draft.value):
            yield Problem(path, "is demanded of every client that registers", rule=rule)


def certificates_are_open(client: Client, new: Registration) -> Iterator[Problem]:
    """S127."""
    certificate = client.authentication.method is ClientAuth.CERTIFICATE
    if certificate and new.certificate_issuer_type is CertificateIssuer.NONE:
        yield Problem("authentication.method", "TLS certificates are not open to registration", rule="S127")


def no_stranger_reads_tokens(client: Client, *, is_gated: bool) -> Iterator[Problem]:
    """Threat T-53: looking into tokens is for resource servers; where registration is open nobody knows who comes."""
    if GrantType.ACCESS_TOKEN_VALIDATION in client.grants.allowed and not is_gated:
        yield Problem("grants.allowed", "validating access tokens needs registration that is not open to all")


def redirects_are_plain(client: Client) -> Iterator[Problem]:
    """Threat T-01: a pattern is an administrator's responsibility."""
    for field, uris in (
        ("redirection.redirect_uris", client.redirection.redirect_uris),
        ("redirection.post_logout_redirect_uris", client.redirection.post_logout_redirect_uris),
    ):
        if any("*" in uri for uri in uris):
            yield Problem(field, "must not hold a star: registered redirect URIs are exact")


def redirects_fit_the_application(client: Client) -> Iterator[Problem]:
    """C010, OpenID Connect Registration §2: where applications of each type are reached."""
    native = client.identity.application_type is ApplicationType.NATIVE
    implicit = GrantType.IMPLICIT in client.grants.allowed
    for uri in client.redirection.redirect_uris:
        scheme, authority, _, _, _ = split(uri)
        host = _host(authority or "")
        if native and scheme == "http" and host not in _LOOPBACK:
            objection = "http is for the loopback interface in native applications"
        elif not native and scheme not in ("http", "https"):
            objection = "a scheme of its own is for native applications (application_type)"
        elif not native and implicit and (scheme != "https" or host in _LOOPBACK):
            objection = "the implicit grant of a web application needs https, and a host other than localhost"
        else:
            continue
        yield Problem("redirection.redirect_uris", f"{_shown(uri)}: {objection}", rule="C010")


def _host(authority: str) -> str:
    host, bracket, _ = authority.partition("]")
    return (host + bracket if bracket else authority.partition(":")[0]).lower()


def _shown(text: str) -> str:
    return text[:80] if text.isprintable() else "an entry"
