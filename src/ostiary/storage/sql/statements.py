"""Every statement of a running server, for SQLite (3.35 or newer) and PostgreSQL alike.

Columns hold whole numbers, text and bytes only, so that no driver converts anything. Where a placeholder stands alone
in an expression its type is said by a cast: PostgreSQL plans before it sees the values.
"""

# ruff: noqa: S608 - what is put together here are names of tables and columns, all written in this file.

from ostiary.storage.sql.statement import Statement


def _columns(*names: str) -> str:
    return ", ".join(names)


def _insert(table: str, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({_columns(*names)}) VALUES ({', '.join(f':{name}' for name in names)})"


# Columns, in the order the readers in `rows` expect -------------------------------------------------------------------

CLIENT_COLUMNS = (
    "client_id", "version", "name", "enabled", "created_at", "modified_at", "document", "legacy", "legacy_version",
)  # fmt: skip
APP_VERSION_COLUMNS = ("id", "version", "client_id", "created_at", "document")
OBJECT_COLUMNS = ("kind", "id", "version", "document")
SIGNING_KEY_COLUMNS = ("kid", "issuer", "family", "state", "created_at", "changed_at", "public", "private")
CODE_COLUMNS = ("key", "client_id", "grant_id", "expires_at", "redeemed_at", "document")
ACCESS_TOKEN_COLUMNS = ("key", "client_id", "grant_id", "expires_at", "document")
GRANT_COLUMNS = (
    "grant_id", "client_id", "user_key", "grant_type", "created_at", "updated_at", "expires_at", "revoked", "document",
)  # fmt: skip
REFRESH_TOKEN_COLUMNS = (
    "key", "grant_id", "client_id", "issued_at", "expires_at", "predecessor", "rolled_at", "grace_until", "successor",
    "document",
)  # fmt: skip
SESSION_COLUMNS = ("key", "user_key", "created_at", "last_used_at", "expires_at", "document")
CONSENT_COLUMNS = ("user_key", "client_id", "updated_at", "expires_at", "document")
ACCOUNT_COLUMNS = ("store", "username", "version", "password_hash", "failures", "locked_until", "document")
REGISTRATION_COLUMNS = ("client_id", "created_at", "token", "source", "vouched_by", "document")
INITIAL_TOKEN_COLUMNS = ("key", "id", "created_at", "expires_at", "uses", "most_uses", "document")
AUDIT_COLUMNS = ("id", "time", "name", "client_id", "subject", "document")

# Installation -----------------------------------------------------------------------------------------------------

SCHEMA = Statement("SELECT schema_number FROM installation WHERE id = 1")
MARK_KEY_FILE = Statement(
    "UPDATE installation SET key_file = CASE WHEN key_file = '' THEN :fingerprint ELSE key_file END"
    " WHERE id = 1 RETURNING key_file"
)

# Clients ----------------------------------------------------------------------------------------------------------

CLIENT = Statement(f"SELECT {_columns(*CLIENT_COLUMNS)} FROM clients WHERE client_id = :client_id")
CLIENTS_AFTER = Statement(
    f"SELECT {_columns(*CLIENT_COLUMNS)} FROM clients WHERE client_id > :after ORDER BY client_id LIMIT :chunk"
)
LEGACY_CLIENTS_AFTER = Statement(
    "SELECT client_id, CASE WHEN legacy_version = :legacy_version THEN legacy END FROM clients"
    " WHERE client_id > :after ORDER BY client_id LIMIT :chunk"
)
CLIENT_IDS = Statement(
    "SELECT client_id FROM clients WHERE client_id > :after ORDER BY client_id LIMIT :most OFFSET :skip"
)
CLIENTS_NAMED = Statement(
    f"SELECT {_columns(*CLIENT_COLUMNS)} FROM clients"
    " WHERE client_id IN (SELECT value FROM json_each(:ids)) ORDER BY client_id",
    postgresql=f"SELECT {_columns(*CLIENT_COLUMNS)} FROM clients"
    " WHERE client_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(:ids AS json)))) ORDER BY client_id",
)
# A part of many names is found soonest by looking along the ids, one of few names by its trigrams.
_NEAR = (
    "SELECT client_id FROM"
    " (SELECT client_id, folded FROM client_search WHERE client_id > :after ORDER BY client_id LIMIT :near) AS near"
    " WHERE {place}(folded, :text) > 0 ORDER BY client_id LIMIT :most OFFSET :skip"
)
_SCAN = (
    "SELECT client_id FROM client_search WHERE client_id > :after AND {place}(folded, :text) > 0"
    " ORDER BY client_id LIMIT :most OFFSET :skip"
)
CLIENTS_NEAR = Statement(_NEAR.format(place="instr"), postgresql=_NEAR.format(place="strpos"))
CLIENTS_BY_SCAN = Statement(_SCAN.format(place="instr"), postgresql=_SCAN.format(place="strpos"))
CLIENTS_BY_TRIGRAMS = Statement(
    "SELECT client_id FROM client_search WHERE number IN (SELECT rowid FROM client_trigrams WHERE folded MATCH :phrase)"
    " AND client_id > :after ORDER BY client_id LIMIT :most OFFSET :skip",
    postgresql="SELECT client_id FROM client_search WHERE folded LIKE :phrase"
    " AND client_id > :after ORDER BY client_id LIMIT :most OFFSET :skip",
)
PUT_CLIENT_SEARCH = Statement(
    "INSERT INTO client_search (client_id, folded) VALUES (:client_id, :folded)"
    " ON CONFLICT (client_id) DO UPDATE SET folded = excluded.folded WHERE excluded.folded <> client_search.folded"
)
COUNT_CLIENTS = Statement("SELECT count(*) FROM clients")
ADD_CLIENT = Statement(_insert("clients", CLIENT_COLUMNS) + " ON CONFLICT (client_id) DO NOTHING RETURNING 1")
SAVE_CLIENT = Statement(
    "UPDATE clients SET version = :version, name = :name, enabled = :enabled, created_at = :created_at,"
    " modified_at = :modified_at, document = :document, legacy = :legacy, legacy_version = :legacy_version"
    " WHERE client_id = :client_id AND version = :expected RETURNING 1"
)
REMOVE_CLIENT = Statement("DELETE FROM clients WHERE client_id = :client_id RETURNING 1")
REMOVE_CLIENT_AT = Statement("DELETE FROM clients WHERE client_id = :client_id AND version = :expected RETURNING 1")
REMOVE_ALL_OF_CLIENT = tuple(
    Statement(text)
    for text in (
        # First what issuing locks, so that the tokens of whoever was faster are there when their tables are emptied.
        "DELETE FROM codes WHERE client_id = :client_id",
        "UPDATE grants SET revoked = 1 WHERE client_id = :client_id AND revoked = 0",
        "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT grant_id FROM grants WHERE client_id = :client_id)",
        "DELETE FROM access_tokens WHERE client_id = :client_id",
        "DELETE FROM grants WHERE client_id = :client_id",
        "DELETE FROM consents WHERE client_id = :client_id",
        "DELETE FROM pushed_requests WHERE client_id = :client_id",
        "DELETE FROM client_uses WHERE client_id = :client_id",
        "DELETE FROM client_search WHERE client_id = :client_id",
        "DELETE FROM registrations WHERE client_id = :client_id",
        "DELETE FROM unchecked_sectors WHERE client_id = :client_id",
        "DELETE FROM credential_uses WHERE client_id = :client_id",
    )
)
NOTE_USE = Statement(
    "INSERT INTO client_uses (client_id, last_used_at)"
    " SELECT client_id, CAST(:at AS BIGINT) FROM clients WHERE client_id = :client_id"
    " ON CONFLICT (client_id) DO UPDATE SET last_used_at = excluded.last_used_at"
    " WHERE excluded.last_used_at > client_uses.last_used_at"
)

NOTE_CREDENTIAL_USE = Statement(
    "INSERT INTO credential_uses (client_id, credential, last_used_at)"
    " SELECT client_id, CAST(:credential AS TEXT), CAST(:at AS BIGINT) FROM clients WHERE client_id = :client_id"
    " ON CONFLICT (client_id, credential) DO UPDATE SET last_used_at = excluded.last_used_at"
    " WHERE excluded.last_used_at > credential_uses.last_used_at"
)
CLIENT_LAST_USED = Statement("SELECT last_used_at FROM client_uses WHERE client_id = :client_id")
CREDENTIAL_USES = Statement(
    "SELECT credential, last_used_at FROM credential_uses WHERE client_id = :client_id ORDER BY credential"
)
CLIENTS_WITH_USE_AFTER = Statement(
    f"SELECT {', '.join(f'c.{name}' for name in CLIENT_COLUMNS)}, u.last_used_at"
    " FROM clients c LEFT JOIN client_uses u ON u.client_id = c.client_id"
    " WHERE c.client_id > :after ORDER BY c.client_id LIMIT :chunk"
)

# Registration -----------------------------------------------------------------------------------------------------

REGISTRATION = Statement(f"SELECT {_columns(*REGISTRATION_COLUMNS)} FROM registrations WHERE client_id = :client_id")
ADD_REGISTRATION = Statement(
    _insert("registrations", REGISTRATION_COLUMNS) + " ON CONFLICT (client_id) DO NOTHING RETURNING 1"
)
SAVE_REGISTRATION = Statement(
    "UPDATE registrations SET token = :token, document = :document"
    " WHERE client_id = :client_id AND token = :expected RETURNING 1"
)
INITIAL_TOKEN = Statement(f"SELECT {_columns(*INITIAL_TOKEN_COLUMNS)} FROM initial_tokens WHERE key = :key")
INITIAL_TOKENS = Statement(f"SELECT {_columns(*INITIAL_TOKEN_COLUMNS)} FROM initial_tokens ORDER BY created_at, id")
ADD_INITIAL_TOKEN = Statement(
    _insert("initial_tokens", INITIAL_TOKEN_COLUMNS) + " ON CONFLICT (id) DO NOTHING RETURNING 1"
)
USE_INITIAL_TOKEN = Statement(
    "UPDATE initial_tokens SET uses = uses + 1 WHERE key = :key AND expires_at > :at AND uses < most_uses RETURNING 1"
)
REMOVE_INITIAL_TOKEN = Statement("DELETE FROM initial_tokens WHERE id = :id RETURNING 1")
SECTOR_UNCHECKED = Statement("SELECT 1 FROM unchecked_sectors WHERE client_id = :client_id")
NOTE_UNCHECKED_SECTOR = Statement(
    _insert("unchecked_sectors", ("client_id", "noted_at")) + " ON CONFLICT (client_id) DO NOTHING"
)
FORGET_UNCHECKED_SECTOR = Statement("DELETE FROM unchecked_sectors WHERE client_id = :client_id")
# The right-hand sides see the row as it was. The row is locked from here to the end of the unit, so nobody miscounts.
TAKE_QUOTA = Statement(
    "INSERT INTO quotas (key, count, expires_at) VALUES (:key, 1, :until) ON CONFLICT (key) DO UPDATE SET"
    " count = CASE WHEN quotas.expires_at <= :at THEN 1 ELSE quotas.count + 1 END,"
    " expires_at = CASE WHEN quotas.expires_at <= :at THEN excluded.expires_at ELSE quotas.expires_at END"
    " WHERE quotas.expires_at <= :at OR quotas.count < :most RETURNING 1"
)

# App versions -----------------------------------------------------------------------------------------------------

APP_VERSION = Statement(f"SELECT {_columns(*APP_VERSION_COLUMNS)} FROM app_versions WHERE id = :id")
APP_VERSIONS_AFTER = Statement(
    f"SELECT {_columns(*APP_VERSION_COLUMNS)} FROM app_versions WHERE id > :after ORDER BY id LIMIT :most"
)
ADD_APP_VERSION = Statement(_insert("app_versions", APP_VERSION_COLUMNS) + " ON CONFLICT (id) DO NOTHING RETURNING 1")
SAVE_APP_VERSION = Statement(
    "UPDATE app_versions SET version = :version, client_id = :client_id, document = :document"
    " WHERE id = :id AND version = :expected RETURNING 1"
)
REMOVE_APP_VERSION = Statement("DELETE FROM app_versions WHERE id = :id AND version = :expected RETURNING 1")

# Configuration ----------------------------------------------------------------------------------------------------

OBJECTS = Statement(f"SELECT {_columns(*OBJECT_COLUMNS)} FROM objects ORDER BY kind, id")
ADD_OBJECT = Statement(_insert("objects", OBJECT_COLUMNS) + " ON CONFLICT (kind, id) DO NOTHING RETURNING 1")
SAVE_OBJECT = Statement(
    "UPDATE objects SET version = :version, document = :document"
    " WHERE kind = :kind AND id = :id AND version = :expected RETURNING 1"
)
PUT_OBJECT = Statement(
    _insert("objects", OBJECT_COLUMNS)
    + " ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, document = excluded.document RETURNING 1"
)
REMOVE_OBJECT = Statement("DELETE FROM objects WHERE kind = :kind AND id = :id RETURNING 1")
REMOVE_OBJECT_AT = Statement("DELETE FROM objects WHERE kind = :kind AND id = :id AND version = :expected RETURNING 1")
SIGNING_KEYS = Statement(f"SELECT {_columns(*SIGNING_KEY_COLUMNS)} FROM signing_keys ORDER BY created_at, kid")
PUT_SIGNING_KEY = Statement(
    _insert("signing_keys", SIGNING_KEY_COLUMNS)
    + " ON CONFLICT (kid) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in SIGNING_KEY_COLUMNS[1:])
)
REMOVE_SIGNING_KEY = Statement("DELETE FROM signing_keys WHERE kid = :kid")

# The row of the generation is locked until its unit is committed: the order of numbers is the order of commits.
GENERATION = Statement("SELECT value FROM generation WHERE id = 1")
MOVE_GENERATION = Statement("UPDATE generation SET value = value + :by WHERE id = 1 RETURNING value")
ADD_NOTICE = Statement(_insert("changes", ("generation", "kind", "id")))
TRIM_NOTICES = Statement("DELETE FROM changes WHERE generation <= :oldest")
CHANGES_SINCE = Statement(
    "SELECT generation, kind, id FROM changes WHERE generation > :generation ORDER BY generation LIMIT :most"
)

# Codes, tokens, grants --------------------------------------------------------------------------------------------

# The order of locks is the same everywhere: a code, its grant, the tokens of the grant.
CODE = Statement(f"SELECT {_columns(*CODE_COLUMNS)} FROM codes WHERE key = :key")
ADD_CODE = Statement(_insert("codes", CODE_COLUMNS) + " ON CONFLICT (key) DO NOTHING")
USE_CODE = Statement("UPDATE codes SET redeemed_at = :at WHERE key = :key AND redeemed_at IS NULL RETURNING 1")
REMOVE_CODE = Statement("DELETE FROM codes WHERE key = :key RETURNING 1")

ACCESS_TOKEN = Statement(f"SELECT {_columns(*ACCESS_TOKEN_COLUMNS)} FROM access_tokens WHERE key = :key")
ADD_ACCESS_TOKEN = Statement(_insert("access_tokens", ACCESS_TOKEN_COLUMNS) + " ON CONFLICT (key) DO NOTHING")
REMOVE_ACCESS_TOKEN = Statement("DELETE FROM access_tokens WHERE key = :key")
JWT_REVOKED = Statement("SELECT 1 FROM revoked_jwts WHERE key = :key")
REVOKE_JWT = Statement(
    _insert("revoked_jwts", ("key", "expires_at")) + " ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at"
    " WHERE excluded.expires_at > revoked_jwts.expires_at"
)

GRANT = Statement(f"SELECT {_columns(*GRANT_COLUMNS)} FROM grants WHERE grant_id = :grant_id")
_GRANTS = f"SELECT {_columns(*GRANT_COLUMNS)} FROM grants WHERE"
GRANTS_OF_CLIENT = Statement(f"{_GRANTS} client_id = :client_id AND revoked = 0 ORDER BY created_at, grant_id")
GRANTS_OF_USER = Statement(f"{_GRANTS} user_key = :user_key AND revoked = 0 ORDER BY created_at, grant_id")
GRANTS_OF_BOTH = Statement(
    f"{_GRANTS} user_key = :user_key AND client_id = :client_id AND revoked = 0 ORDER BY created_at, grant_id"
)
ADD_GRANT = Statement(_insert("grants", GRANT_COLUMNS) + " ON CONFLICT (grant_id) DO NOTHING")
SAVE_GRANT = Statement(
    "UPDATE grants SET expires_at = :expires_at, document = :document, updated_at = :updated_at"
    " WHERE grant_id = :grant_id AND revoked = 0 RETURNING 1"
)
TOUCH_GRANT = Statement("UPDATE grants SET updated_at = :at WHERE grant_id = :grant_id AND revoked = 0 RETURNING 1")
# The grant first: whoever issues for it holds its row, so that the tokens are there when the next two look.
REVOKE_GRANT = Statement("UPDATE grants SET revoked = 1, updated_at = :at WHERE grant_id = :grant_id AND revoked = 0")
REMOVE_TOKENS_OF_GRANT = (
    Statement("DELETE FROM refresh_tokens WHERE grant_id = :grant_id"),
    # Tokens without a person share the empty text; they are not in the index, and not meant.
    Statement("DELETE FROM access_tokens WHERE grant_id = :grant_id AND grant_id <> ''"),
)

REFRESH_TOKEN = Statement(
    f"SELECT {', '.join(f't.{name}' for name in REFRESH_TOKEN_COLUMNS)},"
    f" {', '.join(f'g.{name}' for name in GRANT_COLUMNS)}"
    " FROM refresh_tokens t JOIN grants g ON g.grant_id = t.grant_id WHERE t.key = :key"
)
ADD_REFRESH_TOKEN = Statement(_insert("refresh_tokens", REFRESH_TOKEN_COLUMNS) + " ON CONFLICT (key) DO NOTHING")
ROLL_REFRESH_TOKEN = Statement(
    "UPDATE refresh_tokens SET rolled_at = :at, grace_until = :grace_until, successor = :successor"
    " WHERE key = :old AND rolled_at IS NULL RETURNING 1"
)
END_GRACE = Statement(
    "UPDATE refresh_tokens SET grace_until = 0, successor = NULL WHERE key = :key AND rolled_at IS NOT NULL"
)

CONSENT = Statement(
    f"SELECT {_columns(*CONSENT_COLUMNS)} FROM consents WHERE user_key = :user_key AND client_id = :client_id"
)
PUT_CONSENT = Statement(
    _insert("consents", CONSENT_COLUMNS) + " ON CONFLICT (user_key, client_id) DO UPDATE SET"
    " updated_at = excluded.updated_at, expires_at = excluded.expires_at, document = excluded.document"
)
USE_ONCE = Statement(
    _insert("replay_keys", ("purpose", "key", "expires_at")) + " ON CONFLICT (purpose, key) DO NOTHING RETURNING 1"
)
ADD_PUSHED = Statement(
    _insert("pushed_requests", ("key", "client_id", "expires_at", "document")) + " ON CONFLICT (key) DO NOTHING"
)
PUSHED = Statement("SELECT client_id, expires_at, document FROM pushed_requests WHERE key = :key")
TAKE_PUSHED = Statement("DELETE FROM pushed_requests WHERE key = :key RETURNING 1")

# People and sessions ----------------------------------------------------------------------------------------------

SESSION = Statement(f"SELECT {_columns(*SESSION_COLUMNS)} FROM sessions WHERE key = :key")
ADD_SESSION = Statement(_insert("sessions", SESSION_COLUMNS) + " ON CONFLICT (key) DO NOTHING")
TOUCH_SESSION = Statement("UPDATE sessions SET last_used_at = :at, expires_at = :expires_at WHERE key = :key")
SAVE_SESSION = Statement(
    "UPDATE sessions SET user_key = :user_key, created_at = :created_at, last_used_at = :last_used_at,"
    " expires_at = :expires_at, document = :document WHERE key = :key RETURNING 1"
)
REMOVE_SESSION = Statement("DELETE FROM sessions WHERE key = :key")

ACCOUNT = Statement(f"SELECT {_columns(*ACCOUNT_COLUMNS)} FROM accounts WHERE store = :store AND username = :username")
ACCOUNTS = Statement(f"SELECT {_columns(*ACCOUNT_COLUMNS)} FROM accounts WHERE store = :store ORDER BY username")
ADD_ACCOUNT = Statement(_insert("accounts", ACCOUNT_COLUMNS) + " ON CONFLICT (store, username) DO NOTHING RETURNING 1")
SAVE_ACCOUNT = Statement(
    "UPDATE accounts SET version = :version, password_hash = :password_hash, document = :document"
    " WHERE store = :store AND username = :username AND version = :expected RETURNING 1"
)
REMOVE_ACCOUNT = Statement("DELETE FROM accounts WHERE store = :store AND username = :username RETURNING 1")
# A lock that has ended begins a new count. The right-hand sides see the row as it was.
_FAILURES = "CASE WHEN locked_until > 0 AND locked_until <= :at THEN 1 ELSE failures + 1 END"
COUNT_FAILURE = Statement(
    f"UPDATE accounts SET failures = {_FAILURES},"
    f" locked_until = CASE WHEN {_FAILURES} >= :most THEN :at + CAST(:lock_ms AS BIGINT)"
    " WHEN locked_until <= :at THEN 0 ELSE locked_until END"
    f" WHERE store = :store AND username = :username RETURNING {_columns(*ACCOUNT_COLUMNS)}"
)
FORGET_FAILURES = Statement(
    "UPDATE accounts SET failures = 0, locked_until = 0"
    " WHERE store = :store AND username = :username AND (failures <> 0 OR locked_until <> 0)"
)

# Audit, leases, upkeep --------------------------------------------------------------------------------------------

_AUDIT = f"SELECT {_columns(*AUDIT_COLUMNS)} FROM audit"
AUDIT = Statement(f"{_AUDIT} ORDER BY time DESC, id DESC LIMIT :most OFFSET :skip")
AUDIT_OF_CLIENT = Statement(
    f"{_AUDIT} WHERE client_id = :client_id ORDER BY time DESC, id DESC LIMIT :most OFFSET :skip"
)
ADD_AUDIT = Statement(_insert("audit", AUDIT_COLUMNS) + " ON CONFLICT (id) DO NOTHING")

TAKE_LEASE = Statement(
    "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
    " WHERE leases.holder = excluded.holder OR leases.until <= :now RETURNING 1"
)
RELEASE_LEASE = Statement("DELETE FROM leases WHERE name = :name AND holder = :holder")


def _remove_expired(table: str, since: str = ":now") -> Statement:
    return Statement(
        f"DELETE FROM {table} WHERE key IN"
        f" (SELECT key FROM {table} WHERE expires_at <= {since} ORDER BY expires_at LIMIT :batch) RETURNING 1"
    )


def _remove_grants(which: str) -> tuple[Statement, Statement]:
    """The refresh tokens of the grants, then the grants that have none left."""
    return (
        Statement(f"DELETE FROM refresh_tokens WHERE grant_id IN ({which}) RETURNING 1"),
        Statement(
            f"DELETE FROM grants WHERE grant_id IN ({which}) AND NOT EXISTS"
            " (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.grant_id = grants.grant_id) RETURNING 1"
        ),
    )


CLEAN_UP = (
    _remove_expired("codes", since=":before_memory"),
    *map(
        _remove_expired,
        (
            "access_tokens",
            "refresh_tokens",
            "sessions",
            "pushed_requests",
            "revoked_jwts",
            "initial_tokens",
            "quotas",
        ),
    ),
    Statement(
        "DELETE FROM consents WHERE (user_key, client_id) IN (SELECT user_key, client_id FROM consents"
        " WHERE expires_at <= :now ORDER BY expires_at LIMIT :batch) RETURNING 1"
    ),
    Statement(
        "DELETE FROM replay_keys WHERE (purpose, key) IN (SELECT purpose, key FROM replay_keys"
        " WHERE expires_at <= :now ORDER BY expires_at LIMIT :batch) RETURNING 1"
    ),
    *_remove_grants("SELECT grant_id FROM grants WHERE expires_at <= :before_memory ORDER BY expires_at LIMIT :batch"),
    *_remove_grants(
        "SELECT grant_id FROM grants WHERE revoked = 1 AND updated_at <= :before_memory"
        " ORDER BY updated_at LIMIT :batch"
    ),
)
