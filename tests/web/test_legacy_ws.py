"""The client management service as a surface answers it, and the line that every call leaves."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary.audit.api_log import ApiLog
from ostiary.errors import TemporarilyUnavailable
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server
from ostiary.web import legacy_ws
from ostiary.web.app import Surface
from ostiary.web.call import Call, Reply
from ostiary.web.peers import Peers
from tests.clocks import ManualClock
from tests.house import add_person, make_server

pytestmark = pytest.mark.anyio

PATH = legacy_ws.COLLECTION
BASIC = b"Basic " + b64encode(b"oauthadmin:Sesame-1")


class House:
    """Gives its server, while there is one."""

    def __init__(self, server: Server | None) -> None:
        self.server = server

    def now(self) -> Server | None:
        return self.server

    async def current(self) -> Server:
        if self.server is None:
            raise StoreUnavailable("nobody answers")
        return self.server


@dataclass
class Place:
    """The service, and its log."""

    surface: Surface
    lines: list[str] = field(default_factory=list)

    @classmethod
    async def build(cls, *, with_headers: bool = False, style: str = "bar", away: bool = False) -> "Place":
        server = make_server(management__validator="services")
        await add_person(server, "oauthadmin", validator="services")
        lines: list[str] = []
        log = ApiLog(Lines(lines), style=style, with_headers=with_headers)
        surface = Surface(legacy_ws.routes(log, ManualClock()), Peers(()))
        surface.house = House(None if away else server)
        return cls(surface, lines)

    async def ask(
        self, method: str, path: str = PATH, body: object = None, *headers: tuple[bytes, bytes], tls: str = ""
    ) -> Reply:
        call = Call(
            method=method,
            path=path,
            raw_path=path.encode(),
            query=b"",
            headers=[(b"content-type", b"application/json"), (b"authorization", BASIC), *headers],
            source="192.0.2.7",
            scheme="https",
            request_id="",
            content=json.dumps(body).encode(),
            tls=tls,
        )
        return await self.surface.answer(self.surface.call_of(call))

    async def failures(self, method: str, path: str = PATH, body: object = None) -> list[dict[str, Any]]:
        """What a 400 says."""
        reply = await self.ask(method, path, body)
        assert reply.status == 400
        return [{**each} for each in json.loads(reply.body)["failures"]]


@dataclass
class Lines:
    """A log in memory."""

    lines: list[str]

    def write(self, line: str) -> None:
        self.lines.append(line)


# Methods and faults ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "methods", "allow"),
    [
        (PATH, ("OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND"), b"GET, POST, PUT"),
        (f"{PATH}/one", ("OPTIONS", "TRACE", "PATCH", "POST", "PUT", "PROPFIND"), b"DELETE, GET"),
    ],
)
async def test_a_method_that_is_not_served_is_refused_by_the_service_itself(
    path: str, methods: tuple[str, ...], allow: bytes
) -> None:
    place = await Place.build()
    for method in methods:
        reply = await place.ask(method, path)
        assert reply.status == 405
        assert (b"allow", allow) in reply.headers
        assert set(json.loads(reply.body)) == {"message"}
        assert place.lines[-1].endswith(f" | oauthadmin | BASIC | 192.0.2.7 | {method} | {path} | 405")
    assert len(place.lines) == len(methods)


async def test_while_the_store_is_away_the_service_says_so_in_its_own_shape_and_log() -> None:
    place = await Place.build(away=True)
    for method, path, message in (
        ("GET", PATH, "Failed To Retrieve Clients"),
        ("DELETE", f"{PATH}/one", "Failed To Delete Client"),
    ):
        reply = await place.ask(method, path)
        assert reply.status == 503
        assert json.loads(reply.body) == {"message": f"{message}: the client store is not available"}
        assert place.lines[-1].endswith(f" |  |  | 192.0.2.7 | {method} | {path} | 503")


async def test_a_route_without_manners_of_its_own_answers_as_the_protocol_does() -> None:
    async def away(_call: Call, _server: Server) -> Reply:
        raise TemporarilyUnavailable("later")

    surface = Surface({"/x": {"GET": away}}, Peers(()))
    surface.house = House(make_server())
    call = Call("GET", "/x", b"/x", b"", [], "192.0.2.7", "https", "")
    assert json.loads((await surface.answer(call)).body)["error"] == "temporarily_unavailable"
    call = Call("POST", "/x", b"/x", b"", [], "192.0.2.7", "https", "")
    reply = await surface.answer(call)
    assert (reply.status, json.loads(reply.body)["error"]) == (405, "invalid_request")
    assert (b"allow", b"GET") in reply.headers


# The level "headers" --------------------------------------------------------------------------------------------------


async def test_with_the_level_headers_a_line_has_them_without_credentials_and_the_tls_version() -> None:
    place = await Place.build(with_headers=True)
    sent = (
        (b"cookie", b"a=crumbs"),
        (b"proxy-authorization", b"Basic crumbs"),
        (b"user-agent", b"a|b"),
    )
    await place.ask("GET", PATH, None, *sent, tls="TLSv1.3")
    await place.ask("GET")
    fields = place.lines[0].split(" | ")
    assert fields[7] == (
        "content-type: application/json; authorization: ***; cookie: ***; proxy-authorization: ***;"
        " user-agent: a\\u007cb"
    )
    assert fields[8] == "TLSv1.3"
    assert place.lines[1].split(" | ")[8] == ""
    assert "crumbs" not in place.lines[0]


async def test_as_json_the_headers_are_an_object() -> None:
    place = await Place.build(with_headers=True, style="json")
    await place.ask("GET", PATH, None, (b"accept", b"a/b"), (b"accept", b"c/d"), tls="TLSv1.2")
    line = json.loads(place.lines[0])
    assert line["headers"] == {"content-type": "application/json", "authorization": "***", "accept": "a/b, c/d"}
    assert (line["tls"], line["status"]) == ("TLSv1.2", "200")


async def test_headers_are_not_written_unless_asked_for() -> None:
    place = await Place.build()
    await place.ask("GET", tls="TLSv1.3")
    assert len(place.lines[0].split(" | ")) == 7


# What is wrong --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], 'client is missing: the body must be {"client": [{…}]}'),
        ({}, 'client is missing: the body must be {"client": [{…}]}'),
        ({"client": []}, "client must hold at least one client"),
    ],
)
async def test_a_body_without_clients_is_told_in_a_sentence(body: object, reason: str) -> None:
    place = await Place.build()
    (failure,) = await place.failures("POST", body=body)
    assert failure == {"clientId": "", "parameter": "client", "reason": reason}


async def test_an_id_that_is_not_known_is_told_in_the_same_words_everywhere() -> None:
    place = await Place.build()
    known = {"clientId": "lost", "parameter": "clientId", "reason": "clientId is not known"}
    one, two = {"clientId": "lost", "name": "L"}, {"clientId": "gone", "name": "G"}
    assert await place.failures("GET", f"{PATH}/lost") == [known]
    assert await place.failures("DELETE", f"{PATH}/lost") == [known]
    assert await place.failures("PUT", body={"client": [one]}) == [known]
    assert await place.failures("PUT", body={"client": [one, two]}) == [known, {**known, "clientId": "gone"}]


async def test_a_client_without_an_id_is_told_by_its_place_in_the_list() -> None:
    place = await Place.build()
    named, nameless = {"clientId": "a", "name": "A", "grantTypes": ["extension"]}, {"enabled": "perhaps"}
    failures = await place.failures("POST", body={"client": [named, nameless, 5]})
    assert {(failure["clientId"], failure["index"]) for failure in failures} == {("", 1), ("", 2)}
    assert {"clientId": "", "index": 1, "parameter": "clientId", "reason": "clientId is required"} in failures
    failures = await place.failures("PUT", body={"client": [{**named, "clientId": "b"}, nameless]})
    assert failures == [
        {"clientId": "b", "parameter": "clientId", "reason": "clientId is not known"},
        {"clientId": "", "index": 1, "parameter": "clientId", "reason": "clientId is required"},
    ]


async def test_as_text_a_client_without_an_id_is_told_by_its_place_too() -> None:
    place = await Place.build()
    reply = await place.ask("PUT", PATH, {"client": [{}, {"clientId": "b"}]}, (b"accept", b"text/plain"))
    assert reply.body.decode().splitlines() == [
        "Failed To Update Client",
        "client [0]: clientId is required",
        "b: clientId is not known",
    ]
