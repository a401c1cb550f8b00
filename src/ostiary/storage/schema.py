"""The tables, once, for both databases. Only migrations and their tests look here; a running server never loads this.

Columns are whole numbers (times in milliseconds), text and bytes. Every table whose rows expire has `expires_at` with
an index. Keys of codes and tokens begin with their time (`tokens.handles`), so that new rows land at the index's end.

Measured on SQLite with groups of 32 and 20,000 clients: an insert into `access_tokens` costs 9.5 µs with rowids and
11.5 µs without them, because each further index then repeats the key of 38 bytes. So no table is WITHOUT ROWID.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import TEXT

from ostiary.storage.migrations import m0002_client_search

metadata = MetaData()

# Compared byte by byte: the order of ids is the same on every database, whatever the language of the cluster.
Word = Text().with_variant(TEXT(collation="C"), "postgresql")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _number_or_none(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _word(name: str) -> Column[str]:
    return Column(name, Word, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _bytes_or_none(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=True)


def _number_key(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _word_key(name: str) -> Column[str]:
    return Column(name, Word, primary_key=True)


def _bytes_key(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, primary_key=True)


installation = Table("installation", metadata, _number_key("id"), _number("schema_number"), _word("key_file"))
generation = Table("generation", metadata, _number_key("id"), _number("value"))
changes = Table("changes", metadata, _number_key("generation"), _word("kind"), _word("id"))

clients = Table(
    "clients",
    metadata,
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
client_uses = Table("client_uses", metadata, _word_key("client_id"), _number("last_used_at"))
client_search = Table(
    "client_search",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _word("client_id"),
    _word("folded"),
    Index("client_search_by_client", "client_id", unique=True),
)
credential_uses = Table(
    "credential_uses", metadata, _word_key("client_id"), _word_key("credential"), _number("last_used_at")
)
app_versions = Table(
    "app_versions",
    metadata,
    _word_key("id"),
    _number("version"),
    _word("client_id"),
    _number("created_at"),
    _bytes("document"),
)
objects = Table("objects", metadata, _word_key("kind"), _word_key("id"), _number("version"), _bytes("document"))
registrations = Table(
    "registrations",
    metadata,
    _word_key("client_id"),
    _number("created_at"),
    _bytes("token"),
    _word("source"),
    _word("vouched_by"),
    _bytes("document"),
    Index("registrations_by_time", "created_at"),
)
unchecked_sectors = Table("unchecked_sectors", metadata, _word_key("client_id"), _number("noted_at"))
initial_tokens = Table(
    "initial_tokens",
    metadata,
    _bytes_key("key"),
    _word("id"),
    _number("created_at"),
    _number("expires_at"),
    _number("uses"),
    _number("most_uses"),
    _bytes("document"),
    Index("initial_tokens_by_expiry", "expires_at"),
    Index("initial_tokens_by_id", "id", unique=True),
)
quotas = Table(
    "quotas",
    metadata,
    _bytes_key("key"),
    _number("count"),
    _number("expires_at"),
    Index("quotas_by_expiry", "expires_at"),
)
signing_keys = Table(
    "signing_keys",
    metadata,
    _word_key("kid"),
    _word("issuer"),
    _word("family"),
    _word("state"),
    _number("created_at"),
    _number("changed_at"),
    _bytes("public"),
    _bytes("private"),
)

codes = Table(
    "codes",
    metadata,
    _bytes_key("key"),
    _word("client_id"),
    _word("grant_id"),
    _number("expires_at"),
    _bytes("document"),
    _number_or_none("redeemed_at"),
    Index("codes_by_client", "client_id"),
    Index("codes_by_expiry", "expires_at"),
)
access_tokens = Table(
    "access_tokens",
    metadata,
    _bytes_key("key"),
    _word("client_id"),
    _word("grant_id"),
    _number("expires_at"),
    _bytes("document"),
    Index("access_tokens_by_client", "client_id"),
    Index("access_tokens_by_expiry", "expires_at"),
)
Index(
    "access_tokens_by_grant",
    access_tokens.c.grant_id,
    sqlite_where=text("grant_id <> ''"),
    postgresql_where=text("grant_id <> ''"),
)
revoked_jwts = Table(
    "revoked_jwts", metadata, _bytes_key("key"), _number("expires_at"), Index("revoked_jwts_by_expiry", "expires_at")
)
grants = Table(
    "grants",
    metadata,
    _word_key("grant_id"),
    _word("client_id"),
    _word("user_key"),
    _word("grant_type"),
    _number("created_at"),
    _number("updated_at"),
    _number_or_none("expires_at"),
    _number("revoked"),
    _bytes("document"),
    Index("grants_by_client", "client_id"),
    Index("grants_by_user", "user_key"),
    Index("grants_by_expiry", "expires_at"),
)
Index(
    "grants_revoked",
    grants.c.updated_at,
    sqlite_where=text("revoked = 1"),
    postgresql_where=text("revoked = 1"),
)
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
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
    Index("refresh_tokens_by_grant", "grant_id"),
    Index("refresh_tokens_by_expiry", "expires_at"),
)
consents = Table(
    "consents",
    metadata,
    _word_key("user_key"),
    _word_key("client_id"),
    _number("updated_at"),
    _number_or_none("expires_at"),
    _bytes("document"),
    Index("consents_by_client", "client_id"),
    Index("consents_by_expiry", "expires_at"),
)
replay_keys = Table(
    "replay_keys",
    metadata,
    _word_key("purpose"),
    _bytes_key("key"),
    _number("expires_at"),
    Index("replay_keys_by_expiry", "expires_at"),
)
pushed_requests = Table(
    "pushed_requests",
    metadata,
    _bytes_key("key"),
    _word("client_id"),
    _number("expires_at"),
    _bytes("document"),
    Index("pushed_requests_by_client", "client_id"),
    Index("pushed_requests_by_expiry", "expires_at"),
)

sessions = Table(
    "sessions",
    metadata,
    _bytes_key("key"),
    _word("user_key"),
    _number("created_at"),
    _number("last_used_at"),
    _number("expires_at"),
    _bytes("document"),
    Index("sessions_by_expiry", "expires_at"),
)
accounts = Table(
    "accounts",
    metadata,
    _word_key("store"),
    _word_key("username"),
    _number("version"),
    _word("password_hash"),
    _number("failures"),
    _number("locked_until"),
    _bytes("document"),
)
audit = Table(
    "audit",
    metadata,
    _word_key("id"),
    _number("time"),
    _word("name"),
    _word("client_id"),
    _word("subject"),
    _bytes("document"),
    Index("audit_by_time", "time", "id"),
    Index("audit_by_client", "client_id", "time", "id"),
)
leases = Table("leases", metadata, _word_key("name"), _word("holder"), _number("until"))

BESIDE = {"sqlite": m0002_client_search.SQLITE_TRIGRAMS, "postgresql": (m0002_client_search.POSTGRESQL_TRIGRAMS,)}
"""What no table can say: the trigrams of `client_search`, kept by each database in its own way."""
