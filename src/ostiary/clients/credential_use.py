"""Which secret or key a client used last: noted in memory where clients authenticate, written in batches elsewhere.

A credential is told by a mark: of a secret, a digest of what is stored of it, which is no help to anybody.
"""

from hashlib import sha256

from ostiary.clients.client import Client
from ostiary.declare import SecretValue, StoredSecret

MOST_OTHERS = 10_000
"""Uses of other credentials than present secrets that are remembered between two batches."""


def mark_of(secret: StoredSecret) -> str:
    """How the uses of a secret are told from those of the client's other credentials."""
    return "secret:" + sha256(secret.scheme.encode() + b"\0" + secret.digest).hexdigest()[:16]


class CredentialUse:
    """The uses since the last batch, of one process."""

    __slots__ = ("_others", "present")

    def __init__(self) -> None:
        self.present: dict[str, SecretValue | None] = {}
        """Clients by id, with the present secret they used: on the hot path one assignment, and nothing else."""
        self._others: dict[tuple[str, str], int] = {}

    def note(self, client: Client, secret: StoredSecret, at: int) -> None:
        """This client proved itself with this secret of its own."""
        if secret is client.authentication.secret:
            self.present[client.client_id] = secret
        else:
            self.note_other(client.client_id, mark_of(secret), at)

    def note_other(self, client_id: str, credential: str, at: int) -> None:
        """This client used another credential: a secondary secret, or a key (``key:`` and its thumbprint)."""
        if (client_id, credential) in self._others or len(self._others) < MOST_OTHERS:
            self._others[client_id, credential] = at

    def take(self, now: int) -> list[tuple[str, str, int]]:
        """What was noted since the last call: client, mark, time. For present secrets that is the time of this call."""
        present, self.present = self.present, {}
        others, self._others = self._others, {}
        found = [(client_id, mark_of(one), now) for client_id, one in present.items() if isinstance(one, StoredSecret)]
        return found + [(client_id, credential, at) for (client_id, credential), at in others.items()]
