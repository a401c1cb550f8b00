"""A secret setting on its way: as it is sent in, as we hand it back for echo, and as it is kept."""

from dataclasses import dataclass, field
from typing import TypeAlias

from ostiary.secret import Secret


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret somebody just sent. It never reaches a store."""

    secret: Secret


@dataclass(frozen=True, slots=True)
class EchoedSecret:
    """The opaque text of an earlier answer, sent back to keep the secret it stands for."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret as it is kept: what checks it, and, only where a setting needs the clear value, a sealed copy."""

    scheme: str
    """``hmac`` (keyed digest, for secrets too long to guess) or ``argon2id``; or that of another server's hash."""
    digest: bytes = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    """The clear value, sealed; only its keeper can open it."""
    length: int = 0
    """Of the secret in UTF-8 bytes; HMAC algorithms ask for a least length."""

    @property
    def is_recoverable(self) -> bool:
        """Whether the clear value can be had again."""
        return self.sealed is not None


SecretValue: TypeAlias = StoredSecret | NewSecret | EchoedSecret


@dataclass(frozen=True, slots=True)
class SecondarySecret:
    """A secret that counts until its time."""

    secret: SecretValue
    expires_at: int
    """In milliseconds."""
    expiry_as_sent: str = field(default="", compare=False)
