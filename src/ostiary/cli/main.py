"""The command line: `ostiary VERB`.

Exit codes: 0 done, 1 it did not work, 2 wrong words, 3 a plan has changes, 78 wrong configuration.
"""

import sys
from importlib import import_module
from typing import Any

import click

from ostiary.cli.signals import leave_on_signals
from ostiary.config import EX_CONFIG, ConfigError

PLACES = {
    "serve": "serve",
    "worker": "serve",
    "migrate": "migrate",
    "users": "accounts",
    "admins": "accounts",
    "keys": "keys",
    "settings": "settings",
    "clients": "clients",
    "server": "server",
    "registration-tokens": "registration_tokens",
}
"""Command → the module it lives in, which is read only when the command is asked for."""
SERVING = frozenset({"serve", "worker"})
EXIT_CODES = """\b
Exit codes:
   0  done
   1  it did not work
   2  the command line was not understood
   3  a plan has changes (only with --exit-code)
  78  the configuration cannot work; the message says what to mend"""


class WrongConfiguration(click.ClickException):
    """Starting again is of no use before something is mended."""

    exit_code = EX_CONFIG


class Commands(click.Group):
    """The commands; whatever fails in an expected way ends with a message and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them."""
        return sorted(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, or None."""
        if cmd_name not in PLACES:
            return None
        if cmd_name in SERVING and not ctx.resilient_parsing:
            leave_on_signals()
        found: click.Command = getattr(import_module(f"ostiary.cli.{PLACES[cmd_name]}"), cmd_name.replace("-", "_"))
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ConfigError as problem:
            raise WrongConfiguration(str(problem)) from None
        except OSError as problem:
            if problem.filename is None:
                raise
            raise click.ClickException(f"{problem.filename}: {problem.strerror}") from None
        except Exception as problem:
            if not _is_expected(problem):
                raise
            raise click.ClickException(str(problem)) from None


def _is_expected(problem: Exception) -> bool:
    from ostiary.app import NotInstalled
    from ostiary.ports.stores import StoreUnavailable

    return isinstance(problem, NotInstalled | StoreUnavailable)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(package_name="ostiary")
def main() -> None:
    """Ostiary: an OAuth 2.0 authorization server and OpenID Provider."""


if __name__ == "__main__":
    sys.exit(main())
