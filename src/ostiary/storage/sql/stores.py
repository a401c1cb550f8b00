"""The stores on a database: every promise of the port in terms of three doors, which each database opens in its way."""

import json
from abc import ABC, abstractmethod
from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

from ostiary.ports.changes import Change
from ostiary.ports.records import (
    AccessTokenRecord,
    AccountRecord,
    AppVersionRecord,
    AuditRecord,
    ChangeNotice,
    ClientRecord,
    CodeRecord,
    ConsentRecord,
    GrantRecord,
    InitialTokenRecord,
    ObjectRecord,
    RefreshTokenRecord,
    RegistrationRecord,
    SessionRecord,
    SigningKeyRecord,
)
from ostiary.ports.stores import REPLAY_MEMORY_MS, StoreUnavailable
from ostiary.storage.addresses import OnMoved
from ostiary.storage.inspection import SCHEMA_NUMBER
from ostiary.storage.notices import Notice
from ostiary.storage.sql import rows
from ostiary.storage.sql import statements as sql
from ostiary.storage.sql.groups import Rows
from ostiary.storage.sql.statement import Statement
from ostiary.storage.sql.writing import Step, Steps, notices_of, steps_of
from ostiary.storage.text import is_storable

TRIGRAM = 3
"""Characters from which trigrams find a text."""
NEAR = 2000
"""How many clients are looked along before their trigrams are asked."""


class SqlStores(ABC):
    """What SQLite and PostgreSQL have in common: the statements and how rows are read."""

    def __init__(self, on_moved: OnMoved | None) -> None:
        self._on_moved = on_moved

    @abstractmethod
    async def _row(self, statement: Statement, *values: Any) -> rows.Row | None:
        """The first row of a query. Raises `StoreUnavailable`."""

    @abstractmethod
    async def _rows(self, statement: Statement, *values: Any) -> Rows:
        """All rows of a query. Raises `StoreUnavailable`."""

    @abstractmethod
    def _write(self, steps: Steps, notices: Sequence[Notice] = ()) -> Awaitable[Sequence[Rows]]:
        """Make the steps durable as one unit, in a group with others; what those with `RETURNING` answered.

        Raises `Conflict` and `StoreUnavailable`.
        """

    @abstractmethod
    async def checkpoint(self) -> None:
        """Upkeep of the database's own."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what runs and let go of the database."""

    async def commit(self, *changes: Change) -> None:
        """Make all changes durable in one unit, or raise `Conflict` and make none."""
        if not changes:
            return
        notices = notices_of(changes)
        await self._write(steps_of(changes), notices)
        if notices and self._on_moved is not None:
            await self._on_moved()

    async def _write_one(self, statement: Statement, *values: Any) -> Rows:
        (answer,) = await self._write(((statement, values, None),))
        return answer

    # Clients ------------------------------------------------------------------------------------------------------

    async def client(self, client_id: str) -> ClientRecord | None:
        """The client with exactly this id."""
        if not is_storable(client_id):
            return None
        row = await self._row(sql.CLIENT, client_id)
        return None if row is None else rows.client(row)

    async def clients(self, chunk: int = 1000) -> AsyncIterator[Sequence[ClientRecord]]:
        """Every client in the order of ids, in chunks, in constant memory."""
        after = ""
        while found := await self._rows(sql.CLIENTS_AFTER, after, chunk):
            yield [rows.client(row) for row in found]
            after = found[-1][0]
            await sleep(0)  # SQLite answers without giving way; others want their turn

    async def legacy_clients(
        self, legacy_version: int, chunk: int = 1000
    ) -> AsyncIterator[Sequence[bytes | ClientRecord]]:
        """The stored legacy renderings in the order of ids; the whole record where the rendering is stale."""
        after = ""
        while found := await self._rows(sql.LEGACY_CLIENTS_AFTER, legacy_version, after, chunk):
            renderings: list[bytes | ClientRecord] = [legacy for _, legacy in found if legacy is not None]
            if len(renderings) < len(found):
                whole = [await self.client(client_id) if legacy is None else legacy for client_id, legacy in found]
                renderings = [rendering for rendering in whole if rendering is not None]
            yield renderings
            after = found[-1][0]
            await sleep(0)

    async def client_page(
        self, *, containing: str = "", after: str = "", skip: int = 0, most: int = 100
    ) -> Sequence[ClientRecord]:
        """Clients whose id or name holds a text, in any letter case, in the order of ids."""
        if not is_storable(containing) or not is_storable(after):
            return []
        ids = await self._client_ids(containing.casefold(), after, skip, most)
        if not ids:
            return []
        return [rows.client(row) for row in await self._rows(sql.CLIENTS_NAMED, json.dumps(ids))]

    async def _client_ids(self, folded: str, after: str, skip: int, most: int) -> list[str]:
        if not folded:
            return [row[0] for row in await self._rows(sql.CLIENT_IDS, after, most, skip)]
        if len(folded) < TRIGRAM:
            return [row[0] for row in await self._rows(sql.CLIENTS_BY_SCAN, after, folded, most, skip)]
        near = await self._rows(sql.CLIENTS_NEAR, after, NEAR, folded, most, skip)
        if len(near) == most:
            return [row[0] for row in near]
        found = await self._rows(sql.CLIENTS_BY_TRIGRAMS, self._phrase(folded), after, most, skip)
        return [row[0] for row in found]

    @abstractmethod
    def _phrase(self, folded: str) -> str:
        """How the database's index of trigrams is asked for a text."""

    async def count_clients(self) -> int:
        """How many clients there are."""
        return await self._number(sql.COUNT_CLIENTS)

    async def clients_with_use(self, chunk: int = 1000) -> AsyncIterator[Sequence[tuple[ClientRecord, int | None]]]:
        """Every client in the order of ids, each with the time of its last use."""
        after = ""
        while found := await self._rows(sql.CLIENTS_WITH_USE_AFTER, after, chunk):
            yield [(rows.client(row), row[len(sql.CLIENT_COLUMNS)]) for row in found]
            after = found[-1][0]
            await sleep(0)

    async def client_last_used(self, client_id: str) -> int | None:
        """When this client was last used."""
        row = await self._row(sql.CLIENT_LAST_USED, client_id) if is_storable(client_id) else None
        return None if row is None else int(row[0])

    async def credential_uses(self, client_id: str) -> Sequence[tuple[str, int]]:
        """The credentials of a client that were ever used, each with the time of its last use."""
        if not is_storable(client_id):
            return []
        return [(row[0], row[1]) for row in await self._rows(sql.CREDENTIAL_USES, client_id)]

    async def credentials_used(self, seen: Sequence[tuple[str, str, int]]) -> None:
        """Note when credentials were last used; never moves a time back, and forgets clients that are gone."""
        steps: list[Step] = [
            (sql.NOTE_CREDENTIAL_USE, (credential, at, client_id), None)
            for client_id, credential, at in sorted(seen)
            if is_storable(client_id) and is_storable(credential)
        ]
        if steps:
            await self._write(steps)

    async def last_used(self, seen: Sequence[tuple[str, int]]) -> None:
        """Note when clients were last used; never moves a time back, and forgets clients that are gone."""
        steps: list[Step] = [
            (sql.NOTE_USE, (at, client_id), None) for client_id, at in sorted(seen) if is_storable(client_id)
        ]
        if steps:
            await self._write(steps)

    async def registration(self, client_id: str) -> RegistrationRecord | None:
        """What is known of the client's registration; None for a client that somebody else made."""
        if not is_storable(client_id):
            return None
        row = await self._row(sql.REGISTRATION, client_id)
        return None if row is None else rows.registration(row)

    async def initial_token(self, key: bytes) -> InitialTokenRecord | None:
        """The initial access token with this key, used up and expired ones too."""
        row = await self._row(sql.INITIAL_TOKEN, key)
        return None if row is None else rows.initial_token(row)

    async def initial_tokens(self) -> Sequence[InitialTokenRecord]:
        """Every initial access token, oldest first."""
        return [rows.initial_token(row) for row in await self._rows(sql.INITIAL_TOKENS)]

    async def is_sector_unchecked(self, client_id: str) -> bool:
        """Whether the client's sector document must be looked at before the client is used."""
        return is_storable(client_id) and await self._row(sql.SECTOR_UNCHECKED, client_id) is not None

    async def app_version(self, app_id: str) -> AppVersionRecord | None:
        """The app version with exactly this id."""
        if not is_storable(app_id):
            return None
        row = await self._row(sql.APP_VERSION, app_id)
        return None if row is None else rows.app_version(row)

    async def app_versions(self, *, after: str = "", most: int = 100) -> Sequence[AppVersionRecord]:
        """App versions in the order of ids."""
        if not is_storable(after):
            return []
        return [rows.app_version(row) for row in await self._rows(sql.APP_VERSIONS_AFTER, after, most)]

    # Configuration ------------------------------------------------------------------------------------------------

    async def objects(self) -> Sequence[ObjectRecord]:
        """Every configuration object, ordered by kind and id."""
        return [rows.configuration_object(row) for row in await self._rows(sql.OBJECTS)]

    async def generation(self) -> int:
        """The number of the newest change of a client, an object or the signing keys."""
        return await self._number(sql.GENERATION)

    async def changes_since(self, generation: int, limit: int = 1000) -> Sequence[ChangeNotice]:
        """What changed after `generation`, oldest first, in the order of commits."""
        return [rows.notice(row) for row in await self._rows(sql.CHANGES_SINCE, generation, limit)]

    async def signing_keys(self) -> Sequence[SigningKeyRecord]:
        """Every signing key, oldest first."""
        return [rows.signing_key(row) for row in await self._rows(sql.SIGNING_KEYS)]

    # Codes, tokens, grants ----------------------------------------------------------------------------------------

    async def code(self, key: bytes) -> CodeRecord | None:
        """The authorization code with this key, used or not."""
        row = await self._row(sql.CODE, key)
        return None if row is None else rows.code(row)

    async def access_token(self, key: bytes) -> AccessTokenRecord | None:
        """The reference token with this key."""
        row = await self._row(sql.ACCESS_TOKEN, key)
        return None if row is None else rows.access_token(row)

    async def is_jwt_revoked(self, key: bytes) -> bool:
        """Whether `RevokeJwt` was committed for this key."""
        return await self._row(sql.JWT_REVOKED, key) is not None

    async def refresh_token(self, key: bytes) -> tuple[RefreshTokenRecord, GrantRecord] | None:
        """The refresh token and its grant."""
        row = await self._row(sql.REFRESH_TOKEN, key)
        return None if row is None else rows.refresh_token_with_grant(row)

    async def grant(self, grant_id: str) -> GrantRecord | None:
        """A persistent grant, revoked or not."""
        if not is_storable(grant_id):
            return None
        row = await self._row(sql.GRANT, grant_id)
        return None if row is None else rows.grant(row)

    async def grants_of(self, *, client_id: str | None = None, user_key: str | None = None) -> Sequence[GrantRecord]:
        """The grants that are not revoked, of a client, a person or both, oldest first."""
        if not is_storable(client_id or "") or not is_storable(user_key or ""):
            return []
        if client_id is None:
            if user_key is None:
                raise ValueError("grants are asked for by client, by person or by both")
            found = await self._rows(sql.GRANTS_OF_USER, user_key)
        elif user_key is None:
            found = await self._rows(sql.GRANTS_OF_CLIENT, client_id)
        else:
            found = await self._rows(sql.GRANTS_OF_BOTH, user_key, client_id)
        return [rows.grant(row) for row in found]

    async def consent(self, user_key: str, client_id: str) -> ConsentRecord | None:
        """What this person approved for this client before."""
        if not is_storable(user_key) or not is_storable(client_id):
            return None
        row = await self._row(sql.CONSENT, user_key, client_id)
        return None if row is None else rows.consent(row)

    async def use_once(self, purpose: str, key: bytes, expires_at: int) -> bool:
        """True for exactly one caller per purpose and key, over all processes and nodes, until `expires_at`."""
        return bool(await self._write_one(sql.USE_ONCE, purpose, key, expires_at))

    async def add_pushed(self, key: bytes, client_id: str, expires_at: int, document: bytes) -> None:
        """Keep a pushed authorization request."""
        await self._write(((sql.ADD_PUSHED, (key, client_id, expires_at, document), None),))

    async def pushed(self, key: bytes) -> tuple[str, int, bytes] | None:
        """The client, expiry and document of a pushed request that was not taken yet."""
        row = await self._row(sql.PUSHED, key)
        return None if row is None else (row[0], row[1], row[2])

    async def take_pushed(self, key: bytes) -> bool:
        """Consume it: True for exactly one caller."""
        return bool(await self._write_one(sql.TAKE_PUSHED, key))

    # People and sessions ------------------------------------------------------------------------------------------

    async def session(self, key: bytes) -> SessionRecord | None:
        """The session with this key."""
        row = await self._row(sql.SESSION, key)
        return None if row is None else rows.session(row)

    async def account(self, store: str, username: str) -> AccountRecord | None:
        """The account of this name, letter case included."""
        if not is_storable(store) or not is_storable(username):
            return None
        row = await self._row(sql.ACCOUNT, store, username)
        return None if row is None else rows.account(row)

    async def accounts(self, store: str) -> Sequence[AccountRecord]:
        """Every account of a store, by name."""
        if not is_storable(store):
            return []
        return [rows.account(row) for row in await self._rows(sql.ACCOUNTS, store)]

    async def count_failure(self, store: str, username: str, at: int, most: int, lock_ms: int) -> AccountRecord | None:
        """One more failed sign-on, atomically; a lock that has ended begins a new count."""
        if not is_storable(store) or not is_storable(username):
            return None
        found = await self._write_one(sql.COUNT_FAILURE, at, most, lock_ms, store, username)
        return rows.account(found[0]) if found else None

    async def forget_failures(self, store: str, username: str) -> None:
        """A sign-on succeeded."""
        if is_storable(store) and is_storable(username):
            await self._write(((sql.FORGET_FAILURES, (store, username), None),))

    # Audit, leases, upkeep ----------------------------------------------------------------------------------------

    async def audit(self, *, client_id: str | None = None, limit: int = 100, skip: int = 0) -> Sequence[AuditRecord]:
        """The newest evidence first, without the first `skip`."""
        if client_id is None:
            found = await self._rows(sql.AUDIT, limit, skip)
        else:
            found = await self._rows(sql.AUDIT_OF_CLIENT, client_id, limit, skip) if is_storable(client_id) else []
        return [rows.audit(row) for row in found]

    async def take_lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take or prolong a lease: True for at most one holder until `until`."""
        return bool(await self._write_one(sql.TAKE_LEASE, name, holder, until, now))

    async def release_lease(self, name: str, holder: str) -> None:
        """Give it back early."""
        await self._write(((sql.RELEASE_LEASE, (name, holder), None),))

    async def clean_up(self, now: int, batch: int = 500) -> int:
        """Remove up to `batch` expired rows of each kind; how many went."""
        values = {"now": now, "before_memory": now - REPLAY_MEMORY_MS, "batch": batch}
        gone = 0
        for statement in sql.CLEAN_UP:  # a unit each, so that nobody's request waits for all of them
            gone += len(await self._write_one(statement, *(values[name] for name in statement.names)))
        return gone

    async def ping(self) -> None:
        """Returns when the database answers and its schema is this version's."""
        if await self._number(sql.SCHEMA) != SCHEMA_NUMBER:
            raise StoreUnavailable("the schema of the database is not this version's")

    async def key_file(self, fingerprint: str) -> str:
        """The fingerprint of the key file this database belongs to; an unmarked one is marked with this."""
        ((row,),) = await self._write(((sql.MARK_KEY_FILE, (fingerprint,), None),))
        return str(row[0])

    async def _number(self, statement: Statement) -> int:
        row = await self._row(statement)
        if row is None:
            raise StoreUnavailable("a row that every database of ours has is missing")
        return int(row[0])
