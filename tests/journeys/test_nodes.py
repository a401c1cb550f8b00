"""Several nodes on one PostgreSQL, and a database that goes away and comes back."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.databases import Cluster, running_cluster
from tests.running import SERVICE, Running, running

CLIENT = {"clientId": "c", "name": "C", "grantTypes": ["client_credentials"], "secret": "s" * 32}


def status_of_token(server: Running) -> int:
    return httpx.post(
        f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials"}, auth=("c", "s" * 32)
    ).status_code


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Return when it holds; other machines have no clock that could be passed in."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_another_node_obeys_a_change_within_a_second(tmp_path: Path, postgresql_url: str) -> None:
    first_data, second_data = tmp_path / "first", tmp_path / "second"
    environment = {"OSTIARY_DATABASE_URL": postgresql_url}
    with running(first_data, environment=environment) as first:
        first.create_client(**CLIENT)
        second_data.mkdir()
        shutil.copy(first_data / "ostiary.key", second_data / "ostiary.key")
        with running(second_data, environment=environment) as second:
            assert status_of_token(second) == 200
            for grant, status in (("extension", 400), ("client_credentials", 200)) * 3:
                changed = httpx.put(
                    f"{first.issuer}/pf-ws/rest/oauth/clients",
                    json={"client": [{**CLIENT, "grantTypes": [grant]}]},
                    auth=SERVICE,
                )
                assert changed.status_code == 200
                assert status_of_token(first) == status
                until(lambda wanted=status: status_of_token(second) == wanted, 1.0)  # type: ignore[misc]
            keys = [httpx.get(f"{node.issuer}/pf/JWKS").content for node in (first, second)]
            assert keys[0] == keys[1]


def test_a_node_with_another_key_file_is_refused(tmp_path: Path, postgresql_url: str) -> None:
    stranger = Running(tmp_path / "stranger", environment={"OSTIARY_DATABASE_URL": postgresql_url})
    stranger.start(wait=False)
    assert stranger.process is not None
    assert stranger.process.wait(20) != 0
    assert "OSTIARY_KEY_FILE" in stranger.log.read_text()


def test_while_the_database_is_away_the_server_says_503_and_then_goes_on(tmp_path: Path) -> None:
    """Slow: it waits out the server's patience with a database that is there and does not answer, twice."""
    with running_cluster() as cluster:
        url = cluster.create("away")
        with running(tmp_path, environment={"OSTIARY_DATABASE_URL": url}) as server:
            server.create_client(**CLIENT)
            assert status_of_token(server) == 200
            pause(cluster, signal.SIGSTOP)
            try:
                until(lambda: heartbeat(server) == 503, 15)
                assert status_of_token(server) == 503
            finally:
                pause(cluster, signal.SIGCONT)
            until(lambda: heartbeat(server) == 200, 15)
            until(lambda: status_of_token(server) == 200, 15)


def heartbeat(server: Running) -> int:
    return httpx.get(f"{server.issuer}/pf/heartbeat.ping", timeout=20).status_code


def pause(cluster: Cluster, number: signal.Signals) -> None:
    """Freeze or thaw every process of the cluster: a database that is there and does not answer."""
    found = subprocess.run(["pgrep", "-f", str(cluster.folder)], capture_output=True, text=True, check=True)
    parents = [int(pid) for pid in found.stdout.split()]
    children = subprocess.run(["pgrep", "-P", ",".join(map(str, parents))], capture_output=True, text=True, check=False)
    for pid in {*parents, *(int(pid) for pid in children.stdout.split())}:
        subprocess.run(["kill", f"-{number.value}", str(pid)], check=False)
