"""`ostiary settings`: the declaration of every setting, for people and for programs."""

import json

import click

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.declare import describe


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Everything that is declared, as JSON.")
def settings(*, as_json: bool) -> None:
    """Print every client setting: name, type, default, and what it is called in each interface."""
    rows = describe(CLIENT_SETTINGS)
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['name']:45} {row['type']:18} {row['label']}")
