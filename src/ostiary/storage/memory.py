"""Stores that live in this process and end with it, for tests and for trying out. They keep the whole contract."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccessToken,
    AddAccount,
    AddAppVersion,
    AddAudit,
    AddClient,
    AddCode,
    AddGrant,
    AddInitialToken,
    AddRefreshToken,
    AddRegistration,
    AddSession,
    Change,
    Conflict,
    EndGrace,
    ForgetUncheckedSector,
    NoteUncheckedSector,
    RememberConsent,
    RemoveAccessToken,
    RemoveAccount,
    RemoveAppVersion,
    RemoveClient,
    RemoveCode,
    RemoveInitialToken,
    RemoveObject,
    RemoveSession,
    RemoveSigningKey,
    RevokeGrant,
    RevokeJwt,
    RollRefreshToken,
    SaveAccount,
    SaveAppVersion,
    SaveClient,
    SaveGrant,
    SaveObject,
    SaveRegistration,
    SaveSession,
    SaveSigningKey,
    TakeQuota,
    TouchGrant,
    TouchSession,
    UseCode,
    UseInitialToken,
)
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
from ostiary.ports.stores import REPLAY_MEMORY_MS
from ostiary.storage.notices import KEPT_NOTICES
from ostiary.storage.text import check_storable, made_storable, search_text

K = TypeVar("K")
V = TypeVar("V")


class _Tables:
    """The dictionaries, and what a unit does to them, so that it can be undone."""

    def __init__(self) -> None:
        self.clients: dict[str, ClientRecord] = {}
        self.app_versions: dict[str, AppVersionRecord] = {}
        self.uses: dict[str, int] = {}
        self.registrations: dict[str, RegistrationRecord] = {}
        self.unchecked_sectors: dict[str, int] = {}
        self.initial_tokens: dict[bytes, InitialTokenRecord] = {}
        self.quotas: dict[bytes, tuple[int, int]] = {}
        self.credential_uses: dict[tuple[str, str], int] = {}
        self.objects: dict[tuple[str, str], ObjectRecord] = {}
        self.signing_keys: dict[str, SigningKeyRecord] = {}
        self.codes: dict[bytes, CodeRecord] = {}
        self.access_tokens: dict[bytes, AccessTokenRecord] = {}
        self.revoked_jwts: dict[bytes, int] = {}
        self.grants: dict[str, GrantRecord] = {}
        self.refresh_tokens: dict[bytes, RefreshTokenRecord] = {}
        self.consents: dict[tuple[str, str], ConsentRecord] = {}
        self.used: dict[tuple[str, bytes], int] = {}
        self.pushed: dict[bytes, tuple[str, int, bytes]] = {}
        self.sessions: dict[bytes, SessionRecord] = {}
        self.accounts: dict[tuple[str, str], AccountRecord] = {}
        self.audit: dict[str, AuditRecord] = {}
        self.leases: dict[str, tuple[str, int]] = {}
        self.notices: dict[int, ChangeNotice] = {}
        self.generation = 0
        self.undo: list[Callable[[], object]] = []

    def put(self, table: dict[K, V], key: K, value: V) -> bool:
        if key in table:
            before = table[key]
            self.undo.append(lambda: table.__setitem__(key, before))
        else:
            self.undo.append(lambda: table.pop(key))
        table[key] = value
        return True

    def add(self, table: dict[K, V], key: K, value: V) -> bool:
        return key not in table and self.put(table, key, value)

    def drop(self, table: dict[K, V], key: K) -> bool:
        if key not in table:
            return False
        before = table.pop(key)
        self.undo.append(lambda: table.__setitem__(key, before))
        return True

    def drop_where(self, table: dict[K, V], doomed: Callable[[V], bool]) -> None:
        for key in [key for key, value in table.items() if doomed(value)]:
            self.drop(table, key)

    def notice(self, kind: str, changed: str) -> bool:
        self.generation += 1
        notice = ChangeNotice(generation=self.generation, kind=kind, id=changed)
        self.drop(self.notices, self.generation - KEPT_NOTICES)
        return self.put(self.notices, self.generation, notice)


class MemoryStores:
    """Everything in dictionaries. One event loop, one process: a method without a wait inside is atomic."""

    def __init__(self) -> None:
        self._tables = _Tables()
        self._key_file = ""

    async def commit(self, *changes: Change) -> None:
        """All changes or none: what was done is undone, newest first, when a condition does not hold."""
        generation = self._tables.generation
        self._tables.undo.clear()
        try:
            for change in changes:
                if not isinstance(change, AddAudit):
                    check_storable(change)
                if not APPLY[type(change)](self._tables, change):
                    raise Conflict(change)
        except BaseException:
            for undo in reversed(self._tables.undo):
                undo()
            self._tables.generation = generation
            raise

    # Clients ------------------------------------------------------------------------------------------------------

    async def client(self, client_id: str) -> ClientRecord | None:
        """The client with exactly this id."""
        return self._tables.clients.get(client_id)

    async def clients(self, chunk: int = 1000) -> AsyncIterator[Sequence[ClientRecord]]:
        """Every client in the order of ids, in chunks."""
        records = [self._tables.clients[client_id] for client_id in sorted(self._tables.clients, key=str.encode)]
        for start in range(0, len(records), chunk):
            yield records[start : start + chunk]

    async def legacy_clients(
        self, legacy_version: int, chunk: int = 1000
    ) -> AsyncIterator[Sequence[bytes | ClientRecord]]:
        """The legacy renderings in the order of ids; the record where the rendering is stale."""
        async for records in self.clients(chunk):
            yield [r.legacy if r.legacy_version == legacy_version else r for r in records]

    async def client_page(
        self, *, containing: str = "", after: str = "", skip: int = 0, most: int = 100
    ) -> Sequence[ClientRecord]:
        """Clients whose id or name holds a text, in any letter case, in the order of ids."""
        wanted = containing.casefold()
        found = [
            record
            for client_id, record in sorted(self._tables.clients.items(), key=lambda item: item[0].encode())
            if client_id.encode() > after.encode("utf-8", "surrogatepass")
            and wanted in search_text(client_id, record.name)
        ]
        return found[skip : skip + most]

    async def count_clients(self) -> int:
        """How many clients there are."""
        return len(self._tables.clients)

    async def registration(self, client_id: str) -> RegistrationRecord | None:
        """What is known of the client's registration."""
        return self._tables.registrations.get(client_id)

    async def initial_token(self, key: bytes) -> InitialTokenRecord | None:
        """The initial access token with this key."""
        return self._tables.initial_tokens.get(key)

    async def initial_tokens(self) -> Sequence[InitialTokenRecord]:
        """Every initial access token, oldest first."""
        return sorted(self._tables.initial_tokens.values(), key=lambda t: (t.created_at, t.id.encode()))

    async def is_sector_unchecked(self, client_id: str) -> bool:
        """Whether the client's sector document must be looked at before the client is used."""
        return client_id in self._tables.unchecked_sectors

    async def clients_with_use(self, chunk: int = 1000) -> AsyncIterator[Sequence[tuple[ClientRecord, int | None]]]:
        """Every client in the order of ids, each with the time of its last use."""
        async for records in self.clients(chunk):
            yield [(record, self._tables.uses.get(record.client_id)) for record in records]

    async def client_last_used(self, client_id: str) -> int | None:
        """When this client was last used."""
        return self._tables.uses.get(client_id)

    async def credential_uses(self, client_id: str) -> Sequence[tuple[str, int]]:
        """The credentials of a client that were ever used, each with the time of its last use."""
        return sorted((one, at) for (of, one), at in self._tables.credential_uses.items() if of == client_id)

    async def credentials_used(self, seen: Sequence[tuple[str, str, int]]) -> None:
        """Note when credentials were last used; never moves a time back."""
        for client_id, credential, at in seen:
            if client_id in self._tables.clients:
                key = (client_id, credential)
                self._tables.credential_uses[key] = max(at, self._tables.credential_uses.get(key, 0))

    async def app_version(self, app_id: str) -> AppVersionRecord | None:
        """The app version with exactly this id."""
        return self._tables.app_versions.get(app_id)

    async def app_versions(self, *, after: str = "", most: int = 100) -> Sequence[AppVersionRecord]:
        """App versions in the order of ids."""
        found = sorted(one for one in self._tables.app_versions if one > after)
        return [self._tables.app_versions[one] for one in found[:most]]

    # Configuration ------------------------------------------------------------------------------------------------

    async def objects(self) -> Sequence[ObjectRecord]:
        """Every configuration object, ordered by kind and id."""
        return sorted(self._tables.objects.values(), key=lambda o: (o.kind.encode(), o.id.encode()))

    async def generation(self) -> int:
        """The number of the newest change."""
        return self._tables.generation

    async def changes_since(self, generation: int, limit: int = 1000) -> Sequence[ChangeNotice]:
        """What changed after `generation`, oldest first."""
        oldest = max(generation, self._tables.generation - KEPT_NOTICES) + 1
        return [self._tables.notices[n] for n in range(oldest, min(self._tables.generation, oldest + limit - 1) + 1)]

    async def signing_keys(self) -> Sequence[SigningKeyRecord]:
        """Every signing key, oldest first."""
        return sorted(self._tables.signing_keys.values(), key=lambda k: (k.created_at, k.kid))

    # Codes, tokens, grants ----------------------------------------------------------------------------------------

    async def code(self, key: bytes) -> CodeRecord | None:
        """The authorization code with this key, used or not."""
        return self._tables.codes.get(key)

    async def access_token(self, key: bytes) -> AccessTokenRecord | None:
        """The reference token with this key."""
        return self._tables.access_tokens.get(key)

    async def is_jwt_revoked(self, key: bytes) -> bool:
        """Whether `RevokeJwt` was committed for this key."""
        return key in self._tables.revoked_jwts

    async def refresh_token(self, key: bytes) -> tuple[RefreshTokenRecord, GrantRecord] | None:
        """The refresh token and its grant."""
        token = self._tables.refresh_tokens.get(key)
        grant = None if token is None else self._tables.grants.get(token.grant_id)
        return None if token is None or grant is None else (token, grant)

    async def grant(self, grant_id: str) -> GrantRecord | None:
        """A persistent grant, revoked or not."""
        return self._tables.grants.get(grant_id)

    async def grants_of(self, *, client_id: str | None = None, user_key: str | None = None) -> Sequence[GrantRecord]:
        """The grants in force of a client, a person or both, oldest first."""
        if client_id is None and user_key is None:
            raise ValueError("grants are asked for by client, by person or by both")
        grants = (
            grant
            for grant in self._tables.grants.values()
            if not grant.revoked and client_id in (None, grant.client_id) and user_key in (None, grant.user_key)
        )
        return sorted(grants, key=lambda g: (g.created_at, g.grant_id))

    async def consent(self, user_key: str, client_id: str) -> ConsentRecord | None:
        """What this person approved for this client before."""
        return self._tables.consents.get((user_key, client_id))

    async def use_once(self, purpose: str, key: bytes, expires_at: int) -> bool:
        """True for exactly one caller per purpose and key."""
        if (purpose, key) in self._tables.used:
            return False
        self._tables.used[purpose, key] = expires_at
        return True

    async def add_pushed(self, key: bytes, client_id: str, expires_at: int, document: bytes) -> None:
        """Keep a pushed authorization request."""
        self._tables.pushed.setdefault(key, (client_id, expires_at, document))

    async def pushed(self, key: bytes) -> tuple[str, int, bytes] | None:
        """The client, expiry and document of a pushed request that was not taken yet."""
        return self._tables.pushed.get(key)

    async def take_pushed(self, key: bytes) -> bool:
        """Consume it: True for exactly one caller."""
        return self._tables.pushed.pop(key, None) is not None

    # People and sessions ------------------------------------------------------------------------------------------

    async def session(self, key: bytes) -> SessionRecord | None:
        """The session with this key."""
        return self._tables.sessions.get(key)

    async def account(self, store: str, username: str) -> AccountRecord | None:
        """The account of this name."""
        return self._tables.accounts.get((store, username))

    async def accounts(self, store: str) -> Sequence[AccountRecord]:
        """Every account of a store, by name."""
        found = (account for account in self._tables.accounts.values() if account.store == store)
        return sorted(found, key=lambda a: a.username.encode())

    async def count_failure(self, store: str, username: str, at: int, most: int, lock_ms: int) -> AccountRecord | None:
        """One more failed sign-on; a lock that has ended begins a new count."""
        account = self._tables.accounts.get((store, username))
        if account is None:
            return None
        begins_anew = 0 < account.locked_until <= at
        failures = 1 if begins_anew else account.failures + 1
        locked_until = at + lock_ms if failures >= most else 0 if begins_anew else account.locked_until
        account = replace(account, failures=failures, locked_until=locked_until)
        self._tables.accounts[store, username] = account
        return account

    async def forget_failures(self, store: str, username: str) -> None:
        """A sign-on succeeded."""
        if account := self._tables.accounts.get((store, username)):
            self._tables.accounts[store, username] = replace(account, failures=0, locked_until=0)

    # Audit, leases, upkeep ----------------------------------------------------------------------------------------

    async def audit(self, *, client_id: str | None = None, limit: int = 100, skip: int = 0) -> Sequence[AuditRecord]:
        """The newest evidence first."""
        events = (event for event in self._tables.audit.values() if client_id in (None, event.client_id))
        return sorted(events, key=lambda e: (e.time, e.id), reverse=True)[skip : skip + limit]

    async def take_lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take or prolong a lease: True for at most one holder until `until`."""
        held_by, held_until = self._tables.leases.get(name, (holder, 0))
        if held_by != holder and held_until > now:
            return False
        self._tables.leases[name] = (holder, until)
        return True

    async def release_lease(self, name: str, holder: str) -> None:
        """Give it back early."""
        if self._tables.leases.get(name, ("", 0))[0] == holder:
            del self._tables.leases[name]

    async def clean_up(self, now: int, batch: int = 500) -> int:
        """Remove up to `batch` expired rows of each kind; how many went."""
        t, gone, before_memory = self._tables, 0, now - REPLAY_MEMORY_MS
        gone += _remove(t.codes, [k for k, code in t.codes.items() if code.expires_at <= before_memory][:batch])
        with_expiry: tuple[dict[Any, Any], ...] = (
            t.access_tokens, t.sessions, t.consents, t.refresh_tokens, t.initial_tokens,
        )  # fmt: skip
        for table in with_expiry:
            gone += _remove(table, [k for k, v in table.items() if _is_over(v.expires_at, now)][:batch])
        expiries: tuple[dict[Any, int], ...] = (t.used, t.revoked_jwts)
        for times in expiries:
            gone += _remove(times, [k for k, expires_at in times.items() if expires_at <= now][:batch])
        gone += _remove(t.quotas, [k for k, (_, expires_at) in t.quotas.items() if expires_at <= now][:batch])
        gone += _remove(t.pushed, [k for k, v in t.pushed.items() if v[1] <= now][:batch])
        over = [k for k, grant in t.grants.items() if _ended_before(grant, before_memory)][:batch]
        doomed = set(over)
        gone += _remove(t.refresh_tokens, [k for k, token in t.refresh_tokens.items() if token.grant_id in doomed])
        return gone + _remove(t.grants, over)

    async def last_used(self, seen: Sequence[tuple[str, int]]) -> None:
        """Note when clients were last used; never moves a time back."""
        for client_id, at in seen:
            if client_id in self._tables.clients:
                self._tables.uses[client_id] = max(at, self._tables.uses.get(client_id, 0))

    async def ping(self) -> None:
        """Memory always answers."""

    async def key_file(self, fingerprint: str) -> str:
        """Nothing was here before: it belongs to whoever asks first."""
        self._key_file = self._key_file or fingerprint
        return self._key_file

    async def checkpoint(self) -> None:
        """Nothing to keep up."""

    async def close(self) -> None:
        """Nothing to let go of."""


def _is_over(expires_at: int | None, now: int) -> bool:
    return expires_at is not None and expires_at <= now


def _ended_before(grant: GrantRecord, time: int) -> bool:
    return _is_over(grant.expires_at, time) or (grant.revoked and grant.updated_at <= time)


def _remove(table: dict[K, Any], keys: Iterable[K]) -> int:
    count = 0
    for key in keys:
        del table[key]
        count += 1
    return count


# One function per change: it returns whether the condition held. ----------------------------------------------------


def _add_client(t: _Tables, c: AddClient) -> bool:
    return t.add(t.clients, c.client.client_id, c.client) and t.notice("client", c.client.client_id)


def _save_client(t: _Tables, c: SaveClient) -> bool:
    current = t.clients.get(c.client.client_id)
    if current is None or current.version != c.expected:
        return False
    return t.put(t.clients, c.client.client_id, c.client) and t.notice("client", c.client.client_id)


def _remove_client(t: _Tables, c: RemoveClient) -> bool:
    current = t.clients.get(c.client_id)
    if current is None or c.expected not in (None, current.version):
        return False
    t.drop(t.clients, c.client_id)
    t.drop(t.uses, c.client_id)
    t.drop(t.registrations, c.client_id)
    t.drop(t.unchecked_sectors, c.client_id)
    for key in [key for key in t.credential_uses if key[0] == c.client_id]:
        t.drop(t.credential_uses, key)
    tables: tuple[dict[Any, Any], ...] = (t.codes, t.access_tokens, t.refresh_tokens, t.grants, t.consents)
    for table in tables:
        t.drop_where(table, lambda record: record.client_id == c.client_id)
    t.drop_where(t.pushed, lambda pushed: pushed[0] == c.client_id)
    return t.notice("client", c.client_id)


def _add_app_version(t: _Tables, c: AddAppVersion) -> bool:
    return t.add(t.app_versions, c.app.id, c.app)


def _save_app_version(t: _Tables, c: SaveAppVersion) -> bool:
    current = t.app_versions.get(c.app.id)
    if current is None or current.version != c.expected:
        return False
    return t.put(t.app_versions, c.app.id, replace(c.app, created_at=current.created_at))


def _remove_app_version(t: _Tables, c: RemoveAppVersion) -> bool:
    current = t.app_versions.get(c.id)
    return current is not None and current.version == c.expected and t.drop(t.app_versions, c.id)


def _save_object(t: _Tables, c: SaveObject) -> bool:
    key = (c.object.kind, c.object.id)
    current = t.objects.get(key)
    if c.expected != -1 and c.expected != (None if current is None else current.version):
        return False
    return t.put(t.objects, key, c.object) and t.notice(*key)


def _remove_object(t: _Tables, c: RemoveObject) -> bool:
    current = t.objects.get((c.kind, c.id))
    if current is None or c.expected not in (None, current.version):
        return False
    return t.drop(t.objects, (c.kind, c.id)) and t.notice(c.kind, c.id)


def _add_code(t: _Tables, c: AddCode) -> bool:
    t.add(t.codes, c.code.key, c.code)
    return True


def _use_code(t: _Tables, c: UseCode) -> bool:
    code = t.codes.get(c.key)
    return code is not None and code.redeemed_at is None and t.put(t.codes, c.key, replace(code, redeemed_at=c.at))


def _remove_code(t: _Tables, c: RemoveCode) -> bool:
    return t.drop(t.codes, c.key)


def _add_access_token(t: _Tables, c: AddAccessToken) -> bool:
    t.add(t.access_tokens, c.token.key, c.token)
    return True


def _remove_access_token(t: _Tables, c: RemoveAccessToken) -> bool:
    t.drop(t.access_tokens, c.key)
    return True


def _revoke_jwt(t: _Tables, c: RevokeJwt) -> bool:
    return t.put(t.revoked_jwts, c.key, max(c.expires_at, t.revoked_jwts.get(c.key, 0)))


def _add_grant(t: _Tables, c: AddGrant) -> bool:
    t.add(t.grants, c.grant.grant_id, c.grant)
    return True


def _save_grant(t: _Tables, c: SaveGrant) -> bool:
    current = t.grants.get(c.grant.grant_id)
    if current is None or current.revoked:
        return False
    new = replace(current, expires_at=c.grant.expires_at, document=c.grant.document, updated_at=c.grant.updated_at)
    return t.put(t.grants, current.grant_id, new)


def _touch_grant(t: _Tables, c: TouchGrant) -> bool:
    current = t.grants.get(c.grant_id)
    if current is None or current.revoked:
        return False
    return t.put(t.grants, c.grant_id, replace(current, updated_at=c.at))


def _revoke_grant(t: _Tables, c: RevokeGrant) -> bool:
    current = t.grants.get(c.grant_id)
    if current is not None and not current.revoked:
        t.put(t.grants, c.grant_id, replace(current, revoked=True, updated_at=c.at))
    t.drop_where(t.refresh_tokens, lambda token: token.grant_id == c.grant_id)
    # Tokens without a person have no grant; they all share the empty text and are not meant.
    t.drop_where(t.access_tokens, lambda token: token.grant_id == c.grant_id != "")
    return True


def _add_refresh_token(t: _Tables, c: AddRefreshToken) -> bool:
    t.add(t.refresh_tokens, c.token.key, c.token)
    return True


def _roll_refresh_token(t: _Tables, c: RollRefreshToken) -> bool:
    old = t.refresh_tokens.get(c.old)
    if old is None or old.rolled_at is not None:
        return False
    rolled = replace(old, rolled_at=c.at, grace_until=c.grace_until, successor=c.successor)
    t.put(t.refresh_tokens, c.old, rolled)
    t.add(t.refresh_tokens, c.new.key, c.new)
    return True


def _end_grace(t: _Tables, c: EndGrace) -> bool:
    token = t.refresh_tokens.get(c.key)
    if token is not None and token.rolled_at is not None:
        t.put(t.refresh_tokens, c.key, replace(token, grace_until=0, successor=None))
    return True


def _add_session(t: _Tables, c: AddSession) -> bool:
    t.add(t.sessions, c.session.key, c.session)
    return True


def _touch_session(t: _Tables, c: TouchSession) -> bool:
    if session := t.sessions.get(c.key):
        t.put(t.sessions, c.key, replace(session, last_used_at=c.at, expires_at=c.expires_at))
    return True


def _save_session(t: _Tables, c: SaveSession) -> bool:
    return c.session.key in t.sessions and t.put(t.sessions, c.session.key, c.session)


def _remove_session(t: _Tables, c: RemoveSession) -> bool:
    t.drop(t.sessions, c.key)
    return True


def _remember_consent(t: _Tables, c: RememberConsent) -> bool:
    return t.put(t.consents, (c.consent.user_key, c.consent.client_id), c.consent)


def _add_account(t: _Tables, c: AddAccount) -> bool:
    return t.add(t.accounts, (c.account.store, c.account.username), c.account)


def _save_account(t: _Tables, c: SaveAccount) -> bool:
    key = (c.account.store, c.account.username)
    current = t.accounts.get(key)
    if current is None or current.version != c.expected:
        return False
    new = replace(c.account, failures=current.failures, locked_until=current.locked_until)
    return t.put(t.accounts, key, new)


def _remove_account(t: _Tables, c: RemoveAccount) -> bool:
    return t.drop(t.accounts, (c.store, c.username))


def _save_signing_key(t: _Tables, c: SaveSigningKey) -> bool:
    return t.put(t.signing_keys, c.key.kid, c.key) and t.notice("signing-keys", c.key.kid)


def _remove_signing_key(t: _Tables, c: RemoveSigningKey) -> bool:
    t.drop(t.signing_keys, c.kid)
    return t.notice("signing-keys", c.kid)


def _add_registration(t: _Tables, c: AddRegistration) -> bool:
    return t.add(t.registrations, c.registration.client_id, c.registration)


def _save_registration(t: _Tables, c: SaveRegistration) -> bool:
    client_id = c.registration.client_id
    current = t.registrations.get(client_id)
    if current is None or current.token != c.expected:
        return False
    new = replace(current, token=c.registration.token, document=c.registration.document)
    return t.put(t.registrations, client_id, new)


def _add_initial_token(t: _Tables, c: AddInitialToken) -> bool:
    taken = any(token.id == c.token.id for token in t.initial_tokens.values())
    return not taken and t.put(t.initial_tokens, c.token.key, c.token)


def _use_initial_token(t: _Tables, c: UseInitialToken) -> bool:
    token = t.initial_tokens.get(c.key)
    if token is None or token.expires_at <= c.at or token.uses >= token.most_uses:
        return False
    return t.put(t.initial_tokens, c.key, replace(token, uses=token.uses + 1))


def _remove_initial_token(t: _Tables, c: RemoveInitialToken) -> bool:
    found = [key for key, token in t.initial_tokens.items() if token.id == c.id]
    return bool(found) and t.drop(t.initial_tokens, found[0])


def _take_quota(t: _Tables, c: TakeQuota) -> bool:
    count, until = t.quotas.get(c.key, (0, 0))
    if until <= c.at:
        return t.put(t.quotas, c.key, (1, c.until))
    return count < c.most and t.put(t.quotas, c.key, (count + 1, until))


def _note_unchecked_sector(t: _Tables, c: NoteUncheckedSector) -> bool:
    t.add(t.unchecked_sectors, c.client_id, c.at)
    return True


def _forget_unchecked_sector(t: _Tables, c: ForgetUncheckedSector) -> bool:
    t.drop(t.unchecked_sectors, c.client_id)
    return True


def _add_audit(t: _Tables, c: AddAudit) -> bool:
    event = replace(c.event, client_id=made_storable(c.event.client_id), subject=made_storable(c.event.subject))
    t.add(t.audit, event.id, event)
    return True


APPLY: dict[type[Change], Callable[[_Tables, Any], bool]] = {
    AddClient: _add_client,
    SaveClient: _save_client,
    RemoveClient: _remove_client,
    AddAppVersion: _add_app_version,
    SaveAppVersion: _save_app_version,
    RemoveAppVersion: _remove_app_version,
    SaveObject: _save_object,
    RemoveObject: _remove_object,
    AddCode: _add_code,
    UseCode: _use_code,
    RemoveCode: _remove_code,
    AddAccessToken: _add_access_token,
    RemoveAccessToken: _remove_access_token,
    RevokeJwt: _revoke_jwt,
    AddGrant: _add_grant,
    SaveGrant: _save_grant,
    TouchGrant: _touch_grant,
    RevokeGrant: _revoke_grant,
    AddRefreshToken: _add_refresh_token,
    RollRefreshToken: _roll_refresh_token,
    EndGrace: _end_grace,
    AddSession: _add_session,
    TouchSession: _touch_session,
    SaveSession: _save_session,
    RemoveSession: _remove_session,
    RememberConsent: _remember_consent,
    AddAccount: _add_account,
    SaveAccount: _save_account,
    RemoveAccount: _remove_account,
    SaveSigningKey: _save_signing_key,
    RemoveSigningKey: _remove_signing_key,
    AddRegistration: _add_registration,
    SaveRegistration: _save_registration,
    AddInitialToken: _add_initial_token,
    UseInitialToken: _use_initial_token,
    RemoveInitialToken: _remove_initial_token,
    TakeQuota: _take_quota,
    NoteUncheckedSector: _note_unchecked_sector,
    ForgetUncheckedSector: _forget_unchecked_sector,
    AddAudit: _add_audit,
}
