"""From changes to statements: what each change writes, and which of its steps carries the condition."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ostiary.ports.changes import (
    AddAccessToken,
    AddAccount,
    AddAppVersion,
    AddAudit,
    AddClient,
    AddCode,
    AddGrant,
    AddInitialToken,
    AddRefreshToken,
    AddRegistration,
    AddSession,
    Change,
    Conflict,
    EndGrace,
    ForgetUncheckedSector,
    NoteUncheckedSector,
    RememberConsent,
    RemoveAccessToken,
    RemoveAccount,
    RemoveAppVersion,
    RemoveClient,
    RemoveCode,
    RemoveInitialToken,
    RemoveObject,
    RemoveSession,
    RemoveSigningKey,
    RevokeGrant,
    RevokeJwt,
    RollRefreshToken,
    SaveAccount,
    SaveAppVersion,
    SaveClient,
    SaveGrant,
    SaveObject,
    SaveRegistration,
    SaveSession,
    SaveSigningKey,
    TakeQuota,
    TouchGrant,
    TouchSession,
    UseCode,
    UseInitialToken,
)
from ostiary.ports.records import ClientRecord
from ostiary.storage.notices import Notice
from ostiary.storage.sql import statements as sql
from ostiary.storage.sql.statement import Statement
from ostiary.storage.text import is_storable, made_storable, search_text

Step: TypeAlias = tuple[Statement, tuple[Any, ...], Change | None]
"""A statement, its values, and the change whose condition fails when it answers with no row."""

Steps: TypeAlias = Sequence[Step]


def steps_of(changes: Sequence[Change]) -> Steps:
    """The statements of a unit, in order. Raises `Conflict` for text that no database can hold."""
    if len(changes) == 1:
        steps = _STEPS[type(changes[0])](changes[0])
        _check_storable(changes[0], steps)
        return steps
    unit: list[Step] = []
    for change in changes:
        steps = _STEPS[type(change)](change)
        _check_storable(change, steps)
        unit.extend(steps)
    return unit


def notices_of(changes: Sequence[Change]) -> Sequence[Notice]:
    """What caches must hear of. A group numbers the notices of its units at its end, all with one update."""
    return [_NOTICES[type(change)](change) for change in changes if type(change) in _NOTICES]


def _check_storable(change: Change, steps: Steps) -> None:
    for _, values, _ in steps:
        for value in values:
            if type(value) is str and not is_storable(value):
                raise Conflict(change)


def _add_client(c: AddClient) -> Steps:
    return ((sql.ADD_CLIENT, sql.ADD_CLIENT.values_of(c.client), c), _search(c.client))


def _save_client(c: SaveClient) -> Steps:
    r = c.client
    values = (
        r.version, r.name, r.enabled, r.created_at, r.modified_at, r.document, r.legacy, r.legacy_version,
        r.client_id, c.expected,
    )  # fmt: skip
    return ((sql.SAVE_CLIENT, values, c), _search(r))


def _search(client: ClientRecord) -> Step:
    return (sql.PUT_CLIENT_SEARCH, (client.client_id, search_text(client.client_id, client.name)), None)


def _remove_client(c: RemoveClient) -> Steps:
    key = (c.client_id,)
    rest: tuple[Step, ...] = tuple((statement, key, None) for statement in sql.REMOVE_ALL_OF_CLIENT)
    if c.expected is not None:
        return ((sql.REMOVE_CLIENT_AT, (c.client_id, c.expected), c), *rest)
    return ((sql.REMOVE_CLIENT, key, c), *rest)


def _add_app_version(c: AddAppVersion) -> Steps:
    return ((sql.ADD_APP_VERSION, sql.ADD_APP_VERSION.values_of(c.app), c),)


def _save_app_version(c: SaveAppVersion) -> Steps:
    r = c.app
    return ((sql.SAVE_APP_VERSION, (r.version, r.client_id, r.document, r.id, c.expected), c),)


def _remove_app_version(c: RemoveAppVersion) -> Steps:
    return ((sql.REMOVE_APP_VERSION, (c.id, c.expected), c),)


def _save_object(c: SaveObject) -> Steps:
    r = c.object
    step: Step
    if c.expected is None:
        step = (sql.ADD_OBJECT, sql.ADD_OBJECT.values_of(r), c)
    elif c.expected == -1:
        step = (sql.PUT_OBJECT, sql.PUT_OBJECT.values_of(r), c)
    else:
        step = (sql.SAVE_OBJECT, (r.version, r.document, r.kind, r.id, c.expected), c)
    return (step,)


def _remove_object(c: RemoveObject) -> Steps:
    if c.expected is not None:
        return ((sql.REMOVE_OBJECT_AT, (c.kind, c.id, c.expected), c),)
    return ((sql.REMOVE_OBJECT, (c.kind, c.id), c),)


def _add_code(c: AddCode) -> Steps:
    return ((sql.ADD_CODE, sql.ADD_CODE.values_of(c.code), None),)


def _use_code(c: UseCode) -> Steps:
    return ((sql.USE_CODE, (c.at, c.key), c),)


def _remove_code(c: RemoveCode) -> Steps:
    return ((sql.REMOVE_CODE, (c.key,), c),)


def _add_access_token(c: AddAccessToken) -> Steps:
    return ((sql.ADD_ACCESS_TOKEN, sql.ADD_ACCESS_TOKEN.values_of(c.token), None),)


def _remove_access_token(c: RemoveAccessToken) -> Steps:
    return ((sql.REMOVE_ACCESS_TOKEN, (c.key,), None),)


def _revoke_jwt(c: RevokeJwt) -> Steps:
    return ((sql.REVOKE_JWT, (c.key, c.expires_at), None),)


def _add_grant(c: AddGrant) -> Steps:
    return ((sql.ADD_GRANT, sql.ADD_GRANT.values_of(c.grant), None),)


def _save_grant(c: SaveGrant) -> Steps:
    return ((sql.SAVE_GRANT, sql.SAVE_GRANT.values_of(c.grant), c),)


def _touch_grant(c: TouchGrant) -> Steps:
    return ((sql.TOUCH_GRANT, (c.at, c.grant_id), c),)


def _revoke_grant(c: RevokeGrant) -> Steps:
    tokens: tuple[Step, ...] = tuple((statement, (c.grant_id,), None) for statement in sql.REMOVE_TOKENS_OF_GRANT)
    return ((sql.REVOKE_GRANT, (c.at, c.grant_id), None), *tokens)


def _add_refresh_token(c: AddRefreshToken) -> Steps:
    return ((sql.ADD_REFRESH_TOKEN, sql.ADD_REFRESH_TOKEN.values_of(c.token), None),)


def _roll_refresh_token(c: RollRefreshToken) -> Steps:
    return (
        (sql.ROLL_REFRESH_TOKEN, (c.at, c.grace_until, c.successor, c.old), c),
        (sql.ADD_REFRESH_TOKEN, sql.ADD_REFRESH_TOKEN.values_of(c.new), None),
    )


def _end_grace(c: EndGrace) -> Steps:
    return ((sql.END_GRACE, (c.key,), None),)


def _add_session(c: AddSession) -> Steps:
    return ((sql.ADD_SESSION, sql.ADD_SESSION.values_of(c.session), None),)


def _touch_session(c: TouchSession) -> Steps:
    return ((sql.TOUCH_SESSION, (c.at, c.expires_at, c.key), None),)


def _save_session(c: SaveSession) -> Steps:
    return ((sql.SAVE_SESSION, sql.SAVE_SESSION.values_of(c.session), c),)


def _remove_session(c: RemoveSession) -> Steps:
    return ((sql.REMOVE_SESSION, (c.key,), None),)


def _remember_consent(c: RememberConsent) -> Steps:
    return ((sql.PUT_CONSENT, sql.PUT_CONSENT.values_of(c.consent), None),)


def _add_account(c: AddAccount) -> Steps:
    return ((sql.ADD_ACCOUNT, sql.ADD_ACCOUNT.values_of(c.account), c),)


def _save_account(c: SaveAccount) -> Steps:
    r = c.account
    return ((sql.SAVE_ACCOUNT, (r.version, r.password_hash, r.document, r.store, r.username, c.expected), c),)


def _remove_account(c: RemoveAccount) -> Steps:
    return ((sql.REMOVE_ACCOUNT, (c.store, c.username), c),)


def _save_signing_key(c: SaveSigningKey) -> Steps:
    return ((sql.PUT_SIGNING_KEY, sql.PUT_SIGNING_KEY.values_of(c.key), None),)


def _remove_signing_key(c: RemoveSigningKey) -> Steps:
    return ((sql.REMOVE_SIGNING_KEY, (c.kid,), None),)


def _add_registration(c: AddRegistration) -> Steps:
    return ((sql.ADD_REGISTRATION, sql.ADD_REGISTRATION.values_of(c.registration), c),)


def _save_registration(c: SaveRegistration) -> Steps:
    r = c.registration
    return ((sql.SAVE_REGISTRATION, (r.token, r.document, r.client_id, c.expected), c),)


def _add_initial_token(c: AddInitialToken) -> Steps:
    return ((sql.ADD_INITIAL_TOKEN, sql.ADD_INITIAL_TOKEN.values_of(c.token), c),)


def _use_initial_token(c: UseInitialToken) -> Steps:
    return ((sql.USE_INITIAL_TOKEN, sql.USE_INITIAL_TOKEN.values_of(c), c),)


def _remove_initial_token(c: RemoveInitialToken) -> Steps:
    return ((sql.REMOVE_INITIAL_TOKEN, (c.id,), c),)


def _take_quota(c: TakeQuota) -> Steps:
    return ((sql.TAKE_QUOTA, sql.TAKE_QUOTA.values_of(c), c),)


def _note_unchecked_sector(c: NoteUncheckedSector) -> Steps:
    return ((sql.NOTE_UNCHECKED_SECTOR, (c.client_id, c.at), None),)


def _forget_unchecked_sector(c: ForgetUncheckedSector) -> Steps:
    return ((sql.FORGET_UNCHECKED_SECTOR, (c.client_id,), None),)


def _add_audit(c: AddAudit) -> Steps:
    r = c.event
    values = (r.id, r.time, r.name, made_storable(r.client_id), made_storable(r.subject), r.document)
    return ((sql.ADD_AUDIT, values, None),)


_STEPS: dict[type[Change], Callable[[Any], Steps]] = {
    AddClient: _add_client,
    SaveClient: _save_client,
    RemoveClient: _remove_client,
    AddAppVersion: _add_app_version,
    SaveAppVersion: _save_app_version,
    RemoveAppVersion: _remove_app_version,
    SaveObject: _save_object,
    RemoveObject: _remove_object,
    AddCode: _add_code,
    UseCode: _use_code,
    RemoveCode: _remove_code,
    AddAccessToken: _add_access_token,
    RemoveAccessToken: _remove_access_token,
    RevokeJwt: _revoke_jwt,
    AddGrant: _add_grant,
    SaveGrant: _save_grant,
    TouchGrant: _touch_grant,
    RevokeGrant: _revoke_grant,
    AddRefreshToken: _add_refresh_token,
    RollRefreshToken: _roll_refresh_token,
    EndGrace: _end_grace,
    AddSession: _add_session,
    TouchSession: _touch_session,
    SaveSession: _save_session,
    RemoveSession: _remove_session,
    RememberConsent: _remember_consent,
    AddAccount: _add_account,
    SaveAccount: _save_account,
    RemoveAccount: _remove_account,
    SaveSigningKey: _save_signing_key,
    RemoveSigningKey: _remove_signing_key,
    AddRegistration: _add_registration,
    SaveRegistration: _save_registration,
    AddInitialToken: _add_initial_token,
    UseInitialToken: _use_initial_token,
    RemoveInitialToken: _remove_initial_token,
    TakeQuota: _take_quota,
    NoteUncheckedSector: _note_unchecked_sector,
    ForgetUncheckedSector: _forget_unchecked_sector,
    AddAudit: _add_audit,
}

_NOTICES: dict[type[Change], Callable[[Any], Notice]] = {
    AddClient: lambda c: ("client", c.client.client_id),
    SaveClient: lambda c: ("client", c.client.client_id),
    RemoveClient: lambda c: ("client", c.client_id),
    SaveObject: lambda c: (c.object.kind, c.object.id),
    RemoveObject: lambda c: (c.kind, c.id),
    SaveSigningKey: lambda c: ("signing-keys", c.key.kid),
    RemoveSigningKey: lambda c: ("signing-keys", c.kid),
}
