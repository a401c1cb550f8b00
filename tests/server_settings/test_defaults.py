"""Every default of the reference, and what a new installation does otherwise."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.declare import Dialect, read
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.apply import show
from ostiary.server_settings.describing import describe_server
from ostiary.server_settings.fresh import fresh_settings
from ostiary.server_settings.object_kinds import RESOURCES
from ostiary.server_settings.objects import Objects

TABLE = Path(__file__).parent.parent / "examples" / "server_setting_names.tsv"
with TABLE.open(newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
KEPT = "kept"
OFF = "off"
STANDARD_SCOPES = ["profile", "email", "address", "phone", "offline_access"]


def member(document: dict[str, Any], name: str) -> Any:
    here: Any = document
    for step in name.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here


def after_an_empty_replacement(resource: str, base: ServerSettings) -> ServerSettings:
    return read(DECLARATION, {}, Dialect.ADMIN, base=base, resource=resource).value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']} {row['name']}")
def test_a_member_that_a_replacement_leaves_out_gets_the_documented_default(row: dict[str, str]) -> None:
    settings = after_an_empty_replacement(row["resource"], fresh_settings())
    if row["name"].startswith("dynamicClientRegistration."):
        settings = DECLARATION.with_values(settings, {"registration.on": True})
    shown = show(settings, Objects())
    expected = row["when_omitted"] if row["when_omitted"] != KEPT else row["fresh"]
    assert member(shown[row["resource"]], row["name"]) == json.loads(expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']} {row['name']}")
def test_a_new_installation_starts_with_the_safe_value(row: dict[str, str]) -> None:
    value = member(show(fresh_settings(), Objects())[row["resource"]], row["name"])
    if row["id"] == "S011":
        assert [scope["name"] for scope in value] == STANDARD_SCOPES == row["fresh"].split()
        assert all(scope["description"] for scope in value)
    else:
        assert value == (None if row["fresh"] == OFF else json.loads(row["fresh"]))


@pytest.mark.parametrize("row", [row for row in ROWS if row["when_omitted"] == KEPT], ids=lambda row: str(row["name"]))
def test_some_members_stay_as_they_are_when_a_replacement_leaves_them_out(row: dict[str, str]) -> None:
    declared = [
        one
        for one, key in DECLARATION.in_dialect(Dialect.ADMIN)
        if row["name"] in key.names and key.resource == row["resource"]
    ]
    for one in declared:
        assert one.setting.keys[Dialect.ADMIN].keep
    assert declared or row["name"] == "clientMetadata"


def test_every_row_of_the_table_is_declared_under_its_id() -> None:
    ids = {id_ for one in DECLARATION.settings for id_ in one.setting.id.split(", ") if id_}
    assert {row["id"] for row in ROWS} <= ids | {"S100"}


def test_every_setting_has_a_label_and_a_help_text_and_a_place() -> None:
    for one in DECLARATION.settings:
        assert one.setting.label
        assert one.setting.help.endswith(".")
        key = one.key_in(Dialect.ADMIN)
        assert one.path == "registration.on" or (key is not None and key.resource in RESOURCES)


def test_no_two_settings_have_the_same_name_in_one_resource() -> None:
    names = [(key.resource, name) for _, key in DECLARATION.in_dialect(Dialect.ADMIN) for name in key.names]
    assert len(set(names)) == len(names)


def test_required_members_are_asked_for() -> None:
    draft = read(DECLARATION, {}, Dialect.ADMIN, base=fresh_settings(), resource="authServerSettings")
    assert {problem.field for problem in draft.problems} == {
        "authorization.code_timeout_seconds",
        "authorization.code_entropy_bytes",
        "grants.refresh_token_length",
        "grants.rolling_interval",
    }


def test_the_description_says_both_defaults() -> None:
    described = json.loads(json.dumps(describe_server()))
    one = next(one for one in described["settings"] if one["name"] == "authorization.disallow_plain_pkce")
    assert (one["default"], one["fresh"], one["resource"]) == (False, True, "authServerSettings")
    assert "accessTokenManagers" in described["objects"]
    assert len(described["settings"]) == len(DECLARATION.settings)


def test_limits_and_intervals_are_milliseconds_for_those_who_count() -> None:
    grants = fresh_settings().grants
    assert grants.lifetime.milliseconds is None
    assert grants.idle_timeout.milliseconds == 30 * 24 * 3600 * 1000
    assert grants.rolling_interval.milliseconds == 0
