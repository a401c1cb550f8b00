"""Versions of applications, as a developer portal counts them, and the client that each may have (behaviour §18)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import structs

from ostiary.audit.events import AppVersionChanged
from ostiary.audit.evidence import commit
from ostiary.client_management import registry
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import portal
from ostiary.clients.dialects.manners import ClientDraft, with_problems, with_values
from ostiary.clients.documents import client_of
from ostiary.clients.prepared import unit_of
from ostiary.clients.registry import ATTEMPTS, ClientChanged, ClientsRefused, NoSuchClient
from ostiary.clients.rules import check
from ostiary.clients.rules.secrets import has_secret, needs_secret
from ostiary.clients.secret_keeping import new_secret
from ostiary.declare import Draft, NewSecret, Problem, key, read_only, section, setting
from ostiary.declare.kinds import Date, Text
from ostiary.ports.changes import AddAppVersion, Change, Conflict, RemoveAppVersion, SaveAppVersion
from ostiary.ports.events import Happening
from ostiary.ports.records import AppVersionRecord
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.entries import one_entry
from ostiary.tokens.handles import new_handle

SCHEMA = 1
ID_CHARACTERS = 28


@section("App Version")
class AppVersion:
    """What is said of a version of an application."""

    id: str = setting(
        kind=Text(at_most=256),
        default="",
        label="App Version ID",
        help="Made here, and never changed.",
        portal=read_only("AppVersionID"),
    )
    title: str = setting(
        kind=Text(at_most=256),
        default="",
        label="Title",
        help="The name of the application; its client has it too, unless it is given another.",
        portal=key("Title", required=True),
    )
    description: str = setting(
        kind=Text(),
        default="",
        label="Description",
        help="What the application does.",
        portal="Description",
    )
    client_id: str | None = setting(
        kind=Text(at_most=256),
        default=None,
        label="Client ID",
        help="The client of this version; in a new one a client that is there already and shall be its own.",
        portal="OAuthClientID",
    )
    created_at: int = setting(
        kind=Date(),
        default=0,
        label="Created",
        help="When the version was made.",
        portal=read_only("Created"),
    )


APP_VERSION = one_entry(AppVersion)


class NoSuchApp(Exception):
    """There is no version with this id."""


class HasNoClient(Exception):
    """The version has no client yet, or its client was deleted."""


class HasClient(Exception):
    """The version has a client already."""


class AppChanged(Exception):
    """The version or its client kept changing under our hands."""


class AppRefused(Exception):
    """Nothing was stored. Every problem, by the names of the portal."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it is stored."""

    record: AppVersionRecord
    app: AppVersion

    @property
    def id(self) -> str:
        """The AppVersionID."""
        return self.record.id


@dataclass(frozen=True, slots=True)
class Given:
    """The client of a version after a change, and the secret that was made for it; nobody can see it again."""

    client: Client
    secret: Secret | None = None
    warnings: tuple[Problem, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    v: int
    title: str
    description: str = ""


_DECODER = msgspec.json.Decoder(_Document)


def kept(record: AppVersionRecord) -> Kept:
    """The version of a row."""
    document = _DECODER.decode(record.document)
    app = AppVersion(
        id=record.id,
        title=document.title,
        description=document.description,
        created_at=record.created_at,
    )
    return Kept(record, app)


async def with_client(found: Kept, server: Server) -> AppVersion:
    """The version with the id of its client, if it has one."""
    try:
        return replace(found.app, client_id=(await client_of_version(found, server)).client_id)
    except HasNoClient:
        return found.app


async def find(app_id: str, server: Server) -> Kept:
    """The version; raises `NoSuchApp`."""
    record = await server.stores.app_version(app_id)
    if record is None:
        raise NoSuchApp
    return kept(record)


async def client_of_version(found: Kept, server: Server) -> Client:
    """The client of a version; they belong together while both say so.

    Raises `HasNoClient`, also where it was deleted, or made anew, through another interface.
    """
    record = await server.stores.client(found.record.client_id) if found.record.client_id else None
    client = None if record is None else client_of(record)[0]
    if client is None or client.portal.runtime_id != found.id:
        raise HasNoClient
    return client


async def add(app: AppVersion, by: str, server: Server) -> Kept:
    """Make a version. With a client id it takes a client that is there and has no version. Raises `AppRefused`."""
    document = msgspec.json.encode(_Document(v=SCHEMA, title=app.title, description=app.description))
    record = AppVersionRecord(
        id=new_handle(ID_CHARACTERS, server.clock.now()),
        version=1,
        client_id=app.client_id or "",
        created_at=server.clock.now(),
        document=document,
    )
    told = AppVersionChanged(by=by, app=record.id, what="added", client_id=record.client_id)
    for _ in range(ATTEMPTS):
        try:
            joining = await _joining(record, by, server) if record.client_id else []
            await commit(server, AddAppVersion(record), *joining, told)
        except Conflict:
            continue
        return kept(record)
    raise AppChanged


async def _joining(record: AppVersionRecord, by: str, server: Server) -> list[Change | Happening]:
    """What makes an existing client the client of a new version."""
    stored = await server.stores.client(record.client_id)
    if stored is None:
        raise AppRefused((_CLIENT_ID, "there is no client with this id"))
    client = client_of(stored)[0]
    if client.portal.runtime_id is not None:
        other = await server.stores.app_version(client.portal.runtime_id)
        if other is not None and other.client_id == client.client_id:
            raise AppRefused((_CLIENT_ID, "this client belongs to another app version"))

    def read(current: Client | None) -> ClientDraft:
        if current is None:
            raise AppRefused((_CLIENT_ID, "there is no client with this id"))
        if current.portal.runtime_id != client.portal.runtime_id:
            raise Conflict(AddAppVersion(record))  # somebody else took it meanwhile: look again
        changed = CLIENT_SETTINGS.with_values(current, {"portal.runtime_id": record.id})
        return Draft(changed, (), (), frozenset())

    try:
        return unit_of(await registry(server).prepare_many([(client.client_id, read)]), by)
    except ClientsRefused as refused:
        raise AppRefused(*_in_portal(refused)) from None


async def remove(app_id: str, by: str, server: Server) -> None:
    """Remove a version and its client with it. Raises `NoSuchApp`, `ClientInUse` and `AppChanged`."""
    for _ in range(ATTEMPTS):
        found = await find(app_id, server)
        removals: list[Change | Happening] = []
        try:
            client = await client_of_version(found, server)
            removals = unit_of([registry(server).prepare_removal(client)], by)
        except HasNoClient:
            pass
        told = AppVersionChanged(by=by, app=app_id, what="removed", client_id=found.record.client_id)
        try:
            await commit(server, RemoveAppVersion(app_id, found.record.version), *removals, told)
        except Conflict:
            continue
        return
    raise AppChanged


async def give_client(app_id: str, body: Any, by: str, server: Server) -> Given:
    """Make the client of a version. Raises `NoSuchApp`, `HasClient`, `ClientsRefused` and `AppChanged`."""
    for _ in range(ATTEMPTS):
        found = await find(app_id, server)
        try:
            await client_of_version(found, server)
        except HasNoClient:
            pass
        else:
            raise HasClient
        reader = _Reader(found, body, server, is_new=True)
        client_id = reader.new_id()
        parts = unit_of(await registry(server).prepare_many([(client_id, reader)]), by)
        linked = structs.replace(found.record, version=found.record.version + 1, client_id=client_id)
        told = AppVersionChanged(by=by, app=app_id, what="got a client", client_id=client_id)
        try:
            await commit(server, SaveAppVersion(linked, found.record.version), *parts, told)
        except Conflict:
            continue
        return reader.given(await registry(server).get(client_id))
    raise AppChanged


async def change_client(app_id: str, body: Any, by: str, server: Server) -> Given:
    """Replace the client of a version. Raises `NoSuchApp`, `HasNoClient`, `ClientsRefused` and `AppChanged`."""
    found = await find(app_id, server)
    client = await client_of_version(found, server)
    reader = _Reader(found, body, server, is_new=False)
    try:
        (saved,) = await registry(server).replace_many([(client.client_id, reader)], by)
    except NoSuchClient:
        raise HasNoClient from None
    except ClientChanged:
        raise AppChanged from None
    return reader.given(saved.client)


class _Reader:
    """Reads the portal's object of one version against its client as it stands, and makes the secret it needs."""

    def __init__(self, found: Kept, body: Any, server: Server, *, is_new: bool) -> None:
        self._found = found
        self._body = body
        self._facts = registry(server).facts
        self._is_new = is_new
        self._secret: Secret | None = None

    def new_id(self) -> str:
        """The id of a new client: the one that was sent, else that of the version."""
        sent = self._body.get(_CLIENT_ID)
        is_number = isinstance(sent, int) and not isinstance(sent, bool)
        return str(sent) if is_number else sent if isinstance(sent, str) and sent else self._found.id

    def __call__(self, current: Client | None) -> ClientDraft:
        if current is not None and self._is_new:
            raise ClientsRefused([(current.client_id, Problem("identity.client_id", "is in use already").by("V02"))])
        if current is not None and current.portal.runtime_id != self._found.id:
            raise HasNoClient  # it was made anew, for somebody else
        base = self._new_client() if current is None else current
        draft = portal.read(self._body, base, common_scopes=self._facts.common_scopes)
        draft = with_problems(draft, *_moved(draft, base))
        ids = {"identity.client_id": base.client_id, "portal.runtime_id": base.portal.runtime_id}
        texts: dict[str, str | None] = {"identity.name": base.identity.name}
        if current is None:
            texts["identity.description"] = base.identity.description
        draft = with_values(draft, ids | {path: text for path, text in texts.items() if path not in draft.sent})
        self._secret = None
        if needs_secret(draft.value) and not has_secret(draft.value):
            self._secret = new_secret()
            draft = with_values(draft, {"authentication.secret": NewSecret(self._secret)})
        return draft

    def _new_client(self) -> Client:
        """What a new client is before anything is read; a text that the portal leaves out is the version's."""
        return CLIENT_SETTINGS.with_values(
            Client(),
            {
                "identity.client_id": self.new_id(),
                "identity.name": self._found.app.title,
                "identity.description": self._found.app.description or None,
                "portal.runtime_id": self._found.id,
            },
        )

    def given(self, client: Client) -> Given:
        """The client as it was stored, and what is told of it once."""
        warnings = tuple(problem for problem in check(client, self._facts) if problem.warning)
        return Given(client, self._secret, warnings)


def _moved(draft: ClientDraft, base: Client) -> Iterator[Problem]:
    """V02, C180: the ids of a client and of its version are said by the path, and never change."""
    if draft.value.client_id != base.client_id:
        yield Problem("identity.client_id", "cannot be changed").by("V02")
    if draft.value.portal.runtime_id != base.portal.runtime_id:
        yield Problem("portal.runtime_id", "is not the app version of the path")


def _in_portal(refused: ClientsRefused) -> Iterator[tuple[str, str]]:
    for _, problem in refused.problems:
        yield portal.name_of(problem.field), portal.reason_of(problem)


_CLIENT_ID = portal.name_of("identity.client_id")
