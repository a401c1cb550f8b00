"""`ostiary server show|apply`: the server-wide settings and objects, in the administrative API's shapes."""

import json
from pathlib import Path
from typing import Any

import click

from ostiary.cli.setup import data_option, json_of, with_server
from ostiary.server import Server
from ostiary.server_management import ConfigurationChanged, Wish, change
from ostiary.server_settings.apply import ApplyRefused, show


@click.group()
def server() -> None:
    """Server-wide settings: scopes, lifetimes, managers, policies, validators."""


@server.command("show")
@data_option
def show_server(data: Path | None) -> None:
    """Print everything as one JSON object; secrets are sealed. `apply` takes it back."""

    async def run(server: Server) -> dict[str, Any]:
        return show(server.settings, server.objects)

    click.echo(json.dumps(with_server(data, run), indent=1, ensure_ascii=False))


@server.command("apply")
@click.argument("file", type=click.File("rb"))
@data_option
def apply_server(file: Any, data: Path | None) -> None:
    """Change what FILE (- for standard input) holds, and leave the rest; everything or nothing."""
    document = json_of(file)
    if not isinstance(document, dict):
        raise click.ClickException("the file must hold a JSON object, as `ostiary server show` prints it")

    async def run(server: Server) -> tuple[str, ...]:
        try:
            plan = await change(server, lambda _: Wish(document=document), "command line")
        except ApplyRefused as refused:
            for problem in refused.problems:
                click.echo(f"{problem.path}: {problem.message}", err=True)
            raise click.ClickException("nothing was changed") from None
        except ConfigurationChanged:
            raise click.ClickException("somebody else changed this just now; try again") from None
        for name in plan.unknown:
            click.echo(f"{name} is not known here and was ignored", err=True)
        return plan.changed

    changed = with_server(data, run, sets_up=True)
    for name in changed:
        click.echo(f"changed {name}")
    if not changed:
        click.echo("Nothing had to change.")
