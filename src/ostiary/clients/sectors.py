"""The sector of pairwise clients: the document that names its redirect URIs is fetched and held against the client."""

import json
from collections.abc import Iterable, Iterator
from enum import Enum

from ostiary.clients.client import Client
from ostiary.declare import Problem
from ostiary.errors import UnauthorizedClient, Why
from ostiary.ports.changes import Change, ForgetUncheckedSector, NoteUncheckedSector
from ostiary.ports.outbound import SECTOR, Outbound, OutboundFailed
from ostiary.ports.stores import Stores

FIELD = "openid.sector_identifier_uri"


class Unreachable(Enum):
    """What a sector document that cannot be fetched means."""

    REFUSE = "refuse"
    """For registration: nobody is there who could be told."""
    WARN = "warn"
    """For administrators, whose tools send hosts that do not answer yet."""
    SKIP = "skip"
    """Do not fetch it now, but before the client is used."""


def is_to_be_checked(client: Client, before: Client | None) -> bool:
    """Whether something changed that a sector document speaks of, and there is one."""
    if not client.openid.sector_identifier_uri or not client.openid.pairwise:
        return False
    return before is None or not before.openid.pairwise or _told_by(client) != _told_by(before)


async def sector_problems(client: Client, outbound: Outbound, unreachable: Unreachable) -> tuple[Problem, ...]:
    """OpenID Connect Core §8.1: the sector's document lists every redirect URI, and the JWKS URL if there is one."""
    uri = client.openid.sector_identifier_uri
    if not uri or unreachable is Unreachable.SKIP:
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


def notes_of(
    client: Client, before: Client | None, problems: Iterable[Problem], unreachable: Unreachable, now: int
) -> Iterator[Change]:
    """What is remembered beside the client: that its document could not be had or was not asked for, or that it was."""
    could_not_be_had = any(problem.field == FIELD and problem.warning for problem in problems)
    is_due = is_to_be_checked(client, before)
    if could_not_be_had or (unreachable is Unreachable.SKIP and is_due):
        yield NoteUncheckedSector(client.client_id, now)
    elif before is not None and is_due:
        yield ForgetUncheckedSector(client.client_id)


async def check_before_use(client: Client, stores: Stores, outbound: Outbound) -> None:
    """C115: a document that could not be had when the client was saved is looked at before anybody signs on for it.

    Raises `UnauthorizedClient` while it cannot be had, or lacks what it should list.
    """
    if not client.openid.pairwise or not client.openid.sector_identifier_uri:
        return
    if not await stores.is_sector_unchecked(client.client_id):
        return
    for problem in await sector_problems(client, outbound, Unreachable.REFUSE):
        why = Why(rule="OpenID Connect Core §8.1", setting=FIELD, level="client", compared={"found": problem.message})
        raise UnauthorizedClient("the sector of this client could not be checked", why)
    await stores.commit(ForgetUncheckedSector(client.client_id))


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
