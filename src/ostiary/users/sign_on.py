"""Behaviour §7.1: a name and a password, checked by a chain of validators; attempts are throttled, accounts are locked.

An unknown name costs what a known one costs and is answered in the same words.
"""

from dataclasses import dataclass
from enum import StrEnum

from ostiary.audit.events import SessionCreated, SessionDeleted, SignedOn, SignOnFailed
from ostiary.audit.evidence import commit
from ostiary.ports.clock import MINUTE
from ostiary.ports.records import AccountRecord
from ostiary.server import Server
from ostiary.server_settings.fresh import SERVICES
from ostiary.sessions import session as sessions
from ostiary.sessions.session import Begun, Session, SignOn
from ostiary.tokens.people import Person, read_person
from ostiary.users.accounts import user_key
from ostiary.users.authentication import PASSWORD_CONTEXTS, PASSWORD_METHODS

MOST_FAILURES = 6
"""In a row, before an account is locked."""
LOCK_MS = MINUTE
MOST_CHARACTERS = 1024
"""Of a password; more is never hashed."""
MOST_NAME_CHARACTERS = 256
"""No account has a longer name: nothing is counted, looked up or hashed for one."""


class Cause(StrEnum):
    """Why a sign-on failed, for the log. A person is told no more than whether to wait."""

    NO_ACCOUNT = "no-account"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a word of the log
    LOCKED = "locked"
    DISABLED = "disabled"
    THROTTLED = "throttled"
    NO_VALIDATOR = "no-validator"


class SignOnRefused(Exception):
    """Nobody signed on. `account` is the name that was typed if there is such an account, else empty.

    People type passwords into the box of the name: what names nobody is kept nowhere.
    """

    def __init__(self, cause: Cause, account: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.account = account


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What somebody typed, and from where."""

    username: str
    password: str
    source: str
    """The address of the caller."""
    validator: str | None = None
    """The one validator to ask; None: all of the chain."""


def chain(server: Server) -> tuple[str, ...]:
    """The ids of the validators that know people, in the order they are asked.

    The built-in validator of services, and the one that guards the client management service (S070), never hold people:
    also while S070 names none.
    """
    services = {SERVICES, server.settings.management.validator}
    return tuple(name for name in server.objects.validators if name not in services)


async def check_password(attempt: Attempt, server: Server, client_id: str = "") -> Person:
    """The person with this name and password; raises `SignOnRefused`, recorded with its cause."""
    try:
        return await _check_password(attempt, server)
    except SignOnRefused as refused:
        server.events.record(
            SignOnFailed(
                client_id=client_id,
                subject=refused.account,
                validator=attempt.validator or "",
                cause=refused.cause,
            )
        )
        raise


async def begin_session(
    person: Person, before: Session | None, server: Server, client_id: str = ""
) -> tuple[SignOn, Begun | None]:
    """What a sign-on leaves: the act itself and, where sessions are kept (S163), a new session, already committed."""
    now = server.clock.now()
    sign_on = SignOn(at=now, validator=person.validator, acr=PASSWORD_CONTEXTS, amr=PASSWORD_METHODS)
    event = SignedOn(client_id=client_id, subject=person.user_key, validator=person.validator)
    if not server.settings.sessions.enabled:
        server.events.record(event)
        return sign_on, None
    begun = sessions.begin(
        user_key=person.user_key,
        validator=person.validator,
        username=person.username,
        sign_on=sign_on,
        before=before,
        server=server,
    )
    await commit(server, *begun.changes, event)
    if before is not None:
        ended = SessionDeleted(
            client_id=client_id, subject=before.user_key, validator=before.validator, session=before.sri
        )
        server.events.record(ended)
    created = SessionCreated(
        client_id=client_id, subject=person.user_key, validator=person.validator, session=begun.session.sri
    )
    server.events.record(created)
    return sign_on, begun


async def _check_password(attempt: Attempt, server: Server) -> Person:
    if len(attempt.username) > MOST_NAME_CHARACTERS:
        raise SignOnRefused(Cause.NO_ACCOUNT)
    check_not_throttled(attempt, server)
    stores = tuple(name for name in chain(server) if attempt.validator in (None, name))
    if not stores:
        raise SignOnRefused(Cause.NO_VALIDATOR)
    if len(attempt.password) > MOST_CHARACTERS or "\0" in attempt.username:
        raise SignOnRefused(Cause.NO_ACCOUNT)
    accounts = [account for name in stores if (account := await server.stores.account(name, attempt.username))]
    open_accounts = [account for account in accounts if account.locked_until <= server.clock.now()]
    if not open_accounts:
        await server.passwords.verify(None, attempt.password)
        raise SignOnRefused(Cause.LOCKED, attempt.username) if accounts else SignOnRefused(Cause.NO_ACCOUNT)
    for account in open_accounts:
        if await server.passwords.verify(account.password_hash, attempt.password):
            return await _welcome(account, attempt, server)
    for account in open_accounts:
        await server.stores.count_failure(account.store, account.username, server.clock.now(), MOST_FAILURES, LOCK_MS)
    raise SignOnRefused(Cause.WRONG_PASSWORD, attempt.username)


async def _welcome(account: AccountRecord, attempt: Attempt, server: Server) -> Person:
    person = read_person(account, user_key(account.store, account.username))
    if person is None:
        raise SignOnRefused(Cause.DISABLED, attempt.username)
    if account.failures:
        await server.stores.forget_failures(account.store, account.username)
    # What was counted turned out well: a busy office behind one address does not run into the limit.
    server.limits.refund("sign-on-source", attempt.source)
    server.limits.refund("sign-on-account", _account_and_source(attempt))
    return person


def check_not_throttled(attempt: Attempt, server: Server) -> None:
    """Count the attempt before anything is hashed, for its source and for its name from there; raises `SignOnRefused`.

    What a name may bear from everywhere is the lock of its account: guessing must shut nobody out for longer than that.
    """
    if not server.limits.allow("sign-on-source", attempt.source):
        raise SignOnRefused(Cause.THROTTLED)
    if not server.limits.allow("sign-on-account", _account_and_source(attempt)):
        raise SignOnRefused(Cause.THROTTLED)


def _account_and_source(attempt: Attempt) -> str:
    return f"{attempt.source} {attempt.username}"
