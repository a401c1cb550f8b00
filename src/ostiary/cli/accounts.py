"""`ostiary users …` and `ostiary admins …`: people, service accounts and administrators."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click
import msgspec

from ostiary.account_rules import BadAccount, check_password, check_username
from ostiary.audit.events import AccountChanged
from ostiary.audit.evidence import commit
from ostiary.cli.setup import data_option, json_of, with_server
from ostiary.first_start import ADMINISTRATORS, account_record
from ostiary.ports.changes import AddAccount, Change, Conflict, SaveAccount
from ostiary.ports.events import Happening
from ostiary.ports.records import AccountRecord
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.fresh import SERVICES, USERS

Entry = tuple[str, Secret, Mapping[str, Any]]
"""Name, password, and members of the account's document."""
Entries = Sequence[Entry]
Check = Callable[[Server, str], None]
"""Raises `click.ClickException` when this is no store of people or services."""
SHAPE = 'a JSON list of {"username", "password", "claims"}'


@click.group()
def users() -> None:
    """People and service accounts in the built-in password validators."""


@click.group()
def admins() -> None:
    """Administrators of this installation."""


validator_option = click.option(
    "--validator", default=USERS, show_default=True, help="The validator that holds the account."
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
    entries = [(username, Secret(password), members)]
    with_server(data, lambda server: _add_people(server, validator, entries), sets_up=True)
    click.echo(f"{username} was added to {validator}.")


@users.command("import")
@click.argument("file", type=click.File("rb"))
@validator_option
@data_option
def import_users(file: Any, validator: str, data: Path | None) -> None:
    """Add every account of a JSON list of {"username", "password", "claims"}; all or none."""
    entries = _entries(file)
    with_server(data, lambda server: _add_people(server, validator, entries), sets_up=True)
    click.echo(f"{len(entries)} accounts were added to {validator}.")


@users.command("list")
@validator_option
@data_option
def list_users(validator: str, data: Path | None) -> None:
    """Names of the accounts."""
    _list(validator, data, _check_validator)


@users.command("password")
@click.argument("username")
@password_option
@validator_option
@data_option
def user_password(username: str, password: str, validator: str, data: Path | None) -> None:
    """Give an account a new password."""
    _change_password(validator, username, password, data, _check_validator)


@admins.command("add")
@click.argument("username")
@password_option
@click.option("--auditor", is_flag=True, help="May look at everything and change nothing.")
@data_option
def add_admin(username: str, password: str, data: Path | None, *, auditor: bool) -> None:
    """Add an administrator."""
    members = {"roles": ["auditor" if auditor else "admin"]}
    entries = [(username, Secret(password), members)]
    with_server(data, lambda server: _add(server, ADMINISTRATORS, entries), sets_up=True)
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


async def _add_people(server: Server, validator: str, entries: Entries) -> None:
    _check_validator(server, validator)
    await _add(server, validator, entries)


async def _add(server: Server, store: str, entries: Entries) -> None:
    changes: list[Change | Happening] = []
    for username, password, _ in entries:
        _check_account(server, store, username, password.reveal())
    for username, password, members in entries:
        record = account_record(store, username, await server.passwords.hash(password), dict(members))
        changes.append(AddAccount(record))
        event = AccountChanged(subject=username, by="command line", store=store, what="added")
        changes.append(event)
    try:
        await commit(server, *changes)
    except Conflict as conflict:
        taken = conflict.change.account.username if isinstance(conflict.change, AddAccount) else "an account"
        raise click.ClickException(f"{taken} is there already; nothing was changed") from None


def _list(store: str, data: Path | None, check: Check | None = None) -> None:
    async def names(server: Server) -> list[AccountRecord]:
        if check is not None:
            check(server, store)
        return list(await server.stores.accounts(store))

    for account in with_server(data, names):
        disabled = msgspec.json.decode(account.document).get("disabled")
        click.echo(f"{account.username}{'  (disabled)' if disabled else ''}")


def _change_password(store: str, username: str, password: str, data: Path | None, check: Check | None = None) -> None:
    async def change(server: Server) -> None:
        if check is not None:
            check(server, store)
        account = await server.stores.account(store, username)
        if account is None:
            raise click.ClickException(f"there is no {username} in {store}")
        _check_account(server, store, username, password)
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


def _entries(file: IO[bytes]) -> Entries:
    entries = json_of(file)
    if not isinstance(entries, list):
        raise click.ClickException(f"the file must be {SHAPE}")
    return [_entry(number, entry) for number, entry in enumerate(entries)]


def _entry(number: int, entry: object) -> Entry:
    if not isinstance(entry, dict):
        raise click.ClickException(f"entry [{number}] must be an object: the file must be {SHAPE}")
    username, password = entry.get("username"), entry.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise click.ClickException(f"entry [{number}] needs the texts username and password")
    unknown = sorted(entry.keys() - {"username", "password", "claims"})
    if unknown:
        raise click.ClickException(f"entry [{number}] has unknown members: {', '.join(unknown)}")
    claims = entry.get("claims", {})
    if not _are_claims(claims):
        raise click.ClickException(f"entry [{number}]: claims are a JSON object")
    return username, Secret(password), {"claims": claims}


def _claims(text: str) -> dict[str, Any]:
    try:
        claims = json.loads(text)
    except (ValueError, RecursionError):
        claims = None
    if not _are_claims(claims):
        raise click.BadParameter("claims are a JSON object", param_hint="--claims")
    found: dict[str, Any] = claims
    return found


def _are_claims(value: object) -> bool:
    """An object that can be stored and sent: no lone surrogates, no number that JSON does not have."""
    try:
        return isinstance(value, dict) and bool(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError):
        return False


def _check_validator(server: Server, validator: str) -> None:
    if validator == ADMINISTRATORS:
        raise click.ClickException("administrators have a command of their own: ostiary admins")
    if validator not in server.objects.validators:
        known = ", ".join(sorted(server.objects.validators))
        raise click.ClickException(f"there is no validator {validator}; there are: {known}")


def _check_account(server: Server, store: str, username: str, password: str) -> None:
    for_basic = store in {ADMINISTRATORS, SERVICES, server.settings.management.validator}
    try:
        check_username(username, for_basic=for_basic)
        check_password(username, password)
    except BadAccount as problem:
        raise click.ClickException(str(problem)) from None
