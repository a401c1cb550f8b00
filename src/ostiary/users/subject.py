"""OpenID Connect Core §8: what a person is called towards a client."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from ostiary.errors import ServerError, Why


def pairwise_subject(sector: str, subject: str, salt: bytes) -> str:
    """Core §8.1: the same person is somebody else in every sector, and nobody can compute back without the salt."""
    joined = b"\0".join((sector.encode(), subject.encode(), salt))
    return urlsafe_b64encode(sha256(joined).digest()).rstrip(b"=").decode("ascii")


def sector_of(client_id: str, sector_identifier_uri: str | None, redirect_uris: Sequence[str]) -> str:
    """Core §8.1: the host of `sector_identifier_uri`, else the one host of all redirect URIs, else the client itself.

    A native client without any host is a sector of its own. Raises `ServerError` when several hosts leave it open.
    """
    if sector_identifier_uri:
        host = urlsplit(sector_identifier_uri).hostname
        if host:
            return host
    hosts = {host for uri in redirect_uris if (host := _host(uri))}
    if not hosts:
        return f"client:{client_id}"
    if len(hosts) > 1:
        why = Why(rule="OpenID Connect Core §8.1", setting="openid.sector_identifier_uri", level="client")
        raise ServerError("the sector of this client is not known: its redirect URIs have several hosts", why)
    return hosts.pop()


def _host(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
