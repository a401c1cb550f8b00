"""Events on their way out."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.audit.events import ClientReplaced, SignOnFailed
from ostiary.audit.recorder import LogFile, Recorder, escaped
from ostiary.audit.request import CurrentRequest, current_request
from tests.clocks import ManualClock


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)


def test_an_event_is_one_line_with_its_request() -> None:
    lines, counted = Lines(), []
    recorder = Recorder(ManualClock(1_800_000_000_123), lines, lambda *what: counted.append(what))
    token = current_request.set(CurrentRequest("r-1", "https://login.example", "192.0.2.7"))
    recorder.record(SignOnFailed(client_id="app", subject="joe", validator="users", cause="password"))
    current_request.reset(token)
    (line,) = lines.lines
    assert line == (
        "2027-01-15 08:00:00,123 | r-1 | person.sign_on_failed | joe | 192.0.2.7 | app | OAuth20 | https://login.example"
        " | AS | failure | validator=users cause=password"
    )
    assert counted == [("person.sign_on_failed", "failure")]


def test_evidence_is_a_row_that_names_settings_and_never_values() -> None:
    change = Recorder(ManualClock()).evidence(ClientReplaced(client_id="app", by="root", changed=("identity.name",)))
    document = msgspec.json.decode(change.event.document)
    assert (change.event.name, change.event.client_id) == ("client.replaced", "app")
    assert document["changed"] == ["identity.name"]
    assert document["v"] == 1


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
