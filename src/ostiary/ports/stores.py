"""What every store promises, above all under concurrency. One contract suite holds all adapters to it.

Reads see everything that any process was answered for. `expires_at` is the caller's business: a row may be found after
its time, and clean-up comes later. Every call may raise `StoreUnavailable`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from ostiary.ports.changes import Change
from ostiary.ports.clock import HOUR
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

REPLAY_MEMORY_MS = HOUR
"""How long clean-up leaves codes and grants alone that have ended: so that a late replay of a code takes back what it
led to, and that no code made for a grant begins it anew after its end (no code lives longer than this, S001)."""


class StoreUnavailable(Exception):
    """The database cannot be reached or did not answer in time. What depended on it must be refused."""


class Stores(Protocol):
    """The one door to everything that outlives a request."""

    async def commit(self, *changes: Change) -> None:
        """Make all changes durable in one unit, or raise `Conflict` and make none.

        Returns only after the flush that holds them: what was answered survives ``kill -9``.
        """

    # Clients ------------------------------------------------------------------------------------------------------

    async def client(self, client_id: str) -> ClientRecord | None:
        """The client with exactly this id."""

    def clients(self, chunk: int = 1000) -> AsyncIterator[Sequence[ClientRecord]]:
        """Every client in the order of ids, in chunks, in constant memory."""

    def legacy_clients(self, legacy_version: int, chunk: int = 1000) -> AsyncIterator[Sequence[bytes | ClientRecord]]:
        """The stored legacy renderings, in chunks, in the order of ids; the whole record where one is stale."""

    async def client_page(
        self, *, containing: str = "", after: str = "", skip: int = 0, most: int = 100
    ) -> Sequence[ClientRecord]:
        """Up to `most` clients whose id or name holds a text, in any letter case, in the order of ids.

        Those up to `after` are left out, and then the first `skip`: numbered pages, or pages by key.
        """

    def clients_with_use(self, chunk: int = 1000) -> AsyncIterator[Sequence[tuple[ClientRecord, int | None]]]:
        """Every client in the order of ids, in chunks, each with the time of its last use; None: never."""

    async def client_last_used(self, client_id: str) -> int | None:
        """When this client was last used; None: never."""

    async def credential_uses(self, client_id: str) -> Sequence[tuple[str, int]]:
        """The credentials of a client that were ever used, each with the time of its last use, in their order."""

    async def count_clients(self) -> int:
        """How many clients there are."""

    async def registration(self, client_id: str) -> RegistrationRecord | None:
        """What is known of the client's registration; None for a client that somebody else made."""

    async def initial_token(self, key: bytes) -> InitialTokenRecord | None:
        """The initial access token with this key, used up and expired ones too. Only `UseInitialToken` decides."""

    async def initial_tokens(self) -> Sequence[InitialTokenRecord]:
        """Every initial access token, oldest first."""

    async def is_sector_unchecked(self, client_id: str) -> bool:
        """Whether the client's sector document must be looked at before the client is used."""

    async def app_version(self, app_id: str) -> AppVersionRecord | None:
        """The app version with exactly this id."""

    async def app_versions(self, *, after: str = "", most: int = 100) -> Sequence[AppVersionRecord]:
        """Up to `most` app versions in the order of ids, those up to `after` left out."""

    # Configuration ------------------------------------------------------------------------------------------------

    async def objects(self) -> Sequence[ObjectRecord]:
        """Every configuration object, ordered by kind and id."""

    async def generation(self) -> int:
        """The number of the newest change of a client, an object or the signing keys."""

    async def changes_since(self, generation: int, limit: int = 1000) -> Sequence[ChangeNotice]:
        """What changed after `generation`, oldest first, in the order of commits.

        Numbers have no holes, but old notices go: when the first one is not `generation` + 1, read everything anew.
        """

    async def signing_keys(self) -> Sequence[SigningKeyRecord]:
        """Every signing key, oldest first."""

    # Codes, tokens, grants ----------------------------------------------------------------------------------------

    async def code(self, key: bytes) -> CodeRecord | None:
        """The authorization code with this key, used or not. Only `UseCode` decides who uses it."""

    async def access_token(self, key: bytes) -> AccessTokenRecord | None:
        """The reference token with this key."""

    async def is_jwt_revoked(self, key: bytes) -> bool:
        """Whether `RevokeJwt` was committed for this key."""

    async def refresh_token(self, key: bytes) -> tuple[RefreshTokenRecord, GrantRecord] | None:
        """The refresh token and its grant."""

    async def grant(self, grant_id: str) -> GrantRecord | None:
        """A persistent grant, revoked or not."""

    async def grants_of(self, *, client_id: str | None = None, user_key: str | None = None) -> Sequence[GrantRecord]:
        """The grants that are not revoked, of a client, a person or both, oldest first."""

    async def consent(self, user_key: str, client_id: str) -> ConsentRecord | None:
        """What this person approved for this client before."""

    async def use_once(self, purpose: str, key: bytes, expires_at: int) -> bool:
        """True for exactly one caller per purpose and key, over all processes and nodes, until `expires_at`."""

    async def add_pushed(self, key: bytes, client_id: str, expires_at: int, document: bytes) -> None:
        """Keep a pushed authorization request."""

    async def pushed(self, key: bytes) -> tuple[str, int, bytes] | None:
        """The client, expiry and document of a pushed request that was not taken yet."""

    async def take_pushed(self, key: bytes) -> bool:
        """Consume it: True for exactly one caller."""

    # People and sessions ------------------------------------------------------------------------------------------

    async def session(self, key: bytes) -> SessionRecord | None:
        """The session with this key."""

    async def account(self, store: str, username: str) -> AccountRecord | None:
        """The account of this name, letter case included."""

    async def accounts(self, store: str) -> Sequence[AccountRecord]:
        """Every account of a store, by name."""

    async def count_failure(self, store: str, username: str, at: int, most: int, lock_ms: int) -> AccountRecord | None:
        """One more failed sign-on, atomically; the account is locked for `lock_ms` when `most` in a row are reached.

        A lock that has ended begins a new count.
        """

    async def forget_failures(self, store: str, username: str) -> None:
        """A sign-on succeeded."""

    # Audit, leases, upkeep ----------------------------------------------------------------------------------------

    async def audit(self, *, client_id: str | None = None, limit: int = 100, skip: int = 0) -> Sequence[AuditRecord]:
        """The newest evidence first, without the first `skip`."""

    async def take_lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take or prolong a lease: True for at most one holder until `until`."""

    async def release_lease(self, name: str, holder: str) -> None:
        """Give it back early."""

    async def clean_up(self, now: int, batch: int = 500) -> int:
        """Remove up to `batch` expired rows of each kind; how many went. Idempotent.

        Codes and grants stay for `REPLAY_MEMORY_MS` after their end.
        """

    async def last_used(self, seen: Sequence[tuple[str, int]]) -> None:
        """Note when clients were last used: (client id, time), in one batch; never moves a time back."""

    async def credentials_used(self, seen: Sequence[tuple[str, str, int]]) -> None:
        """Note when credentials were last used: (client id, credential, time), in one batch; never moves a time back.

        A credential is told by a mark that says nothing about what it is (see `clients.credential_use`).
        """

    async def ping(self) -> None:
        """Returns when the database answers and its schema is this version's; raises `StoreUnavailable` otherwise."""

    async def key_file(self, fingerprint: str) -> str:
        """The fingerprint of the key file this database belongs to; an unmarked one is marked with this."""

    async def checkpoint(self) -> None:
        """Upkeep of the database's own (SQLite: empty the write-ahead log)."""

    async def close(self) -> None:
        """Finish what runs and let go of the database."""
