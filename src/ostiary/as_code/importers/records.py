"""RFC 7591 records, and those of servers that keep clients as such: Ory Hydra."""

from collections.abc import Iterator, Mapping
from typing import Any

from ostiary.as_code.documents import NotADocument, documents_of
from ostiary.as_code.importers.imported import (
    Account,
    Here,
    Imported,
    Source,
    from_metadata,
    unreadable,
    with_secret,
    without_unknown_scopes,
)
from ostiary.clients.dialects.manners import ClientDraft, with_values
from ostiary.clients.rules.secrets import has_secret
from ostiary.declare import ResponseTypes
from ostiary.words import ClientAuth, ResponseType

_OF_THE_SERVER = {
    "client_id_issued_at": "this server says itself when a client was made",
    "registration_access_token": "a new one is made here when it is needed",
    "registration_client_uri": "this server has its own",
    "created_at": "this server says itself when a client was made",
    "updated_at": "this server says itself when a client was changed",
}
_OF_HYDRA = {
    "access_token_strategy": "the form of tokens is that of their access token manager",
    "allowed_cors_origins": "origins are allowed for the whole server",
    "audience": "audiences are resources of access token managers",
    "owner": "clients have no owner here",
    "skip_logout_consent": "logout asks nobody",
}
_LIFESPANS = "_lifespan"
_HOLDERS = ("items", "clients")


def _hydra(record: Any, place: str, here: Here) -> Imported:
    account = Account()
    if not isinstance(record, Mapping):
        return unreadable(place, "", "is not an object")
    rest: dict[str, Any] = {}
    for member, value in record.items():
        why = _OF_HYDRA.get(member)
        if member.endswith(_LIFESPANS):
            why = "lifetimes are those of access token managers and grants"
        if why is None:
            rest[member] = value
        elif value not in (None, "", [], {}, False):
            account.lose(member, why)
    if rest.get("metadata") in ({}, None):
        rest.pop("metadata", None)
    if rest.get("token_endpoint_auth_signing_alg") and rest.get("token_endpoint_auth_method") != "private_key_jwt":
        del rest["token_endpoint_auth_signing_alg"]  # Hydra writes its default beside every method
    skips = rest.pop("skip_consent", None)
    found = _read(rest, place, here, account)
    if skips is True and not found.refused:
        account.map("skip_consent", "redirection.bypass_approval")
        draft = with_values(found.draft, {"redirection.bypass_approval": True})
        return account.imported(found.client_id, place, draft)
    return found


def _rfc7591(record: Any, place: str, here: Here) -> Imported:
    return _read(record, place, here, Account())


def _read(record: Any, place: str, here: Here, account: Account) -> Imported:
    if not isinstance(record, Mapping):
        return unreadable(place, "", "is not an object")
    client_id = record.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        return unreadable(place, "", "has no client_id")
    metadata: dict[str, Any] = {}
    for member, value in record.items():
        if member in _OF_THE_SERVER:
            account.lose(member, _OF_THE_SERVER[member])
        elif value not in ("", [], {}):  # what Hydra and others write for "not set"
            metadata[member] = value
    secret = metadata.pop("client_secret", None)
    if metadata.pop("client_secret_expires_at", 0) not in (0, None):
        account.lose("client_secret_expires_at", "a present secret does not expire here")
    scope = metadata.get("scope")
    if isinstance(scope, str):
        metadata["scope"] = " ".join(without_unknown_scopes(scope.split(), here, account, "scope"))
    draft = _with_reachable_types(from_metadata(metadata, client_id, here, account, {}), account)
    if isinstance(secret, str) and secret:
        draft = with_secret(draft, secret, here, account, "client_secret")
    elif secret is not None and not isinstance(secret, str):
        account.refused.append("client_secret is not a text")
    needs = draft.value.authentication.method in (ClientAuth.SECRET, ClientAuth.CLIENT_SECRET_JWT)
    account.secret_lost = needs and not has_secret(draft.value) and not account.refused
    return account.imported(client_id, place, draft)


def _with_reachable_types(draft: ClientDraft, account: Account) -> ClientDraft:
    """Records list response types beside grant types that never lead to them; the default list is one of those."""
    own = draft.value.grants
    reachable = []
    for one in own.restricted_response_types.types:
        if one.grant_types <= own.allowed:
            reachable.append(one)
        elif one is not ResponseType.CODE:
            account.lose(f"response_types: {one}", "its grant types are not allowed to the client")
    return with_values(draft, {"grants.restricted_response_types": ResponseTypes(tuple(reachable))})


def _records(raw: bytes, name: str) -> Iterator[tuple[str, Any]]:
    """One, a list, an object that holds a list, or one a line."""
    number = 0
    for document in _documents(raw, name):
        found: Any = [document]
        if isinstance(document, list):
            found = document
        elif isinstance(document, Mapping):
            found = next((document[holder] for holder in _HOLDERS if isinstance(document.get(holder), list)), found)
        for record in found:
            number += 1
            yield f"record {number}", record


def _documents(raw: bytes, name: str) -> list[Any]:
    try:
        return list(documents_of(raw, name))
    except NotADocument:
        if name.endswith((".yaml", ".yml", ".ndjson", ".jsonl")):
            raise
        try:
            return list(documents_of(raw, f"{name}.ndjson"))
        except NotADocument:
            return list(documents_of(raw, name))


RFC7591 = Source(_records, _rfc7591)
"""Client information responses (RFC 7591 §3.2.1), or metadata with a client id."""
HYDRA = Source(_records, _hydra)
"""Clients as Hydra's API and its command line write them."""
