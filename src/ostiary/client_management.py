"""The registry of clients for one snapshot: what every interface that manages clients works with."""

from ostiary.clients.registry import ClientRegistry
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.clients.sectors import Unreachable
from ostiary.server import Server
from ostiary.server_settings.facts import facts


def registry(server: Server, unreachable: Unreachable = Unreachable.WARN) -> ClientRegistry:
    """Creates, replaces and deletes clients by the rules of this snapshot.

    `unreachable` says what becomes of a sector document that cannot be fetched; with `SKIP` none is fetched.
    """
    settings = server.settings
    return ClientRegistry(
        stores=server.stores,
        clock=server.clock,
        events=server.events,
        secrets=SecretKeeper(server.vault, server.passwords),
        facts=facts(settings, server.objects),
        retention_minutes=settings.secrets.retention_minutes,
        recoverable_secrets=settings.compatibility.recoverable_secrets,
        outbound=server.outbound,
        unreachable=unreachable,
    )
