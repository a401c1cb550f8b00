"""A real server in processes of its own, started and stopped as an operator would."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

SERVICE = ("oauthadmin", "Password1")
ADMIN = ("administrator", "Sesame-12345")
READY_SECONDS = 30


class Running:
    """A server that was started and answers its heartbeat."""

    def __init__(
        self,
        data: Path,
        *,
        demo: bool = False,
        environment: Mapping[str, str] | None = None,
        scheme: str = "http",
        base_path: str = "",
    ) -> None:
        self.data = data
        self.runtime_port, self.admin_port = free_port(), free_port()
        self.issuer = f"{scheme}://localhost:{self.runtime_port}{base_path}"
        self.admin_url = f"{scheme}://localhost:{self.admin_port}"
        self._demo = demo
        self._given = dict(environment or {})
        self.process: subprocess.Popen[str] | None = None
        self.log = data / "server.out"
        self.wait_seconds = 60
        """How long a command may take."""

    @property
    def environment(self) -> dict[str, str]:
        """What `ostiary` commands need to work on the same installation."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
        return {
            **clean,
            "OSTIARY_DATA": str(self.data),
            "OSTIARY_ISSUER": self.issuer,
            "OSTIARY_RUNTIME_BIND": f"127.0.0.1:{self.runtime_port}",
            "OSTIARY_ADMIN_BIND": f"127.0.0.1:{self.admin_port}",
            "OSTIARY_SERVICE_USER": SERVICE[0],
            "OSTIARY_SERVICE_PASSWORD": SERVICE[1],
            "OSTIARY_ADMIN_USER": ADMIN[0],
            "OSTIARY_ADMIN_PASSWORD": ADMIN[1],
            **self._given,
        }

    def start(self, *, wait: bool = True) -> None:
        """Start it, and return when it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "ostiary.cli.main", "serve", *(["--demo"] if self._demo else [])]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when both ports answer their heartbeat; fails with the server's own words when it ended."""
        deadline = time.monotonic() + READY_SECONDS
        for url in (self.issuer, self.admin_url):
            while not answers(f"{url}/pf/heartbeat.ping"):
                assert self.process is not None
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the server did not become ready:\n{self.log.read_text()}")
                time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM, as an operator would; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """SIGKILL to all of its processes at once, as a power cut would."""
        assert self.process is not None
        for pid in [self.process.pid, *self.workers()]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(20)

    def workers(self) -> list[int]:
        """The processes that the parent started; none when it works alone."""
        assert self.process is not None
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def command(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run an `ostiary` command on this installation."""
        return subprocess.run(
            [sys.executable, "-m", "ostiary.cli.main", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=self.wait_seconds,
            check=False,
        )

    def create_client(self, **members: object) -> None:
        """Create a client through the client management service, as an API gateway would."""
        body = {"client": [{"name": "Test", **members}]}
        answer = httpx.post(f"{self.issuer}/pf-ws/rest/oauth/clients", json=body, auth=SERVICE)
        assert answer.status_code == 200, answer.text


@contextmanager
def running(
    data: Path,
    *,
    demo: bool = False,
    environment: Mapping[str, str] | None = None,
    scheme: str = "http",
    base_path: str = "",
) -> Iterator[Running]:
    """A server for the length of a block; it must stop cleanly."""
    server = Running(data, demo=demo, environment=environment, scheme=scheme, base_path=base_path)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            status = server.stop()
            assert status == 0, server.log.read_text()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether something says 200 there."""
    try:
        return httpx.get(url, timeout=2, verify=False).status_code == 200
    except httpx.HTTPError:
        return False
