"""The first schema."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import TEXT

_WORD = sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade(op: Operations) -> None:
    """All tables, and the rows that every database has."""
    _configuration(op)
    _tokens(op)
    _people(op)
    op.execute("INSERT INTO installation (id, schema_number, key_file) VALUES (1, 1, '')")
    op.execute("INSERT INTO generation (id, value) VALUES (1, 0)")


def _configuration(op: Operations) -> None:
    op.create_table(
        "installation",
        _number_key("id"),
        _number("schema_number"),
        _word("key_file"),
    )
    op.create_table(
        "generation",
        _number_key("id"),
        _number("value"),
    )
    op.create_table(
        "changes",
        _number_key("generation"),
        _word("kind"),
        _word("id"),
    )
    op.create_table(
        "clients",
        _word_key("client_id"),
        _number("version"),
        _word("name"),
        _number("enabled"),
        _number("created_at"),
        _number("modified_at"),
        _bytes("document"),
        _bytes("legacy"),
        _number("legacy_version"),
    )
    op.create_table(
        "client_uses",
        _word_key("client_id"),
        _number("last_used_at"),
    )
    op.create_table(
        "objects",
        _word_key("kind"),
        _word_key("id"),
        _number("version"),
        _bytes("document"),
    )
    op.create_table(
        "signing_keys",
        _word_key("kid"),
        _word("issuer"),
        _word("family"),
        _word("state"),
        _number("created_at"),
        _number("changed_at"),
        _bytes("public"),
        _bytes("private"),
    )


def _tokens(op: Operations) -> None:
    op.create_table(
        "codes",
        _bytes_key("key"),
        _word("client_id"),
        _word("grant_id"),
        _number("expires_at"),
        _bytes("document"),
        _number_or_none("redeemed_at"),
    )
    op.create_index("codes_by_client", "codes", ["client_id"])
    op.create_index("codes_by_expiry", "codes", ["expires_at"])
    op.create_table(
        "access_tokens",
        _bytes_key("key"),
        _word("client_id"),
        _word("grant_id"),
        _number("expires_at"),
        _bytes("document"),
    )
    op.create_index("access_tokens_by_client", "access_tokens", ["client_id"])
    op.create_index("access_tokens_by_expiry", "access_tokens", ["expires_at"])
    where = sa.text("grant_id <> ''")
    op.create_index("access_tokens_by_grant", "access_tokens", ["grant_id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "revoked_jwts",
        _bytes_key("key"),
        _number("expires_at"),
    )
    op.create_index("revoked_jwts_by_expiry", "revoked_jwts", ["expires_at"])
    op.create_table(
        "grants",
        _word_key("grant_id"),
        _word("client_id"),
        _word("user_key"),
        _word("grant_type"),
        _number("created_at"),
        _number("updated_at"),
        _number_or_none("expires_at"),
        _number("revoked"),
        _bytes("document"),
    )
    op.create_index("grants_by_client", "grants", ["client_id"])
    op.create_index("grants_by_expiry", "grants", ["expires_at"])
    op.create_index("grants_by_user", "grants", ["user_key"])
    where = sa.text("revoked = 1")
    op.create_index("grants_revoked", "grants", ["updated_at"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "refresh_tokens",
        _bytes_key("key"),
        _word("grant_id"),
        _word("client_id"),
        _number("issued_at"),
        _number_or_none("expires_at"),
        _bytes_or_none("predecessor"),
        _number_or_none("rolled_at"),
        _number_or_none("grace_until"),
        _bytes_or_none("successor"),
        _bytes("document"),
    )
    op.create_index("refresh_tokens_by_expiry", "refresh_tokens", ["expires_at"])
    op.create_index("refresh_tokens_by_grant", "refresh_tokens", ["grant_id"])
    op.create_table(
        "consents",
        _word_key("user_key"),
        _word_key("client_id"),
        _number("updated_at"),
        _number_or_none("expires_at"),
        _bytes("document"),
    )
    op.create_index("consents_by_client", "consents", ["client_id"])
    op.create_index("consents_by_expiry", "consents", ["expires_at"])
    op.create_table(
        "replay_keys",
        _word_key("purpose"),
        _bytes_key("key"),
        _number("expires_at"),
    )
    op.create_index("replay_keys_by_expiry", "replay_keys", ["expires_at"])
    op.create_table(
        "pushed_requests",
        _bytes_key("key"),
        _word("client_id"),
        _number("expires_at"),
        _bytes("document"),
    )
    op.create_index("pushed_requests_by_client", "pushed_requests", ["client_id"])
    op.create_index("pushed_requests_by_expiry", "pushed_requests", ["expires_at"])


def _people(op: Operations) -> None:
    op.create_table(
        "sessions",
        _bytes_key("key"),
        _word("user_key"),
        _number("created_at"),
        _number("last_used_at"),
        _number("expires_at"),
        _bytes("document"),
    )
    op.create_index("sessions_by_expiry", "sessions", ["expires_at"])
    op.create_table(
        "accounts",
        _word_key("store"),
        _word_key("username"),
        _number("version"),
        _word("password_hash"),
        _number("failures"),
        _number("locked_until"),
        _bytes("document"),
    )
    op.create_table(
        "audit",
        _word_key("id"),
        _number("time"),
        _word("name"),
        _word("client_id"),
        _word("subject"),
        _bytes("document"),
    )
    op.create_index("audit_by_client", "audit", ["client_id", "time", "id"])
    op.create_index("audit_by_time", "audit", ["time", "id"])
    op.create_table(
        "leases",
        _word_key("name"),
        _word("holder"),
        _number("until"),
    )


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _number_or_none(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=True)


def _number_key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, _WORD, nullable=False)


def _word_key(name: str) -> sa.Column[str]:
    return sa.Column(name, _WORD, primary_key=True)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _bytes_or_none(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=True)


def _bytes_key(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, primary_key=True)
