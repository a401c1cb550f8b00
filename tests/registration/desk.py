"""The registration endpoint as a developer meets it, on a server in memory."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from ostiary.clients.client import Client
from ostiary.clients.documents import client_of
from ostiary.ports.changes import AddInitialToken
from ostiary.ports.clock import DAY
from ostiary.registration.openings import new_initial_token
from ostiary.server import Server
from ostiary.server_settings.configuration import Plugin
from ostiary.server_settings.descriptors import Family, descriptor
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.other_objects import RegistrationPolicy
from ostiary.web import registration
from ostiary.web.app import Surface
from ostiary.web.call import Call
from ostiary.web.peers import Peers
from tests.house import changed, fresh_objects, make_server

PATH = "/as/clients.oauth2"
METADATA: dict[str, Any] = {"client_name": "Sample", "redirect_uris": ["https://app.example/cb"]}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> str:
        """The registered name of the refusal."""
        found: str = self.body["error"]
        return found

    @property
    def description(self) -> str:
        """What is told of it."""
        found: str = self.body.get("error_description", "")
        return found


class Desk:
    """Asks, as whoever has the token."""

    def __init__(self, server: Server | None = None, **settings: Any) -> None:
        self.server = server or make_server(registration__on=True, **settings)
        self._surface = Surface(registration.ROUTES, Peers(()))
        self._surface.house = self

    def now(self) -> Server:
        """The snapshot."""
        return self.server

    async def current(self) -> Server:
        """The snapshot."""
        return self.server

    def change(self, **settings: Any) -> None:
        """Other settings from now on."""
        self.server = changed(self.server, **settings)

    async def ask(
        self,
        method: str,
        path: str = PATH,
        body: Any = None,
        *,
        token: str | None = None,
        basic: tuple[str, str] | None = None,
        content_type: str = "application/json",
        source: str = "192.0.2.7",
    ) -> Answer:
        """One request."""
        headers = [(b"content-type", content_type.encode())]
        if token is not None:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if basic is not None:
            headers.append((b"authorization", b"Basic " + b64encode(":".join(basic).encode())))
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        call = Call(
            method=method,
            path=path,
            raw_path=path.encode(),
            query=b"",
            headers=headers,
            source=source,
            scheme="https",
            request_id="",
            content=content,
        )
        reply = await self._surface.answer(self._surface.call_of(call))
        told = {name.decode(): value.decode() for name, value in reply.headers}
        return Answer(reply.status, json.loads(reply.body) if reply.body else None, told)

    async def register(self, *, token: str | None = None, source: str = "192.0.2.7", **metadata: Any) -> Answer:
        """POST of the sample with these members; None leaves one out."""
        body = {name: value for name, value in {**METADATA, **metadata}.items() if value is not None}
        return await self.ask("POST", body=body, token=token, source=source)

    async def registered(self, **metadata: Any) -> dict[str, Any]:
        """What was answered to a registration that came about."""
        answer = await self.register(**metadata)
        assert answer.status == 201, answer.body
        found: dict[str, Any] = answer.body
        return found

    async def manage(
        self, method: str, registered: dict[str, Any], body: Any = None, *, token: str | None = None
    ) -> Answer:
        """A request to the client's own address."""
        path = f"{PATH}/{registered['client_id']}"
        return await self.ask(method, path, body, token=token or registered["registration_access_token"])

    async def client(self, client_id: str) -> Client:
        """The client as it is stored."""
        self.server.clients.drop(client_id)
        record = await self.server.stores.client(client_id)
        assert record is not None
        return client_of(record)[0]

    async def initial_token(self, *, uses: int = 1, scope: tuple[str, ...] = (), name: str = "i1") -> str:
        """An initial access token."""
        token, record = new_initial_token(
            name, now=self.server.clock.now(), lifetime_ms=DAY, uses=uses, scope=scope, note=""
        )
        await self.server.stores.commit(AddInitialToken(record))
        return token.reveal()


def with_policies(**kinds: Any) -> tuple[Objects, tuple[str, ...]]:
    """Objects with a registration policy of each kind, by keyword with underscores, and their ids in order."""
    policies = {
        kind.replace("_", "-"): RegistrationPolicy(
            id=kind.replace("_", "-"), name=kind, plugin=Plugin(kind.replace("_", "-"), configuration)
        )
        for kind, configuration in kinds.items()
    }
    assert all(descriptor(Family.REGISTRATION_POLICY, kind) for kind in policies)
    return replace(fresh_objects(), registration_policies=policies), tuple(policies)


def desk_with(settings: dict[str, Any] | None = None, **kinds: Any) -> Desk:
    """A desk whose registrations are judged by these policies."""
    objects, ids = with_policies(**kinds)
    server = make_server(
        objects=objects, registration__on=True, registration__registration_policies=ids, **(settings or {})
    )
    return Desk(server)
