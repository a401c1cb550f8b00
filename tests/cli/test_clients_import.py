"""`ostiary clients import` as a person runs it."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import ostiary

EXAMPLES = Path(__file__).parent.parent / "examples" / "imports"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where an installation is to be."""
    return tmp_path / "data"


@pytest.mark.slow
def test_nothing_comes_while_one_is_refused_unless_that_is_chosen(tmp_path: Path, data: Path) -> None:
    """Slow: four commands, and an installation is made."""
    words = ("clients", "import", str(EXAMPLES / "bulk.json"), "--from", "admin-bulk")
    told = ostiary(data, *words, "--report", str(tmp_path / "report.json"))
    assert told.returncode == 1
    assert "client 2: sealed: its secret is not in the source" in told.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert [len(report[name]) for name in ("imported", "refused", "leftOut")] == [1, 1, 0]
    made = tmp_path / "made"
    told = ostiary(data, *words, "--skip-refused")
    assert told.stdout == "1 clients were imported.\n"
    told = ostiary(data, *words, "--skip-refused", "--new-secrets", str(made))
    assert "there is a client with this id already" in told.stderr
    assert told.stdout == "1 clients were imported.\n"
    assert list(json.loads(made.read_text())) == ["sealed"]
    assert made.stat().st_mode & 0o777 == 0o600


def test_a_dry_run_sets_nothing_up_and_stores_nothing(data: Path) -> None:
    told = ostiary(data, "clients", "import", str(EXAMPLES / "rfc7591.json"), "--from", "rfc7591", "--dry-run")
    assert "nothing is installed here" in told.stderr
    assert not data.exists()
