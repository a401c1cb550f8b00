"""Two administrators at once: of the changes for one state exactly one is made, and none is lost."""

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from tests.running import ADMIN, Running, running
from tests.scale import SCALE

AT_ONCE = 8
ROUNDS = min(50, 4 * SCALE)
CLIENT = {"clientId": "c", "name": "C", "grantTypes": ["EXTENSION"]}
WEB = "/pf-admin-api/v1/oauth/clients/c"
SERVER = "/pf-admin-api/v1/oauth/authServerSettings"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, ...]]:
    """On SQLite one node of several processes; on PostgreSQL two nodes, each with an administration of its own."""
    folder: Path = tmp_path_factory.mktemp("nodes")
    environment = {"OSTIARY_WORKERS": "2"}
    if request.param == "sqlite":
        with running(folder / "one", environment=environment) as only:
            yield (only,)
        return
    environment["OSTIARY_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    with running(folder / "one", environment=environment) as first:
        (folder / "two").mkdir()
        shutil.copy(folder / "one" / "ostiary.key", folder / "two" / "ostiary.key")
        with running(folder / "two", environment=environment) as second:
            yield (first, second)


def asking(node: Running, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=node.admin_url, auth=ADMIN, headers={"X-XSRF-Header": "x", **headers}, timeout=30)


def at_once(nodes: tuple[Running, ...], path: str, bodies: list[dict[str, object]], tag: str | None) -> Counter[int]:
    """PUT all bodies at the same moment, each over a connection of its own; how often each status came."""
    gate = Barrier(len(bodies))

    def put(number: int) -> int:
        with asking(nodes[number % len(nodes)]) as http:
            http.get(path)
            gate.wait()
            return http.put(path, json=bodies[number], headers={"If-Match": tag} if tag else {}).status_code

    with ThreadPoolExecutor(len(bodies)) as pool:
        return Counter(pool.map(put, range(len(bodies))))


def test_of_many_replacements_of_one_state_exactly_one_is_made(nodes: tuple[Running, ...]) -> None:
    with asking(nodes[0]) as http:
        assert http.post("/pf-admin-api/v1/oauth/clients", json=CLIENT).status_code == 201
        for turn in range(ROUNDS):
            tag = http.get(WEB).headers["etag"]
            bodies: list[dict[str, object]] = [{**CLIENT, "name": f"{turn} {number}"} for number in range(AT_ONCE)]
            assert at_once(nodes, WEB, bodies, tag) == {200: 1, 412: AT_ONCE - 1}
            settings = http.get(SERVER)
            bodies = [{**settings.json(), "parReferenceTimeout": 100 * (turn + 1) + n} for n in range(AT_ONCE)]
            assert at_once(nodes, SERVER, bodies, settings.headers["etag"]) == {200: 1, 412: AT_ONCE - 1}
        events = http.get("/pf-admin-api/v1/auditEvents", params={"client": "c"}).json()["items"]
        assert Counter(event["event"] for event in events) == {"client.created": 1, "client.replaced": ROUNDS}
        assert {(event["by"], event["source"]) for event in events} == {(ADMIN[0], "127.0.0.1")}
        assert events[0]["changed"] == ["identity.name"]


def test_plain_replacements_all_succeed_and_the_last_one_stands(nodes: tuple[Running, ...]) -> None:
    with asking(nodes[0]) as http:
        bodies: list[dict[str, object]] = [{**CLIENT, "name": f"plain {number}"} for number in range(4)]
        http.post("/pf-admin-api/v1/oauth/clients", json=CLIENT)
        assert set(at_once(nodes, WEB, bodies, None)) <= {200, 503}
        assert http.get(WEB).json()["name"] in [body["name"] for body in bodies]


def test_of_many_creations_of_one_id_exactly_one_is_made(nodes: tuple[Running, ...]) -> None:
    gate = Barrier(AT_ONCE)

    def create(number: int) -> int:
        with asking(nodes[number % len(nodes)]) as http:
            http.get("/pf-admin-api/v1/version")
            gate.wait()
            answer = http.post("/pf-admin-api/v1/oauth/clients", json={**CLIENT, "clientId": "same"})
            return answer.status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert Counter(pool.map(create, range(AT_ONCE))) == {201: 1, 422: AT_ONCE - 1}


MANAGER = {
    "id": "raced",
    "name": "Raced",
    "pluginDescriptorRef": {"id": "reference"},
    "configuration": {},
    "attributeContract": {"extendedAttributes": [{"name": "sub"}]},
}
MAPPING = {
    "context": {"type": "DEFAULT"},
    "accessTokenManagerRef": {"id": "raced"},
    "attributeContractFulfillment": {"sub": {"source": {"type": "TEXT"}, "value": "x"}},
}


def test_nothing_comes_to_refer_to_what_another_node_removes_at_the_same_moment(nodes: tuple[Running, ...]) -> None:
    managers, mappings = "/pf-admin-api/v1/oauth/accessTokenManagers", "/pf-admin-api/v1/oauth/accessTokenMappings"
    gate = Barrier(2)

    def remove() -> int:
        with asking(nodes[0]) as http:
            http.get("/pf-admin-api/v1/version")
            gate.wait()
            return http.delete(f"{managers}/raced").status_code

    def refer() -> int:
        with asking(nodes[-1]) as http:
            http.get("/pf-admin-api/v1/version")
            gate.wait()
            return http.post(mappings, json=MAPPING).status_code

    with asking(nodes[0]) as http, ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            assert http.post(managers, json=MANAGER).status_code == 201
            gone, made = pool.submit(remove), pool.submit(refer)
            assert (gone.result(), made.result()) in ((204, 422), (403, 201))
            http.delete(f"{mappings}/default%7Craced")
            http.delete(f"{managers}/raced")
