"""Records to store. Every value differs from every other, so that a swapped column is noticed."""

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

NOW = 1_790_000_000_000


def key(name: str) -> bytes:
    """A row key of 38 bytes."""
    return name.encode().ljust(38, b".")


def client(client_id: str = "shop", version: int = 1, **more: object) -> ClientRecord:
    """A client."""
    values: dict[str, object] = {
        "client_id": client_id,
        "version": version,
        "name": f"The {client_id} · Lädchen",
        "enabled": True,
        "created_at": NOW + 1,
        "modified_at": NOW + 2,
        "document": b'{"v":1,"client":"' + client_id.encode() + b'"}',
        "legacy": b'{"clientId":"' + client_id.encode() + b'"}',
        "legacy_version": 7,
    }
    return ClientRecord(**(values | more))  # type: ignore[arg-type]


def app_version(app_id: str = "app", version: int = 1, client_id: str = "") -> AppVersionRecord:
    """A version of an application."""
    return AppVersionRecord(
        id=app_id, version=version, client_id=client_id, created_at=NOW + 3, document=b'{"v":1,"n":%d}' % version
    )


def configuration_object(kind: str = "manager", object_id: str = "reference", version: int = 1) -> ObjectRecord:
    """A configuration object."""
    return ObjectRecord(kind=kind, id=object_id, version=version, document=b'{"v":1,"n":%d}' % version)


def signing_key(kid: str = "k1", state: str = "pending", created_at: int = NOW) -> SigningKeyRecord:
    """A signing key."""
    return SigningKeyRecord(
        kid=kid,
        issuer="https://as.example.com",
        family="P-256",
        state=state,
        created_at=created_at,
        changed_at=created_at + 1,
        public=b'{"kty":"EC"}',
        private=b"\x00\xff sealed",
    )


def code(name: str = "c", client_id: str = "shop", grant_id: str = "g", expires_at: int = NOW + 60_000) -> CodeRecord:
    """An authorization code."""
    return CodeRecord(key=key(name), client_id=client_id, grant_id=grant_id, expires_at=expires_at, document=b'{"v":1}')


def access_token(
    name: str = "a", client_id: str = "shop", grant_id: str = "g", expires_at: int = NOW + 7_200_000
) -> AccessTokenRecord:
    """A reference token."""
    return AccessTokenRecord(
        key=key(name), client_id=client_id, grant_id=grant_id, expires_at=expires_at, document=b'{"v":1,"scope":"a"}'
    )


def grant(grant_id: str = "g", client_id: str = "shop", user_key: str = "users:ada", **more: object) -> GrantRecord:
    """A persistent grant."""
    values: dict[str, object] = {
        "grant_id": grant_id,
        "client_id": client_id,
        "user_key": user_key,
        "grant_type": "authorization_code",
        "created_at": NOW + 3,
        "updated_at": NOW + 4,
        "expires_at": NOW + 86_400_000,
        "revoked": False,
        "document": b'{"v":1,"scope":"b"}',
    }
    return GrantRecord(**(values | more))  # type: ignore[arg-type]


def refresh_token(name: str = "r", grant_id: str = "g", **more: object) -> RefreshTokenRecord:
    """A refresh token."""
    values: dict[str, object] = {
        "key": key(name),
        "grant_id": grant_id,
        "client_id": "shop",
        "issued_at": NOW + 5,
        "expires_at": NOW + 86_400_001,
        "predecessor": None,
        "document": b'{"v":1,"r":1}',
    }
    return RefreshTokenRecord(**(values | more))  # type: ignore[arg-type]


def session(name: str = "s", expires_at: int = NOW + 3_600_000) -> SessionRecord:
    """A session."""
    return SessionRecord(
        key=key(name),
        user_key="users:ada",
        created_at=NOW + 6,
        last_used_at=NOW + 7,
        expires_at=expires_at,
        document=b'{"v":1,"s":1}',
    )


def consent(user_key: str = "users:ada", client_id: str = "shop", expires_at: int | None = None) -> ConsentRecord:
    """What a person approved."""
    return ConsentRecord(
        user_key=user_key, client_id=client_id, updated_at=NOW + 8, expires_at=expires_at, document=b'{"v":1,"c":1}'
    )


def account(username: str = "ada", store: str = "users", version: int = 1) -> AccountRecord:
    """An account."""
    return AccountRecord(
        store=store,
        username=username,
        version=version,
        password_hash=f"$argon2id$v=19$hash-{version}",
        failures=0,
        locked_until=0,
        document=b'{"v":1,"a":%d}' % version,
    )


def event(event_id: str, time: int = NOW, client_id: str = "shop") -> AuditRecord:
    """A piece of evidence."""
    return AuditRecord(
        id=event_id, time=time, name="client.replaced", client_id=client_id, subject="root", document=b'{"v":1,"e":1}'
    )
