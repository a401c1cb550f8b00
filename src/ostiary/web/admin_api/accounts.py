"""``/administrativeAccounts``: who may administer."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from ostiary import administrators
from ostiary.administrators import AccountChangedMeanwhile, AccountRefused, AdministrativeAccount, Kept
from ostiary.declare import Dialect, Problem
from ostiary.declare.kinds import Writing
from ostiary.declare.schemas import schema_of
from ostiary.server_settings.entries import one_entry
from ostiary.web.admin_api.operations import (
    Asked,
    Collection,
    Schema,
    check_match,
    listed,
    location_of,
    tagged,
)
from ostiary.web.admin_api.results import (
    ID_IN_USE,
    IN_USE,
    ApiRefused,
    FieldError,
    changed_meanwhile,
    error_of,
    invalid,
    not_found,
)
from ostiary.web.admin_api.shapes import list_of
from ostiary.web.call import NO_STORE, Reply

PATH = "/administrativeAccounts"
ENTRY = one_entry(AdministrativeAccount)


async def retrieve_all(asked: Asked) -> Reply:
    """GET /administrativeAccounts"""
    return listed(_written(one) for one in await administrators.administrators(asked.server))


async def create(asked: Asked) -> Reply:
    """POST /administrativeAccounts"""
    account = _read(asked, await asked.body())
    try:
        made = await administrators.add(asked.server, account, asked.by.username)
    except AccountRefused as refused:
        raise _refusal(refused.problems) from None
    return tagged(_written(made), _tag_of(made), 201, location_of(PATH, account.username))


async def retrieve(asked: Asked) -> Reply:
    """GET /administrativeAccounts/{username}"""
    found = await _found(asked)
    return tagged(_written(found), _tag_of(found))


async def replace(asked: Asked) -> Reply:
    """PUT /administrativeAccounts/{username}: the password stays when none is sent."""
    before = await _found(asked)
    check_match(asked.call, _tag_of(before))
    account = _read(asked, {**await asked.body(), "username": asked.ids[0]})
    try:
        saved = await administrators.replace_one(asked.server, before, account, asked.by.username)
    except AccountRefused as refused:
        raise _refusal(refused.problems) from None
    except AccountChangedMeanwhile:
        raise changed_meanwhile(asked.call) from None
    return tagged(_written(saved), _tag_of(saved))


async def delete(asked: Asked) -> Reply:
    """DELETE /administrativeAccounts/{username}"""
    before = await _found(asked)
    check_match(asked.call, _tag_of(before))
    try:
        await administrators.remove(asked.server, before, asked.by.username)
    except AccountRefused as refused:
        raise invalid(FieldError(IN_USE, problem.message) for problem in refused.problems) from None
    except AccountChangedMeanwhile:
        raise changed_meanwhile(asked.call) from None
    return Reply(204, b"", b"", NO_STORE)


def _read(asked: Asked, body: Mapping[str, Any]) -> AdministrativeAccount:
    account, problems, unknown = ENTRY.read_whole(body, Dialect.ADMIN)
    asked.check_known(unknown)
    if problems:
        raise _refusal(problems)
    return account


def _refusal(problems: Iterable[Problem]) -> ApiRefused:
    errors = [
        FieldError(ID_IN_USE, one.message, one.field) if "in use" in one.message else error_of(one, one.field)
        for one in problems
    ]
    return invalid(errors, malformed=any(one.malformed for one in problems))


async def _found(asked: Asked) -> Kept:
    found = await administrators.one_administrator(asked.server, asked.ids[0])
    if found is None:
        raise not_found("administrative account", asked.ids[0])
    return found


def _written(kept: Kept) -> dict[str, Any]:
    return ENTRY.written(kept.account, Writing(Dialect.ADMIN))


def _tag_of(kept: Kept) -> str:
    return f'"{kept.record.version}-{blake2b(kept.record.document, digest_size=8).hexdigest()}"'


ACCOUNT = Schema("AdministrativeAccount", lambda: schema_of(ENTRY.declaration, Dialect.ADMIN))
OPERATIONS = Collection(
    path=PATH,
    named="username",
    noun="administrative account",
    one=ACCOUNT,
    several=list_of(ACCOUNT),
    retrieve_all=retrieve_all,
    create=create,
    retrieve=retrieve,
    replace=replace,
    delete=delete,
).operations()
