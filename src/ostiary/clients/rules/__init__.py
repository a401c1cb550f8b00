"""What must hold between the settings of a client; see `table` for the list."""

from ostiary.clients.rules.table import RULES, check

__all__ = ["RULES", "check"]
