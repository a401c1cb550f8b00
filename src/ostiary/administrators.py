"""The accounts of administrators: what is said of each, and the rules under which they change."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import structs

from ostiary.account_rules import BadAccount, check_password, check_username
from ostiary.audit.events import AccountChanged
from ostiary.audit.evidence import commit
from ostiary.declare import Problem, key, section, setting
from ostiary.declare.kinds import Flag, SecretKind, Text, WordSet
from ostiary.declare.secrets import NewSecret, SecretValue
from ostiary.declare.settings import Write
from ostiary.first_start import ADMINISTRATORS, account_record
from ostiary.ports.changes import AddAccount, Change, Conflict, RemoveAccount, SaveAccount
from ostiary.ports.records import AccountRecord
from ostiary.server import Server
from ostiary.server_management import current, next_revision
from ostiary.words import Spelled, Word

FULL, AUDITOR = "admin", "auditor"
"""The roles that count."""


class AdministratorRole(Word):
    """What tools call the rights of an administrator. One of them decides; the others are kept for whoever reads."""

    ADMINISTRATOR = Spelled("ADMINISTRATOR", label="Administrator")
    CRYPTO = Spelled("CRYPTO_ADMINISTRATOR", label="Crypto Administrator")
    EXPRESSION = Spelled("EXPRESSION_ADMINISTRATOR", label="Expression Administrator")
    USERS = Spelled("USER_ADMINISTRATOR", label="User Administrator")


@section("Administrative Account")
class AdministrativeAccount:
    """Somebody who may administer, or look."""

    username: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Username",
        help="Cannot be changed; without a colon, which HTTP Basic cannot send.",
        admin=key("username", required=True),
    )
    password: SecretValue | None = setting(
        kind=SecretKind(),
        default=None,
        label="Password",
        help="At least eight characters with a digit, an upper-case and a lower-case letter. It is never answered.",
        admin="password",
    )
    description: str = setting(
        kind=Text(),
        default="",
        label="Description",
        help="Who it is.",
        admin=key("description", write=Write.UNLESS_EMPTY),
    )
    active: bool = setting(
        kind=Flag(), default=True, label="Active", help="Whether it may be used at all.", admin="active"
    )
    auditor: bool = setting(
        kind=Flag(), default=False, label="Auditor", help="Looks at everything and changes nothing.", admin="auditor"
    )
    roles: frozenset[AdministratorRole] = setting(
        kind=WordSet(AdministratorRole),
        default=frozenset(),
        label="Roles",
        help="ADMINISTRATOR is needed to change anything; an auditor has none.",
        admin="roles",
    )

    @property
    def is_full(self) -> bool:
        """Whether it may change things."""
        return self.active and not self.auditor


@dataclass(frozen=True, slots=True)
class Kept:
    """An account with the record it is kept in."""

    account: AdministrativeAccount
    record: AccountRecord


class _Document(msgspec.Struct):
    disabled: bool = False
    roles: tuple[str, ...] = ()
    description: str = ""
    called: tuple[str, ...] = ()
    """The roles as tools call them."""


_DOCUMENT = msgspec.json.Decoder(_Document)


class AccountRefused(Exception):
    """Nothing was stored."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class AccountChangedMeanwhile(Exception):
    """Somebody else changed the account at the same moment."""


async def administrators(server: Server) -> tuple[Kept, ...]:
    """Every administrator, by name."""
    return tuple(map(_kept, await server.stores.accounts(ADMINISTRATORS)))


async def one_administrator(server: Server, username: str) -> Kept | None:
    """The administrator of this name."""
    record = await server.stores.account(ADMINISTRATORS, username)
    return None if record is None else _kept(record)


async def add(server: Server, account: AdministrativeAccount, by: str) -> Kept:
    """Make an account. Raises `AccountRefused`."""
    problems = [*_problems(account)]
    if account.password is None:
        problems.append(Problem("password", "is required"))
    if await server.stores.account(ADMINISTRATORS, account.username) is not None:
        problems.append(_taken())
    if problems:
        raise AccountRefused(*problems)
    record = account_record(ADMINISTRATORS, account.username, await _hashed(server, account), _members(account))
    try:
        await commit(server, AddAccount(record), _event(account.username, by, "added"))
    except Conflict:
        raise AccountRefused(_taken()) from None
    return _kept(record)


async def replace_one(server: Server, before: Kept, account: AdministrativeAccount, by: str) -> Kept:
    """Replace an account; its password stays when none is given. Raises `AccountRefused`."""
    account = replace(account, username=before.record.username)
    problems = [*_problems(account)]
    order = await _order(server, before) if not account.is_full else ()
    if not account.is_full and await _is_last(server, before):
        problems.append(Problem("active", "this is the last account that may change anything"))
    if problems:
        raise AccountRefused(*problems)
    hashed = before.record.password_hash if account.password is None else await _hashed(server, account)
    document = msgspec.json.encode({"v": 1, "disabled": False, **_members(account)})
    changed = hashed != before.record.password_hash or document != before.record.document
    if not changed:
        return before
    record = structs.replace(before.record, version=before.record.version + 1, password_hash=hashed, document=document)
    what = "password" if account.password is not None else "changed"
    try:
        await commit(server, *order, SaveAccount(record, before.record.version), _event(account.username, by, what))
    except Conflict:
        raise AccountChangedMeanwhile from None
    return _kept(record)


async def remove(server: Server, before: Kept, by: str) -> None:
    """Remove an account. Raises `AccountRefused` for one's own and for the last that may change anything."""
    username = before.record.username
    if username == by:
        raise AccountRefused(Problem("username", "nobody removes the account they work with"))
    order = await _order(server, before)
    if await _is_last(server, before):
        raise AccountRefused(Problem("username", "this is the last account that may change anything"))
    try:
        await commit(server, *order, RemoveAccount(ADMINISTRATORS, username), _event(username, by, "removed"))
    except Conflict:
        raise AccountChangedMeanwhile from None


async def _order(server: Server, one: Kept) -> tuple[Change, ...]:
    """Two that end each other at once must not both succeed; so to be read before it is asked who is the last."""
    return (next_revision(await current(server)),) if one.account.is_full else ()


async def _is_last(server: Server, one: Kept) -> bool:
    full = [kept.record.username for kept in await administrators(server) if kept.account.is_full]
    return full == [one.record.username]


def _problems(account: AdministrativeAccount) -> list[Problem]:
    found = []
    try:
        check_username(account.username, for_basic=True)
    except BadAccount as bad:
        found.append(Problem("username", str(bad)))
    if isinstance(account.password, NewSecret):
        try:
            check_password("this account", account.password.secret.reveal())
        except BadAccount as bad:
            found.append(Problem("password", str(bad)))
    if account.auditor and account.roles:
        found.append(Problem("roles", "an auditor has no roles"))
    if not account.auditor and AdministratorRole.ADMINISTRATOR not in account.roles:
        found.append(
            Problem("roles", "must hold ADMINISTRATOR, or auditor must be true: there are no rights in between")
        )
    return found


def _taken() -> Problem:
    return Problem("username", "is in use already")


def _event(username: str, by: str, what: str) -> AccountChanged:
    return AccountChanged(subject=username, by=by, store=ADMINISTRATORS, what=what)


async def _hashed(server: Server, account: AdministrativeAccount) -> str:
    assert isinstance(account.password, NewSecret)
    return await server.passwords.hash(account.password.secret)


def _members(account: AdministrativeAccount) -> dict[str, Any]:
    return {
        "disabled": not account.active,
        "roles": [AUDITOR if account.auditor else FULL],
        "description": account.description,
        "called": [str(role) for role in AdministratorRole if role in account.roles],
    }


def _kept(record: AccountRecord) -> Kept:
    """The account of a record; one made on the command line or at the first start has no names of roles."""
    document = _DOCUMENT.decode(record.document)
    known = {str(role): role for role in AdministratorRole}
    auditor = AUDITOR in document.roles or FULL not in document.roles
    called = frozenset(known[name] for name in document.called if name in known)
    account = AdministrativeAccount(
        username=record.username,
        description=document.description,
        active=not document.disabled,
        auditor=auditor,
        roles=frozenset() if auditor else called | {AdministratorRole.ADMINISTRATOR},
    )
    return Kept(account, record)
