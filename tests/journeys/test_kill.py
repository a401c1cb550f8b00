"""What was answered survives `kill -9`, on both databases."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.databases import running_cluster
from tests.running import Running
from tests.scale import SCALE

ROUNDS = 2 * min(SCALE, 10)
WRITERS = 4
SECRET = "a-secret-that-nobody-guesses-1234"


def test_nothing_that_was_answered_is_lost_on_sqlite(tmp_path: Path) -> None:
    survive(Running(tmp_path))


def test_nothing_that_was_answered_is_lost_on_postgresql(tmp_path: Path, durable_postgresql_url: str) -> None:
    """Slow: a cluster of its own that syncs to the disk, and two rounds of starting, loading, killing and asking."""
    survive(Running(tmp_path, environment={"OSTIARY_DATABASE_URL": durable_postgresql_url, "OSTIARY_WORKERS": "2"}))


def survive(server: Running) -> None:
    """Kill the server under load, start it again, and ask for every token that it had given."""
    server.start()
    server.create_client(
        clientId="cc", grantTypes=["client_credentials"], secret=SECRET, defaultAccessTokenManagerId="reference"
    )
    rs = "urn:pingidentity.com:oauth2:grant_type:validate_bearer"
    server.create_client(clientId="rs", grantTypes=[rs], secret=SECRET)
    for _ in range(ROUNDS):
        answered = collect(server, until=200, then=server.kill)
        assert len(answered) >= 200
        server.start()
        with httpx.Client(auth=("rs", SECRET)) as http:
            lost = [token for token in answered if not active(http, server, token)]
        assert lost == []
    assert server.stop() == 0


def collect(server: Running, until: int, then: Callable[[], None]) -> list[str]:
    """Ask for tokens in several threads; when enough came, do `then` in the middle of it. Every token answered."""
    answered: list[str] = []
    enough = threading.Event()

    def ask() -> None:
        with httpx.Client(auth=("cc", SECRET), timeout=5) as http:
            while True:
                try:
                    reply = http.post(f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials"})
                except httpx.HTTPError:
                    return
                if reply.status_code != 200:
                    return
                answered.append(reply.json()["access_token"])
                if len(answered) >= until:
                    enough.set()

    threads = [threading.Thread(target=ask) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    assert enough.wait(30)
    then()
    for thread in threads:
        thread.join(10)
    return answered


def active(http: httpx.Client, server: Running, token: str) -> bool:
    reply = http.post(f"{server.issuer}/as/introspect.oauth2", data={"token": token})
    assert reply.status_code == 200, reply.text
    return bool(reply.json()["active"])


@pytest.fixture
def durable_postgresql_url() -> Iterator[str]:
    """An empty database in a cluster that syncs to the disk."""
    with running_cluster(durable=True) as cluster:
        yield cluster.create("ostiary")
