"""`ostiary clients bulk … ACTION`: one change to many clients."""

import sys
from collections.abc import Callable
from typing import Any

import click

from ostiary.as_code import bulk as changes
from ostiary.as_code.bulk import Action, Selection, Tally
from ostiary.as_code.differences import printable
from ostiary.as_code.named_settings import NotUnderstood, condition
from ostiary.cli.setup import data_option, with_server
from ostiary.client_management import registry
from ostiary.clients.registry import ClientChanged, ClientRegistry
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server

BY = "command line, bulk"
MOST_TOLD = 20
Making = Callable[[ClientRegistry], Action]


@click.group("bulk")
@click.option("--filter", "text", metavar="TEXT", default="", help="Clients with this in their id or name.")
@click.option("--id", "pattern", metavar="PATTERN", default="*", help="Clients whose id is like this (team-a-*).")
@click.option("--where", metavar="SETTING=VALUE", multiple=True, help="Clients that have this value; repeatable.")
@click.option("--after", metavar="ID", default="", help="Go on after this client.")
@click.option("--dry-run", is_flag=True, help="Only tell how many clients would change.")
@click.option("--skip-refused", is_flag=True, help="Change the others when the rules refuse it for some.")
@data_option
@click.pass_context
def bulk(ctx: click.Context, /, **options: Any) -> None:
    """Change many clients at once; every client unless --filter, --id or --where say which.

    First it is judged for all of them; then it is done in batches, each of them stored as a whole.
    """
    try:
        conditions = tuple(condition(text) for text in options["where"])
    except NotUnderstood as problem:
        raise click.UsageError(str(problem)) from None
    ctx.obj = options
    options["selection"] = Selection(
        text=options["text"], pattern=options["pattern"], conditions=conditions, after=options["after"]
    )


@bulk.command("enable")
@click.pass_obj
def enable(options: dict[str, Any]) -> None:
    """Let clients in again."""
    _run(options, lambda _: changes.enabling(enabled=True))


@bulk.command("disable")
@click.pass_obj
def disable(options: dict[str, Any]) -> None:
    """Refuse clients everywhere; their grants stay."""
    _run(options, lambda _: changes.enabling(enabled=False))


@bulk.command("add-scope")
@click.argument("scope")
@click.pass_obj
def add_scope(options: dict[str, Any], scope: str) -> None:
    """Let clients ask for SCOPE."""
    _run(options, lambda clients: changes.adding_scope(scope, clients.facts))


@bulk.command("remove-scope")
@click.argument("scope")
@click.pass_obj
def remove_scope(options: dict[str, Any], scope: str) -> None:
    """Take SCOPE from the lists of clients."""
    _run(options, lambda _: changes.removing_scope(scope))


@bulk.command("add-redirect-uri")
@click.argument("uri")
@click.pass_obj
def add_redirect_uri(options: dict[str, Any], uri: str) -> None:
    """Let clients be answered at URI."""
    _run(options, lambda _: changes.adding_redirect_uri(uri))


@bulk.command("remove-redirect-uri")
@click.argument("uri")
@click.pass_obj
def remove_redirect_uri(options: dict[str, Any], uri: str) -> None:
    """Take URI from the lists of clients."""
    _run(options, lambda _: changes.removing_redirect_uri(uri))


@bulk.command("set")
@click.argument("assignments", metavar="SETTING=VALUE…", nargs=-1, required=True)
@click.pass_obj
def set_settings(options: dict[str, Any], assignments: tuple[str, ...]) -> None:
    """Set settings by their names in the administrative API; an empty VALUE means the default."""
    _run(options, lambda _: changes.setting(assignments))


def _run(options: dict[str, Any], making: Making) -> None:
    selection: Selection = options["selection"]

    async def run(server: Server) -> Tally:
        clients = registry(server)
        try:
            action = making(clients)
        except NotUnderstood as problem:
            raise click.ClickException(str(problem)) from None
        number = await server.stores.count_clients()
        with _bar(number, "looking") as bar:
            looked = await changes.look(clients, selection, action, bar.update)
        _tell_refused(looked)
        if looked.refused and not options["skip_refused"]:
            raise click.ClickException("nothing was changed")
        if options["dry_run"]:
            return looked
        return await _change(clients, selection, action, number)

    tally = with_server(options["data"], run)
    word = "would be" if options["dry_run"] else "were"
    click.echo(f"{tally.changed} of {tally.matched} clients {word} changed.")


async def _change(clients: ClientRegistry, selection: Selection, action: Action, number: int) -> Tally:
    tally = Tally()
    try:
        with _bar(number, "changing") as bar:
            await changes.change(clients, selection, action, BY, bar.update, tally)
    except ClientChanged as changed:
        raise click.ClickException(f"{changed.client_id} keeps being changed; {_how_far(tally)}") from None
    except StoreUnavailable as problem:
        raise click.ClickException(f"{problem}; {_how_far(tally)}") from None
    except BaseException:
        click.echo(_how_far(tally), err=True)
        raise
    return tally


def _how_far(tally: Tally) -> str:
    if not tally.reached:
        return "nothing was changed"
    return f"{tally.changed} clients were changed; go on with --after {tally.reached}"


def _bar(number: int, label: str) -> Any:
    """A bar on a terminal, and nothing elsewhere."""
    return click.progressbar(length=number, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


def _tell_refused(tally: Tally) -> None:
    for client_id, why in tally.refused[:MOST_TOLD]:
        click.echo(printable(f"{client_id}: {why}"), err=True)
    if len(tally.refused) > MOST_TOLD:
        click.echo(f"… and {len(tally.refused) - MOST_TOLD} more", err=True)
