"""The only way the settings and objects of the server change, whichever interface the change came through."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from ostiary.audit.events import SettingsApplied
from ostiary.audit.evidence import commit
from ostiary.clients.naming import users_of_names
from ostiary.ports.changes import Change, Conflict, RemoveAccount, SaveObject
from ostiary.ports.events import Happening
from ostiary.ports.records import ObjectRecord
from ostiary.ports.stores import Stores
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.apply import ApplyProblem, ApplyRefused, Plan, Removed, plan_apply
from ostiary.server_settings.documents import document
from ostiary.server_settings.findings import shown
from ostiary.server_settings.object_kinds import REVISION, SETTINGS, kind_named
from ostiary.server_settings.objects import Objects, build
from ostiary.server_settings.planning import DETAIL_TYPE, PROPERTY, SCOPE
from ostiary.server_settings.references import users_of

ATTEMPTS = 20
"""How often a change is worked out anew when another node was faster."""
_TURNS: "WeakKeyDictionary[Stores, asyncio.Lock]" = WeakKeyDictionary()
"""In one process changes wait for each other instead of failing by turns: tools send many at once."""


class ConfigurationChanged(Exception):
    """Others kept changing what was to be changed."""


class ObjectInUse(Exception):
    """What was to go is needed; `users` says by what."""

    def __init__(self, list_name: str, id_: str, users: Sequence[str]) -> None:
        super().__init__(f"is in use by {', '.join(users)}")
        self.list_name = list_name
        self.id = id_
        self.users = tuple(users)


@dataclass(frozen=True, slots=True)
class Current:
    """The configuration as it is stored at this moment."""

    records: Sequence[ObjectRecord]
    settings: ServerSettings
    objects: Objects

    def record(self, kind: str, id_: str) -> ObjectRecord | None:
        """The stored record of an object or a resource."""
        return next((one for one in self.records if (one.kind, one.id) == (kind, id_)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to be different."""

    document: Mapping[str, Any] = field(default_factory=dict)
    """In the shape of ``ostiary server show``."""
    replaces: bool = False
    """Whether what is present is replaced, instead of laid over what there is."""
    removed: Removed = ()
    beside: "Beside | None" = None
    """Works out what is committed in the same unit, given what the configuration will be."""
    clients: AbstractSet[str] = frozenset()
    """Clients that change or go in the same unit: what they name now does not count."""
    look: Callable[[Plan], None] = lambda _: None
    """Looks at what it comes to before anything is stored, and raises when that is not what was meant."""


Beside = Callable[[Plan], Awaitable[Sequence[Change | Happening]]]


async def current(server: Server) -> Current:
    """What is stored now."""
    records = await server.stores.objects()
    return Current(records, *build(records))


async def change(server: Server, wish: Callable[[Current], Wish], by: str) -> Plan:
    """Change the configuration as `wish` says, which is asked anew when somebody else was faster.

    Every change moves the revision that was read, so that of two at once the second is judged with the first in place:
    nothing can come to refer to what goes at the same moment. Raises `ApplyRefused`, `ObjectInUse` and
    `ConfigurationChanged`, and whatever `wish` raises.
    """
    async with _TURNS.setdefault(server.stores, asyncio.Lock()):
        for _ in range(ATTEMPTS):
            try:
                return await _changed_once(server, wish, by)
            except Conflict:
                continue
    raise ConfigurationChanged


async def _changed_once(server: Server, wish: Callable[[Current], Wish], by: str) -> Plan:
    now = await current(server)
    wanted = wish(now)
    plan = await plan_of(server, now, wanted)
    wanted.look(plan)
    accounts = [one for name, id_ in wanted.removed for one in await _accounts(server, name, id_)]
    beside = await wanted.beside(plan) if wanted.beside is not None else ()
    if not plan.changes and not beside:
        return plan
    parts: list[Change | Happening] = [*plan.changes, *accounts, *beside]
    if plan.changes:
        parts = [next_revision(now), *parts, SettingsApplied(by=by, changed=plan.changed)]
    await commit(server, *parts)
    return plan


def next_revision(now: Current) -> SaveObject:
    """What gives a change its place in the one order: it is kept only if nothing else was changed since `now`."""
    read = now.record(SETTINGS, REVISION)
    version = 0 if read is None else read.version
    return SaveObject(
        ObjectRecord(kind=SETTINGS, id=REVISION, version=version + 1, document=document({})), version or None
    )


async def plan_of(server: Server, now: Current, wanted: Wish) -> Plan:
    """What the wish comes to. Raises `ApplyRefused` and `ObjectInUse`."""
    removed = {_name_of(now, list_name, id_): (list_name, id_) for list_name, id_ in wanted.removed}
    for (member, _), (list_name, id_) in removed.items():
        users = users_of(now.settings, now.objects, member, id_)
        if users:
            raise ObjectInUse(list_name, id_, users)
    plan = plan_apply(
        now.records, wanted.document, seal=seal_of(server), replaces=wanted.replaces, removed=wanted.removed
    )
    used = await users_of_names(server.stores, plan.gone, wanted.clients)
    for name, client in used.items():
        if name in removed:
            raise ObjectInUse(*removed[name], [f"client {client}"])
    if used:
        raise ApplyRefused(
            [
                ApplyProblem(_PLACES.get(kind, kind), f"{shown(name)} is in use by clients, such as {shown(client)}")
                for (kind, name), client in sorted(used.items())
            ]
        )
    return plan


_PLACES = {SCOPE: "authServerSettings.scopes", PROPERTY: "extendedProperties", DETAIL_TYPE: "authorizationDetailTypes"}


def _name_of(now: Current, list_name: str, id_: str) -> tuple[str, str]:
    """How references and clients call an object: by its id, but a detail type by its type."""
    member = kind_named(list_name).member
    if member == DETAIL_TYPE and id_ in now.objects.detail_types:
        return (member, now.objects.detail_types[id_].type)
    return (member, id_)


async def _accounts(server: Server, list_name: str, id_: str) -> list[Change]:
    """The accounts of a validator go with it: another one of the same name must not find them."""
    if list_name != "passwordCredentialValidators":
        return []
    return [RemoveAccount(id_, account.username) for account in await server.stores.accounts(id_)]


def seal_of(server: Server) -> Callable[[Secret], str]:
    """Protects the secrets of plug-ins."""
    return lambda secret: b64encode(server.vault.seal("configuration", secret.reveal().encode())).decode()
