"""`ostiary clients export|plan|apply`: clients as a folder of files."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ostiary.as_code.differences import lines_of, printable
from ostiary.as_code.exporting import FolderWriter, NotEmpty, exported
from ostiary.as_code.folder import Folder, read_folder
from ostiary.as_code.generated import remove_generated, write_generated
from ostiary.as_code.planning import ADD, CHANGE, REMOVE, Plan, Refused, Wanted, carry_out, make_plan
from ostiary.as_code.secret_sources import SecretSources
from ostiary.cli.clients.looking import written
from ostiary.cli.setup import data_option, with_server
from ostiary.client_management import registry
from ostiary.clients.client import Client
from ostiary.clients.documents import client_of
from ostiary.clients.registry import ClientChanged
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import StoredSecret
from ostiary.server import Server

BY = "command line"
CHANGES = 3
"""The exit code of `plan --exit-code` when something would change."""
SIGNS = {ADD: "+", CHANGE: "~", REMOVE: "-"}

FOLDER = click.argument("folder", type=click.Path(path_type=Path, exists=True))


def wanted_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a plan is made; `plan` and `apply` must agree on them."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="For programs."),
        click.option("--clear-secrets", is_flag=True, help="Allow secrets in clear in the files."),
        click.option("--within", metavar="PATTERN", default="*", help="Remove only ids like this (team-a-*)."),
        click.option("--prune", is_flag=True, help="Remove clients that the folder does not have."),
    ):
        command = option(command)
    return command


@click.command("plan")
@FOLDER
@wanted_options
@click.option("--exit-code", is_flag=True, help=f"End with {CHANGES} when something would change.")
@click.option("--without-secrets", is_flag=True, help="Look up no secret; what is there counts as right.")
@data_option
def plan_folder(folder: Path, data: Path | None, *, exit_code: bool, without_secrets: bool, **options: Any) -> None:
    """Show what `apply` would do to make FOLDER (or one file) true. Changes nothing, and never shows a secret."""
    found = read_folder(folder)

    async def run(server: Server) -> Plan:
        return await make_plan(found, registry(server), _wanted(options, opened=not without_secrets))

    plan = with_server(data, run)
    _tell(plan, as_json=options["as_json"])
    if plan.refused:
        raise click.ClickException("this cannot be applied")
    if exit_code and plan.steps:
        raise SystemExit(CHANGES)


@click.command("apply")
@FOLDER
@wanted_options
@click.option("--plan", "mark", metavar="MARK", help="Only if the plan is still the one that `plan` showed.")
@click.option("--secrets-out", type=click.Path(path_type=Path), help="A new file (mode 600) for generated secrets.")
@data_option
def apply_folder(
    folder: Path, data: Path | None, *, mark: str | None, secrets_out: Path | None, **options: Any
) -> None:
    """Make FOLDER (or one file) true: everything in one step, or nothing."""
    found = read_folder(folder)

    async def run(server: Server) -> Plan:
        return await _apply(found, server, _wanted(options), mark, secrets_out)

    plan = with_server(data, run, sets_up=True)
    secrets = {} if secrets_out else {step.client_id: step.generated for step in plan.steps if step.generated}
    shown = {client_id: secret.reveal() for client_id, secret in secrets.items()}
    _tell(plan, as_json=options["as_json"], secrets=shown, done=True)


async def _apply(found: Folder, server: Server, wanted: Wanted, mark: str | None, secrets_out: Path | None) -> Plan:
    plan = await make_plan(found, registry(server), wanted)
    if plan.refused:
        _tell_problems(plan.refused)
        raise click.ClickException("nothing was changed")
    if mark is not None and mark != plan.mark:
        raise click.ClickException(f"the plan is no longer {mark} but {plan.mark}; nothing was changed")
    generated = {step.client_id: step.generated for step in plan.steps if step.generated}
    if secrets_out is not None and generated:
        write_generated(secrets_out, generated)
    try:
        await carry_out(plan, registry(server), BY)
    except ClientChanged as changed:
        if secrets_out is not None and generated:
            remove_generated(secrets_out)
        raise click.ClickException(
            f"somebody else changed {changed.client_id} just now; nothing was changed, so plan again"
        ) from None
    return plan


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option("--sealed-secrets", is_flag=True, help="With secrets, sealed so that only this installation reads them.")
@data_option
def export_clients(target: Path | None, data: Path | None, *, sealed_secrets: bool) -> None:
    """Write every client down.

    To a folder: one YAML file each, as `plan` and `apply` take it, without secrets. To a file that ends in .ndjson: the
    same, one line each. To any other file, or the screen: {"items": […]} in full, with sealed secrets, for `import`.
    """

    is_code = target is not None and (not target.suffix or target.suffix == ".ndjson" or target.is_dir())

    async def run(server: Server) -> None:
        if target is not None and is_code:
            await _export_code(target, server, sealed_secrets=sealed_secrets)
        else:
            await _export_whole(target, server)

    try:
        with_server(data, run)
    except NotEmpty:
        raise click.ClickException(f"{target} is not empty") from None
    except OSError as problem:
        raise click.ClickException(f"{target} cannot be written: {problem.strerror}") from None


async def _export_code(target: Path, server: Server, *, sealed_secrets: bool) -> None:
    keeper = SecretKeeper(server.vault, server.passwords)

    def conceal(client: Client) -> Callable[[StoredSecret], str] | None:
        return (lambda secret: keeper.echo(secret, client.client_id)) if sealed_secrets else None

    lost: Counter[str] = Counter()
    found = exported(server.stores, conceal, server.clock.now(), lost)
    if target.suffix == ".ndjson":
        with target.open("w", encoding="utf-8") as file:
            async for _, body in found:
                file.write(json.dumps(body, ensure_ascii=False) + "\n")
    else:
        writer = FolderWriter(target)
        async for client_id, body in found:
            writer.write(client_id, body)
    for setting, count in lost.items():
        click.echo(f"{setting} has no name in this form, and was left out ({count} clients)", err=True)


async def _export_whole(target: Path | None, server: Server) -> None:
    found: list[dict[str, Any]] = []
    async for chunk in server.stores.clients():
        found += [written(client_of(record)[0], server) for record in chunk]
    text = json.dumps({"items": found}, indent=1, ensure_ascii=False)
    if target is None:
        click.echo(text)
        return
    with target.open("w", encoding="utf-8") as file:
        file.write(text + "\n")


def _wanted(options: dict[str, Any], *, opened: bool = True) -> Wanted:
    secrets = SecretSources(os.environ, clear_allowed=options["clear_secrets"], opened=opened)
    return Wanted(secrets, prune=options["prune"], within=options["within"])


def _tell(plan: Plan, *, as_json: bool, secrets: dict[str, str] | None = None, done: bool = False) -> None:
    if as_json:
        click.echo(json.dumps(_as_json(plan, secrets or {}), indent=1, ensure_ascii=False))
        return
    for step in plan.steps:
        place = f"  ({printable(step.place)})" if step.place else ""
        click.echo(f"{SIGNS[step.action]} {printable(step.client_id)}{place}")
        for difference in step.differences:
            for line in lines_of(difference):
                click.echo(f"    {line}")
    _tell_problems(plan.warnings)
    _tell_problems(plan.refused)
    add, change, remove = (plan.count(action) for action in (ADD, CHANGE, REMOVE))
    if done and plan.steps:
        click.echo(f"{add} added, {change} changed, {remove} removed; {plan.unchanged} stayed as they were.")
    elif done:
        click.echo("Nothing had to change.")
    elif not plan.refused:
        click.echo(f"Plan {plan.mark}: {add} to add, {change} to change, {remove} to remove; {plan.unchanged} stay.")
    for client_id, secret in (secrets or {}).items():
        click.echo(f"{client_id}\t{secret}")
    if secrets:
        click.echo("These secrets are shown this once and are kept nowhere in clear.", err=True)


def _tell_problems(problems: tuple[Refused, ...]) -> None:
    for problem in problems:
        click.echo(printable(str(problem)), err=True)


def _as_json(plan: Plan, secrets: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"plan": plan.mark, "unchanged": plan.unchanged}
    for action in (ADD, CHANGE, REMOVE):
        found[action] = [
            {
                "clientId": step.client_id,
                **({"file": step.place} if step.place else {}),
                **({"settings": [one.as_json() for one in step.differences]} if action != REMOVE else {}),
            }
            for step in plan.steps
            if step.action == action
        ]
    for name, problems in (("problems", plan.refused), ("warnings", plan.warnings)):
        found[name] = [
            {"file": one.place, "clientId": one.client_id, "setting": one.member, "message": one.message}
            for one in problems
        ]
    if secrets:
        found["secrets"] = secrets
    return found
