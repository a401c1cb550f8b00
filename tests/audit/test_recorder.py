"""Events on their way out."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.audit import events
from ostiary.audit.events import AuditWord, ClientReplaced, Event, SignOnFailed, TokenRevoked
from ostiary.audit.recorder import LogFile, Recorder, escaped
from ostiary.audit.request import CurrentRequest, current_request
from tests.clocks import ManualClock

NOW = 1_800_000_000_123
COLUMNS = (
    "time",
    "tracking",
    "transaction",
    "event",
    "subject",
    "ip",
    "app",
    "client",
    "protocol",
    "host",
    "role",
    "status",
    "adapter",
    "description",
    "response",
)
"""Behaviour §23."""


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)


def line_of(event: Event, request: CurrentRequest | None = None) -> dict[str, str]:
    """The columns of the line that an event leaves."""
    lines = Lines()
    token = current_request.set(request or CurrentRequest("r-1", "https://login.example:9031/op", "192.0.2.7"))
    Recorder(ManualClock(NOW), lines).record(event)
    current_request.reset(token)
    (line,) = lines.lines
    return dict(zip(COLUMNS, line.split(" | "), strict=True))


def test_an_event_is_one_line_of_fifteen_columns_with_its_request() -> None:
    request = CurrentRequest("r-1", "https://login.example:9031/op", "192.0.2.7", began=NOW - 42)
    event = SignOnFailed(client_id="app", subject="joe", validator="users", cause="password")
    assert line_of(event, request) == {
        "time": "2027-01-15 08:00:00,123",
        "tracking": "r-1",
        "transaction": "",
        "event": "AUTHN_ATTEMPT",
        "subject": "joe",
        "ip": "192.0.2.7",
        "app": "",
        "client": "app",
        "protocol": "OAuth20",
        "host": "login.example",
        "role": "AS",
        "status": "failure",
        "adapter": "users",
        "description": "person.sign_on_failed cause=password",
        "response": "42",
    }


def test_a_grant_is_the_transaction_and_an_unknown_start_leaves_no_response_time() -> None:
    line = line_of(TokenRevoked(client_id="app", kind="refresh_token", grant_id="g-1"))
    assert (line["transaction"], line["event"]) == ("g-1", "OAuth")
    assert line["description"] == "token.revoked kind=refresh_token"
    assert line["response"] == ""


def test_columns_stay_in_place_whatever_stands_in_them() -> None:
    line = line_of(TokenRevoked(client_id="a|b", subject="c\nd", kind="e | f", grant_id="g | h"))
    assert (line["client"], line["subject"], line["transaction"]) == ("a\\u007cb", "c\\u000ad", "g \\u007c h")
    assert line["description"] == "token.revoked kind=e \\u007c f"


def test_what_happens_without_a_request_has_no_host() -> None:
    lines = Lines()
    Recorder(ManualClock(NOW), lines).record(ClientReplaced(client_id="app", by="root", changed=("identity.name",)))
    (line,) = lines.lines
    assert line.split(" | ")[9] == ""


def test_every_event_has_a_word_of_the_audit_log() -> None:
    every = [one for one in vars(events).values() if isinstance(one, type) and issubclass(one, Event)]
    assert all(isinstance(one.word, AuditWord) for one in every)
    assert {one.word for one in every} == set(AuditWord)


def test_an_event_is_counted_by_its_own_name() -> None:
    counted = []
    recorder = Recorder(ManualClock(NOW), None, lambda *what: counted.append(what))
    recorder.record(SignOnFailed(client_id="app", subject="joe", validator="users", cause="password"))
    assert counted == [("person.sign_on_failed", "failure")]


def test_evidence_is_a_row_that_names_settings_and_never_values() -> None:
    lines, counted = Lines(), []
    recorder = Recorder(ManualClock(), lines, lambda *what: counted.append(what))
    change = recorder.evidence(ClientReplaced(client_id="app", by="root", changed=("identity.name",)))
    document = msgspec.json.decode(change.event.document)
    assert (change.event.name, change.event.client_id) == ("client.replaced", "app")
    assert document["changed"] == ["identity.name"]
    assert document["v"] == 1
    assert (lines.lines, counted) == ([], [])  # nothing is told before the row is durable


@given(st.text())
def test_whatever_the_value_it_stays_in_its_field(text: str) -> None:
    shown = escaped(text)
    assert "|" not in shown
    assert all(character.isprintable() for character in shown)
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a|b", "a\x1b[31mb", "a\u2028b", "a\\nb", "\ud800"])
def test_what_could_break_a_line_is_written_so_that_it_can_be_read_back(text: str) -> None:
    back = escaped(text).encode("ascii", "backslashreplace").decode("unicode_escape")
    assert back == text


@pytest.mark.anyio
async def test_lines_of_one_turn_are_one_append(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log" / "audit.log")
    log.write("one")
    log.write("two")
    log.close()
    assert (tmp_path / "log" / "audit.log").read_text() == "one\ntwo\n"


class Watch:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    watch = Watch()
    path = tmp_path / "audit.log"
    log = LogFile(path, at_once=True, monotonic=watch)
    log.write("one")
    path.rename(tmp_path / "audit.log.1")
    log.write("two")  # looked at most once a second: this still goes where the file went
    watch.seconds += 1.0
    log.write("three")
    log.close()
    assert (tmp_path / "audit.log.1").read_text() == "one\ntwo\n"
    assert path.read_text() == "three\n"


def test_a_log_in_whose_place_another_file_was_put_goes_on_there(tmp_path: Path) -> None:
    watch = Watch()
    path = tmp_path / "audit.log"
    log = LogFile(path, at_once=True, monotonic=watch)
    path.rename(tmp_path / "audit.log.1")
    path.write_text("from another process\n")
    watch.seconds += 1.0
    log.write("one")
    log.close()
    assert path.read_text() == "from another process\none\n"


def test_a_log_whose_folder_is_gone_keeps_the_file_it_has(tmp_path: Path) -> None:
    watch = Watch()
    path = tmp_path / "log" / "audit.log"
    log = LogFile(path, at_once=True, monotonic=watch)
    path.parent.rename(tmp_path / "moved")
    watch.seconds += 1.0
    log.write("one")
    log.close()
    assert (tmp_path / "moved" / "audit.log").read_text() == "one\n"
