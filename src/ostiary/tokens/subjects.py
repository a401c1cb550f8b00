"""What a person is called towards a client: by the local subject, or by a name of the client's sector only."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlsplit

from ostiary.clients.client import Client
from ostiary.errors import ServerError, Why
from ostiary.server import Server

SALT = "pairwise-subject"


def subject_for(local: str, client: Client, server: Server) -> str:
    """OpenID Connect Core §8: ``sub`` in ID tokens and UserInfo."""
    return pairwise(local, sector_of(client), server.vault.derive_lasting(SALT)) if client.openid.pairwise else local


def session_for(session: str, client: Client, server: Server) -> str:
    """``sid``: for pairwise clients one of their sector's own, so that it joins nobody across sectors (T-57)."""
    return subject_for(session, client, server) if session else ""


def pairwise(local: str, sector: str, salt: bytes) -> str:
    """OpenID Connect Core §8.1: the same for one sector, unrelated between two, not to be reversed without the salt.

    The lengths stand between the parts, so that no two pairs of sector and subject read alike.
    """
    parts = (sector.encode(), local.encode(), salt)
    digest = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def sector_of(client: Client) -> str:
    """OpenID Connect Core §8.1: the host of C115, else the one host of all redirect URIs; raises `ServerError`."""
    uri = client.openid.sector_identifier_uri
    hosts = {urlsplit(one).hostname for one in ((uri,) if uri else client.redirection.redirect_uris)}
    host = hosts.pop() if len(hosts) == 1 else None
    if not host:
        why = Why(rule="OpenID Connect Core §8.1", setting="openid.sector_identifier_uri", level="client")
        raise ServerError("the client has no sector for pairwise subjects", why)
    return host
