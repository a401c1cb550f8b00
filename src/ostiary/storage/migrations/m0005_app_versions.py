"""App versions of the developer portal. There may be as many as clients, so they are no configuration objects."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import TEXT

_WORD = sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade(op: Operations) -> None:
    """The table. Every client knows its app version and every version its client, so the key is all it needs."""
    op.create_table(
        "app_versions",
        sa.Column("id", _WORD, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("client_id", _WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
