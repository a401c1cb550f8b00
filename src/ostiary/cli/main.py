"""The command line: `ostiary VERB`. Exit codes: 0 done, 1 it did not work, 2 wrong words, 78 wrong configuration."""

import sys

import click

EX_CONFIG = 78


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ostiary")
def main() -> None:
    """Ostiary: an OAuth 2.0 authorization server and OpenID Provider."""


def _register() -> None:
    from ostiary.cli import accounts, clients, keys, migrate, serve, server, settings

    main.add_command(serve.serve)
    main.add_command(serve.worker)
    main.add_command(migrate.migrate)
    main.add_command(accounts.users)
    main.add_command(accounts.admins)
    main.add_command(keys.keys)
    main.add_command(settings.settings)
    main.add_command(clients.clients)
    main.add_command(server.server)


_register()

if __name__ == "__main__":
    sys.exit(main())
