"""`ostiary clients export|plan|apply` as a person or a pipeline runs them."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import ostiary

WEB = """
clientId: web
name: Web
grantTypes: [AUTHORIZATION_CODE]
redirectUris: ["https://app.example/cb"]
clientAuth: {type: SECRET, secret: "env:WEB_SECRET"}
"""
JOB = """
clientId: job
name: Job
grantTypes: [CLIENT_CREDENTIALS]
clientAuth: {type: SECRET, secret: "generate:"}
"""
SECRET = "the-secret-of-the-environment-that-is-never-shown"
CHANGES, FAILED, WRONG_WORDS = 3, 1, 2


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an installation."""
    folder = tmp_path_factory.mktemp("data")
    assert run(folder, "admins", "add", "carol", "--password", "Sesame-12345").returncode == 0
    return folder


@pytest.fixture
def folder(tmp_path: Path, data: Path) -> Path:
    """Two clients as code, applied to an installation without others."""
    code = tmp_path / "clients"
    code.mkdir()
    (code / "web.yaml").write_text(WEB)
    (code / "job.yaml").write_text(JOB)
    assert run(data, "clients", "apply", str(code), "--prune", "--secrets-out", str(tmp_path / "made")).returncode == 0
    return code


def run(data: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return ostiary(data, *words, **{"WEB_SECRET": SECRET, **environment})


@pytest.mark.slow
def test_drift_has_an_exit_code_of_its_own(data: Path, folder: Path) -> None:
    """Slow: 5 commands, each a process of its own."""
    assert run(data, "clients", "plan", str(folder), "--exit-code").returncode == 0
    (folder / "web.yaml").write_text(WEB.replace("name: Web", "name: Shop"))
    assert run(data, "clients", "plan", str(folder)).returncode == 0
    assert run(data, "clients", "plan", str(folder), "--exit-code").returncode == CHANGES
    (folder / "web.yaml").write_text(WEB.replace("AUTHORIZATION_CODE", "NONSENSE"))
    assert run(data, "clients", "plan", str(folder), "--exit-code").returncode == FAILED


def test_a_plan_for_programs_holds_no_secret(data: Path, folder: Path) -> None:
    told = run(data, "clients", "plan", str(folder), "--json", WEB_SECRET="another-" + SECRET)
    assert SECRET not in told.stdout + told.stderr
    assert json.loads(told.stdout)["change"] == [
        {"clientId": "web", "file": "web.yaml", "settings": [{"setting": "clientAuth.secret", "secret": "changes"}]}
    ]


@pytest.mark.slow
def test_a_reviewed_plan_is_carried_out_and_no_other(data: Path, folder: Path) -> None:
    """Slow: 7 commands, each a process of its own."""
    (folder / "web.yaml").write_text(WEB.replace("name: Web", "name: Shop"))
    mark = json.loads(run(data, "clients", "plan", str(folder), "--json").stdout)["plan"]
    (folder / "web.yaml").write_text(WEB.replace("name: Web", "name: Other"))
    assert run(data, "clients", "apply", str(folder), "--plan", mark).returncode == FAILED
    (folder / "web.yaml").write_text(WEB.replace("name: Web", "name: Shop"))
    assert run(data, "clients", "apply", str(folder), "--plan", mark).returncode == 0
    assert json.loads(run(data, "clients", "show", "web").stdout)["name"] == "Shop"


def test_generated_secrets_are_written_for_their_owner_alone(tmp_path: Path, data: Path, folder: Path) -> None:
    (folder / "job2.yaml").write_text(JOB.replace(": job", ": job2"))
    taken = tmp_path / "taken"
    taken.write_text("{}")
    assert run(data, "clients", "apply", str(folder), "--secrets-out", str(taken)).returncode == FAILED
    assert "job2" not in run(data, "clients", "list").stdout
    made = tmp_path / "new"
    told = run(data, "clients", "apply", str(folder), "--secrets-out", str(made))
    assert made.stat().st_mode & 0o777 == 0o600
    (secret,) = json.loads(made.read_text()).values()
    assert len(secret) == 64
    assert secret not in told.stdout + told.stderr


def test_generated_secrets_are_printed_once_otherwise(data: Path, folder: Path) -> None:
    (folder / "job3.yaml").write_text(JOB.replace(": job", ": job3"))
    told = run(data, "clients", "apply", str(folder))
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("job3\t")]
    assert len(line.split("\t")[1]) == 64
    assert run(data, "clients", "apply", str(folder)).stdout == "Nothing had to change.\n"


def test_nothing_is_stored_of_a_folder_with_one_bad_client(data: Path, folder: Path) -> None:
    (folder / "a.yaml").write_text(WEB.replace("clientId: web", "clientId: a"))
    (folder / "b.yaml").write_text(WEB.replace("clientId: web", "clientId: b").replace("name", "title"))
    told = run(data, "clients", "apply", str(folder))
    assert told.returncode == FAILED
    assert "b.yaml: b: title: is not known here" in told.stderr
    assert run(data, "clients", "plan", str(folder)).returncode == FAILED
    assert "a\t" not in run(data, "clients", "list").stdout


@pytest.mark.parametrize("target", ["folder", "clients.ndjson", "clients.json", "clients.yaml"])
def test_what_is_exported_is_what_there_is(tmp_path: Path, data: Path, folder: Path, target: str) -> None:
    assert run(data, "clients", "export", str(tmp_path / target)).returncode == 0
    name = str(tmp_path / target)
    if target == "clients.yaml":  # JSON is YAML
        assert json.loads((tmp_path / target).read_text())["items"]
    planned = run(data, "clients", "plan", name, "--prune", "--exit-code")
    assert planned.returncode == 0, planned.stdout + planned.stderr


def test_sealed_secrets_are_written_only_when_asked_for(tmp_path: Path, data: Path, folder: Path) -> None:
    run(data, "clients", "export", str(tmp_path / "plain"))
    run(data, "clients", "export", str(tmp_path / "sealed"), "--sealed-secrets")
    assert "encryptedSecret" not in (tmp_path / "plain" / "web.yaml").read_text()
    assert 'encryptedSecret: "OBF:JWE:' in (tmp_path / "sealed" / "web.yaml").read_text()
    assert run(data, "clients", "export", str(tmp_path / "plain")).returncode == FAILED


@pytest.mark.slow
def test_clients_are_listed_by_state_and_use(data: Path, folder: Path) -> None:
    """Slow: 8 commands, each a process of its own."""
    assert run(data, "clients", "bulk", "--id", "web", "disable").returncode == 0
    assert run(data, "clients", "list", "--disabled").stdout == "web\tdisabled\tWeb\n"
    (told,) = run(data, "clients", "list", "--never-used", "--filter", "JO", "--json").stdout.splitlines()
    assert {**json.loads(told), "created": "", "modified": ""} == {
        "clientId": "job", "name": "Job", "enabled": True, "created": "", "modified": "", "lastUsed": None,
    }  # fmt: skip
    assert run(data, "clients", "list", "--unused", "90d").stdout == ""
    assert run(data, "clients", "list", "--unused", "soon").returncode == WRONG_WORDS
    usage = json.loads(run(data, "clients", "usage", "job").stdout)
    assert [one["secret"] for one in usage["credentials"]] == ["present secret"]
    assert run(data, "clients", "usage", "nobody").returncode == FAILED


@pytest.mark.slow
def test_a_bulk_change_is_looked_at_before_it_is_made(data: Path, folder: Path) -> None:
    """Slow: 7 commands, each a process of its own."""
    words = ("clients", "bulk", "--where", "grantTypes=AUTHORIZATION_CODE")
    uri = "https://other.example/cb"
    assert run(data, *words, "--dry-run", "add-redirect-uri", uri).stdout == "1 of 1 clients would be changed.\n"
    assert run(data, *words, "add-redirect-uri", uri).stdout == "1 of 1 clients were changed.\n"
    assert json.loads(run(data, "clients", "show", "web").stdout)["redirectUris"][-1] == uri
    refused = run(data, *words, "set", "redirectUris=[]")
    assert refused.returncode == FAILED
    assert "web: redirectUris: at least one" in refused.stderr
    assert run(data, *words, "set", "nosuch=1").returncode == FAILED
    assert run(data, "clients", "bulk", "--where", "nosuch=1", "disable").returncode == WRONG_WORDS
