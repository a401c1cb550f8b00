"""A whole server for tests of flows: real rooms on stores in memory, with a clock that stands until it is moved."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import msgspec
from msgspec import structs

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.directory import ClientDirectory
from ostiary.clients.documents import document_of
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.keys.key_file import KeyFile
from ostiary.keys.passwords import Passwords
from ostiary.keys.ring import KeyRing
from ostiary.keys.rotation import first_keys
from ostiary.keys.vault import Vault
from ostiary.limits import TokenBuckets
from ostiary.parameters import Parameters
from ostiary.ports.changes import AddAccount, AddAudit, AddClient, SaveAccount, SaveClient, SaveSigningKey
from ostiary.ports.events import Happening
from ostiary.ports.records import AccountRecord, AuditRecord, ClientRecord, SigningKeyRecord
from ostiary.ports.stores import Stores
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.fresh import fresh_settings
from ostiary.server_settings.objects import Objects, build, fresh
from ostiary.storage.memory import MemoryStores
from ostiary.token_endpoint import endpoint
from ostiary.tokens import codes, persistent_grants
from ostiary.tokens.codes import AuthorizationCode
from ostiary.words import ClientAuth, GrantType
from tests.clocks import ManualClock

ISSUER = "https://as.example"
SECRET = "a-secret-that-is-far-too-long-to-be-guessed-by-anybody-who-tries"
"""Long enough for every HMAC, and kept as a keyed digest."""
REDIRECT_URI = "https://app.example/cb"
USERS = "users"
KEY_FILE = KeyFile.fresh()
"""One for the whole test run, so that its signing keys can be made once."""
VAULT = Vault(KEY_FILE)


@dataclass
class Recorder:
    """Keeps every event that was recorded."""

    events: list[Any] = field(default_factory=list)
    rows: int = 0

    def record(self, event: Happening) -> None:
        """Keep it."""
        self.events.append(event)

    def evidence(self, event: Happening) -> AddAudit:
        """A row."""
        self.rows += 1
        number = f"{self.rows:08d}"
        return AddAudit(
            AuditRecord(
                id=number, time=0, name=event.name, client_id=event.client_id, subject=event.subject, document=b"{}"
            )
        )

    @property
    def names(self) -> list[str]:
        """What happened, in order."""
        return [event.name for event in self.events]


@cache
def signing_keys() -> tuple[SigningKeyRecord, ...]:
    """One set of keys for the whole test run: making RSA keys takes time."""
    changes = first_keys(ManualClock().now(), VAULT)
    return tuple(change.key for change in changes if isinstance(change, SaveSigningKey))


@cache
def key_ring() -> KeyRing:
    """The ring of those keys."""
    return KeyRing.open(signing_keys(), VAULT)


@cache
def fresh_objects() -> Objects:
    """The objects of a new installation."""
    return build(fresh())[1]


def settings_with(**values: Any) -> ServerSettings:
    """The settings of a new installation, with some changed: ``settings_with(grants__rolling_grace_seconds=5)``."""
    return DECLARATION.with_values(fresh_settings(), {name.replace("__", "."): value for name, value in values.items()})


def make_server(
    stores: Stores | None = None,
    clock: ManualClock | None = None,
    *,
    issuer: str = ISSUER,
    settings: ServerSettings | None = None,
    objects: Objects | None = None,
    keys: KeyRing | None = None,
    events: Recorder | None = None,
    **changed: Any,
) -> Server:
    """A server as the first start makes it. `changed` are settings, as for `settings_with`."""
    clock = clock or ManualClock()
    stores = stores or MemoryStores()
    return Server(
        issuer=issuer,
        settings=settings or settings_with(**changed),
        objects=objects or fresh_objects(),
        clients=ClientDirectory(stores),
        stores=stores,
        clock=clock,
        events=events or Recorder(),
        limits=TokenBuckets(clock),
        vault=VAULT,
        keys=keys or key_ring(),
        passwords=Passwords(clock, time_cost=1, memory_kib=8),
    )


def changed(server: Server, **values: Any) -> Server:
    """The same server after a change of its settings: stores, clock, clients and events are shared."""
    names = {name.replace("__", "."): value for name, value in values.items()}
    return replace(server, settings=DECLARATION.with_values(server.settings, names))


def clock_of(server: Server) -> ManualClock:
    """The clock, to move it."""
    assert isinstance(server.clock, ManualClock)
    return server.clock


def events_of(server: Server) -> Recorder:
    """What happened."""
    assert isinstance(server.events, Recorder)
    return server.events


def client_with(client_id: str = "app", **values: Any) -> Client:
    """A confidential client of all that this version does: ``client_with("app", openid__pairwise=True)``."""
    chosen: dict[str, Any] = {
        "identity.client_id": client_id,
        "identity.name": client_id.title(),
        "authentication.method": ClientAuth.SECRET,
        "grants.allowed": frozenset(
            {GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.CLIENT_CREDENTIALS}
        ),
        "redirection.redirect_uris": (REDIRECT_URI,),
        **{name.replace("__", "."): value for name, value in values.items()},
    }
    return CLIENT_SETTINGS.with_values(Client(), chosen)


async def add_client(
    server: Server, client_id: str = "app", *, secret: str | None = SECRET, recoverable: bool = False, **values: Any
) -> Client:
    """Store a client (see `client_with`) and give it as the directory does."""
    client = client_with(client_id, **values)
    if secret is not None and client.authentication.method is not ClientAuth.NONE:
        kept = await SecretKeeper(server.vault, server.passwords).keep(
            Secret(secret), client_id, recoverable=recoverable
        )
        client = CLIENT_SETTINGS.with_values(client, {"authentication.secret": kept})
    await server.stores.commit(AddClient(record_of(client)))
    return await found(server, client_id)


async def change_client(server: Server, client_id: str, **values: Any) -> Client:
    """The client after a change of some settings."""
    before = await found(server, client_id)
    names = {name.replace("__", "."): value for name, value in values.items()}
    after = CLIENT_SETTINGS.with_values(before, names).at_version(before.version + 1)
    await server.stores.commit(SaveClient(record_of(after), before.version))
    server.clients.drop(client_id)
    return await found(server, client_id)


async def found(server: Server, client_id: str) -> Client:
    """The client as the directory gives it."""
    client = await server.clients.get(client_id)
    assert client is not None
    return client


def record_of(client: Client) -> ClientRecord:
    """The row of a client."""
    return ClientRecord(
        client_id=client.client_id,
        version=max(1, client.version),
        name=client.identity.name,
        enabled=client.identity.enabled,
        created_at=0,
        modified_at=0,
        document=document_of(client),
        legacy=b"{}",
        legacy_version=0,
    )


async def add_person(
    server: Server, username: str = "joe", *, validator: str = USERS, password: str = "Sesame-1", **claims: Any
) -> None:
    """An account of a validator."""
    await server.stores.commit(
        AddAccount(
            AccountRecord(
                store=validator,
                username=username,
                version=1,
                password_hash=await server.passwords.hash(Secret(password)),
                failures=0,
                locked_until=0,
                document=msgspec.json.encode({"v": 1, "claims": claims, "disabled": False}),
            )
        )
    )


async def change_person(server: Server, username: str, *, validator: str = USERS, **members: Any) -> None:
    """Change members of the account's document, such as ``disabled=True``."""
    record = await server.stores.account(validator, username)
    assert record is not None
    document = {**msgspec.json.decode(record.document), **members}
    after = structs.replace(record, version=record.version + 1, document=msgspec.json.encode(document))
    await server.stores.commit(SaveAccount(after, record.version))


# Flows ----------------------------------------------------------------------------------------------------------------


async def code_for(server: Server, client_id: str = "app", username: str = "joe", **members: Any) -> str:
    """A code as the authorization endpoint gives it out; `members` are those of `AuthorizationCode`."""
    chosen: dict[str, Any] = {
        "v": codes.SCHEMA,
        "issuer": server.issuer,
        "redirect_uri": REDIRECT_URI,
        "redirect_uri_sent": True,
        "scope": ("openid", "profile", "email"),
        "user_key": username,
        "username": username,
        "validator": USERS,
        "authenticated_at": server.clock.now(),
        **members,
    }
    client = await found(server, client_id)
    code = AuthorizationCode(**chosen)
    reused = await persistent_grants.reusable(GrantType.AUTHORIZATION_CODE, code.user_key, code.context, client, server)
    grant_id = persistent_grants.new_grant_id() if reused is None else reused.grant_id
    return await codes.issue(code, client_id, grant_id, server)


async def ask(server: Server, client_id: str = "app", **parameters: str) -> dict[str, Any]:
    """What the token endpoint answers this client, which has authenticated already."""
    answer = await endpoint.answer(Parameters.of(**parameters), await found(server, client_id), server)
    return answer.as_json()


async def redeem(server: Server, code: str, client_id: str = "app", **parameters: str) -> dict[str, Any]:
    """Exchange a code."""
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, **parameters}
    return await ask(server, client_id, **sent)


async def refresh(server: Server, token: str, client_id: str = "app", **parameters: str) -> dict[str, Any]:
    """Use a refresh token."""
    return await ask(server, client_id, grant_type="refresh_token", refresh_token=token, **parameters)


def segment(token: str, number: int) -> dict[str, Any]:
    """A part of a JWT, unverified: 0 is the header, 1 the claims."""
    part = token.split(".")[number]
    decoded: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded
