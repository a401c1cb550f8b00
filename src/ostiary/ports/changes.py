"""What can be written, as values. `Stores.commit(*changes)` makes all of them or none.

A change with a condition says so; when the condition does not hold, `commit` raises `Conflict` naming the change and
nothing of the unit is kept. So it does for text that no database can hold (NUL, half a surrogate pair), whatever the
change; only evidence is kept all the same, with a sign in its place. Put the conditional changes first: their row locks
order a unit against its rivals. Whoever locks several goes from the code to its grant to the grant's tokens.
"""

from dataclasses import dataclass

from ostiary.ports.records import (
    AccessTokenRecord,
    AccountRecord,
    AppVersionRecord,
    AuditRecord,
    ClientRecord,
    CodeRecord,
    ConsentRecord,
    GrantRecord,
    ObjectRecord,
    RefreshTokenRecord,
    SessionRecord,
    SigningKeyRecord,
)


class Change:
    """One thing to write."""

    __slots__ = ()


class Conflict(Exception):
    """The condition of a change did not hold; the whole unit was left undone."""

    def __init__(self, change: Change) -> None:
        super().__init__(type(change).__name__)
        self.change = change


@dataclass(frozen=True, slots=True)
class AddClient(Change):
    """Condition: no client has this id. Moves the generation."""

    client: ClientRecord


@dataclass(frozen=True, slots=True)
class SaveClient(Change):
    """Condition: the stored version is `expected`. The record carries the new version. Moves the generation."""

    client: ClientRecord
    expected: int


@dataclass(frozen=True, slots=True)
class RemoveClient(Change):
    """Condition: the client exists. Its grants, codes and tokens go with it. Moves the generation."""

    client_id: str


@dataclass(frozen=True, slots=True)
class SaveObject(Change):
    """Condition: the stored version is `expected` (None: there is none yet; -1: whatever). Moves the generation."""

    object: ObjectRecord
    expected: int | None


@dataclass(frozen=True, slots=True)
class RemoveObject(Change):
    """Condition: the object exists. Moves the generation."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class AddAppVersion(Change):
    """Condition: no app version has this id."""

    app: AppVersionRecord


@dataclass(frozen=True, slots=True)
class SaveAppVersion(Change):
    """Condition: the stored version is `expected`."""

    app: AppVersionRecord
    expected: int


@dataclass(frozen=True, slots=True)
class RemoveAppVersion(Change):
    """Condition: the stored version is `expected`."""

    id: str
    expected: int


@dataclass(frozen=True, slots=True)
class AddCode(Change):
    """Unconditional."""

    code: CodeRecord


@dataclass(frozen=True, slots=True)
class UseCode(Change):
    """Condition: the code is there and was not used. What it leads to belongs in the same unit, after this.

    Of any number of units at once exactly one is kept, and every other fails only when that one is durable: whoever
    then revokes the code's grant finds all that it led to.
    """

    key: bytes
    at: int


@dataclass(frozen=True, slots=True)
class RemoveCode(Change):
    """Condition: the code is there. Of all its replays one takes back what it led to."""

    key: bytes


@dataclass(frozen=True, slots=True)
class AddAccessToken(Change):
    """Unconditional."""

    token: AccessTokenRecord


@dataclass(frozen=True, slots=True)
class RemoveAccessToken(Change):
    """Unconditional: a token that is not there is as good as removed."""

    key: bytes


@dataclass(frozen=True, slots=True)
class RevokeJwt(Change):
    """Remember until `expires_at` that the JWT with this id (its digest) counts no longer."""

    key: bytes
    expires_at: int


@dataclass(frozen=True, slots=True)
class AddGrant(Change):
    """Unconditional."""

    grant: GrantRecord


@dataclass(frozen=True, slots=True)
class SaveGrant(Change):
    """Condition: the grant exists and is not revoked. Replaces expiry and document, and moves `updated_at`."""

    grant: GrantRecord


@dataclass(frozen=True, slots=True)
class TouchGrant(Change):
    """Condition: the grant exists and is not revoked. Moves `updated_at`."""

    grant_id: str
    at: int


@dataclass(frozen=True, slots=True)
class RevokeGrant(Change):
    """Mark the grant revoked; its refresh and access tokens go. Also for grants never stored. Unconditional."""

    grant_id: str
    at: int


@dataclass(frozen=True, slots=True)
class AddRefreshToken(Change):
    """Unconditional."""

    token: RefreshTokenRecord


@dataclass(frozen=True, slots=True)
class RollRefreshToken(Change):
    """Condition: the old token exists and is not rolled. Marks it rolled and adds the new one."""

    old: bytes
    at: int
    grace_until: int
    successor: bytes
    new: RefreshTokenRecord


@dataclass(frozen=True, slots=True)
class EndGrace(Change):
    """The newest token was used: the one before it, whose key this is, is dead. Unconditional."""

    key: bytes


@dataclass(frozen=True, slots=True)
class AddSession(Change):
    """Unconditional."""

    session: SessionRecord


@dataclass(frozen=True, slots=True)
class TouchSession(Change):
    """Moves the time of last use and the expiry. Unconditional."""

    key: bytes
    at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class SaveSession(Change):
    """Condition: the session exists. Replaces its document, times and user."""

    session: SessionRecord


@dataclass(frozen=True, slots=True)
class RemoveSession(Change):
    """Unconditional."""

    key: bytes


@dataclass(frozen=True, slots=True)
class RememberConsent(Change):
    """Add or replace. Unconditional."""

    consent: ConsentRecord


@dataclass(frozen=True, slots=True)
class AddAccount(Change):
    """Condition: the store has no account of this name (letter case matters)."""

    account: AccountRecord


@dataclass(frozen=True, slots=True)
class SaveAccount(Change):
    """Condition: the stored version is `expected`. Does not touch failures and lock."""

    account: AccountRecord
    expected: int


@dataclass(frozen=True, slots=True)
class RemoveAccount(Change):
    """Condition: it exists."""

    store: str
    username: str


@dataclass(frozen=True, slots=True)
class SaveSigningKey(Change):
    """Add or replace. Unconditional. Moves the generation (kind ``signing-keys``)."""

    key: SigningKeyRecord


@dataclass(frozen=True, slots=True)
class RemoveSigningKey(Change):
    """Unconditional. Moves the generation (kind ``signing-keys``)."""

    kid: str


@dataclass(frozen=True, slots=True)
class AddAudit(Change):
    """Evidence, committed with what it tells of. Unconditional."""

    event: AuditRecord
