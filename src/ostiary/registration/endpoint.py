"""Registering (RFC 7591) and managing a registration (RFC 7592). Everything ends in the one registry of clients."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ostiary.audit.events import RegistrationTokenChanged
from ostiary.audit.evidence import commit
from ostiary.client_management import registry
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import ClientDraft, with_values
from ostiary.clients.registry import ClientChanged, ClientInUse, ClientRegistry, ClientsRefused, NoSuchClient
from ostiary.clients.rules.secrets import clear_secret_is_available, has_secret, needs_clear_secret, needs_secret
from ostiary.clients.secret_keeping import new_secret, random_letters_and_digits
from ostiary.clients.sectors import Unreachable
from ostiary.declare import Draft, NewSecret
from ostiary.errors import InvalidClientMetadata, InvalidToken, OAuthError, TemporarilyUnavailable, Why
from ostiary.ports.changes import AddRegistration, Change, Conflict, SaveRegistration, TakeQuota, UseInitialToken
from ostiary.ports.events import Happening
from ostiary.ports.records import RegistrationRecord
from ostiary.registration import policies
from ostiary.registration.access import Access, RegistrationDocument, changed, is_current_secret, new_token
from ostiary.registration.candidate import Candidate, Occasion, read
from ostiary.registration.defaults import with_defaults
from ostiary.registration.openings import Opening
from ostiary.registration.refusals import refusal_of
from ostiary.secret import Secret
from ostiary.server import Server

BY = "registration"
ID_PREFIX = "dc-"
ID_CHARACTERS = 32
NOT_IN_A_REPLACEMENT = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A client as it is registered now, and what its developer is told once."""

    client: Client
    document: RegistrationDocument
    secret: Secret | None = None
    token: Secret | None = None


async def register(metadata: Mapping[str, Any], opening: Opening, source: str, server: Server) -> Registered:
    """RFC 7591 §3; raises what §3.2.2 has."""
    new = server.settings.registration
    client_id = ID_PREFIX + random_letters_and_digits(ID_CHARACTERS)
    unnamed = CLIENT_SETTINGS.with_values(Client(), {"identity.client_id": client_id})
    base = with_defaults(unnamed, new, server.objects)
    candidate = await _judged(Occasion.REGISTER, metadata, base, source, opening.vouched_by, server)
    draft, secret = _with_secret(candidate.draft, rotate=False)
    token, digest = (None, b"") if new.disable_registration_access_tokens else new_token()
    document = _document(candidate.metadata)
    record = RegistrationRecord(
        client_id=client_id,
        created_at=server.clock.now(),
        token=digest,
        source=source,
        vouched_by=opening.vouched_by,
        document=msgspec.json.encode(document),
    )
    used = () if opening.used is None else (opening.used,)
    beside: tuple[Change, ...] = (*used, *candidate.changes, AddRegistration(record))
    try:
        (saved,) = await _registry(server).create_many([draft], BY, beside=beside)
    except ClientsRefused as refused:
        raise refusal_of(problem for _, problem in refused.problems) from None
    except Conflict as conflict:
        raise _lost(conflict) from None
    return Registered(client=saved.client, document=document, secret=secret, token=token)


async def view(access: Access, server: Server) -> Registered:
    """RFC 7592 §2.1. Where the server rotates, looking is changing (S146, S147)."""
    new = server.settings.registration
    token, digest = new_token() if _rotates_token(server) else (access.token, None)
    beside = _kept_beside(access, digest, access.document)
    if new.rotate_client_secret and needs_secret(access.client):
        draft: ClientDraft = Draft(access.client, (), (), frozenset())
        draft, secret = _with_secret(draft, rotate=True)
        client = await _replaced(draft, access.client, beside, server)
        return Registered(client=client, document=access.document, secret=secret, token=token)
    if beside:
        try:
            await commit(server, *beside)
        except Conflict as conflict:
            raise _lost(conflict) from None
    return Registered(client=access.client, document=access.document, token=token)


async def replace_client(metadata: Mapping[str, Any], access: Access, source: str, server: Server) -> Registered:
    """RFC 7592 §2.2: what is left out goes back to its default; raises what RFC 7591 §3.2.2 has."""
    await _check_own_members(metadata, access.client, server)
    current, new = access.client, server.settings.registration
    if access.document.software_statement and metadata.get("software_statement") is None:
        metadata = {**metadata, "software_statement": access.document.software_statement}
    base = with_defaults(current, new, server.objects)
    candidate = await _judged(Occasion.REPLACE, metadata, base, source, access.record.vouched_by, server)
    draft, secret = _with_secret(candidate.draft, rotate=new.rotate_client_secret)
    token, digest = new_token() if _rotates_token(server) else (access.token, None)
    document = _document(candidate.metadata)
    beside = (*candidate.changes, *_kept_beside(access, digest, document))
    client = await _replaced(draft, current, beside, server)
    return Registered(client=client, document=document, secret=secret, token=token)


async def remove(access: Access, server: Server) -> None:
    """RFC 7592 §2.3: the client goes, and with it its grants and tokens."""
    try:
        await registry(server).delete(access.client.client_id, BY)
    except NoSuchClient:
        raise InvalidToken("the token is not valid for this client") from None
    except ClientInUse as in_use:
        why = Why(rule="RFC 7592 §2.3", compared={"where": in_use.where})
        raise InvalidClientMetadata("the client cannot be removed while the server refers to it", why) from None


# Parts ----------------------------------------------------------------------------------------------------------------


async def _judged(
    occasion: Occasion, metadata: Mapping[str, Any], base: Client, source: str, vouched_by: str, server: Server
) -> Candidate:
    settings = server.settings
    candidate = Candidate(
        occasion=occasion,
        metadata=metadata,
        draft=read(metadata, base, settings, is_gated=bool(vouched_by)),
        base=base,
        settings=settings,
        source=source,
        vouched_by=vouched_by,
    )
    return await policies.judged(candidate, server)


async def _replaced(
    draft: ClientDraft, current: Client, beside: tuple[Change | Happening, ...], server: Server
) -> Client:
    """The client as saved; whoever changed it meanwhile was faster, and the developer may try again."""
    client_id = current.client_id
    try:
        expected = {client_id: current.version}
        (saved,) = await _registry(server).replace_many([(client_id, lambda _: draft)], BY, expected, beside=beside)
    except ClientsRefused as refused:
        raise refusal_of(problem for _, problem in refused.problems) from None
    except NoSuchClient:
        raise InvalidToken("the token is not valid for this client") from None
    except ClientChanged:
        raise TemporarilyUnavailable("the client was changed by somebody else just now; try again") from None
    except Conflict as conflict:
        raise _lost(conflict) from None
    return saved.client


def _registry(server: Server) -> ClientRegistry:
    retains = server.settings.registration.retain_client_secret
    return replace(registry(server, Unreachable.REFUSE), retains_secrets=retains)


def _with_secret(draft: ClientDraft, *, rotate: bool) -> tuple[ClientDraft, Secret | None]:
    """Threat T-38: the server makes the secret, where one is needed; the draft with it, and what is shown once."""
    client = draft.value
    if not needs_secret(client):
        dropped = {"authentication.secret": None, "authentication.secondary_secrets": ()}
        return with_values(draft, dropped), None
    enough = has_secret(client) and (clear_secret_is_available(client) or not needs_clear_secret(client))
    if enough and not rotate:
        return draft, None
    secret = new_secret()
    return with_values(draft, {"authentication.secret": NewSecret(secret)}), secret


def _rotates_token(server: Server) -> bool:
    new = server.settings.registration
    return new.rotate_registration_access_token and not new.disable_registration_access_tokens


def _kept_beside(
    access: Access, digest: bytes | None, document: RegistrationDocument
) -> tuple[Change | Happening, ...]:
    """The registration's own row, where it changes. Of two rotations at once one is kept."""
    record = changed(access.record, token=digest, document=document)
    if digest is None and document == access.document:
        return ()
    saved = SaveRegistration(record, access.record.token)
    if digest is None:
        return (saved,)
    return saved, RegistrationTokenChanged(client_id=record.client_id, by=BY)


async def _check_own_members(metadata: Mapping[str, Any], client: Client, server: Server) -> None:
    """RFC 7592 §2.2: the client says who it is, and nothing that only the server says."""
    told = [name for name in NOT_IN_A_REPLACEMENT if metadata.get(name) is not None]
    if told:
        raise InvalidClientMetadata(f"{', '.join(told)}: must not be sent in a replacement")
    if metadata.get("client_id") != client.client_id:
        raise InvalidClientMetadata("client_id: must be the id of this client")
    secret = metadata.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and await is_current_secret(client, secret, server)):
        raise InvalidClientMetadata("client_secret: must be the current one, or be left out")


def _document(metadata: Mapping[str, Any]) -> RegistrationDocument:
    def text(name: str) -> str | None:
        value = metadata.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > 16384 or not value.isprintable():
            raise InvalidClientMetadata(f"{name}: must be a printable text")
        return value

    return RegistrationDocument(
        software_id=text("software_id"),
        software_version=text("software_version"),
        software_statement=text("software_statement"),
    )


def _lost(conflict: Conflict) -> OAuthError:
    """What was there when it was looked at and is gone now, because others were faster."""
    if isinstance(conflict.change, TakeQuota):
        return InvalidClientMetadata("the quota for registrations is used up; try again later")
    if isinstance(conflict.change, UseInitialToken):
        return InvalidToken("the token is not valid for registration")
    return InvalidToken("the token is not valid for this client")
