"""`ostiary clients list|show`."""

import json
from pathlib import Path
from typing import Any

import click

from ostiary.as_code.differences import printable
from ostiary.as_code.inventory import Wanted, credentials_of, line_as_json, span_ms
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
@click.option("--unused", metavar="TIME", help="Not used for this long: 90d, 12h. Never used counts from its making.")
@click.option("--never-used", is_flag=True, help="Never used at all.")
@click.option("--enabled/--disabled", default=None, help="Only those that are.")
@click.option("--filter", "text", metavar="TEXT", default="", help="Only those with this in their id or name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with dates.")
@click.option("--long", is_flag=True, help="With the dates of making, change and last use.")
@data_option
def list_clients(
    data: Path | None,
    *,
    unused: str | None,
    never_used: bool,
    enabled: bool | None,
    text: str,
    as_json: bool,
    long: bool,
) -> None:
    """One line a client: id, whether it is enabled, name."""
    unused_ms = None if unused is None else span_ms(unused)
    if unused is not None and unused_ms is None:
        raise click.BadParameter("must be a number of days or hours: 90d, 12h", param_hint="--unused")
    wanted = Wanted(unused_ms=unused_ms, never_used=never_used, enabled=enabled, text=text)

    async def run(server: Server) -> None:
        now = server.clock.now()
        async for chunk in server.stores.clients_with_use():
            for record, last_used_at in chunk:
                if wanted.holds(record, last_used_at, now):
                    click.echo(_line(line_as_json(record, last_used_at), as_json=as_json, long=long))

    with_server(data, run)


def _line(told: dict[str, Any], *, as_json: bool, long: bool) -> str:
    if as_json:
        return json.dumps(told, ensure_ascii=False)
    fields = [told["clientId"], "enabled" if told["enabled"] else "disabled"]
    if long:
        fields += [told[name] or "never" for name in ("created", "modified", "lastUsed")]
    return "\t".join(printable(field) for field in (*fields, told["name"]))


@clients.command("usage")
@click.argument("client_id")
@data_option
def show_usage(client_id: str, data: Path | None) -> None:
    """When a client, each of its secrets and each of its keys were made, changed and used last."""

    async def run(server: Server) -> dict[str, Any]:
        record = await server.stores.client(client_id)
        if record is None:
            raise click.ClickException(f"there is no client {client_id}")
        uses = dict(await server.stores.credential_uses(client_id))
        told = line_as_json(record, await server.stores.client_last_used(client_id))
        return {**told, "credentials": credentials_of(client_of(record)[0], uses)}

    click.echo(json.dumps(with_server(data, run), indent=1, ensure_ascii=False))


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
