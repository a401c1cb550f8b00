"""What can be written, as values. `Stores.commit(*changes)` makes all of them or none.

A change with a condition says so; when the condition does not hold, `commit` raises `Conflict` naming the change and
nothing of the unit is kept. So it does for text that no database can hold (NUL, half a surrogate pair), whatever the
change; only evidence is kept all the same, with a sign in its place. Put the conditional changes first: their row locks
order a unit against its rivals. Whoever locks several goes from the code to its grant to the grant's tokens.
"""

import msgspec

from ostiary.ports.records import (
    AccessTokenRecord,
    AccountRecord,
    AppVersionRecord,
    AuditRecord,
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


class Change(msgspec.Struct, frozen=True):
    """One thing to write."""


class Conflict(Exception):
    """The condition of a change did not hold; the whole unit was left undone."""

    def __init__(self, change: Change) -> None:
        super().__init__(type(change).__name__)
        self.change = change


class AddClient(Change, frozen=True):
    """Condition: no client has this id. Moves the generation."""

    client: ClientRecord


class SaveClient(Change, frozen=True):
    """Condition: the stored version is `expected`. The record carries the new version. Moves the generation."""

    client: ClientRecord
    expected: int


class RemoveClient(Change, frozen=True):
    """Condition: the client exists, at the version `expected` if one is given. Its grants, codes and tokens go with it.

    Moves the generation.
    """

    client_id: str
    expected: int | None = None


class SaveObject(Change, frozen=True):
    """Condition: the stored version is `expected` (None: there is none yet; -1: whatever). Moves the generation."""

    object: ObjectRecord
    expected: int | None


class RemoveObject(Change, frozen=True):
    """Condition: the object exists, and at this version if one is given. Moves the generation."""

    kind: str
    id: str
    expected: int | None = None


class AddAppVersion(Change, frozen=True):
    """Condition: no app version has this id."""

    app: AppVersionRecord


class SaveAppVersion(Change, frozen=True):
    """Condition: the stored version is `expected`."""

    app: AppVersionRecord
    expected: int


class RemoveAppVersion(Change, frozen=True):
    """Condition: the stored version is `expected`."""

    id: str
    expected: int


class AddCode(Change, frozen=True):
    """Unconditional."""

    code: CodeRecord


class UseCode(Change, frozen=True):
    """Condition: the code is there and was not used. What it leads to belongs in the same unit, after this.

    Of any number of units at once exactly one is kept, and every other fails only when that one is durable: whoever
    then revokes the code's grant finds all that it led to.
    """

    key: bytes
    at: int


class RemoveCode(Change, frozen=True):
    """Condition: the code is there. Of all its replays one takes back what it led to."""

    key: bytes


class AddAccessToken(Change, frozen=True):
    """Unconditional."""

    token: AccessTokenRecord


class RemoveAccessToken(Change, frozen=True):
    """Unconditional: a token that is not there is as good as removed."""

    key: bytes


class RevokeJwt(Change, frozen=True):
    """Remember until `expires_at` that the JWT with this id (its digest) counts no longer."""

    key: bytes
    expires_at: int


class AddGrant(Change, frozen=True):
    """Unconditional."""

    grant: GrantRecord


class SaveGrant(Change, frozen=True):
    """Condition: the grant exists and is not revoked. Replaces expiry and document, and moves `updated_at`."""

    grant: GrantRecord


class TouchGrant(Change, frozen=True):
    """Condition: the grant exists and is not revoked. Moves `updated_at`."""

    grant_id: str
    at: int


class RevokeGrant(Change, frozen=True):
    """Mark the grant revoked; its refresh and access tokens go. Also for grants never stored. Unconditional."""

    grant_id: str
    at: int


class AddRefreshToken(Change, frozen=True):
    """Unconditional."""

    token: RefreshTokenRecord


class RollRefreshToken(Change, frozen=True):
    """Condition: the old token exists and is not rolled. Marks it rolled and adds the new one."""

    old: bytes
    at: int
    grace_until: int
    successor: bytes
    new: RefreshTokenRecord


class EndGrace(Change, frozen=True):
    """The newest token was used: the one before it, whose key this is, is dead. Unconditional."""

    key: bytes


class AddSession(Change, frozen=True):
    """Unconditional."""

    session: SessionRecord


class TouchSession(Change, frozen=True):
    """Moves the time of last use and the expiry. Unconditional."""

    key: bytes
    at: int
    expires_at: int


class SaveSession(Change, frozen=True):
    """Condition: the session exists. Replaces its document, times and user."""

    session: SessionRecord


class RemoveSession(Change, frozen=True):
    """Unconditional."""

    key: bytes


class RememberConsent(Change, frozen=True):
    """Add or replace. Unconditional."""

    consent: ConsentRecord


class AddAccount(Change, frozen=True):
    """Condition: the store has no account of this name (letter case matters)."""

    account: AccountRecord


class SaveAccount(Change, frozen=True):
    """Condition: the stored version is `expected`. Does not touch failures and lock."""

    account: AccountRecord
    expected: int


class RemoveAccount(Change, frozen=True):
    """Condition: it exists."""

    store: str
    username: str


class SaveSigningKey(Change, frozen=True):
    """Add or replace. Unconditional. Moves the generation (kind ``signing-keys``)."""

    key: SigningKeyRecord


class RemoveSigningKey(Change, frozen=True):
    """Unconditional. Moves the generation (kind ``signing-keys``)."""

    kid: str


class AddRegistration(Change, frozen=True):
    """Condition: the client is not registered already. It goes with its client."""

    registration: RegistrationRecord


class SaveRegistration(Change, frozen=True):
    """Condition: the digest of the token that is stored is `expected`. Replaces it and the document.

    Of two that change the token at once, one is kept.
    """

    registration: RegistrationRecord
    expected: bytes


class AddInitialToken(Change, frozen=True):
    """Condition: no initial access token has this id."""

    token: InitialTokenRecord


class UseInitialToken(Change, frozen=True):
    """Condition: the token is there, has not expired `at` this time and has uses left. Takes one of them."""

    key: bytes
    at: int


class RemoveInitialToken(Change, frozen=True):
    """Condition: it exists."""

    id: str


class TakeQuota(Change, frozen=True):
    """Condition: fewer than `most` (at least 1) were taken of this key since its window began. Takes one.

    A window that has ended `at` this time, or was never begun, begins now and lasts until `until`.
    """

    key: bytes
    at: int
    until: int
    most: int


class NoteUncheckedSector(Change, frozen=True):
    """The sector document of a pairwise client could not be had when it was saved. Unconditional."""

    client_id: str
    at: int


class ForgetUncheckedSector(Change, frozen=True):
    """It was checked meanwhile. Unconditional."""

    client_id: str


class AddAudit(Change, frozen=True):
    """Evidence, committed with what it tells of. Unconditional."""

    event: AuditRecord
