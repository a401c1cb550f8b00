"""`ostiary clients list|show`."""

import json
from pathlib import Path
from typing import Any

import click

from ostiary.as_code.differences import printable
from ostiary.cli.setup import data_option, with_server
from ostiary.clients.client import Client
from ostiary.clients.dialects import admin
from ostiary.clients.documents import client_of
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.server import Server


@click.group()
def clients() -> None:
    """Clients: list, show, keep as code, import, change many at once."""


@clients.command("list")
@data_option
def list_clients(data: Path | None) -> None:
    """One line a client: id, whether it is enabled, name."""

    async def run(server: Server) -> None:
        async for chunk in server.stores.clients():
            for record in chunk:
                click.echo(
                    f"{record.client_id}\t{'enabled' if record.enabled else 'disabled'}\t{printable(record.name)}"
                )

    with_server(data, run)


@clients.command("show")
@click.argument("client_id")
@data_option
def show_client(client_id: str, data: Path | None) -> None:
    """Everything about one client, as the administrative API writes it; never a secret in clear."""

    async def run(server: Server) -> dict[str, Any]:
        record = await server.stores.client(client_id)
        if record is None:
            raise click.ClickException(f"there is no client {client_id}")
        client, problems = client_of(record)
        for problem in problems:
            click.echo(f"{problem.field}: {problem.message}", err=True)
        return written(client, server)

    click.echo(json.dumps(with_server(data, run), indent=1, ensure_ascii=False))


def written(client: Client, server: Server) -> dict[str, Any]:
    """A client as the administrative API writes it, with its secrets sealed for this installation."""
    keeper = SecretKeeper(server.vault, server.passwords)
    return admin.write_client(client, lambda secret: keeper.echo(secret, client.client_id), server.clock.now())
