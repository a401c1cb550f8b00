"""What clients name: scopes, extended properties, types of authorization details, and objects of the server."""

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from ostiary.clients.client import Client
from ostiary.clients.documents import client_of
from ostiary.ports.records import ClientRecord
from ostiary.ports.stores import Stores

Name = tuple[str, str]
"""The kind of a name, as `server_settings.planning` calls it, and the name."""


def names_in(client: Client) -> frozenset[Name]:
    """Everything that must be there for this client to work."""
    references = {
        ("managers", client.access_tokens.default_manager),
        ("policies", client.openid.policy),
        ("request_policies", client.ciba.policy),
        ("processor_policies", client.token_exchange.policy),
    }
    lists: Mapping[str, Iterable[str]] = {
        "scopes": client.restricted_scopes | client.exclusive_scopes,
        "extended_properties": client.extended.parameters,
        "detail_types": client.scopes.authorization_detail_types,
    }
    found = {(kind, name) for kind, names in lists.items() for name in names}
    return frozenset(found | {(kind, name) for kind, name in references if name})


async def users_of_names(
    stores: Stores, wanted: AbstractSet[Name], besides: AbstractSet[str] = frozenset()
) -> dict[Name, str]:
    """For each name that some client uses, other than those `besides`, one client that does.

    A pass over all clients, which ends as soon as every name has its user: removing something is rare. Most documents
    are only searched as bytes.
    """
    left, found = set(wanted), dict[Name, str]()
    if not left:
        return found
    async for chunk in stores.clients():
        for record in chunk:
            if record.client_id in besides:
                continue
            for name in _named_by(record, left):
                found[name] = record.client_id
                left.discard(name)
        if not left:
            break
    return found


def _named_by(record: ClientRecord, wanted: AbstractSet[Name]) -> AbstractSet[Name]:
    if not any(_written(name) in record.document for _, name in wanted):
        return frozenset()
    return names_in(client_of(record)[0]) & wanted


def _written(name: str) -> bytes:
    """The name as it stands in a document."""
    return json.dumps(name, ensure_ascii=False).encode()
