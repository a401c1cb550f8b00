"""Every name the reference gives for a setting is declared."""

from pathlib import Path

import pytest

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.clients.dialects import admin, legacy, portal, registration
from ostiary.declare import Dialect, describe

EXAMPLES = Path(__file__).parent.parent / "examples"
ROWS = [
    tuple(line.split("\t")) for line in (EXAMPLES / "setting_names.tsv").read_text("utf-8").splitlines()[1:] if line
]
OWN = {
    Dialect.ADMIN: admin.IGNORED,
    Dialect.LEGACY: legacy.IGNORED,
    Dialect.REGISTRATION: registration.IGNORED,
    Dialect.PORTAL: portal.IGNORED,
}


def declared_names(dialect: Dialect) -> set[str]:
    """Names and aliases of the dialect, with what its module handles itself."""
    names = set(OWN[dialect])
    for _, key in CLIENT_SETTINGS.in_dialect(dialect):
        names.update(key.names, (alias for alias, _ in key.aliases))
    return names


@pytest.mark.parametrize("dialect", Dialect)
def test_every_name_of_the_reference_is_declared(dialect: Dialect) -> None:
    wanted = {name for _, of, name in ROWS if of == dialect.value}
    assert wanted - declared_names(dialect) == set()


@pytest.mark.parametrize("dialect", Dialect)
def test_no_name_is_declared_that_the_reference_does_not_know(dialect: Dialect) -> None:
    wanted = {name for _, of, name in ROWS if of == dialect.value} | OWN[dialect]
    aliases = {alias for _, key in CLIENT_SETTINGS.in_dialect(dialect) for alias, _ in key.aliases}
    own = {"OAuthClientSecret"}  # behaviour §18: shown once when a client is made
    assert declared_names(dialect) - wanted - aliases - own == set()


def test_every_row_of_the_reference_belongs_to_a_setting() -> None:
    handled_by_dialects = {"C022", "C023", "C174", "C183", "C187", "C188"}
    declared = {row for setting in CLIENT_SETTINGS.settings for row in setting.setting.id.split()}
    assert {row for row, _, _ in ROWS} - declared - handled_by_dialects == set()


def test_every_setting_explains_itself() -> None:
    for row in describe(CLIENT_SETTINGS):
        assert row["label"], row["name"]
        assert row["help"].endswith("."), row["name"]
        assert row["keys"], row["name"]
        assert row["type"], row["name"]


def test_no_two_settings_share_a_label_in_one_section() -> None:
    seen = [(row["section"], row["label"]) for row in describe(CLIENT_SETTINGS)]
    assert len(seen) == len(set(seen))
