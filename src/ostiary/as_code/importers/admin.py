"""The administrative API's own shape, and the bulk export of a whole server in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from ostiary.as_code.documents import NotADocument, documents_of
from ostiary.as_code.folder import CLIENT_ID, clients_in
from ostiary.as_code.importers.imported import Account, Here, Imported, Source, unreadable
from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.clients.dialects import admin
from ostiary.clients.dialects.manners import ClientDraft, with_values
from ostiary.clients.secret_keeping import UnknownEcho
from ostiary.declare import Dialect, EchoedSecret

CLIENTS = "/oauth/clients"
SAVE = "SAVE"
_LOST = "is sealed by another server, which alone can open it"


def _listed(raw: bytes, name: str) -> Iterator[tuple[str, Any]]:
    number = 0
    for document in documents_of(raw, name):
        bodies = clients_in(document)
        if bodies is None or (bodies == [document] and CLIENT_ID not in document):
            raise NotADocument('holds neither clients nor {"items": […]}')
        for body in bodies:
            number += 1
            yield f"client {number}", body


def _of_bulk(raw: bytes, name: str) -> Iterator[tuple[str, Any]]:
    number = 0
    for document in documents_of(raw, name):
        operations = document.get("operations") if isinstance(document, Mapping) else None
        if not isinstance(operations, list) or not all(isinstance(one, Mapping) for one in operations):
            raise NotADocument('is no bulk export: it has no list "operations" of objects')
        for operation in operations:
            items = operation.get("items")
            if operation.get("resourceType") != CLIENTS or not isinstance(items, list):
                continue
            if str(operation.get("operationType", SAVE)).upper() != SAVE:
                raise NotADocument(f"does something else than {SAVE} with {CLIENTS}")
            for body in items:
                number += 1
                yield f"client {number}", body


def _read(body: Any, place: str, here: Here) -> Imported:
    account = Account()
    draft = admin.read(body, None)
    client_id = draft.value.client_id
    if not isinstance(body, Mapping) or not client_id:
        return unreadable(place, "", "is not an object" if not isinstance(body, Mapping) else f"has no {CLIENT_ID}")
    for declared, key in CLIENT_SETTINGS.in_dialect(Dialect.ADMIN):
        if declared.path in draft.sent:
            account.map(key.names[0], declared.path)
    for member in draft.unknown:
        account.lose(member)
    return account.imported(client_id, place, _without_foreign_secrets(draft, here, account))


def _without_foreign_secrets(draft: ClientDraft, here: Here, account: Account) -> ClientDraft:
    own = draft.value.authentication
    changes: dict[str, Any] = {}
    if isinstance(own.secret, EchoedSecret) and not _is_ours(own.secret, draft, here):
        account.lose(CLIENT_SETTINGS.by_path["authentication.secret"].setting.keys[Dialect.ADMIN].names[1], _LOST)
        account.secret_lost = True
        changes["authentication.secret"] = None
    ours = tuple(
        one
        for one in own.secondary_secrets
        if not isinstance(one.secret, EchoedSecret) or _is_ours(one.secret, draft, here)
    )
    if len(ours) != len(own.secondary_secrets):
        account.lose(CLIENT_SETTINGS.name_in(Dialect.ADMIN, "authentication.secondary_secrets"), _LOST)
        changes["authentication.secondary_secrets"] = ours
    return with_values(draft, changes)


def _is_ours(secret: EchoedSecret, draft: ClientDraft, here: Here) -> bool:
    try:
        here.keeper.echoed(secret.text, draft.value.client_id)
    except UnknownEcho:
        return False
    return True


ADMIN = Source(_listed, _read)
"""A client, a list of clients, or ``{"items": […]}``."""
BULK = Source(_of_bulk, _read)
"""``{"operations": [{"resourceType": "/oauth/clients", "operationType": "SAVE", "items": […]}, …]}``."""
