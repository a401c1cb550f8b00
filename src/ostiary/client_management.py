"""The registry of clients for one snapshot: what every interface that manages clients works with."""

from ostiary.clients.registry import ClientRegistry
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.server import Server
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.facts import facts
from ostiary.server_settings.objects import Objects


def registry(server: Server) -> ClientRegistry:
    """Creates, replaces and deletes clients by the rules of this snapshot."""
    return registry_under(server, server.settings, server.objects)


def registry_under(server: Server, settings: ServerSettings, objects: Objects) -> ClientRegistry:
    """The same by the rules of other settings: those that will be, when clients change together with them."""
    return ClientRegistry(
        stores=server.stores,
        clock=server.clock,
        events=server.events,
        secrets=secret_keeper(server),
        facts=facts(settings, objects),
        retention_minutes=settings.secrets.retention_minutes,
        recoverable_secrets=settings.compatibility.recoverable_secrets,
    )


def secret_keeper(server: Server) -> SecretKeeper:
    """Makes, checks and conceals the secrets of clients."""
    return SecretKeeper(server.vault, server.passwords)
