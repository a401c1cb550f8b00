"""When each secret and key of a client was last used."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import TEXT

_WORD = sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade(op: Operations) -> None:
    """One new table."""
    op.create_table(
        "credential_uses",
        sa.Column("client_id", _WORD, primary_key=True),
        sa.Column("credential", _WORD, primary_key=True),
        sa.Column("last_used_at", sa.BigInteger, nullable=False),
    )
