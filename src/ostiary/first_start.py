"""What the first start makes, in one unit: the objects nothing works without, signing keys, the first accounts."""

import asyncio
import logging
import secrets
from dataclasses import dataclass

import msgspec

from ostiary.audit.events import AccountChanged
from ostiary.audit.evidence import commit
from ostiary.config import Config
from ostiary.keys.passwords import Passwords
from ostiary.keys.rotation import first_keys
from ostiary.keys.vault import Vault
from ostiary.ports.changes import AddAccount, Change, Conflict, SaveObject
from ostiary.ports.clock import Clock
from ostiary.ports.events import Events
from ostiary.ports.records import AccountRecord
from ostiary.ports.stores import Stores
from ostiary.secret import Secret
from ostiary.server_settings.fresh import SERVICES
from ostiary.server_settings.objects import fresh

ADMINISTRATORS = "admin"
"""The store of the administrators' accounts."""

log = logging.getLogger("ostiary.first_start")


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """An account made just now. The password is shown once and kept nowhere."""

    what: str
    username: str
    password: Secret | None
    """What was generated; None when the operator gave it, who knows it and does not want it in a log."""

    @property
    def shown_password(self) -> str:
        """What the operator is told."""
        return "(as given)" if self.password is None else self.password.reveal()


@dataclass(frozen=True, slots=True)
class Makings:
    """What it is made with."""

    config: Config
    stores: Stores
    clock: Clock
    vault: Vault
    passwords: Passwords
    events: Events
    signing_keys: tuple[Change, ...] = ()
    """The first signing keys, if they were made while the database was set up."""
    warns: bool = True
    """Whether to say that a first account was asked for and is there already."""


async def first_start(makings: Makings) -> tuple[FirstAccount, ...]:
    """Make what is missing; returns the accounts that were made by this very call.

    Of several processes that start at once exactly one makes each thing: every change has its condition.
    """
    stores, config = makings.stores, makings.config
    made = []
    for store, what, wanted in (
        (ADMINISTRATORS, "administrator", config.first_admin),
        (SERVICES, "service account", config.first_service),
    ):
        account = await _first_account(makings, store, what, wanted)
        if account is not None:
            made.append(account)
    if not await stores.objects():  # last, because the other processes of the node wait for these and then answer
        changes: list[Change] = [SaveObject(record, None) for record in fresh()]
        changes += makings.signing_keys or await asyncio.to_thread(first_keys, makings.clock.now(), makings.vault)
        try:
            await stores.commit(*changes)
        except Conflict:
            log.info("another process was first to set up this database")
    return tuple(made)


async def _first_account(
    makings: Makings, store: str, what: str, wanted: tuple[str, Secret] | None
) -> FirstAccount | None:
    if await makings.stores.accounts(store):
        if wanted is not None and makings.warns:
            name = "ADMIN" if store == ADMINISTRATORS else "SERVICE"
            log.warning("OSTIARY_%s_USER is ignored: there is a first %s already", name, what)
        return None
    username, password = wanted or (_default_name(store), Secret(new_password()))
    record = account_record(store, username, await makings.passwords.hash(password), {"roles": ["admin"]})
    added = AccountChanged(subject=username, by="first start", store=store, what="added")
    try:
        await commit(makings, AddAccount(record), added)
    except Conflict:
        return None
    return FirstAccount(what, username, password if wanted is None else None)


def account_record(store: str, username: str, password_hash: str, members: dict[str, object]) -> AccountRecord:
    """A new account's row."""
    return AccountRecord(
        store=store,
        username=username,
        version=1,
        password_hash=password_hash,
        failures=0,
        locked_until=0,
        document=msgspec.json.encode({"v": 1, "disabled": False, **members}),
    )


def new_password() -> str:
    """Twenty characters of about six bits each, with each kind that password rules ask for."""
    while True:
        text = secrets.token_urlsafe(15)
        if any(c.isdigit() for c in text) and any(c.isupper() for c in text) and any(c.islower() for c in text):
            return text


def _default_name(store: str) -> str:
    return "administrator" if store == ADMINISTRATORS else "oauthadmin"
