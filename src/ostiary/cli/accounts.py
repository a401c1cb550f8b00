"""`ostiary users …` and `ostiary admins …`: people, service accounts and administrators."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from ostiary.audit.events import AccountChanged
from ostiary.audit.evidence import commit
from ostiary.cli.setup import data_option, with_server
from ostiary.first_start import ADMINISTRATORS, account_record
from ostiary.ports.changes import AddAccount, Change, Conflict, SaveAccount
from ostiary.ports.events import Happening
from ostiary.ports.records import AccountRecord
from ostiary.secret import Secret
from ostiary.server import Server

PEOPLE = "users"
SHORTEST_PASSWORD = 8


@click.group()
def users() -> None:
    """People and service accounts in the built-in password validators."""


@click.group()
def admins() -> None:
    """Administrators of this installation."""


validator_option = click.option(
    "--validator", default=PEOPLE, show_default=True, help="The validator that holds the account."
)
password_option = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when it is left out."
)


@users.command("add")
@click.argument("username")
@password_option
@click.option("--claims", default="{}", help='Claims as JSON, e.g. {"email": "a@example.org"}.')
@validator_option
@data_option
def add_user(username: str, password: str, claims: str, validator: str, data: Path | None) -> None:
    """Add an account."""
    members = {"claims": _claims(claims)}
    with_server(data, lambda server: _add(server, validator, [(username, Secret(password), members)]))
    click.echo(f"{username} was added to {validator}.")


@users.command("import")
@click.argument("file", type=click.File("rb"))
@validator_option
@data_option
def import_users(file: Any, validator: str, data: Path | None) -> None:
    """Add every account of a JSON list of {"username", "password", "claims"}; all or none."""
    entries = _entries(file.read())
    with_server(data, lambda server: _add(server, validator, entries))
    click.echo(f"{len(entries)} accounts were added to {validator}.")


@users.command("list")
@validator_option
@data_option
def list_users(validator: str, data: Path | None) -> None:
    """Names of the accounts."""
    _list(validator, data)


@users.command("password")
@click.argument("username")
@password_option
@validator_option
@data_option
def user_password(username: str, password: str, validator: str, data: Path | None) -> None:
    """Give an account a new password."""
    _change_password(validator, username, password, data)


@admins.command("add")
@click.argument("username")
@password_option
@click.option("--auditor", is_flag=True, help="May look at everything and change nothing.")
@data_option
def add_admin(username: str, password: str, data: Path | None, *, auditor: bool) -> None:
    """Add an administrator."""
    members = {"roles": ["auditor" if auditor else "admin"]}
    with_server(data, lambda server: _add(server, ADMINISTRATORS, [(username, Secret(password), members)]))
    click.echo(f"{username} was added.")


@admins.command("list")
@data_option
def list_admins(data: Path | None) -> None:
    """Names of the administrators."""
    _list(ADMINISTRATORS, data)


@admins.command("password")
@click.argument("username")
@password_option
@data_option
def admin_password(username: str, password: str, data: Path | None) -> None:
    """Give an administrator a new password."""
    _change_password(ADMINISTRATORS, username, password, data)


async def _add(server: Server, store: str, entries: list[tuple[str, Secret, Mapping[str, Any]]]) -> None:
    changes: list[Change | Happening] = []
    for username, password, members in entries:
        _check_password(username, password.reveal())
        record = account_record(store, username, await server.passwords.hash(password), dict(members))
        changes.append(AddAccount(record))
        event = AccountChanged(subject=username, by="command line", store=store, what="added")
        changes.append(event)
    try:
        await commit(server, *changes)
    except Conflict as conflict:
        taken = conflict.change.account.username if isinstance(conflict.change, AddAccount) else "an account"
        raise click.ClickException(f"{taken} is there already; nothing was changed") from None


def _list(store: str, data: Path | None) -> None:
    async def names(server: Server) -> list[AccountRecord]:
        return list(await server.stores.accounts(store))

    for account in with_server(data, names):
        disabled = msgspec.json.decode(account.document).get("disabled")
        click.echo(f"{account.username}{'  (disabled)' if disabled else ''}")


def _change_password(store: str, username: str, password: str, data: Path | None) -> None:
    async def change(server: Server) -> None:
        account = await server.stores.account(store, username)
        if account is None:
            raise click.ClickException(f"there is no {username} in {store}")
        _check_password(username, password)
        new = _with_password(account, await server.passwords.hash(Secret(password)))
        event = AccountChanged(subject=username, by="command line", store=store, what="password")
        try:
            await commit(server, SaveAccount(new, account.version), event)
        except Conflict:
            raise click.ClickException("somebody else changed this account just now; try again") from None

    with_server(data, change)
    click.echo(f"{username} has a new password.")


def _with_password(account: AccountRecord, password_hash: str) -> AccountRecord:
    return AccountRecord(
        store=account.store,
        username=account.username,
        version=account.version + 1,
        password_hash=password_hash,
        failures=0,
        locked_until=0,
        document=account.document,
    )


def _entries(text: bytes) -> list[tuple[str, Secret, Mapping[str, Any]]]:
    try:
        entries = json.loads(text)
        return [
            (str(e["username"]), Secret(str(e["password"])), {"claims": dict(e.get("claims", {}))}) for e in entries
        ]
    except (ValueError, KeyError, TypeError):
        raise click.ClickException('the file must be a JSON list of {"username", "password", "claims"}') from None


def _claims(text: str) -> dict[str, Any]:
    try:
        claims = json.loads(text)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise click.BadParameter("claims are a JSON object", param_hint="--claims")
    return claims


def _check_password(username: str, password: str) -> None:
    """S181: eight characters or more, with a digit, an upper-case and a lower-case letter."""
    kinds = (str.isdigit, str.isupper, str.islower)
    if not username or any(not c.isprintable() for c in username):
        raise click.ClickException("a user name is not empty and has no control characters")
    if len(password) < SHORTEST_PASSWORD or not all(any(kind(c) for c in password) for kind in kinds):
        raise click.ClickException(
            f"the password of {username} must have {SHORTEST_PASSWORD} characters or more,"
            " with a digit, an upper-case and a lower-case letter"
        )
