"""A plan says everything that would happen and nothing that is secret; carrying it out is one unit."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ostiary.as_code.differences import lines_of, shown
from ostiary.as_code.exporting import FolderWriter, NotEmpty, as_code, exported, unsaid
from ostiary.as_code.folder import Folder, read_folder
from ostiary.as_code.planning import ADD, CHANGE, REMOVE, Plan, Wanted, carry_out, make_plan
from ostiary.as_code.secret_sources import SecretSources
from ostiary.client_management import registry
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.registry import ClientChanged
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import Override, StoredSecret
from ostiary.server import Server
from ostiary.server_settings.objects import Objects
from ostiary.words import LogoutMode
from tests.house import add_client, change_client, events_of, found, fresh_objects, make_server

pytestmark = pytest.mark.anyio
LONG = "a-secret-of-the-environment-that-nobody-may-see"
WEB = {
    "clientId": "web",
    "name": "Web",
    "grantTypes": ["AUTHORIZATION_CODE"],
    "redirectUris": ["https://app.example/cb"],
    "clientAuth": {"type": "SECRET", "secret": "env:WEB_SECRET"},
}
SPA = {
    "clientId": "spa",
    "name": "Spa",
    "grantTypes": ["AUTHORIZATION_CODE"],
    "redirectUris": ["https://app.example/spa"],
}
SECRETS = SecretSources({"WEB_SECRET": LONG})


def folder_of(path: Path, *bodies: dict[str, Any]) -> Folder:
    path.mkdir(exist_ok=True)
    for old in path.iterdir():
        old.unlink()
    for number, body in enumerate(bodies):
        (path / f"{number}.json").write_text(json.dumps(body))
    return read_folder(path)


async def planned(server: Server, folder: Folder, **wanted: Any) -> Plan:
    return await make_plan(folder, registry(server), Wanted(wanted.pop("secrets", SECRETS), **wanted))


async def applied(server: Server, folder: Folder, **wanted: Any) -> Plan:
    plan = await planned(server, folder, **wanted)
    assert plan.refused == ()
    await carry_out(plan, registry(server), "test")
    server.clients.drop_all()
    return plan


def said(plan: Plan) -> list[str]:
    return [f"{step.action} {step.client_id}" for step in plan.steps]


async def test_a_second_apply_finds_nothing_to_do(tmp_path: Path) -> None:
    server = make_server()
    folder = folder_of(tmp_path, WEB, SPA)
    assert said(await applied(server, folder)) == ["add spa", "add web"]
    assert (await applied(server, folder)).steps == ()
    assert events_of(server).names == ["client.created", "client.created"]


async def test_a_change_is_told_setting_by_setting(tmp_path: Path) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path, WEB, SPA))
    other = {**SPA, "redirectUris": ["https://app.example/new"], "requireProofKeyForCodeExchange": True, "logoUrl": ""}
    (step,) = (await planned(server, folder_of(tmp_path, WEB, other))).steps
    assert step.action == CHANGE
    assert {" ".join(line.split()) for one in step.differences for line in lines_of(one)} == {
        'redirectUris - "https://app.example/spa"',
        'redirectUris + "https://app.example/new"',
        "requireProofKeyForCodeExchange false → true",
        'logoUrl ""',
    }


async def test_no_secret_is_ever_part_of_a_plan(tmp_path: Path) -> None:
    server = make_server()
    folder = folder_of(tmp_path, WEB)
    first = await planned(server, folder)
    await applied(server, folder)
    second = await planned(server, folder, secrets=SecretSources({"WEB_SECRET": "another-" + LONG}))
    for plan in (first, second):
        assert LONG not in repr(plan)
        assert LONG not in json.dumps([one.as_json() for step in plan.steps for one in step.differences])
    (difference,) = second.steps[0].differences
    assert next(iter(lines_of(difference))).endswith("(another secret)")


async def test_a_secret_that_is_not_mentioned_stays(tmp_path: Path) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path, WEB))
    silent = {**WEB, "clientAuth": {"type": "SECRET"}}
    assert (await applied(server, folder_of(tmp_path, silent))).steps == ()


async def test_secondary_secrets_that_are_not_mentioned_stay(tmp_path: Path) -> None:
    server = make_server(secrets__retention_minutes=60)
    await applied(server, folder_of(tmp_path, WEB))
    await applied(server, folder_of(tmp_path, WEB), secrets=SecretSources({"WEB_SECRET": "another-" + LONG}))
    assert len((await found(server, "web")).authentication.secondary_secrets) == 1
    await applied(server, folder_of(tmp_path, {**WEB, "name": "New", "clientAuth": {"type": "SECRET"}}))
    assert len((await found(server, "web")).authentication.secondary_secrets) == 1


async def test_a_secret_is_generated_once(tmp_path: Path) -> None:
    server = make_server()
    folder = folder_of(tmp_path, {**WEB, "clientAuth": {"type": "SECRET", "secret": "generate:"}})
    (step,) = (await applied(server, folder)).steps
    assert step.generated is not None
    stored = (await found(server, "web")).authentication.secret
    assert isinstance(stored, StoredSecret)
    assert await SecretKeeper(server.vault, server.passwords).fits(stored, step.generated.reveal(), "web")
    assert (await applied(server, folder)).steps == ()


async def test_a_secret_comes_from_a_file_beside_the_client(tmp_path: Path) -> None:
    server = make_server()
    clients = tmp_path / "clients"
    folder = folder_of(clients, {**WEB, "clientAuth": {"type": "SECRET", "secret": "file:../web.secret"}})
    (tmp_path / "web.secret").write_text(LONG + "\n")
    await applied(server, folder)
    assert (await applied(server, folder_of(clients, WEB))).steps == ()


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("env:NOT_THERE", "env:NOT_THERE is not set"),
        ("file:not-there", "cannot be read"),
        (LONG, "does not belong into a file"),
    ],
)
async def test_a_secret_that_cannot_be_had_is_named(tmp_path: Path, secret: str, message: str) -> None:
    plan = await planned(
        make_server(), folder_of(tmp_path, {**WEB, "clientAuth": {"type": "SECRET", "secret": secret}})
    )
    assert any(one.member == "clientAuth.secret" and message in one.message for one in plan.refused)
    assert LONG not in str([str(one) for one in plan.refused])


async def test_a_plan_can_be_made_without_any_secret(tmp_path: Path) -> None:
    server = make_server()
    folder = folder_of(tmp_path, WEB, {**WEB, "clientId": "web2"})
    without = SecretSources({}, opened=False)
    assert said(await planned(server, folder, secrets=without)) == ["add web", "add web2"]
    await applied(server, folder)
    assert (await planned(server, folder, secrets=without)).steps == ()


async def test_every_problem_of_every_file_is_named_and_nothing_is_stored(tmp_path: Path) -> None:
    server = make_server()
    folder = folder_of(
        tmp_path,
        {**WEB, "grantTypes": ["NONSENSE"], "requirePkce": True},
        {**SPA, "redirectUris": [], "cibaPollingIntervall": 3, "clientAuth": {"kind": "SECRET"}},
        {"name": "nobody"},
        SPA,
    )
    (tmp_path / "broken.yaml").write_text("a: [")
    plan = await planned(server, read_folder(tmp_path))
    members = {(one.client_id, one.member) for one in plan.refused}
    assert {("web", "grantTypes"), ("web", "requirePkce"), ("spa", "cibaPollingIntervall")} <= members
    assert ("spa", "clientAuth.kind") in members
    told = "\n".join(map(str, plan.refused))
    assert "2.json: clientId is required" in told
    assert "3.json: spa stands in 1.json too" in told
    assert "broken.yaml: is not YAML (line 1" in told
    with pytest.raises(AssertionError):
        await carry_out(plan, registry(server), "test")
    assert await server.stores.count_clients() == 0
    assert folder.problems


async def test_clients_go_only_when_asked_and_only_those_meant(tmp_path: Path) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path, WEB, SPA, {**SPA, "clientId": "team-a-1"}))
    rest = folder_of(tmp_path, WEB)
    assert (await planned(server, rest)).steps == ()
    assert said(await planned(server, rest, prune=True, within="team-a-*")) == ["remove team-a-1"]
    assert said(await applied(server, rest, prune=True)) == ["remove spa", "remove team-a-1"]
    assert await server.stores.count_clients() == 1


async def test_an_empty_folder_does_not_remove_everything(tmp_path: Path) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path, WEB))
    plan = await planned(server, folder_of(tmp_path), prune=True)
    assert plan.steps == ()
    assert plan.refused


async def test_a_client_that_a_manager_names_is_not_removed(tmp_path: Path) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path, WEB, SPA))
    manager = replace(next(iter(fresh_objects().managers.values())), restrict_clients=True, allowed_clients=("spa",))
    objects: Objects = replace(fresh_objects(), managers={manager.id: manager})
    (refused,) = (await planned(replace(server, objects=objects), folder_of(tmp_path, WEB), prune=True)).refused
    assert refused.client_id == "spa"
    assert "access token manager" in refused.message


@pytest.mark.parametrize("rival", [CHANGE, REMOVE, ADD])
async def test_whoever_was_faster_is_noticed_and_nothing_is_done(tmp_path: Path, rival: str) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path, WEB, SPA))
    third = {**SPA, "clientId": "third"}
    plan = await planned(server, folder_of(tmp_path, {**WEB, "name": "New"}, third), prune=True)
    assert said(plan) == ["add third", "change web", "remove spa"]
    if rival == ADD:
        await add_client(server, "third")
    else:
        await change_client(server, "web" if rival == CHANGE else "spa", identity__description="mine")
    with pytest.raises(ClientChanged):
        await carry_out(plan, registry(server), "test")
    server.clients.drop_all()
    assert (await found(server, "web")).identity.name == "Web"
    assert (await server.stores.client("third") is None) is (rival != ADD)


async def test_the_mark_of_a_plan_is_that_of_its_steps_and_versions(tmp_path: Path) -> None:
    server = make_server()
    folder = folder_of(tmp_path, WEB, SPA)
    await applied(server, folder)
    other = folder_of(tmp_path, WEB, {**SPA, "name": "New"})
    mark = (await planned(server, other)).mark
    assert (await planned(server, other)).mark == mark
    await change_client(server, "spa", identity__description="mine")
    assert (await planned(server, other)).mark != mark


async def test_an_exported_folder_plans_nothing(tmp_path: Path) -> None:
    server = make_server()
    await applied(server, folder_of(tmp_path / "in", WEB, SPA, {**SPA, "clientId": ".hidden/..\\x"}))
    for client_id in ("Spa", "sPA", "ü" * 100, "x" * 256):
        await add_client(server, client_id, secret=None, authentication__method="none", grants__allowed=frozenset())
        await change_client(server, client_id, grants__allowed=(await found(server, "spa")).grants.allowed)
    writer = FolderWriter(tmp_path / "out")
    async for client_id, body in exported(server.stores, lambda _: None, server.clock.now(), Counter()):
        writer.write(client_id, body)
    folder = read_folder(tmp_path / "out")
    assert folder.problems == ()
    assert len(folder.entries) == await server.stores.count_clients() == 7
    assert "encryptedSecret" not in "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    plan = await planned(server, folder, prune=True)
    assert (plan.steps, plan.refused, plan.unchanged) == ((), (), 7)
    with pytest.raises(NotEmpty):
        FolderWriter(tmp_path / "out")


def test_a_setting_that_silence_would_change_is_written_out() -> None:
    client = CLIENT_SETTINGS.with_values(
        Client(),
        {
            "identity.client_id": "a",
            "logout.mode": LogoutMode.NONE,
            "logout.uris": ("https://app.example/out",),
        },
    )
    assert as_code(client, None, 0)["oidcPolicy"]["logoutMode"] == "NONE"


async def test_what_is_at_its_default_is_not_written_with_secrets_or_without() -> None:
    server = make_server()
    client = await add_client(server)
    plain = as_code(client, None, 0)
    assert list(plain) == ["clientId", "name", "clientAuth", "redirectUris", "grantTypes"]
    sealed = as_code(client, lambda _: "OBF:JWE:sealed", 0)
    assert sealed == {**plain, "clientAuth": {"type": "SECRET", "encryptedSecret": "OBF:JWE:sealed"}}


def test_settings_without_a_name_in_this_form_are_told() -> None:
    client = CLIENT_SETTINGS.with_values(Client(), {"access_tokens.lifetime": Override(overrides=True, value=60)})
    assert unsaid(client) == ("access_tokens.lifetime",)
    assert unsaid(Client()) == ()


def test_what_is_shown_cannot_steer_a_terminal() -> None:
    assert shown("a\x1b[2Jb\u202ec") == '"a\\u001b[2Jb\\u{202e}c"'
