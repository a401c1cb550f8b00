"""The sector of pairwise clients: the document that names its redirect URIs is fetched and held against the client."""

import json
from enum import Enum

from ostiary.clients.client import Client
from ostiary.declare import Problem
from ostiary.ports.outbound import SECTOR, Outbound, OutboundFailed

FIELD = "openid.sector_identifier_uri"


class Unreachable(Enum):
    """What a sector document that cannot be fetched means."""

    REFUSE = "refuse"
    """For registration: nobody is there who could be told."""
    WARN = "warn"
    """For administrators, whose tools send hosts that do not answer yet."""
    SKIP = "skip"
    """Do not fetch it at all."""


async def sector_problems(
    client: Client, before: Client | None, outbound: Outbound, unreachable: Unreachable
) -> tuple[Problem, ...]:
    """OpenID Connect Core §8.1: every redirect URI, and the JWKS URL if there is one, stands in the sector's document.

    Looked at when something changes that it speaks of.
    """
    uri = client.openid.sector_identifier_uri
    if not uri or not client.openid.pairwise or unreachable is Unreachable.SKIP:
        return ()
    if before is not None and before.openid.pairwise and _told_by(client) == _told_by(before):
        return ()
    try:
        listed = _listed(await outbound.document(uri, SECTOR))
    except OutboundFailed:
        warning = unreachable is Unreachable.WARN
        return (Problem(FIELD, "the document could not be fetched", rule="V18", warning=warning),)
    except ValueError:
        return (Problem(FIELD, "the document must be a JSON array of URIs", rule="V18"),)
    missing = [one for one in _spoken_of(client) if one not in listed]
    shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
    return (Problem(FIELD, f"the document does not list {shown}", rule="V18"),) if missing else ()


def _told_by(client: Client) -> tuple[str | None, tuple[str, ...]]:
    return client.openid.sector_identifier_uri, _spoken_of(client)


def _spoken_of(client: Client) -> tuple[str, ...]:
    keys = client.authentication.jwks_url
    return (*client.redirection.redirect_uris, *((keys,) if keys else ()))


def _listed(document: bytes) -> frozenset[str]:
    try:
        found = json.loads(document)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("not a list of texts")
    return frozenset(found)
