"""What every test may use."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ostiary import storage
from tests import databases
from tests.databases import TEMPLATE, Cluster

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop the server runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    """A private cluster for this run (one for each parallel runner), with a migrated database to clone."""
    with databases.running_cluster() as cluster:
        storage.migrate(cluster.create(TEMPLATE))
        yield cluster


@pytest.fixture(scope="module")
def postgresql_url(postgresql_cluster: Cluster) -> Iterator[str]:
    """A migrated PostgreSQL database for this file of tests."""
    name = f"file_{next(_NUMBERS)}"
    yield postgresql_cluster.create(name, TEMPLATE)
    postgresql_cluster.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return databases.migrated_sqlite(tmp_path_factory.mktemp("template") / "ostiary.db")


@pytest.fixture(scope="module")
def sqlite_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated SQLite database for this file of tests."""
    copy = tmp_path_factory.mktemp("sqlite") / "ostiary.db"
    shutil.copy(sqlite_template, copy)
    return databases.sqlite_url(copy)
