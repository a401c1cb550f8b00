"""Persistent grants: how long they live, when they are reused, and when they carry refresh tokens (behaviour §9)."""

from collections.abc import Mapping
from typing import Any

import msgspec
import uuid_utils

from ostiary.clients.client import Client
from ostiary.ports.clock import MINUTE
from ostiary.ports.records import GrantRecord
from ostiary.server import Server
from ostiary.server_settings import ServerSettings
from ostiary.words import GrantType, YesNo

LIFETIME_ATTRIBUTE = "PERSISTENT_GRANT_LIFETIME"
"""Behaviour §9.3: the extended attribute of a grant that says how many minutes it lives."""
OFFLINE_ACCESS = "offline_access"
REUSABLE = frozenset({GrantType.IMPLICIT, GrantType.AUTHORIZATION_CODE, GrantType.PASSWORD})
TRANSIENT = 0
"""A lifetime of nothing: the grant is not kept, so there is no refresh token."""


class PersistentGrant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the row of a grant keeps beside its columns. A member at its default takes no room."""

    v: int
    issuer: str
    username: str
    validator: str
    scope: tuple[str, ...] = ()
    manager: str = ""
    """The access token manager chosen when the grant was made."""
    authenticated_at: int = 0
    """When the person signed on (ms); ``auth_time`` of every ID token of this grant."""
    acr: str = ""
    session: str = ""
    """The session identifier (``sid``), if one is tracked."""
    id_token_claims: tuple[str, ...] = ()
    """OpenID Connect Core §5.5: claims asked for by name."""
    userinfo_claims: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    """The extended attributes of the grant contract (S031)."""
    context: str = ""
    """The authentication context in which the person approved; reuse asks for the same."""


SCHEMA = 1
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PersistentGrant).decode


def new_grant_id() -> str:
    """RFC 9562 §5.7: ids that order by time. A grant's id is no secret."""
    return str(uuid_utils.uuid7())


def written(grant: PersistentGrant) -> bytes:
    """The document of a grant's row."""
    return _encode(grant)


def read(record: GrantRecord) -> PersistentGrant | None:
    """The document of a row; None when it cannot be read, so that one bad row refuses only itself (threat T-64)."""
    try:
        return _decode(record.document)
    except msgspec.DecodeError:
        return None


# How long ------------------------------------------------------------------------------------------------------------


def lifetime_ms(attributes: Mapping[str, Any], client: Client, settings: ServerSettings) -> int | None:
    """Behaviour §9.2, §9.3: the maximum lifetime fixed when a grant is made. None: for ever; `TRANSIENT`: not kept.

    The grant's attribute wins over the client's setting, and that over the server's.
    """
    said = str(attributes.get(LIFETIME_ATTRIBUTE, "")).strip()
    try:
        minutes = int(said) if said else None
    except ValueError:  # a text that is no number: as if it were not there
        minutes = None
    if minutes is None:
        return client.persistent_grants.max_lifetime.milliseconds(settings.grants.lifetime.milliseconds)
    return None if minutes < 0 else minutes * MINUTE


def idle_timeout_ms(client: Client, settings: ServerSettings) -> int | None:
    """Settings §6: the idle window as the settings of now say. None: there is none."""
    return client.persistent_grants.idle_timeout.milliseconds(settings.grants.idle_timeout.milliseconds)


def is_over(record: GrantRecord, client: Client, server: Server) -> bool:
    """Whether a grant is past its lifetime or its idle window, whichever comes first, or was revoked."""
    now = server.clock.now()
    if record.revoked or (record.expires_at is not None and record.expires_at <= now):
        return True
    idle = idle_timeout_ms(client, server.settings)
    return idle is not None and record.updated_at + idle <= now


# When ----------------------------------------------------------------------------------------------------------------


def carries_refresh_token(
    client: Client, settings: ServerSettings, scope: tuple[str, ...], lifetime: int | None, *, prompted: bool
) -> bool:
    """Behaviour §8.1: whether a flow ends with a refresh token, and so with a persistent grant.

    `prompted` says whether the request asked for consent (``prompt=consent``), on which C106 may insist.
    """
    if GrantType.REFRESH_TOKEN not in client.grants.allowed or lifetime == TRANSIENT:
        return False
    own = client.persistent_grants
    if not _decided(own.offline_access_required, settings.grants.offline_access_required):
        return True
    if OFFLINE_ACCESS not in scope:
        return False
    # C106 counts only beside C105 YES; otherwise it is as the server says.
    asked = own.offline_access_prompt if own.offline_access_required is YesNo.YES else YesNo.SERVER_DEFAULT
    return prompted or not _decided(asked, settings.grants.offline_access_prompt)


def is_reused(grant_type: GrantType, client: Client, settings: ServerSettings) -> bool:
    """Behaviour §9.5: whether a new authorization updates a grant that is there instead of adding one (C103, S029)."""
    return grant_type in REUSABLE and grant_type in client.persistent_grants.reuse.resolved(settings.grants.reuse)


async def reusable(
    grant_type: GrantType, user_key: str, context: str, client: Client, server: Server
) -> GrantRecord | None:
    """The grant that a new authorization of this person, client, grant type and context would update."""
    if not is_reused(grant_type, client, server.settings):
        return None
    records = await server.stores.grants_of(client_id=client.identity.client_id, user_key=user_key)
    for record in reversed(records):
        if record.grant_type != grant_type or is_over(record, client, server):
            continue
        grant = read(record)
        if grant is not None and grant.context == context and grant.issuer == server.issuer:
            return record
    return None


def _decided(own: YesNo, server: bool) -> bool:
    return server if own is YesNo.SERVER_DEFAULT else own is YesNo.YES
