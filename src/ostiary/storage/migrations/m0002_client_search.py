"""Finding clients by a part of their id or name: their folded text in a table of its own, with an index of trigrams."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import TEXT

_WORD = sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade(op: Operations) -> None:
    """The table, its index, and the text of the clients that are there."""
    op.create_table(
        "client_search",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("client_id", _WORD, nullable=False),
        sa.Column("folded", _WORD, nullable=False),
    )
    op.create_index("client_search_by_client", "client_search", ["client_id"], unique=True)
    if op.get_context().dialect.name == "sqlite":
        for statement in SQLITE_TRIGRAMS:
            op.execute(statement)
        op.execute(_FILL.format(text="lower(client_id || char(10) || name)"))
    else:
        op.execute(POSTGRESQL_TRIGRAMS)
        op.execute(_FILL.format(text='lower(CAST(client_id || chr(10) || name AS text) COLLATE "default")'))


_FILL = "INSERT INTO client_search (client_id, folded) SELECT client_id, {text} FROM clients ORDER BY client_id"
_TABLE = """
CREATE VIRTUAL TABLE client_trigrams USING
    fts5(folded, content='client_search', content_rowid='number', tokenize='trigram case_sensitive 1')
"""
_ADDED = """
CREATE TRIGGER client_search_added AFTER INSERT ON client_search BEGIN
    INSERT INTO client_trigrams (rowid, folded) VALUES (new.number, new.folded);
END
"""
_REMOVED = """
CREATE TRIGGER client_search_removed AFTER DELETE ON client_search BEGIN
    INSERT INTO client_trigrams (client_trigrams, rowid, folded) VALUES ('delete', old.number, old.folded);
END
"""
_CHANGED = """
CREATE TRIGGER client_search_changed AFTER UPDATE OF folded ON client_search BEGIN
    INSERT INTO client_trigrams (client_trigrams, rowid, folded) VALUES ('delete', old.number, old.folded);
    INSERT INTO client_trigrams (rowid, folded) VALUES (new.number, new.folded);
END
"""
SQLITE_TRIGRAMS = (_TABLE, _ADDED, _REMOVED, _CHANGED)
"""FTS5 keeps the trigrams of the table's text; the table itself stays the only copy of it."""

POSTGRESQL_TRIGRAMS = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX client_search_trigrams ON client_search USING gin (folded gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING USING MESSAGE = 'clients are searched without an index, because the extension pg_trgm cannot be'
        || ' created (' || SQLERRM || '). Let a superuser run: CREATE EXTENSION pg_trgm; CREATE INDEX'
        || ' client_search_trigrams ON client_search USING gin (folded gin_trgm_ops)';
END $$
"""
"""Without the extension everything works, and a text is found by reading all of the small table."""
