"""A small browser before the real handlers: it keeps cookies, reads forms and follows nothing by itself."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.ports.changes import AddClient, RemoveAccount
from ostiary.ports.clock import SECOND
from ostiary.server import Server
from ostiary.tokens import codes
from ostiary.tokens.handles import key_of
from ostiary.web import pages
from ostiary.web.app import Route
from ostiary.web.call import Call, Reply
from ostiary.words import GrantType
from tests import house

ISSUER = "https://sso.example"
CALLBACK = "https://shop.example/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PASSWORD = "Correct-Horse-7"


class Place:
    """A house with one client (``shop``) and one person (``mara``)."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.clock = house.clock_of(server)
        self.events = house.events_of(server)

    @classmethod
    async def build(cls, issuer: str = ISSUER) -> "Place":
        place = cls(house.make_server(issuer=issuer))
        await place.save_client(SHOP)
        await place.add_person("mara")
        return place

    def set(self, **settings: Any) -> None:
        """Change server settings; ``__`` stands for the dot."""
        self.server = house.changed(self.server, **settings)

    def happened(self, name: str) -> list[Any]:
        """The events of a name."""
        return [event for event in self.events.events if event.name == name]

    async def save_client(self, client: Client) -> None:
        await self.server.stores.commit(AddClient(house.record_of(client)))

    async def change_client(self, **settings: Any) -> None:
        await house.change_client(self.server, "shop", **settings)

    async def add_person(self, username: str, *, store: str = "users", disabled: bool = False) -> None:
        await house.add_person(self.server, username, validator=store, password=PASSWORD, name="Mara")
        if disabled:
            await house.change_person(self.server, username, validator=store, disabled=True)

    async def remove_person(self, username: str, *, store: str = "users") -> None:
        await self.server.stores.commit(RemoveAccount(store, username))

    async def code_in(self, reply: Reply) -> codes.AuthorizationCode:
        """What is bound to the code of an answer."""
        record = await self.server.stores.code(key_of(answer_in(reply)["code"]))
        assert record is not None
        assert record.redeemed_at is None
        code = codes.read(record)
        assert code is not None
        assert record.expires_at == self.clock.now() + 60 * SECOND
        return code


def client(client_id: str, **settings: Any) -> Client:
    values = {"identity.client_id": client_id, **{name.replace("__", "."): v for name, v in settings.items()}}
    return CLIENT_SETTINGS.with_values(Client(), values)


SHOP = client(
    "shop",
    identity__name="Rope Shop",
    redirection__redirect_uris=(CALLBACK,),
    grants__allowed=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
)
REQUEST = {
    "client_id": "shop",
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "openid profile email",
    "state": "xyz",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@dataclass
class Form:
    """The form of a page."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)
    """Check boxes: name → value."""


class _FormReader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.form = Form()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.form.action = given.get("action") or ""
        elif tag == "input" and given.get("type") == "checkbox":
            self.form.boxes[given["name"] or ""] = given.get("value") or ""
        elif tag == "input":
            self.form.fields[given["name"] or ""] = given.get("value") or ""


def form_in(reply: Reply) -> Form:
    assert reply.content_type.startswith(b"text/html"), (reply.status, header(reply, b"location"))
    return _FormReader(reply.body.decode()).form


def header(reply: Reply, name: bytes) -> str | None:
    return next((value.decode() for key, value in reply.headers if key == name), None)


def location(reply: Reply) -> str:
    found = header(reply, b"location")
    assert found is not None, (reply.status, reply.body.decode()[:2000])
    return found


def answer_in(reply: Reply) -> dict[str, str]:
    """The members of an answer to the client, wherever they are."""
    if reply.status == 200:
        return form_in(reply).fields
    parts = urlsplit(location(reply))
    return dict(parse_qsl(parts.fragment or parts.query, strict_parsing=True))


def without(values: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


class Browser:
    """One browser with its cookies."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.cookies: dict[str, str] = {}
        self.headers: list[tuple[bytes, bytes]] = []
        """Sent with every request."""

    async def get(self, values: dict[str, str], path: str = pages.AUTHORIZATION) -> Reply:
        return await self.send("GET", path, query=urlencode(values).encode())

    async def post(self, path: str, values: dict[str, str], **headers: str) -> Reply:
        return await self.send("POST", path, b"", urlencode(values).encode(), **headers)

    async def authorize(self, **changes: str) -> Reply:
        """Send the usual request with some parameters changed; an empty one is left out."""
        return await self.get({name: value for name, value in (REQUEST | changes).items() if value})

    async def sign_on(self, page: Reply, username: str = "mara", password: str = PASSWORD, **headers: str) -> Reply:
        form = form_in(page)
        values = {**form.fields, "username": username, "password": password, "action": "sign-on"}
        return await self.post(form.action, values, **headers)

    async def cancel(self, page: Reply) -> Reply:
        form = form_in(page)
        return await self.post(form.action, {"state": form.fields["state"], "action": "cancel"})

    async def allow(self, page: Reply, *, untick: tuple[str, ...] = ()) -> Reply:
        form = form_in(page)
        ticked = {name: value for name, value in form.boxes.items() if value not in untick}
        return await self.post(form.action, {**form.fields, **ticked, "action": "allow"})

    async def deny(self, page: Reply) -> Reply:
        form = form_in(page)
        return await self.post(form.action, {**form.fields, **form.boxes, "action": "deny"})

    async def walk(self, **changes: str) -> Reply:
        """The whole way: request, sign-on and consent where they are asked for."""
        reply = await self.authorize(**changes)
        if is_sign_on(reply):
            reply = await self.sign_on(reply)
        return await self.allow(reply) if is_consent(reply) else reply

    async def send(self, method: str, path: str, query: bytes = b"", body: bytes = b"", **headers: str) -> Reply:
        sent = [*self.headers]
        if self.cookies:
            sent.append((b"cookie", "; ".join(f"{n}={v}" for n, v in self.cookies.items()).encode()))
        if method == "POST":
            sent.append((b"content-type", b"application/x-www-form-urlencoded"))
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = [(name, value) for name, value in sent if name.decode() not in given]
        sent += [(name.encode(), value.encode()) for name, value in given.items()]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        call = Call(
            method=method,
            path=path,
            raw_path=path.encode(),
            query=query,
            headers=sent,
            source="192.0.2.7",
            scheme="https",
            request_id="test-1",
            receive=receive,
        )
        route = pages.ROUTES[path]
        handlers = route.methods if isinstance(route, Route) else route
        reply = await handlers[method](call, self.place.server)
        for name, value in reply.headers:
            if name == b"set-cookie":
                key, _, rest = value.decode().partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return reply


def is_sign_on(reply: Reply) -> bool:
    return reply.status in (200, 429) and form_in(reply).action.endswith(pages.SIGN_ON)


def is_consent(reply: Reply) -> bool:
    return reply.status == 200 and form_in(reply).action.endswith(pages.CONSENT)


def set_cookies(reply: Reply) -> list[str]:
    return [value.decode() for name, value in reply.headers if name == b"set-cookie"]
