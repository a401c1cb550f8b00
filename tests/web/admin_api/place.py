"""The administrative API on stores in memory, asked without a socket."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from ostiary.audit.api_log import ApiLog
from ostiary.first_start import ADMINISTRATORS, account_record
from ostiary.ports.changes import AddAccount, SaveObject
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.objects import build, fresh
from ostiary.storage.memory import MemoryStores
from ostiary.web.admin_api import surface
from ostiary.web.admin_api.operations import BASE
from ostiary.web.app import Surface
from ostiary.web.call import Call, Reply
from ostiary.web.peers import Peers
from tests.house import Recorder, make_server

PASSWORD = "Sesame-12345"
ADMIN, AUDITOR = "ada", "otto"


class House:
    """Gives a server with the settings and objects that are stored now."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def now(self) -> Server | None:
        return None

    async def current(self) -> Server:
        settings, objects = build(await self.server.stores.objects())
        self.server = make_server(
            self.server.stores,
            self.server.clock,  # type: ignore[arg-type]
            settings=settings,
            objects=objects,
            events=self.server.events,  # type: ignore[arg-type]
        )
        return self.server


@dataclass
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def errors(self) -> dict[str, str]:
        """The error id by field."""
        return {each.get("fieldPath", ""): each["errorId"] for each in self.json.get("validationErrors", [])}

    @property
    def tag(self) -> str:
        return self.headers["etag"]


@dataclass
class Place:
    """The API, and its log."""

    house: House
    surface: Surface
    lines: list[str] = field(default_factory=list)

    @classmethod
    async def build(cls) -> "Place":
        server = make_server(MemoryStores(), events=Recorder())
        await server.stores.commit(*(SaveObject(record, None) for record in fresh()))
        kept = await server.passwords.hash(Secret(PASSWORD))
        for username, role in ((ADMIN, "admin"), (AUDITOR, "auditor")):
            await server.stores.commit(AddAccount(account_record(ADMINISTRATORS, username, kept, {"roles": [role]})))
        house, lines = House(server), []
        log = ApiLog(Lines(lines))
        made = Surface(surface.routes(log, server.clock), Peers(()))
        made.house = house
        return cls(house, made, lines)

    @property
    def server(self) -> Server:
        return self.house.server

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *headers: tuple[str, str],
        user: str | None = ADMIN,
        xsrf: bool = True,
        query: str = "",
        content: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answered:
        """Ask for a path below the base, already percent-encoded."""
        sent = [(name.encode(), value.encode()) for name, value in headers]
        sent.append((b"content-type", content_type.encode()))
        if user is not None:
            sent.append((b"authorization", b"Basic " + b64encode(f"{user}:{PASSWORD}".encode())))
        if xsrf:
            sent.append((b"x-xsrf-header", b"PingFederate"))
        raw = BASE + path
        call = Call(
            method=method,
            path=raw,
            raw_path=raw.encode(),
            query=query.encode(),
            headers=sent,
            source="192.0.2.7",
            scheme="https",
            request_id="",
            content=json.dumps(body).encode() if content is None else content,
        )
        return await answered(await self.surface.answer(self.surface.call_of(call)))

    async def get(self, path: str, query: str = "") -> Any:
        """What a GET of something that is there says."""
        found = await self.ask("GET", path, query=query)
        assert found.status == 200, found.text
        return found.json

    async def post(self, path: str, body: Any) -> Any:
        """What is answered after something was made."""
        made = await self.ask("POST", path, body)
        assert made.status == 201, made.text
        return made.json

    async def put(self, path: str, body: Any) -> Any:
        """What is answered after something was replaced."""
        saved = await self.ask("PUT", path, body)
        assert saved.status == 200, saved.text
        return saved.json

    async def refused(
        self, method: str, path: str, body: Any = None, status: int = 422, query: str = ""
    ) -> dict[str, str]:
        """The error ids by field of a refusal."""
        found = await self.ask(method, path, body, query=query)
        assert found.status == status, found.text
        return found.errors


async def answered(reply: Reply) -> Answered:
    """The whole answer, streamed or not."""
    whole = reply.body
    if reply.stream is not None:
        async for chunk in reply.stream:
            whole += chunk
    return Answered(reply.status, {n.decode(): v.decode() for n, v in reply.headers}, whole.decode())


@dataclass
class Lines:
    """A log in memory."""

    lines: list[str]

    def write(self, line: str) -> None:
        self.lines.append(line)
