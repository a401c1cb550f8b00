"""Starting, stopping, and what an operator relies on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.running import ADMIN, SERVICE, Running, running


def test_a_first_start_makes_what_is_needed_and_a_second_keeps_it(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        first = server.log.read_text()
        assert ADMIN[0] in first
        assert ADMIN[1] not in first
        keys = httpx.get(f"{server.issuer}/pf/JWKS").json()
        server.create_client(clientId="c", grantTypes=["extension"])
    server.log.unlink()
    with running_again(server):
        again = server.log.read_text()
        assert ADMIN[1] not in again
        assert "OSTIARY_ADMIN_USER is ignored" in again
        assert httpx.get(f"{server.issuer}/pf/JWKS").json() == keys
        assert httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients/c", auth=SERVICE).status_code == 200


class running_again:  # noqa: N801 - reads as a sentence where it is used
    def __init__(self, server: Running) -> None:
        self.server = server

    def __enter__(self) -> Running:
        self.server.start()
        return self.server

    def __exit__(self, *_: object) -> None:
        assert self.server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0(tmp_path: Path, number: signal.Signals) -> None:
    server = Running(tmp_path)
    server.start()
    assert server.process is not None
    server.process.send_signal(number)
    assert server.process.wait(15) == 0


AWAY = {"OSTIARY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_it_waits_for_its_database(tmp_path: Path, number: signal.Signals, workers: str) -> None:
    server = Running(tmp_path, environment={**AWAY, "OSTIARY_WORKERS": workers})
    server.start(wait=False)
    assert server.process is not None
    until(lambda: "waiting for it" in server.log.read_text())  # and not yet serving, which begins two seconds later
    server.process.send_signal(number)
    assert server.process.wait(8) == 0
    assert "Traceback" not in server.log.read_text()


def test_a_signal_ends_it_before_the_program_is_read(tmp_path: Path) -> None:
    reading = "import ostiary.cli.main as cli, os, signal; cli.main.get_command(cli.click.Context(cli.main), 'serve');"
    done = subprocess.run([sys.executable, "-c", reading + "os.kill(os.getpid(), signal.SIGTERM)"], check=False)
    assert done.returncode == 0


def test_generated_passwords_are_shown_once_and_kept_nowhere_in_clear(tmp_path: Path) -> None:
    server = Running(tmp_path)
    given = dict.fromkeys(("ADMIN_USER", "ADMIN_PASSWORD", "SERVICE_USER", "SERVICE_PASSWORD"), "")
    server._given.update({f"OSTIARY_{name}": value for name, value in given.items()})
    server.start()
    shown = server.log.read_text()
    (line,) = [line for line in shown.splitlines() if "service account" in line]
    name, password = line.split()[-2:]
    assert httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients", auth=(name, password)).status_code == 200
    assert server.stop() == 0
    server.log.unlink()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert password.encode() not in file.read_bytes(), file
    server.start()
    assert password not in server.log.read_text()
    assert server.stop() == 0


def test_one_administration_process_and_several_runtime_processes_share_the_ports(tmp_path: Path) -> None:
    with running(tmp_path, environment={"OSTIARY_WORKERS": "2"}) as server:
        server.create_client(clientId="c", grantTypes=["client_credentials"], secret="s" * 32)
        statuses = {
            httpx.post(
                f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials"}, auth=("c", "s" * 32)
            ).status_code
            for _ in range(20)
        }
        assert statuses == {200}
        wanted = 'ostiary_events_total{event="token.issued",outcome="success"} 20.0'
        until(lambda: wanted in httpx.get(f"{server.admin_url}/metrics").text)


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path, environment={"OSTIARY_WORKERS": "2"}) as server:
        before = server.workers()
        assert len(before) == 3
        os.kill(before[1], signal.SIGKILL)
        until(lambda: len(server.workers()) == 3 and before[1] not in server.workers())
        for _ in range(10):
            assert httpx.get(f"{server.issuer}/pf/heartbeat.ping", timeout=10).status_code == 200


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    server = Running(tmp_path, environment={"OSTIARY_WORKERS": "2"})
    server.start()
    assert server.process is not None
    workers = server.workers()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Return when it holds; processes outside have no clock that could be passed in."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_every_process_of_a_node_obeys_a_change_with_its_next_request(tmp_path: Path) -> None:
    with running(tmp_path, environment={"OSTIARY_WORKERS": "2"}) as server:
        body = {"clientId": "c", "name": "C", "grantTypes": ["client_credentials"], "secret": "s" * 32}
        server.create_client(**body)
        for grant, expected in (("extension", 400), ("client_credentials", 200)) * 5:
            changed = httpx.put(
                f"{server.issuer}/pf-ws/rest/oauth/clients",
                json={"client": [{**body, "grantTypes": [grant]}]},
                auth=SERVICE,
            )
            assert changed.status_code == 200
            for _ in range(6):  # each on a connection of its own, so that both processes are asked
                answer = httpx.post(
                    f"{server.issuer}/as/token.oauth2",
                    data={"grant_type": "client_credentials"},
                    auth=("c", "s" * 32),
                )
                assert answer.status_code == expected


def test_a_start_with_another_databases_key_is_refused(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        pass
    (tmp_path / "ostiary.key").unlink()
    server.start(wait=False)
    assert server.process is not None
    assert server.process.wait(20) == 78
    assert "OSTIARY_KEY_FILE" in server.log.read_text()


def test_an_older_schema_ends_serve_with_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        pass
    for number, words in ((0.5, "ostiary migrate"), (99, "newer")):
        with sqlite3.connect(tmp_path / "ostiary.db") as database:
            database.execute("UPDATE installation SET schema_number = ?", (number,))
        server.start(wait=False)
        assert server.process is not None
        assert server.process.wait(20) == 78
        assert words in server.log.read_text()


def test_the_server_waits_for_its_database_and_says_503_meanwhile(tmp_path: Path) -> None:
    server = Running(tmp_path, environment=AWAY)
    server.start(wait=False)
    for url in (server.issuer, server.admin_url):
        for _ in range(200):
            try:
                answer = httpx.get(f"{url}/pf/heartbeat.ping")
                break
            except httpx.ConnectError:
                continue
        assert answer.status_code == 503
    assert server.stop() == 0


@pytest.mark.parametrize("command", ["serve", "migrate", "users", "admins", "keys", "settings", "clients", "server"])
def test_every_command_explains_itself(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ostiary.cli.main", command, "--help"], capture_output=True, text=True, check=True
    )
    assert "Usage" in done.stdout
    assert len(done.stdout.splitlines()) > 3


def test_the_settings_command_prints_the_declaration() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ostiary.cli.main", "settings", "--json"], capture_output=True, text=True, check=True
    )
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert rows["C047"]["keys"]["legacy"]["names"] == ["requireProofKeyForCodeExchange"]
    assert {"name", "type", "default", "label", "help", "keys"} <= rows["C047"].keys()


def test_keys_rotate_and_every_published_key_has_its_own_id(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        before = {key["kid"] for key in httpx.get(f"{server.issuer}/pf/JWKS").json()["keys"]}
        assert server.command("keys", "rotate").returncode == 1
        assert server.command("keys", "rotate", "--at-once").returncode == 0
        keys = httpx.get(f"{server.issuer}/pf/JWKS").json()["keys"]
        after = [key["kid"] for key in keys]
        assert len(set(after)) == len(after)
        assert before < set(after)
        assert {(key["kty"], key.get("crv")) for key in keys} == {
            ("RSA", None), ("EC", "P-256"), ("EC", "P-384"), ("EC", "P-521"), ("OKP", "Ed25519"),
        }  # fmt: skip
        assert not any({"d", "p", "q", "k"} & key.keys() for key in keys)
