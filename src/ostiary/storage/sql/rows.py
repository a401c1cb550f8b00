"""From rows to records. The order of columns is that of the tuples in `statements`."""

from typing import Any

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
from ostiary.storage.sql.statements import REFRESH_TOKEN_COLUMNS

Row = Any
"""A tuple, or what PostgreSQL's driver gives for one."""


def client(row: Row) -> ClientRecord:
    """A row of `clients`."""
    return ClientRecord(
        client_id=row[0],
        version=row[1],
        name=row[2],
        enabled=bool(row[3]),
        created_at=row[4],
        modified_at=row[5],
        document=row[6],
        legacy=row[7],
        legacy_version=row[8],
    )


def app_version(row: Row) -> AppVersionRecord:
    """A row of `app_versions`."""
    return AppVersionRecord(id=row[0], version=row[1], client_id=row[2], created_at=row[3], document=row[4])


def configuration_object(row: Row) -> ObjectRecord:
    """A row of `objects`."""
    return ObjectRecord(kind=row[0], id=row[1], version=row[2], document=row[3])


def signing_key(row: Row) -> SigningKeyRecord:
    """A row of `signing_keys`."""
    return SigningKeyRecord(
        kid=row[0],
        issuer=row[1],
        family=row[2],
        state=row[3],
        created_at=row[4],
        changed_at=row[5],
        public=row[6],
        private=row[7],
    )


def notice(row: Row) -> ChangeNotice:
    """A row of `changes`."""
    return ChangeNotice(generation=row[0], kind=row[1], id=row[2])


def code(row: Row) -> CodeRecord:
    """A row of `codes`."""
    return CodeRecord(
        key=row[0], client_id=row[1], grant_id=row[2], expires_at=row[3], redeemed_at=row[4], document=row[5]
    )


def access_token(row: Row) -> AccessTokenRecord:
    """A row of `access_tokens`."""
    return AccessTokenRecord(key=row[0], client_id=row[1], grant_id=row[2], expires_at=row[3], document=row[4])


def grant(row: Row, first: int = 0) -> GrantRecord:
    """A row of `grants`, whose columns begin at `first`."""
    return GrantRecord(
        grant_id=row[first],
        client_id=row[first + 1],
        user_key=row[first + 2],
        grant_type=row[first + 3],
        created_at=row[first + 4],
        updated_at=row[first + 5],
        expires_at=row[first + 6],
        revoked=bool(row[first + 7]),
        document=row[first + 8],
    )


def refresh_token_with_grant(row: Row) -> tuple[RefreshTokenRecord, GrantRecord]:
    """A row of `refresh_tokens`, and behind it the one of its grant."""
    token = RefreshTokenRecord(
        key=row[0],
        grant_id=row[1],
        client_id=row[2],
        issued_at=row[3],
        expires_at=row[4],
        predecessor=row[5],
        rolled_at=row[6],
        grace_until=row[7],
        successor=row[8],
        document=row[9],
    )
    return token, grant(row, len(REFRESH_TOKEN_COLUMNS))


def session(row: Row) -> SessionRecord:
    """A row of `sessions`."""
    return SessionRecord(
        key=row[0], user_key=row[1], created_at=row[2], last_used_at=row[3], expires_at=row[4], document=row[5]
    )


def consent(row: Row) -> ConsentRecord:
    """A row of `consents`."""
    return ConsentRecord(user_key=row[0], client_id=row[1], updated_at=row[2], expires_at=row[3], document=row[4])


def account(row: Row) -> AccountRecord:
    """A row of `accounts`."""
    return AccountRecord(
        store=row[0],
        username=row[1],
        version=row[2],
        password_hash=row[3],
        failures=row[4],
        locked_until=row[5],
        document=row[6],
    )


def registration(row: Row) -> RegistrationRecord:
    """A row of `registrations`."""
    return RegistrationRecord(
        client_id=row[0], created_at=row[1], token=row[2], source=row[3], vouched_by=row[4], document=row[5]
    )


def initial_token(row: Row) -> InitialTokenRecord:
    """A row of `initial_tokens`."""
    return InitialTokenRecord(
        key=row[0],
        id=row[1],
        created_at=row[2],
        expires_at=row[3],
        uses=row[4],
        most_uses=row[5],
        document=row[6],
    )


def audit(row: Row) -> AuditRecord:
    """A row of `audit`."""
    return AuditRecord(id=row[0], time=row[1], name=row[2], client_id=row[3], subject=row[4], document=row[5])
