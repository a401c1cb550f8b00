"""The migrations, in order. Each is a module with `upgrade`, written with Alembic's operations and never changed later.

They are rendered to SQL text and run by the databases' own drivers, so they cannot read rows: move data with
`op.execute("UPDATE …")`. The number of the schema is the number of migrations that ran.
"""

from collections.abc import Callable

from alembic.operations import Operations

from ostiary.storage.migrations import (
    m0001_first,
    m0002_client_search,
    m0003_registration,
    m0004_credential_uses,
    m0005_app_versions,
)

MIGRATIONS: tuple[Callable[[Operations], None], ...] = (
    m0001_first.upgrade,
    m0002_client_search.upgrade,
    m0003_registration.upgrade,
    m0004_credential_uses.upgrade,
    m0005_app_versions.upgrade,
)
