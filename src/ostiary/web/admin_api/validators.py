"""Password credential validators whose accounts come in a table, as tools of the compatibility source send them.

Accounts are rows of the account store, with slow hashes; the table of a body is read into them, and written from them.
Accounts that were made in another way (`ostiary users add`) are not in the table, and no table touches them.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import structs

from ostiary.account_rules import BadAccount, check_password, check_username
from ostiary.audit.events import AccountChanged
from ostiary.first_start import account_record
from ostiary.ports.changes import AddAccount, Change, RemoveAccount, SaveAccount
from ostiary.ports.events import Happening
from ostiary.ports.records import AccountRecord
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.apply import Plan
from ostiary.server_settings.descriptors import Family, descriptor
from ostiary.server_settings.object_kinds import ObjectKind
from ostiary.server_settings.plugins import SimpleConfiguration
from ostiary.web.admin_api.objects import Given, Manners, as_declared
from ostiary.web.admin_api.operations import Asked
from ostiary.web.admin_api.results import INVALID, PLUGIN, REQUIRED, FieldError, invalid

TABLE = "Users"
USERNAME, PASSWORD, CONFIRMATION, RELAXED = "Username", "Password", "Confirm Password", "Relax Password Requirements"
PREFIX = "OBF:JWE:"
_PURPOSE = "validator-account-echo"
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One account of the table."""

    number: int
    username: str
    password: Secret | None
    """None: the one it has stays, because the text that stands for it was sent back."""
    relaxed: bool


class _Document(msgspec.Struct):
    table: int = -1
    """The row of the table; negative: it is not in the table."""
    relaxed: bool = False


_DOCUMENT = msgspec.json.Decoder(_Document)


class AccountsInATable(Manners):
    """The manners of validators."""

    async def read(self, asked: Asked, body: Mapping[str, Any], id_: str) -> Given:
        """The body without the rows, and the accounts that they are."""
        store = id_ or body.get("id")
        place, rows = _rows_in(body)
        if not _is_simple(body) or not isinstance(store, str) or not store:
            return Given(body)
        read = _Reading(asked.server, store, f"configuration.tables[{place}].rows")
        wanted = [read.row(number, row) for number, row in enumerate(rows)]
        read.check_names([row for row in wanted if row is not None])
        if read.errors:
            raise invalid(read.errors)
        accounts = [row for row in wanted if row is not None]

        async def beside(_plan: Plan) -> Sequence[Change | Happening]:
            return await _changes(asked, store, accounts, read)

        return Given(_without_rows(body, place) if rows else body, beside)

    async def written(self, asked: Asked, kind: ObjectKind, one: Any) -> dict[str, Any]:
        """The validator with the accounts of its table; a text stands for each password."""
        found = as_declared(kind, one)
        if not isinstance(one.configuration, SimpleConfiguration):
            return found
        rows = [_row_of(asked.server, account) for account in await _in_table(asked.server, one.id)]
        for table in found["configuration"]["tables"]:
            if table["name"] == TABLE:
                table["rows"] = rows
        return found


ACCOUNTS_IN_A_TABLE = AccountsInATable()


class _Reading:
    """Reads rows, gathering what is wrong with them."""

    def __init__(self, server: Server, store: str, at: str) -> None:
        self._server = server
        self._store = store
        self._at = at
        self.errors: list[FieldError] = []

    def row(self, number: int, raw: Any) -> Row | None:
        """The account of one row, or None after telling what is wrong with it."""
        at = f"{self._at}[{number}]"
        fields = _fields_of(raw)
        if number >= MOST_ROWS:
            self._tell(at, f"a table has at most {MOST_ROWS} accounts; add others with: ostiary users import")
            return None
        username, relaxed = fields.get(USERNAME, {}).get("value"), fields.get(RELAXED, {}).get("value")
        if not isinstance(username, str) or not username:
            self.errors.append(FieldError(REQUIRED, f"{USERNAME} is required", f"{at}.fields"))
            return None
        row = Row(number, username, None, str(relaxed).lower() == "true")
        return self._with_password(row, fields, at)

    def check_names(self, rows: Sequence[Row]) -> None:
        """A name stands in the table once, and can be typed."""
        names = [row.username for row in rows]
        for row in rows:
            at = f"{self._at}[{row.number}].fields"
            if row.username in names[: names.index(row.username)] or names.count(row.username) > 1:
                self._tell(at, f"{USERNAME} is there twice")
            try:
                check_username(row.username)
            except BadAccount as bad:
                self._tell(at, str(bad))

    def unknown(self, row: Row) -> FieldError:
        """A text was sent back that stands for the password of an account that is not there."""
        at = f"{self._at}[{row.number}].fields"
        return FieldError(INVALID, "the encrypted password is of an account that is not there", at)

    def _with_password(self, row: Row, fields: Mapping[str, Mapping[str, Any]], at: str) -> Row | None:
        given, again = fields.get(PASSWORD, {}), fields.get(CONFIRMATION, {})
        clear, echoed = given.get("value"), given.get("encryptedValue")
        if isinstance(clear, str) and clear:
            return replace(row, password=self._checked(row, clear, again.get("value"), at))
        if isinstance(echoed, str) and echoed:
            if _opened(self._server, echoed, self._store) == row.username:
                return row
            self._tell(f"{at}.fields", f"{PASSWORD}: the encrypted value is not the one of this account")
            return None
        self.errors.append(FieldError(REQUIRED, f"{PASSWORD} is required", f"{at}.fields"))
        return None

    def _checked(self, row: Row, clear: str, again: Any, at: str) -> Secret:
        if again is not None and again != clear:
            self._tell(f"{at}.fields", f"{CONFIRMATION} must be the same as {PASSWORD}")
        if not row.relaxed:
            try:
                check_password(row.username, clear)
            except BadAccount as bad:
                self._tell(f"{at}.fields", str(bad))
        return Secret(clear)

    def _tell(self, at: str, message: str) -> None:
        self.errors.append(FieldError(PLUGIN, message, at))


def _rows_in(body: Mapping[str, Any]) -> tuple[int, list[Any]]:
    """Where the table of accounts stands in a body, and its rows."""
    configuration = body.get("configuration")
    tables = configuration.get("tables") if isinstance(configuration, Mapping) else None
    for number, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, Mapping) and table.get("name") == TABLE and isinstance(table.get("rows"), list):
            return number, list(table["rows"])
    return 0, []


def _without_rows(body: Mapping[str, Any], place: int) -> dict[str, Any]:
    configuration = dict(body["configuration"])
    tables = list(configuration["tables"])
    tables[place] = {**tables[place], "rows": []}
    return {**body, "configuration": {**configuration, "tables": tables}}


def _is_simple(body: Mapping[str, Any]) -> bool:
    reference = body.get("pluginDescriptorRef")
    name = reference.get("id") if isinstance(reference, Mapping) else None
    found = descriptor(Family.VALIDATOR, name) if isinstance(name, str) else None
    return found is not None and found.configuration is SimpleConfiguration


def _fields_of(raw: Any) -> dict[str, Mapping[str, Any]]:
    fields = raw.get("fields") if isinstance(raw, Mapping) else None
    found = [one for one in fields if isinstance(one, Mapping)] if isinstance(fields, list) else []
    return {str(one.get("name")): one for one in found}


async def _changes(asked: Asked, store: str, rows: Sequence[Row], reading: _Reading) -> tuple[Change | Happening, ...]:
    """What makes the accounts of the table so. Raises `ApiRefused`."""
    server, by = asked.server, asked.by.username
    there = {account.username: account for account in await server.stores.accounts(store)}
    found: list[Change | Happening] = []
    for row in rows:
        before = there.get(row.username)
        if before is None and row.password is None:
            raise invalid([reading.unknown(row)])
        found += await _saved(server, store, row, before, by)
    names = {row.username for row in rows}
    for account in there.values():
        if account.username not in names and _DOCUMENT.decode(account.document).table >= 0:
            found += [RemoveAccount(store, account.username), _told(account.username, store, by, "removed")]
    return tuple(found)


async def _saved(
    server: Server, store: str, row: Row, before: AccountRecord | None, by: str
) -> list[Change | Happening]:
    members: dict[str, object] = {"table": row.number, "relaxed": row.relaxed}
    if before is None:
        assert row.password is not None
        record = account_record(store, row.username, await server.passwords.hash(row.password), members)
        return [AddAccount(record), _told(row.username, store, by, "added")]
    same = row.password is None or await server.passwords.verify(before.password_hash, row.password.reveal())
    hashed = before.password_hash if same or row.password is None else await server.passwords.hash(row.password)
    document = msgspec.json.encode({**msgspec.json.decode(before.document), **members})
    if hashed == before.password_hash and document == before.document:
        return []
    record = structs.replace(before, version=before.version + 1, password_hash=hashed, document=document)
    what = "changed" if hashed == before.password_hash else "password"
    return [SaveAccount(record, before.version), _told(row.username, store, by, what)]


def _told(username: str, store: str, by: str, what: str) -> AccountChanged:
    return AccountChanged(subject=username, by=by, store=store, what=what)


async def _in_table(server: Server, store: str) -> list[AccountRecord]:
    """The accounts of the table, in its order."""
    found = [(_DOCUMENT.decode(account.document).table, account) for account in await server.stores.accounts(store)]
    return [account for number, account in sorted(found, key=lambda one: one[0]) if number >= 0]


def _row_of(server: Server, account: AccountRecord) -> dict[str, Any]:
    text = (
        PREFIX
        + base64.urlsafe_b64encode(
            server.vault.seal(_PURPOSE, account.username.encode(), account.store.encode())
        ).decode()
    )
    fields = [
        {"name": USERNAME, "value": account.username},
        {"name": PASSWORD, "encryptedValue": text},
        {"name": CONFIRMATION, "encryptedValue": text},
        {"name": RELAXED, "value": str(_DOCUMENT.decode(account.document).relaxed).lower()},
    ]
    return {"fields": fields, "defaultRow": False}


def _opened(server: Server, text: str, store: str) -> str | None:
    """Whose password a text stands for; None when it was not made here for this validator."""
    try:
        sealed = base64.urlsafe_b64decode(text.removeprefix(PREFIX).encode())
        return server.vault.open(_PURPOSE, sealed, store.encode()).decode()
    except Exception:  # whatever is wrong with it, it is not one of ours
        return None
