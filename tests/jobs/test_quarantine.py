"""Clients that registered themselves and are not used are disabled and then go; nobody else's are touched."""

from dataclasses import replace

import pytest

from ostiary.client_management import registry
from ostiary.clients.dialects import admin
from ostiary.jobs.lease import Job, Lease, run_once
from ostiary.jobs.quarantine import quarantine_unused
from ostiary.ports.changes import AddRegistration
from ostiary.ports.records import RegistrationRecord
from ostiary.server import Server
from ostiary.server_settings.objects import Objects
from tests.house import add_client, changed, clock_of, events_of, found, fresh_objects, make_server

pytestmark = pytest.mark.anyio


def registration_of(client_id: str) -> RegistrationRecord:
    return RegistrationRecord(
        client_id=client_id, created_at=0, token=b"t", source="192.0.2.1", vouched_by="", document=b"{}"
    )


async def server_with(*client_ids: str, quarantine: int = 30, delete: int = 10) -> Server:
    server = make_server(unused_registrations__quarantine_days=quarantine, unused_registrations__delete_days=delete)
    for client_id in client_ids:
        now = clock_of(server).now()
        await add_client(server, client_id, identity__created_at=now, identity__modified_at=now)
        if client_id.startswith("own-"):
            await server.stores.commit(AddRegistration(registration_of(client_id)))
    return server


async def days_later(server: Server, days: int, *used: str) -> Server:
    """After so many days, on which these clients were used, and a run of the job."""
    clock_of(server).advance(seconds=days * 24 * 3600)
    await server.stores.last_used([(client_id, clock_of(server).now()) for client_id in used])

    async def work(lease: Lease) -> None:
        await quarantine_unused(server, lease)

    assert await run_once(Job(name="unused-clients", every_seconds=3600, work=work), server.stores, server.clock, "a")
    server.clients.drop_all()
    return server


async def test_an_unused_registered_client_is_disabled_then_removed_and_a_used_one_is_not() -> None:
    server = await server_with("own-idle", "own-busy", "made-by-hand")
    await days_later(server, 29, "own-busy")
    assert events_of(server).names == []
    await days_later(server, 1, "own-busy")
    idle = await found(server, "own-idle")
    assert (idle.identity.enabled, idle.identity.quarantined_at) == (False, clock_of(server).now())
    assert admin.write_client(idle, None, 0)["quarantineDate"]
    assert events_of(server).names == ["client.quarantined"]
    await days_later(server, 9, "own-busy")
    assert await server.stores.count_clients() == 3
    await days_later(server, 1, "own-busy")
    assert await server.stores.client("own-idle") is None
    assert (await found(server, "own-busy")).identity.enabled
    assert (await found(server, "made-by-hand")).identity.enabled
    assert events_of(server).names == ["client.quarantined", "client.deleted"]


async def test_enabling_a_client_ends_its_quarantine_and_begins_its_time_anew() -> None:
    server = await server_with("own-idle")
    await days_later(server, 30)
    body = {
        "clientId": "own-idle", "name": "Back", "grantTypes": ["CLIENT_CREDENTIALS"], "clientAuth": {"type": "SECRET"},
    }  # fmt: skip
    await registry(server).replace_many([("own-idle", lambda current: admin.read(body, current))], "admin")
    await days_later(server, 29)
    back = await found(server, "own-idle")
    assert (back.identity.enabled, back.identity.quarantined_at) == (True, 0)
    await days_later(server, 1)
    assert not (await found(server, "own-idle")).identity.enabled


async def test_a_client_that_an_administrator_disabled_is_not_removed() -> None:
    server = await server_with("own-off")
    body = {
        "clientId": "own-off", "name": "Off", "enabled": False, "grantTypes": ["CLIENT_CREDENTIALS"],
        "clientAuth": {"type": "SECRET"},
    }  # fmt: skip
    await registry(server).replace_many([("own-off", lambda current: admin.read(body, current))], "admin")
    await days_later(server, 1000)
    assert await server.stores.client("own-off") is not None


@pytest.mark.parametrize(("quarantine", "delete", "left"), [(0, 10, True), (30, 0, True), (30, 10, False)])
async def test_nothing_happens_unless_it_is_asked_for(quarantine: int, delete: int, left: bool) -> None:
    server = await server_with("own-idle", quarantine=quarantine, delete=delete)
    await days_later(server, 1000)
    await days_later(server, 1000)
    assert (await server.stores.client("own-idle") is not None) is left
    if left:
        assert (await found(server, "own-idle")).identity.enabled is (quarantine == 0)


async def test_a_client_that_a_manager_names_stays_disabled() -> None:
    server = await server_with("own-idle")
    manager = replace(
        next(iter(fresh_objects().managers.values())), restrict_clients=True, allowed_clients=("own-idle",)
    )
    objects: Objects = replace(fresh_objects(), managers={manager.id: manager})
    server = replace(server, objects=objects)
    await days_later(server, 30)
    await days_later(server, 1000)
    assert not (await found(server, "own-idle")).identity.enabled


async def test_a_changed_policy_counts_from_the_next_run() -> None:
    server = await server_with("own-idle", quarantine=0)
    await days_later(server, 100)
    await days_later(changed(server, unused_registrations__quarantine_days=90), 0)
    assert not (await found(server, "own-idle")).identity.enabled
