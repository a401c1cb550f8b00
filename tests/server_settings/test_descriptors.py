"""Plug-ins: built-in and installed ones register alike, and their fields are all texts."""

import logging
from pathlib import Path
from typing import Any

import pytest

from ostiary.declare import Dialect
from ostiary.declare.kinds import Writing
from ostiary.server_settings.configuration import read_configuration, written_fields
from ostiary.server_settings.descriptors import Family, descriptor, descriptors, installed, registry_of
from ostiary.server_settings.managers import ExtensionPolicy, JwtConfiguration, ReferenceConfiguration
from ostiary.server_settings.plugins import BUILT_IN

WRITING = Writing(Dialect.ADMIN)
SOURCE = """
from ostiary.declare import section, setting
from ostiary.declare.kinds import Text
from ostiary.server_settings.descriptors import Descriptor, Family

@section("Directory")
class DirectoryConfiguration:
    host: str = setting(kind=Text(), default="", label="Host", help="Where it is.", admin="Host")

ONE = Descriptor(family=Family.VALIDATOR, id="directory", name="Directory", configuration=DirectoryConfiguration)
CLASH = Descriptor(family=Family.VALIDATOR, id="simple", name="Other", configuration=DirectoryConfiguration)

def several():
    return [ONE, CLASH]
"""
POINTS = """
[ostiary.plugins]
good = a_plug_in_for_tests:ONE
more = a_plug_in_for_tests:several
broken = a_plug_in_for_tests:missing
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_plug_in_for_tests.py").write_text(SOURCE)
    info = tmp_path / "a_plug_in_for_tests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plug-in-for-tests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("package")
def test_the_plug_ins_of_an_installed_package_register_like_our_own(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        registry = registry_of((*BUILT_IN, *installed()))
    assert registry[Family.VALIDATOR]["directory"].name == "Directory"
    assert registry[Family.VALIDATOR]["simple"] in BUILT_IN
    assert "broken cannot be loaded" in caplog.text
    assert "simple is left out" in caplog.text


@pytest.mark.parametrize(
    ("family", "id_", "class_name"),
    [
        (
            Family.MANAGER,
            "reference",
            "org.sourceid.oauth20.token.plugin.impl.ReferenceBearerAccessTokenManagementPlugin",
        ),
        (
            Family.MANAGER,
            "jwt",
            "com.pingidentity.pf.access.token.management.plugins.JwtBearerAccessTokenManagementPlugin",
        ),
        (Family.VALIDATOR, "simple", "org.sourceid.saml20.domain.SimpleUsernamePasswordCredentialValidator"),
        (
            Family.REGISTRATION_POLICY,
            "response-types",
            "com.pingidentity.pf.client.registration.ResponseTypesConstraintsPlugin",
        ),
    ],
)
def test_the_class_names_of_the_compatibility_source_are_accepted(family: Family, id_: str, class_name: str) -> None:
    assert descriptor(family, class_name) is descriptor(family, id_)
    assert descriptor(family, id_) in descriptors(family)
    assert descriptor(Family.AUTHENTICATOR, class_name) is None


def read(section: type[Any], fields: dict[str, str | None]) -> tuple[Any, dict[str, str]]:
    problems: list[Any] = []
    listed = [{"name": name, "value": value} for name, value in fields.items()]
    found = read_configuration(section, {"fields": listed}, problems)
    return found, {problem.field: problem.message for problem in problems}


def test_every_field_is_filled_in_with_its_default_as_text() -> None:
    found, problems = read(ReferenceConfiguration, {})
    assert problems == {}
    assert {one["name"]: one["value"] for one in written_fields(found, WRITING)} == {
        "Token Length": "28",
        "Token Lifetime": "120",
        "Lifetime Extension Policy": "NONE",
        "Maximum Token Lifetime": "",
        "Lifetime Extension Threshold Percentage": "30",
        "Mode for Synchronous RPC": "3",
        "RPC Timeout": "500",
        "Expand Scope Groups": "false",
    }


def test_the_jwt_manager_has_the_fields_that_tools_count() -> None:
    names = [one["name"] for one in written_fields(JwtConfiguration(), WRITING)]
    assert len(names) == 33
    assert "Include X.509 Thumbprint Header Parameter" in names


def test_texts_become_numbers_flags_and_words() -> None:
    found, problems = read(
        ReferenceConfiguration,
        {"Token Length": "40", "Expand Scope Groups": "true", "Lifetime Extension Policy": "all"},
    )
    assert problems == {}
    assert (found.token_length, found.expand_scope_groups) == (40, True)
    assert found.lifetime_extension_policy is ExtensionPolicy.ALL


def test_what_tools_send_as_numbers_and_flags_is_read_too() -> None:
    problems: list[Any] = []
    fields = [{"name": "Token Length", "value": 40}, {"name": "Expand Scope Groups", "value": True}]
    found = read_configuration(ReferenceConfiguration, {"fields": fields}, problems)
    assert (found.token_length, found.expand_scope_groups, problems) == (40, True, [])


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_field_has_its_default_unless_empty_means_none(value: str | None) -> None:
    found, _ = read(JwtConfiguration, {"Token Lifetime": value, "Client ID Claim Name": value})
    assert found.token_lifetime_minutes == 120
    assert found.client_id_claim == ("client_id" if value is None else "")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"Token Length": "ten"}, ".fields[0].value"),
        ({"Token Length": "21"}, ".fields[0].value"),
        ({"RPC Timeout": "1", "Lifetime Extension Policy": "SOMETIMES"}, ".fields[1].value"),
        ({"Colour": "red"}, ".fields[0].name"),
    ],
)
def test_a_bad_field_is_named_by_its_place(fields: dict[str, str | None], place: str) -> None:
    assert list(read(ReferenceConfiguration, fields)[1]) == [place]


@pytest.mark.parametrize(
    "raw",
    [
        {"fields": "x"},
        {"fields": [3]},
        {"fields": [{"value": "x"}]},
        {"fields": [{"name": "Key ID", "value": "1"}, {"name": "Key ID", "value": "2"}]},
        {"tables": {}},
        {"tables": [{"name": "Symmetric Keys", "rows": 3}]},
        {"tables": [{"name": "Symmetric Keys", "rows": [3]}]},
        {"tables": [{"name": "Symmetric Keys", "rows": [{"fields": []}]}]},
        {"tables": [{"name": "Symmetric Keys", "rows": [{"fields": [{"name": "Key", "value": 3}]}]}]},
        {"tables": [{"name": "Spices"}]},
    ],
)
def test_no_shape_of_a_configuration_is_too_strange_to_be_told(raw: dict[str, Any]) -> None:
    problems: list[Any] = []
    read_configuration(JwtConfiguration, raw, problems)
    assert problems
