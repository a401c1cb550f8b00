"""The registry of clients for one snapshot: what every interface that manages clients works with."""

from ostiary.clients.registry import ClientRegistry
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.clients.sectors import Unreachable
from ostiary.server import Server
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.facts import facts
from ostiary.server_settings.objects import Objects


def registry(server: Server, unreachable: Unreachable = Unreachable.WARN) -> ClientRegistry:
    """Creates, replaces and deletes clients by the rules of this snapshot.

    `unreachable` says what becomes of a sector document that cannot be fetched; with `SKIP` none is fetched.
    """
    return registry_under(server, server.settings, server.objects, unreachable)


def registry_under(
    server: Server, settings: ServerSettings, objects: Objects, unreachable: Unreachable = Unreachable.WARN
) -> ClientRegistry:
    """The same by the rules of other settings: those that will be, when clients change together with them."""
    return ClientRegistry(
        stores=server.stores,
        clock=server.clock,
        events=server.events,
        secrets=secret_keeper(server),
        facts=facts(settings, objects),
        retention_minutes=settings.secrets.retention_minutes,
        recoverable_secrets=settings.compatibility.recoverable_secrets,
        outbound=server.outbound,
        unreachable=unreachable,
    )


def secret_keeper(server: Server) -> SecretKeeper:
    """Makes, checks and conceals the secrets of clients."""
    return SecretKeeper(server.vault, server.passwords)
