"""`ostiary migrate`: bring the database to this version's schema."""

from pathlib import Path

import click

from ostiary import storage
from ostiary.app import usable
from ostiary.cli.setup import configured, data_option


@click.command()
@data_option
@click.option("--quiet", is_flag=True, help="Say nothing when all is well.")
def migrate(data: Path | None, *, quiet: bool) -> None:
    """Set up an empty database, or bring an older one to this version. Safe to run twice, and at once."""
    config = configured(data)
    with usable(config.data):
        config.data.mkdir(parents=True, exist_ok=True)
    try:
        storage.migrate(config.database_url)
    except storage.MigrationError as problem:
        raise click.ClickException(str(problem)) from None
    if not quiet:
        click.echo("The database has the schema of this version.")
