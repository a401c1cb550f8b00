"""`ostiary clients import`: clients of this server or another, from a file."""

import json
from pathlib import Path
from typing import Any

import click

from ostiary.as_code.differences import printable
from ostiary.as_code.documents import NotADocument
from ostiary.as_code.generated import remove_generated, write_generated
from ostiary.as_code.importers.bringing import SOURCES, Report, bring, judge
from ostiary.as_code.importers.imported import Here
from ostiary.cli.setup import data_option, with_server
from ostiary.client_management import registry
from ostiary.clients.registry import ClientChanged
from ostiary.server import Server

BY = "command line"
MOST_TOLD = 20


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--from", "source", type=click.Choice(list(SOURCES)), default="admin", help="What wrote the file.")
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
@click.option("--skip-refused", is_flag=True, help="Import the others when some are refused.")
@click.option("--new-secrets", type=click.Path(path_type=Path), help="New secrets for those lost, in a new file (600).")
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path), help="Everything about every record, as JSON."
)
@data_option
def import_clients(
    file: Any,
    source: str,
    data: Path | None,
    *,
    dry_run: bool,
    skip_refused: bool,
    new_secrets: Path | None,
    report_file: Path | None,
) -> None:
    """Create every client of FILE, with its id and its secret where the file has it; all of them, or none.

    Sources: what `export` writes (admin), a bulk export of the administrative API, a Keycloak realm export, clients of
    Ory Hydra, client information of RFC 7591, or a CSV table.
    """
    name = Path(getattr(file, "name", "") or "").name.lower()
    try:
        records = list(SOURCES[source].records(file.read(), name))
    except NotADocument as problem:
        raise click.ClickException(f"the file {problem}") from None

    async def run(server: Server) -> Report:
        clients = registry(server)
        here = Here(clients.facts, clients.secrets)
        found = (SOURCES[source].read(record, place, here) for place, record in records)
        report = await judge(found, clients, new_secrets=new_secrets is not None)
        _tell(report)
        if report_file is not None:
            _write_report(report_file, report)
        if report.refused and not skip_refused:
            raise click.ClickException("nothing was imported")
        if not dry_run:
            await _bring(report, server, new_secrets)
        return report

    report = with_server(data, run, sets_up=not dry_run)
    click.echo(f"{len(report.brought)} clients {'would be' if dry_run else 'were'} imported.")


def _write_report(path: Path, report: Report) -> None:
    path.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


async def _bring(report: Report, server: Server, new_secrets: Path | None) -> None:
    generated = {one.imported.client_id: one.generated for one in report.brought if one.generated}
    if new_secrets is not None and generated:
        write_generated(new_secrets, generated)
    try:
        await bring(report, registry(server), BY)
    except ClientChanged as changed:
        if new_secrets is not None and generated:
            remove_generated(new_secrets)
        raise click.ClickException(f"somebody else made {changed.client_id} just now; nothing was imported") from None


def _tell(report: Report) -> None:
    for one in report.left_out:
        click.echo(printable(f"{one.client_id} is left out: it {one.left_out}"), err=True)
    for member, why, count in report.without:
        click.echo(printable(f"{member}: {why} ({count} clients)"), err=True)
    for verdict in report.refused[:MOST_TOLD]:
        for reason in verdict.reasons:
            where = ": ".join(part for part in (verdict.imported.place, verdict.imported.client_id) if part)
            click.echo(printable(f"{where}: {reason}"), err=True)
    if len(report.refused) > MOST_TOLD:
        click.echo(f"… and {len(report.refused) - MOST_TOLD} more; --report has all of them", err=True)
    if report.refused:
        click.echo(f"{len(report.refused)} clients are refused.", err=True)
