"""Stored clients, also those that something went wrong with (threats T-04, T-64)."""

import json
from typing import Any

import msgspec
import pytest

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.documents import client_of, document_of, load_client
from ostiary.declare import Problem
from ostiary.ports.records import ClientRecord
from ostiary.words import ClientAuth
from tests.clients.samples import CONFIDENTIAL, FULL, changed


def record(document: bytes) -> ClientRecord:
    return ClientRecord(
        client_id="full",
        version=3,
        name="Full",
        enabled=True,
        created_at=0,
        modified_at=0,
        document=document,
        legacy=b"",
        legacy_version=1,
    )


def planted(path: str, value: Any) -> tuple[Client, tuple[Problem, ...]]:
    """The full client with one stored value replaced."""
    document = json.loads(document_of(FULL))
    section, _, name = path.partition(".")
    document.setdefault(section, {})[name] = value
    return load_client(document)


def test_a_default_client_is_an_almost_empty_document() -> None:
    assert msgspec.json.decode(document_of(Client())) == {"v": 1}


@pytest.mark.parametrize("path", sorted(CLIENT_SETTINGS.by_path))
@pytest.mark.parametrize("value", [{"no": "value"}, ["\x00", None, {}], "\ud800 nonsense", -(1 << 70)])
def test_a_planted_value_disables_itself_and_is_reported(path: str, value: Any) -> None:
    client, problems = planted(path, value)
    declared = CLIENT_SETTINGS.by_path[path]
    if path == "extended.parameters" and isinstance(value, dict):
        value_is_fine = True
    else:
        value_is_fine = not problems and declared.value_in(client) != declared.setting.when_unreadable
    if not value_is_fine:
        assert [problem.field for problem in problems] == [path]
        assert declared.value_in(client) == declared.setting.when_unreadable
    others = [one for one in CLIENT_SETTINGS.changed(client, FULL) if one not in (path, "identity.enabled")]
    assert others == []


@pytest.mark.parametrize(
    "path",
    [
        "requests.require_pkce",
        "requests.require_signed",
        "requests.require_pushed",
        "requests.require_dpop",
        "scopes.restrict",
        "ciba.require_signed",
    ],
)
def test_what_protects_stays_on_when_it_cannot_be_read(path: str) -> None:
    client, _ = planted(path, "nonsense")
    assert CLIENT_SETTINGS.by_path[path].value_in(client) is True


def test_a_client_whose_authentication_cannot_be_read_is_not_served() -> None:
    enabled = changed(FULL, identity__enabled=True)
    document = json.loads(document_of(enabled))
    assert load_client(document)[0].identity.enabled
    document["authentication"]["method"] = "nonsense"
    client, problems = load_client(document)
    assert not client.identity.enabled
    assert [problem.field for problem in problems] == ["authentication.method"]


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "https://a.example/#x", "https://u@a.example/", "data:x", "", "myapp:/x"]
)
def test_a_planted_redirect_uri_is_dropped_and_the_others_stay(uri: str) -> None:
    client, problems = planted("redirection.redirect_uris", ["https://a.example/cb", uri])
    assert client.redirection.redirect_uris == ("https://a.example/cb",)
    assert len(client.redirect_patterns) == 1
    assert [problem.field for problem in problems] == ["redirection.redirect_uris"]


@pytest.mark.parametrize(
    "path",
    ["identity.logo_url", "identity.client_uri", "identity.policy_uri", "logout.uris", "logout.back_channel_uri"],
)
def test_a_planted_dangerous_url_is_not_used(path: str) -> None:
    for url in ("javascript:alert(1)", "DATA:text/html,x", "ftp://a.example/"):
        client, problems = planted(path, [url] if path == "logout.uris" else url)
        assert not CLIENT_SETTINGS.by_path[path].value_in(client)
        assert [problem.field for problem in problems] == [path]


@pytest.mark.parametrize("document", [b"", b"nonsense", b"[]", b"5", b"\xff", b'{"v":1,"identity":'])
def test_a_record_that_is_no_document_gives_a_client_that_is_not_enabled(document: bytes) -> None:
    client, problems = client_of(record(document))
    assert (client.client_id, client.version, client.identity.enabled) == ("full", 3, False)
    assert problems


def test_unknown_sections_and_settings_are_reported_and_skipped() -> None:
    document = json.loads(document_of(CONFIDENTIAL_STORED))
    document["weather"] = {"sunny": True}
    document["requests"] = {"colour": "red", "require_pkce": True}
    document["scopes"] = 5
    client, problems = load_client(document)
    assert client.requests.require_pkce
    assert {problem.field for problem in problems} == {"weather", "requests.colour", "scopes"}


CONFIDENTIAL_STORED = changed(CONFIDENTIAL, authentication__secret=None, authentication__method=ClientAuth.NONE)


def test_the_columns_say_who_it_is() -> None:
    client, problems = client_of(record(document_of(changed(FULL, identity__client_id="somebody else"))))
    assert problems == ()
    assert client.client_id == "full"
