"""`ostiary server show|apply`: the server-wide settings and objects, in the administrative API's shapes."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ostiary.audit.events import SettingsApplied
from ostiary.audit.evidence import commit
from ostiary.cli.setup import data_option, json_of, with_server
from ostiary.clients.documents import client_of
from ostiary.ports.changes import Conflict
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.apply import ApplyRefused, InUse, plan_apply, show


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
            plan = plan_apply(await server.stores.objects(), document, seal=_seal(server), in_use=await _in_use(server))
        except ApplyRefused as refused:
            for problem in refused.problems:
                click.echo(f"{problem.path}: {problem.message}", err=True)
            raise click.ClickException("nothing was changed") from None
        for name in plan.unknown:
            click.echo(f"{name} is not known here and was ignored", err=True)
        if plan.changes:
            try:
                await commit(server, *plan.changes, SettingsApplied(by="command line", changed=plan.changed))
            except Conflict:
                raise click.ClickException("somebody else changed this just now; try again") from None
        return plan.changed

    changed = with_server(data, run, sets_up=True)
    for name in changed:
        click.echo(f"changed {name}")
    if not changed:
        click.echo("Nothing had to change.")


async def _in_use(server: Server) -> InUse:
    """What clients name. One pass over all of them: this is rare, and done by a person who waits."""
    scopes: set[str] = set()
    properties: set[str] = set()
    async for chunk in server.stores.clients():
        for record in chunk:
            client = client_of(record)[0]
            scopes |= client.restricted_scopes | client.exclusive_scopes
            properties |= set(client.extended.parameters)
    return InUse(scopes=scopes, extended_properties=properties)


def _seal(server: Server) -> Callable[[Secret], str]:
    return lambda secret: b64encode(server.vault.seal("configuration", secret.reveal().encode())).decode()
