"""Ostiary, started and configured as a user would: its command line, its client service, its sign-on form."""

import contextlib
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from subprocess import Popen
from time import perf_counter, sleep
from typing import Any

from bench.processes import BenchFailed, free_port, running
from bench.provider import PASSWORD, REDIRECT_URI, SECRETS, USERNAME
from bench.web import ask, basic

OSTIARY = Path(sys.executable).with_name("ostiary")
SERVICE = ("bench-service", "Grey-Harbour-Lantern-42")
_ADMINISTRATOR = ("bench-admin", "Quiet-Copper-Orchard-58")
_VALIDATE = "urn:pingidentity.com:oauth2:grant_type:validate_bearer"
_READY_WITHIN = 60.0


class Ostiary:
    """One installation: a data folder, two ports, and what the environment says."""

    def __init__(self, folder: Path, *, workers: int = 1, database_url: str | None = None) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self.environment = {
            "OSTIARY_ISSUER": f"http://127.0.0.1:{self.port}",
            "OSTIARY_RUNTIME_BIND": f"127.0.0.1:{self.port}",
            "OSTIARY_ADMIN_BIND": f"127.0.0.1:{free_port()}",
            "OSTIARY_WORKERS": str(workers),
            "OSTIARY_ADMIN_USER": _ADMINISTRATOR[0],
            "OSTIARY_ADMIN_PASSWORD": _ADMINISTRATOR[1],
            "OSTIARY_SERVICE_USER": SERVICE[0],
            "OSTIARY_SERVICE_PASSWORD": SERVICE[1],
        }
        if database_url is not None:
            self.environment["OSTIARY_DATABASE_URL"] = database_url

    @contextlib.contextmanager
    def serving(self, cores: frozenset[int]) -> Iterator[tuple[Popen[bytes], float]]:
        """The server, up and ready, and the seconds from its start until it said so."""
        began = perf_counter()
        command: list[str | Path] = [OSTIARY, "serve", "--data", self.data]
        with running(command, cores=cores, log=self.log, environment=self.environment) as process:
            self._wait_until_ready(process)
            yield process, perf_counter() - began

    def configure(self) -> None:
        """Give the `jwt` manager ES256, make a sister with RS256, and import a person."""
        shown = json.loads(self._command("server", "show"))
        changed = self.folder / "server.json"
        changed.write_text(json.dumps(with_algorithms(shown)))
        self._command("server", "apply", str(changed))
        people = self.folder / "people.json"
        people.write_text(json.dumps([{"username": USERNAME, "password": PASSWORD, "claims": {}}]))
        self._command("users", "import", str(people))

    def create_clients(self, only: Collection[str] = tuple(SECRETS)) -> None:
        """Make the clients of the scenarios, or some of them, through the client management service."""
        self.create([_client(client_id, **_CLIENTS[client_id]) for client_id in only])

    def create(self, clients: list[dict[str, Any]]) -> None:
        """POST clients to the client management service."""
        ask(
            "POST",
            f"http://127.0.0.1:{self.port}/pf-ws/rest/oauth/clients",
            headers={"Content-Type": "application/json", **basic(*SERVICE)},
            body=json.dumps({"client": clients}).encode(),
            timeout=600,
        ).demand(200)

    def _command(self, *words: str) -> str:
        environment = {"PATH": "/usr/bin:/bin", "OSTIARY_DATA": str(self.data), **self.environment}
        result = subprocess.run(
            [OSTIARY, *words], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        if result.returncode != 0:
            raise BenchFailed(f"`ostiary {' '.join(words)}` ended with {result.returncode}:\n{result.stderr[-2000:]}")
        return result.stdout

    def wait_until_managed(self) -> None:
        """Wait until every process lets the service account in: a first start makes it while others serve already."""
        url = f"http://127.0.0.1:{self.port}/pf-ws/rest/oauth/clients"
        self._wait_for(lambda: ask("GET", url, headers=basic(*SERVICE)).status == 200, times=16)

    def _wait_until_ready(self, process: Popen[bytes]) -> None:
        heartbeat = f"http://127.0.0.1:{self.port}/pf/heartbeat.ping"
        self._wait_for(lambda: ask("GET", heartbeat).status == 200, times=1, process=process)

    def _wait_for(self, holds: Callable[[], bool], *, times: int, process: Popen[bytes] | None = None) -> None:
        """Wait until something holds so many times in a row."""
        deadline = perf_counter() + _READY_WITHIN
        in_a_row = 0
        while perf_counter() < deadline and (process is None or process.poll() is None):
            with contextlib.suppress(OSError):
                in_a_row = in_a_row + 1 if holds() else 0
            if in_a_row >= times:
                return
            sleep(0.02)
        raise BenchFailed(f"the server is not ready:\n{self.log.read_text(errors='replace')[-3000:]}")


def with_algorithms(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `ostiary server show` to apply: `jwt` with ES256, `jwtrs256` as its copy, mapped alike."""
    managers = {manager["id"]: manager for manager in shown["accessTokenManagers"]}
    es256 = _with_algorithm(managers["jwt"], "ES256")
    rs256 = _with_algorithm(managers["jwt"], "RS256") | {"id": "jwtrs256", "name": "JWT, RS256"}
    mappings = shown.get("accessTokenMappings", [])
    copies = [
        _mapped_to("jwtrs256", mapping) for mapping in mappings if mapping["accessTokenManagerRef"]["id"] == "jwt"
    ]
    others = [manager for name, manager in managers.items() if name not in {"jwt", "jwtrs256"}]
    return {"accessTokenManagers": [*others, es256, rs256], "accessTokenMappings": [*mappings, *copies]}


def _with_algorithm(manager: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    configuration = manager["configuration"]
    wanted = {"JWS Algorithm": algorithm, "Use Centralized Signing Key": "true"}
    fields = [field for field in configuration.get("fields", []) if field["name"] not in wanted]
    fields += [{"name": name, "value": value} for name, value in wanted.items()]
    return {**manager, "configuration": {**configuration, "fields": fields}}


def _mapped_to(manager_id: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
    copy = {name: value for name, value in mapping.items() if name != "id"}
    return {**copy, "accessTokenManagerRef": {"id": manager_id}}


def _client(client_id: str, **rest: Any) -> dict[str, Any]:
    return {
        "clientId": client_id,
        "name": client_id,
        "clientAuthnType": "SECRET",
        "secret": SECRETS[client_id],
        **rest,
    }


_CLIENTS: dict[str, dict[str, Any]] = {
    "bench-reference": {"grantTypes": ["client_credentials"], "defaultAccessTokenManagerId": "reference"},
    "bench-es256": {"grantTypes": ["client_credentials"], "defaultAccessTokenManagerId": "jwt"},
    "bench-rs256": {"grantTypes": ["client_credentials"], "defaultAccessTokenManagerId": "jwtrs256"},
    "bench-gateway": {"grantTypes": [_VALIDATE], "validateUsingAllEligibleAtms": True},
    "bench-web": {
        "grantTypes": ["authorization_code"],
        "redirectUris": [REDIRECT_URI],
        "bypassApprovalPage": True,
        "requireProofKeyForCodeExchange": True,
        "defaultAccessTokenManagerId": "reference",
        "idTokenSigningAlgorithm": "RS256",
    },
}


def random_clients(count: int, first: int) -> list[dict[str, Any]]:
    """Clients as an organisation has them by the thousand, numbered from `first`."""
    return [
        {
            "clientId": f"fleet-{number:08d}",
            "name": f"Fleet client {number}",
            "description": "One of many, to see how lookups and listings grow.",
            "clientAuthnType": "SECRET",
            "secret": secrets.token_urlsafe(32),
            "grantTypes": ["client_credentials", "authorization_code", "refresh_token"],
            "redirectUris": [f"https://fleet-{number}.bench.example/callback"],
        }
        for number in range(first, first + count)
    ]
