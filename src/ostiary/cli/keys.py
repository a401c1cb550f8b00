"""`ostiary keys …`: the signing keys."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ostiary.cli.setup import data_option, with_server
from ostiary.jobs.upkeep import rotate_when_due
from ostiary.keys.rotation import TooSoon
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
@click.option(
    "--at-once", is_flag=True, help="Even if the next keys were published only just now: for a key that leaked."
)
@data_option
def rotate_keys(data: Path | None, *, at_once: bool) -> None:
    """Rotate: pending keys sign, active ones retire, new pending ones are made and published."""

    async def rotate(server: Server) -> bool:
        try:
            return await rotate_when_due(server, force=True, at_once=at_once, by="command line")
        except TooSoon as problem:
            ready = datetime.fromtimestamp(problem.ready_at / 1000, UTC).strftime("%H:%M:%S")
            raise click.ClickException(
                f"caches may not hold the next keys before {ready} UTC; wait, or use --at-once if a key leaked"
            ) from None

    with_server(data, rotate)
    click.echo("The keys were rotated.")
