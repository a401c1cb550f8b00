"""Clients as code beside a running server, which obeys at once: imported, planned, changed in bulk, exported, equal."""

import json
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest

from tests.running import Running, running
from tests.scale import SCALE

MANY = 200 if SCALE == 1 else 2000 * SCALE
"""Clients of the round trip on each database: 100,000 in a soak."""


def body(number: int) -> dict[str, Any]:
    return {
        "clientId": f"client-{number:06}",
        "name": f"Client {number}",
        "clientAuth": {"type": "SECRET"},
        "redirectUris": [f"https://app{number}.example/cb"],
        "grantTypes": ["AUTHORIZATION_CODE", "CLIENT_CREDENTIALS"],
    }


def secret_of(number: int) -> str:
    return f"the-secret-of-client-{number:06}"


def token_status(server: Running, number: int, secret: str | None = None) -> int:
    return httpx.post(
        f"{server.issuer}/as/token.oauth2",
        data={"grant_type": "client_credentials"},
        auth=(f"client-{number:06}", secret or secret_of(number)),
    ).status_code


def done(server: Running, *words: str, returns: int = 0) -> str:
    told = server.command("clients", *words)
    assert told.returncode == returns, told.stdout + told.stderr
    return told.stdout


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Which database the server works on."""
    if request.param == "sqlite":
        return {}
    return {"OSTIARY_DATABASE_URL": request.getfixturevalue("postgresql_url")}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_clients_go_round_and_the_running_server_obeys(tmp_path: Path, environment: dict[str, str]) -> None:
    """Slow: a server and a dozen commands, each a process of its own."""
    source, out, again = (tmp_path / name for name in ("source.ndjson", "out.ndjson", "again.ndjson"))
    with source.open("w") as file:
        for number in range(MANY):
            one = body(number)
            one["clientAuth"] = {"type": "SECRET", "secret": secret_of(number)}
            file.write(json.dumps(one) + "\n")
    with running(tmp_path / "data", environment=environment) as server:
        server.wait_seconds = 3600
        done(server, "import", str(source))
        assert token_status(server, MANY - 1) == 200
        done(server, "export", str(out))
        assert [json.loads(line) for line in out.read_text().splitlines()] == [body(number) for number in range(MANY)]
        done(server, "plan", str(out), "--prune", "--exit-code")
        assert f"{MANY} of {MANY} clients were changed" in done(server, "bulk", "--filter", "client-", "disable")
        assert token_status(server, 0) == 401
        done(server, "plan", str(out), "--exit-code", returns=3)
        told = done(server, "apply", str(out))
        assert f"0 added, {MANY} changed, 0 removed; 0 stayed" in told
        assert token_status(server, 0) == 200
        done(server, "export", str(again))
        assert again.read_bytes() == out.read_bytes()
        # A folder, a secret by reference, and a client that goes.
        folder = tmp_path / "clients"
        done(server, "export", str(folder))
        (folder / "client-000000.yaml").unlink()
        with (folder / "client-000001.yaml").open("a") as file:
            file.write("description: |\n  told by code\n")
        text = (folder / "client-000001.yaml").read_text()
        (folder / "client-000001.yaml").write_text(text.replace("type: SECRET", 'type: SECRET\n  secret: "file:one"'))
        (folder / "one").write_text("another-secret-of-client-000001\n")
        if MANY > 1000:
            return  # YAML is read slowly, and a thousand files show nothing that two hundred do not
        assert "0 added, 1 changed, 1 removed" in done(server, "apply", str(folder), "--prune")
        assert "Nothing had to change" in done(server, "apply", str(folder), "--prune")
        assert token_status(server, 0) == 401
        assert token_status(server, 1) == 401
        assert token_status(server, 1, "another-secret-of-client-000001") == 200
    assert "another-secret" not in (tmp_path / "data" / "log" / "audit.log").read_text()


@pytest.mark.slow
def test_a_hash_of_another_server_opens_the_running_one_and_gives_way_to_ours(tmp_path: Path) -> None:
    """Slow: a server and six commands, each a process of its own."""
    secret, short = "a-secret-that-only-its-hash-was-told-of", "Short-1"
    records = [
        {
            "client_id": client_id,
            "client_secret": bcrypt.hashpw(clear.encode(), bcrypt.gensalt(5)).decode(),
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_basic",
        }
        for client_id, clear in (("long", secret), ("short", short))
    ]
    source = tmp_path / "hydra.json"
    source.write_text(json.dumps(records))
    with running(tmp_path / "data") as server:
        done(server, "import", str(source), "--from", "hydra")

        def status(client_id: str, clear: str) -> int:
            answer = httpx.post(
                f"{server.issuer}/as/token.oauth2", data={"grant_type": "client_credentials"}, auth=(client_id, clear)
            )
            return answer.status_code

        def scheme(client_id: str) -> str:
            (credential,) = json.loads(done(server, "usage", client_id))["credentials"]
            return str(credential["scheme"])

        assert [status("long", clear) for clear in ("wrong", secret, secret, "wrong")] == [401, 200, 200, 401]
        assert (scheme("long"), scheme("short")) == ("hmac", "bcrypt")
        assert [status("short", clear) for clear in (short, short, "wrong")] == [200, 200, 401]
        assert scheme("short") == "argon2id"
        exported = done(server, "export")
    for told in (exported, (tmp_path / "data" / "log" / "audit.log").read_text()):
        assert secret not in told
        assert "$2b$" not in told
