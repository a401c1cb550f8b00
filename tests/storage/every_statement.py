"""All statements by name, for tests that hold for each."""

from ostiary.storage.sql import statements
from ostiary.storage.sql.statement import Statement


def _all() -> dict[str, Statement]:
    found: dict[str, Statement] = {}
    for name, value in vars(statements).items():
        if isinstance(value, Statement):
            found[name] = value
        elif isinstance(value, tuple):
            found |= {f"{name}[{n}]": item for n, item in enumerate(value) if isinstance(item, Statement)}
    return found


STATEMENTS = _all()
