"""Secrets whose hashes came from another server are kept our way from the first time they are presented."""

from dataclasses import replace

from ostiary.audit.events import ClientSecretTakenOver
from ostiary.audit.evidence import Doors, commit
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.prepared import record_of
from ostiary.clients.rules.secrets import needs_clear_secret
from ostiary.clients.secret_keeping import OURS, SecretKeeper
from ostiary.declare import StoredSecret
from ostiary.ports.changes import Conflict, SaveClient
from ostiary.ports.stores import StoreUnavailable
from ostiary.secret import Secret

MOST_CERTAIN_BYTES = 72
"""Of a longer secret some schemes (bcrypt) look at the beginning only: what fits need not be what was meant."""


async def take_over(
    client: Client, stored: StoredSecret, presented: str, keeper: SecretKeeper, doors: Doors, *, recoverable: bool
) -> None:
    """Keep `presented`, which was just found to fit `stored`, by our scheme. No setting of the client changes.

    When somebody else changes the client at this moment, or the store is away, the next success does it.
    """
    if stored.scheme in OURS or len(presented.encode("utf-8", "surrogatepass")) > MOST_CERTAIN_BYTES:
        return
    kept = await keeper.keep(Secret(presented), client.client_id, recoverable=recoverable or needs_clear_secret(client))
    own = client.authentication
    after = CLIENT_SETTINGS.with_values(
        client,
        {
            "authentication.secret": kept if own.secret is stored else own.secret,
            "authentication.secondary_secrets": tuple(
                replace(one, secret=kept) if one.secret is stored else one for one in own.secondary_secrets
            ),
        },
    ).at_version(client.version + 1)
    told = ClientSecretTakenOver(client_id=client.client_id, scheme=stored.scheme)
    try:
        await commit(doors, SaveClient(record_of(after), client.version), told)
    except (Conflict, StoreUnavailable):
        return
