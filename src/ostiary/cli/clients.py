"""`ostiary clients …`: look at clients and move them, in the shapes of the administrative API."""

import json
from pathlib import Path
from typing import Any

import click

from ostiary.cli.setup import data_option, json_of, printable, with_server
from ostiary.client_management import registry
from ostiary.clients.client import Client
from ostiary.clients.dialects import admin
from ostiary.clients.documents import client_of
from ostiary.clients.registry import ClientsRefused
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.server import Server

BY = "command line"


@click.group()
def clients() -> None:
    """Clients: list, show, export, import."""


@clients.command("list")
@data_option
def list_clients(data: Path | None) -> None:
    """One line a client: id, whether it is enabled, name."""

    async def run(server: Server) -> None:
        async for chunk in server.stores.clients():
            for record in chunk:
                state = "enabled" if record.enabled else "disabled"
                click.echo(f"{printable(record.client_id)}\t{state}\t{printable(record.name)}")

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
        return _written(client, server)

    click.echo(json.dumps(with_server(data, run), indent=1, ensure_ascii=False))


@clients.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@data_option
def export_clients(file: Path | None, data: Path | None) -> None:
    """Write every client to FILE (or the screen) as {"items": […]}; secrets stay sealed for this installation."""

    async def run(server: Server) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async for chunk in server.stores.clients():
            found += [_written(client_of(record)[0], server) for record in chunk]
        return found

    text = json.dumps({"items": with_server(data, run)}, indent=1, ensure_ascii=False)
    if file is None:
        click.echo(text)
    else:
        try:
            file.write_text(text + "\n", encoding="utf-8")
        except OSError as problem:
            raise click.ClickException(f"{file} cannot be written: {problem.strerror}") from None


@clients.command("import")
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


def _written(client: Client, server: Server) -> dict[str, Any]:
    keeper = SecretKeeper(server.vault, server.passwords)
    return admin.write_client(client, lambda secret: keeper.echo(secret, client.client_id), server.clock.now())
