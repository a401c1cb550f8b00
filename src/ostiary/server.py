"""What flows receive, and rules do not: one immutable snapshot of settings with the doors to the outside.

A request is given one `Server` and works with it from start to end; a change of configuration makes a new one.
"""

from dataclasses import dataclass, field

from ostiary.clients.credential_use import CredentialUse
from ostiary.clients.directory import ClientDirectory
from ostiary.keys.passwords import Passwords
from ostiary.keys.ring import KeyRing
from ostiary.keys.vault import Vault
from ostiary.ports.clock import Clock
from ostiary.ports.events import Events
from ostiary.ports.limits import Limits
from ostiary.ports.outbound import NoOutbound, Outbound
from ostiary.ports.stores import Stores
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.objects import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The house as one request sees it."""

    issuer: str
    """The issuer this request was resolved to: a URL without a slash at its end; also the base of every endpoint."""
    settings: ServerSettings
    """The server-wide settings, as of the start of the request."""
    objects: Objects
    """Managers, mappings, policies and validators, built from the stored objects."""
    clients: ClientDirectory
    """Clients by id, from a bounded cache that obeys changes."""
    stores: Stores
    clock: Clock
    events: Events
    limits: Limits
    vault: Vault
    """Keyed digests, sealing and derived keys; everything that comes from the key file."""
    keys: KeyRing
    """The signing keys in force for this issuer, with prepared signers and the published set."""
    passwords: Passwords
    """Slow hashes, off the loop, with a bounded cache of what was verified."""
    outbound: Outbound = field(default_factory=NoOutbound)
    """The one way to the web servers of others, with its cache."""
    credential_use: CredentialUse = field(default_factory=CredentialUse)
    """Which secrets and keys were used since the last batch of notes."""
    demo: bool = False
    """Whether the demo and its playground are served."""
