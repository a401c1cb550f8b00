"""Clients that registered themselves, initial access tokens, sectors to be checked, and counts over all processes."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import TEXT

_WORD = sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade(op: Operations) -> None:
    """New tables."""
    op.create_table(
        "registrations",
        sa.Column("client_id", _WORD, primary_key=True),
        _number("created_at"),
        sa.Column("token", sa.LargeBinary, nullable=False),
        _word("source"),
        _word("vouched_by"),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("registrations_by_time", "registrations", ["created_at"])
    op.create_table(
        "unchecked_sectors",
        sa.Column("client_id", _WORD, primary_key=True),
        _number("noted_at"),
    )
    op.create_table(
        "initial_tokens",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        _word("id"),
        _number("created_at"),
        _number("expires_at"),
        _number("uses"),
        _number("most_uses"),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("initial_tokens_by_expiry", "initial_tokens", ["expires_at"])
    op.create_index("initial_tokens_by_id", "initial_tokens", ["id"], unique=True)
    op.create_table(
        "quotas",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        _number("count"),
        _number("expires_at"),
    )
    op.create_index("quotas_by_expiry", "quotas", ["expires_at"])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, _WORD, nullable=False)
