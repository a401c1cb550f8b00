"""`ostiary clients import`: clients from a file."""

from pathlib import Path
from typing import Any

import click

from ostiary.cli.setup import data_option, json_of, with_server
from ostiary.client_management import registry
from ostiary.clients.dialects import admin
from ostiary.clients.registry import ClientsRefused
from ostiary.server import Server

BY = "command line"


@click.command("import")
@click.argument("file", type=click.File("rb"))
@data_option
def import_clients(file: Any, data: Path | None) -> None:
    """Create every client of FILE ({"items": […]} or a list, as the administrative API writes them); all or none."""
    body = json_of(file)
    items = body.get("items") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise click.ClickException('the file must hold {"items": […]} or a list of clients')

    async def run(server: Server) -> int:
        drafts = [admin.read(item, None) for item in items]
        for draft in drafts:
            for name in draft.unknown:
                click.echo(f"{draft.value.client_id}: {name} is not known here and was ignored", err=True)
        try:
            return len(await registry(server).create_many(drafts, BY))
        except ClientsRefused as refused:
            for client_id, problem in refused.problems:
                click.echo(f"{client_id}: {admin.name_of(problem.field)}: {problem.message}", err=True)
            raise click.ClickException("nothing was imported") from None

    click.echo(f"{with_server(data, run, sets_up=True)} clients were imported.")
