"""How a database is named: ``sqlite:///path`` or ``postgresql://…``."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

OnChange: TypeAlias = Callable[[], None]
"""Told that configuration may have changed elsewhere."""

OnMoved: TypeAlias = Callable[[], Awaitable[None]]
"""Awaited after this process changed configuration."""

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite address (``sqlite:///relative``, ``sqlite:////absolute``), None for another kind."""
    if not url.startswith(_SQLITE):
        return None
    path = unquote(url.removeprefix(_SQLITE))
    if not path:
        raise ValueError("the address of an SQLite database names its file: sqlite:///path")
    return Path(path)


def postgresql_url(url: str) -> str:
    """The address of a PostgreSQL database. Raises `ValueError`, which never shows it: it may hold a password."""
    if not url.startswith(_POSTGRESQL):
        raise ValueError("the address of a database begins with sqlite:/// or postgresql://")
    return url
