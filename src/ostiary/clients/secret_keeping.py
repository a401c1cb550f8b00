"""How client secrets are kept: a keyed digest or a slow hash, and a sealed copy only where a setting needs one.

A secret of 22 characters or more is too long to guess, so a keyed digest of it (HMAC) is enough and costs nothing. A
shorter one is hashed slowly (argon2id). The client's id goes into every digest and seal: what is kept for one client
says nothing about another.
"""

import base64
import secrets
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ostiary.declare import StoredSecret
from ostiary.secret import Secret

LONG_ENOUGH = 22
"""Characters from which a secret cannot be guessed (128 bits in base64)."""
HMAC = "hmac"
ARGON2ID = "argon2id"
OURS = frozenset({HMAC, ARGON2ID})
"""A secret of any other scheme came from another server, and is kept our way once it has been presented."""
PREFIX = "OBF:JWE:"
"""What tools expect an encrypted secret to begin with."""
_CHECKED = "client-secret"
_SEALED = "client-secret-value"
_ECHOED = "client-secret-echo"


def new_secret() -> Secret:
    """A secret of 64 random letters and digits (about 380 bits)."""
    return Secret(random_letters_and_digits(64))


def random_letters_and_digits(length: int) -> str:
    """As many of them, each as likely as any other: base64 without its two signs (a twentieth of choosing singly)."""
    found = ""
    while len(found) < length:
        found += base64.b64encode(secrets.token_bytes(2 * length)).translate(None, b"+/=").decode()
    return found[:length]


class UnknownEcho(ValueError):
    """The text was not made here, or stands for the secret of another client."""


class Sealing(Protocol):
    """What is needed of the vault."""

    def digest(self, purpose: str, value: bytes) -> bytes:
        """A keyed digest."""

    def check_digest(self, purpose: str, value: bytes, digest: bytes) -> bool:
        """Whether the digest was made from the value, in constant time."""

    def seal(self, purpose: str, plaintext: bytes, context: bytes = b"") -> bytes:
        """Encrypt and authenticate."""

    def open(self, purpose: str, sealed: bytes, context: bytes = b"") -> bytes:
        """The plaintext; raises when it was not sealed here for this purpose and context."""


class Hashing(Protocol):
    """What is needed of the slow hashes."""

    async def hash(self, password: Secret) -> str:
        """An argon2id hash in its text form."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits."""


class _Echo(msgspec.Struct, array_like=True):
    scheme: str
    digest: bytes
    sealed: bytes | None
    length: int


_DECODER = msgspec.msgpack.Decoder(_Echo)


@dataclass(frozen=True, slots=True)
class SecretKeeper:
    """Makes, checks and hands back stored secrets."""

    vault: Sealing
    passwords: Hashing

    async def keep(self, secret: Secret, client_id: str, *, recoverable: bool) -> StoredSecret:
        """A secret as it may be stored; with a sealed copy if its clear value will be needed."""
        clear = secret.reveal()
        value = clear.encode()
        sealed = self.vault.seal(_SEALED, value, client_id.encode()) if recoverable else None
        if len(clear) >= LONG_ENOUGH:
            return StoredSecret(HMAC, self.vault.digest(_CHECKED, _bound(client_id, value)), sealed, len(value))
        return StoredSecret(ARGON2ID, (await self.passwords.hash(secret)).encode(), sealed, len(value))

    async def fits(self, stored: StoredSecret, presented: str, client_id: str) -> bool:
        """RFC 6749 §2.3.1: whether this is the secret, in constant time."""
        if stored.scheme == HMAC:
            value = _bound(client_id, presented.encode("utf-8", "surrogatepass"))
            return self.vault.check_digest(_CHECKED, value, stored.digest)
        return await self.passwords.verify(stored.digest.decode(), presented)

    def taken_over(self, scheme: str, text: str) -> StoredSecret:
        """A hash that another server made, to be checked by its own scheme."""
        return StoredSecret(scheme, text.encode("ascii"))

    def recovered(self, stored: StoredSecret, client_id: str) -> Secret | None:
        """The clear value, for HMAC and symmetric encryption; None when no copy was kept."""
        if stored.sealed is None:
            return None
        return Secret(self.vault.open(_SEALED, stored.sealed, client_id.encode()).decode())

    def trimmed(self, stored: StoredSecret, *, recoverable: bool) -> StoredSecret:
        """The same secret, without its sealed copy where nothing needs it any more."""
        if recoverable or stored.sealed is None:
            return stored
        return StoredSecret(stored.scheme, stored.digest, None, stored.length)

    def echo(self, stored: StoredSecret, client_id: str) -> str:
        """An opaque text that stands for the secret; another one at every call."""
        packed = msgspec.msgpack.encode(_Echo(stored.scheme, stored.digest, stored.sealed, stored.length))
        return PREFIX + base64.urlsafe_b64encode(self.vault.seal(_ECHOED, packed, client_id.encode())).decode()

    def echoed(self, text: str, client_id: str) -> StoredSecret:
        """What an echo stands for; raises `UnknownEcho`."""
        try:
            sealed = base64.urlsafe_b64decode(text.removeprefix(PREFIX).encode())
            found = _DECODER.decode(self.vault.open(_ECHOED, sealed, client_id.encode()))
        except Exception as problem:  # whatever is wrong with it, it is not one of ours
            raise UnknownEcho("this text does not stand for a secret of this client") from problem
        return StoredSecret(found.scheme, found.digest, found.sealed, found.length)


def _bound(client_id: str, value: bytes) -> bytes:
    return client_id.encode() + b"\0" + value
