"""The pages that are read from the program are made, and tell the truth."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.config import OPTIONS
from ostiary.server_settings import DECLARATION

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as `make docs` would make them, in a folder of their own."""
    folder = tmp_path_factory.mktemp("manual")
    command = [sys.executable, str(DOCS / "generate.py"), str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


def test_every_setting_has_its_place_in_the_manual(manual: Path) -> None:
    for family, declaration in (("client", CLIENT_SETTINGS), ("server", DECLARATION)):
        contents = (manual / f"manual/settings/{family}.md").read_text(encoding="utf-8")
        for declared in declaration.settings:
            page = (manual / f"manual/settings/{family}-{declared.section}.md").read_text(encoding="utf-8")
            assert f"| Name | `{declared.path}` |" in page
            assert f"[`{declared.path}`]" in contents


def test_every_variable_has_its_place_in_the_manual(manual: Path) -> None:
    page = (manual / "manual/environment.md").read_text(encoding="utf-8")
    assert all(f"| `{option.name}` |" in page for option in OPTIONS)
    assert "| `OSTIARY_DATA` | – |" in page


def test_a_specification_leads_to_its_function_and_its_tests(manual: Path) -> None:
    page = (manual / "specifications.md").read_text(encoding="utf-8")
    assert "| §4.6 | `proofs/pkce.py` `check_answer` | `tests/proofs/test_pkce.py`" in page


def test_a_setting_that_is_read_while_answering_counts_as_enforced(reads: "Reading") -> None:
    assert reads.of("def check(client):\n    if client.requests.require_pkce: ...") == {
        ("client", "requests", "require_pkce")
    }
    assert reads.of("def check(server):\n    return server.settings.pushed.status") == {("server", "pushed", "status")}


def test_sections_with_one_name_on_both_sides_are_told_apart(reads: "Reading") -> None:
    assert reads.of("a = client.grants.allowed") == {("client", "grants", "allowed")}
    assert reads.of("a = server.settings.grants.lifetime") == {("server", "grants", "lifetime")}


def test_a_section_under_a_local_name_is_followed(reads: "Reading") -> None:
    own = "def f(client):\n    grants = client.persistent_grants\n    return grants.rolling"
    assert reads.of(own) == {("client", "persistent_grants", "rolling")}
    annotated = (
        "from ostiary.clients.settings.requests import Requests\ndef f(own: Requests):\n    return own.require_dpop"
    )
    assert reads.of(annotated) == {("client", "requests", "require_dpop")}


def test_self_is_the_whole_only_inside_the_class_that_has_the_sections(reads: "Reading") -> None:
    method = "    def book(self):\n        return self.scopes.default_description"
    assert reads.of(f"class ServerSettings:\n{method}") == {("server", "scopes", "default_description")}
    assert reads.of(f"class Elsewhere:\n{method}") == set()


def test_writing_a_setting_down_is_not_reading_it(reads: "Reading") -> None:
    assert reads.of("x = {'requests.require_pkce': True}") == set()
    assert reads.of("client.requests") == set()


class Reading:
    """Asks the generator about a few lines."""

    def of(self, source: str) -> set[tuple[str, str, str]]:
        """The settings that these lines read."""
        from making import reads  # it lies beside the manual

        families = (
            reads.Family("client", CLIENT_SETTINGS.sections, "Client"),
            reads.Family("server", DECLARATION.sections, "ServerSettings"),
        )
        return set(reads.reads_of(ast.parse(source), families))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """The generator, with its folder on the path."""
    monkeypatch.syspath_prepend(str(DOCS))
    return Reading()
