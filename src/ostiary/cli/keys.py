"""`ostiary keys …`: the signing keys."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ostiary.cli.setup import data_option, with_server
from ostiary.jobs.upkeep import rotate_when_due
from ostiary.ports.records import SigningKeyRecord
from ostiary.server import Server


@click.group()
def keys() -> None:
    """The keys that sign tokens."""


@keys.command("list")
@data_option
def list_keys(data: Path | None) -> None:
    """Every published key with its state."""

    async def read(server: Server) -> list[SigningKeyRecord]:
        return list(await server.stores.signing_keys())

    for key in with_server(data, read):
        since = datetime.fromtimestamp(key.changed_at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        click.echo(f"{key.kid}  {key.family:8}  {key.state:8}  since {since} UTC")


@keys.command("rotate")
@data_option
def rotate_keys(data: Path | None) -> None:
    """Rotate now: pending keys sign, active ones retire, new pending ones are made and published."""

    async def rotate(server: Server) -> bool:
        return await rotate_when_due(server, force=True, by="command line")

    with_server(data, rotate)
    click.echo("The keys were rotated.")
