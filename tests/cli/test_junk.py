"""Whatever a command is given, it answers with a message and an exit code, never with a traceback."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from ostiary.cli.main import main
from ostiary.config import OPTIONS
from tests.cli.commands import ostiary

WRONG_WORDS, FAILED, WRONG_CONFIGURATION = 2, 1, 78


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an installation that no server works on."""
    data = tmp_path_factory.mktemp("installed")
    assert ostiary(data, "admins", "add", "carol", "--password", "Sesame-12345").returncode == 0
    return data


NO_OBJECT = [b"", b"null", b'"x"', b"3", b"[1]", b"\xff\xfe", b"[" * 50_000]
NO_CLIENTS = [b"", b"null", b'"x"', b"3", b"{}", b'{"items": 3}', b"\xff"]
BAD_CLIENTS = [
    b"[3]", b"[null]", b'["\\ud800"]', b"[[]]",
    b"[{}]", b'[{"clientId": "\\ud800"}]', b'[{"clientId": "\\u0000"}]', b'[{"clientId": 3}]',
]  # fmt: skip
NO_PEOPLE = [
    b"", b"null", b'"x"', b"3", b"{}", b"[3]", b"[null]", b"[{}]", b'[{"username": 3, "password": 4}]', b"\xff",
    b'[{"username": "a", "password": "Sesame-1", "claims": [1]}]',
    b'[{"username": "a", "password": "Sesame-1", "claims": [["a", 1]]}]',
    b'[{"username": "a", "password": "Sesame-1", "claims": "x"}]',
    b'[{"username": "a", "password": "Sesame-1", "claims": null}]',
    b'[{"username": "a", "password": "Sesame-1", "claims": {"a": "\\ud800"}}]',
    b'[{"username": "a", "password": "Sesame-1", "claims": {"a": NaN}}]',
    b'[{"username": "a", "password": "Sesame-1", "role": "admin"}]',
]  # fmt: skip
BAD_PEOPLE = [
    b'[{"username": "\\ud800", "password": "Sesame-1"}]',
    b'[{"username": "a", "password": "Sesame-1\\ud800"}]',
]


@pytest.mark.parametrize(
    ("command", "given"),
    [
        *((("server", "apply", "-"), given) for given in NO_OBJECT),
        *((("clients", "import", "-"), given) for given in NO_CLIENTS),
        *((("users", "import", "-"), given) for given in NO_PEOPLE),
    ],
)
def test_a_file_with_junk_is_refused_before_anything_is_opened(command: tuple[str, ...], given: bytes) -> None:
    done = CliRunner().invoke(main, command, input=given, env={"OSTIARY_WORKERS": "opening would tell this"})
    assert done.exit_code == FAILED
    assert isinstance(done.exception, SystemExit)
    assert "Error: " in done.output


@pytest.mark.parametrize(
    ("command", "given"),
    [
        *((("clients", "import", "-"), given) for given in BAD_CLIENTS),
        *((("users", "import", "-"), given) for given in BAD_PEOPLE),
        (("server", "apply", "-"), b'{"nonsense": {}, "authServerSettings": 3, "accessTokenManagers": [3, null, "x"]}'),
    ],
)
def test_a_file_with_bad_entries_is_refused(installed: Path, command: tuple[str, ...], given: bytes) -> None:
    done = ostiary(installed, *command, given=given)
    assert done.returncode == FAILED
    assert "Error: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("nonsense",), WRONG_WORDS),
        (("serve", "--port", "1"), WRONG_WORDS),
        (("server", "apply", "/nowhere/file"), WRONG_WORDS),
        (("users", "add", "alice", "--password", "Sesame-1", "--claims", "[1]"), WRONG_WORDS),
        (("users", "add", "alice", "--password", "Sesame-1", "--claims", '{"a": "\\ud800"}'), WRONG_WORDS),
        (("users", "add", "alice", "--password", "Sesame-1", "--claims", "{"), WRONG_WORDS),
        (("users", "add", "", "--password", "Sesame-1"), FAILED),
        (("users", "add", "a\tb", "--password", "Sesame-1"), FAILED),
        (("users", "add", os.fsdecode(b"\xff"), "--password", "Sesame-1"), FAILED),
        (("users", "add", "alice", "--password", "short-1"), FAILED),
        (("users", "add", "alice", "--password", os.fsdecode(b"Sesame-1\xff")), FAILED),
        (("users", "add", "a:b", "--password", "Sesame-1", "--validator", "services"), FAILED),
        (("users", "password", "carol", "--validator", "admin", "--password", "Sesame-1"), FAILED),
        (("users", "password", "nobody", "--password", "Sesame-1"), FAILED),
        (("admins", "add", "carol", "--password", "Sesame-1"), FAILED),
        (("admins", "add", "a:b", "--password", "Sesame-1"), FAILED),
        (("clients", "show", "nobody"), FAILED),
        (("clients", "show", os.fsdecode(b"\xff")), FAILED),
        (("clients", "export", "/nowhere/clients.json"), FAILED),
        (("keys", "rotate"), FAILED),
        (("worker", "runtime-1"), FAILED),
    ],
)
def test_wrong_words_are_refused(installed: Path, arguments: tuple[str, ...], status: int) -> None:
    assert ostiary(installed, *arguments).returncode == status


@pytest.mark.parametrize("validator", ["nosuch", "admin", "", os.fsdecode(b"\xff")])
def test_accounts_are_added_to_a_validator_there_is(installed: Path, validator: str) -> None:
    for command in (("add", "alice", "--password", "Sesame-1"), ("import", "-"), ("list",)):
        done = ostiary(
            installed,
            "users",
            *command,
            "--validator",
            validator,
            given=b'[{"username": "a", "password": "Sesame-1"}]',
        )
        assert done.returncode == FAILED
        assert ("ostiary admins" if validator == "admin" else "there are: services, users") in done.stderr
    assert "alice" not in ostiary(installed, "admins", "list").stdout


COMMANDS = [
    ("migrate",),
    ("serve",),
    ("users", "list"),
    ("users", "add", "alice", "--password", "Sesame-1"),
    ("users", "import", "-"),
    ("users", "password", "alice", "--password", "Sesame-1"),
    ("admins", "list"),
    ("keys", "list"),
    ("clients", "list"),
    ("clients", "export"),
    ("server", "show"),
    ("server", "apply", "-"),
]
GIVEN = {("users", "import", "-"): b"[]", ("server", "apply", "-"): b"{}"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_configuration_that_cannot_work_is_told_with_78_by_every_command(
    installed: Path, command: tuple[str, ...]
) -> None:
    done = ostiary(installed, *command, given=GIVEN.get(command, b""), OSTIARY_WORKERS="many")
    assert done.returncode == WRONG_CONFIGURATION
    assert "OSTIARY_WORKERS" in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_cannot_be_had_is_told_with_78(tmp_path: Path, workers: str) -> None:
    done = ostiary(tmp_path, "serve", OSTIARY_ADMIN_BIND="localhost.invalid:1", OSTIARY_WORKERS=workers, **FREE)
    assert done.returncode == WRONG_CONFIGURATION
    assert "localhost.invalid" in done.stderr


FREE = {"OSTIARY_RUNTIME_BIND": "127.0.0.1:0", "OSTIARY_BEHIND_PROXY": "1"}


@pytest.mark.parametrize(
    ("broken", "workers"), [("junk", "1"), ("junk", "2"), ("folder", "1"), ("no folder", "1"), ("short key", "1")]
)
def test_a_broken_key_file_ends_serve_with_what_to_do(tmp_path: Path, broken: str, workers: str) -> None:
    file = tmp_path / "ostiary.key"
    if broken == "folder":
        file.mkdir()
    elif broken == "no folder":
        (tmp_path / "file").write_text("")
        file = tmp_path / "file" / "ostiary.key"
    else:
        file.write_text("junk" if broken == "junk" else '{"current": "abcdefgh", "keys": {"abcdefgh": "AAAA"}}')
    given = {"OSTIARY_KEY_FILE": str(file), "OSTIARY_WORKERS": workers, "OSTIARY_ADMIN_BIND": "127.0.0.1:0", **FREE}
    done = ostiary(tmp_path, "serve", **given)
    assert done.returncode == WRONG_CONFIGURATION
    assert str(file) in done.stderr


def test_a_broken_key_file_is_told_by_commands_too(tmp_path: Path) -> None:
    (tmp_path / "ostiary.key").write_text("junk")
    done = ostiary(tmp_path, "users", "add", "alice", "--password", "Sesame-1")
    assert done.returncode == WRONG_CONFIGURATION
    assert "ostiary.key" in done.stderr


ADD = ("admins", "add", "a", "--password", "Sesame-1")


@pytest.mark.parametrize(
    ("command", "place"),
    [
        *((("serve",), place) for place in ("below a file", "a file", "where nothing can be made", "log")),
        *((ADD, place) for place in ("a file", "where nothing can be made", "log")),
        (("migrate",), "where nothing can be made"),
    ],
)
def test_a_data_folder_that_cannot_be_used_is_told(tmp_path: Path, command: tuple[str, ...], place: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "log").write_text("")
    data = {
        "below a file": tmp_path / "file" / "data",
        "a file": tmp_path / "file",
        "where nothing can be made": Path("/proc/ostiary"),
        "log": tmp_path,
    }[place]
    done = ostiary(data, *command, OSTIARY_ADMIN_BIND="127.0.0.1:0", **FREE)
    assert done.returncode == WRONG_CONFIGURATION
    assert str(data) in done.stderr


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ostiary.db").write_bytes(b"junk" * 1000)
    for command in (("clients", "list"), ("migrate",)):
        done = ostiary(tmp_path, *command)
        assert done.returncode in (FAILED, WRONG_CONFIGURATION)
        assert "Error: " in done.stderr


LOOKING = [
    ("users", "list"),
    ("admins", "list"),
    ("keys", "list"),
    ("clients", "list"),
    ("clients", "show", "c"),
    ("clients", "export"),
    ("server", "show"),
    ("users", "password", "alice", "--password", "Sesame-1"),
    ("keys", "rotate"),
]


@pytest.mark.parametrize("command", LOOKING)
def test_looking_where_nothing_is_installed_makes_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    done = ostiary(data, *command)
    assert done.returncode == FAILED
    assert "nothing is installed here; run `ostiary serve` once" in done.stderr
    assert not data.exists()


def test_a_database_without_an_installation_stays_so(tmp_path: Path) -> None:
    assert ostiary(tmp_path, "migrate").returncode == 0
    (tmp_path / "ostiary.key").write_text('{"current": "abcdefgh", "keys": {"abcdefgh": "%s"}}' % ("A" * 43 + "="))
    done = ostiary(tmp_path, "users", "list")
    assert done.returncode == FAILED
    assert "nothing is installed here" in done.stderr


def test_only_serve_says_that_a_first_account_is_ignored(installed: Path) -> None:
    first = {"OSTIARY_ADMIN_USER": "root", "OSTIARY_ADMIN_PASSWORD": "Sesame-12345"}
    for command in (("admins", "list"), ("admins", "add", "dave", "--password", "Sesame-12345")):
        done = ostiary(installed, *command, **first)
        assert done.returncode == 0
        assert "ignored" not in done.stderr


def test_the_help_tells_the_exit_codes_and_the_variables(tmp_path: Path) -> None:
    said = ostiary(tmp_path, "--help").stdout
    assert all(f"{code}  " in said for code in (0, FAILED, WRONG_WORDS, WRONG_CONFIGURATION))
    said = " ".join(ostiary(tmp_path, "serve", "--help").stdout.split())
    for option in OPTIONS:
        assert f"{option.name} {option.help}" in said
        assert not option.default or f"[default: {option.default}]" in said
