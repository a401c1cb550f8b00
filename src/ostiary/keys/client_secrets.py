"""The keeper of client secrets: how one is kept, checked, and had again where a setting needs its clear value.

A secret too long to guess is kept as a keyed digest, which costs microseconds to check; a short one as a slow hash. The
clear value is kept, sealed, only where the caller says that a setting needs it.
"""

from ostiary.declare.secrets import StoredSecret
from ostiary.keys.passwords import Passwords
from ostiary.keys.vault import Vault
from ostiary.secret import Secret

PURPOSE = "client-secret"
KEYED, SLOW = "hmac", "argon2id"
LEAST_KEYED_CHARACTERS = 22
"""From this length on (132 bits of base64url) guessing is hopeless, however fast one digest is."""


class Unrecoverable(Exception):
    """The clear value of this secret was not kept."""


async def keep(secret: Secret, *, recoverable: bool, vault: Vault, passwords: Passwords) -> StoredSecret:
    """Make a secret ready to be stored."""
    text = secret.reveal()
    if len(text) >= LEAST_KEYED_CHARACTERS:
        scheme, digest = KEYED, vault.digest(PURPOSE, text.encode())
    else:
        scheme, digest = SLOW, (await passwords.hash(secret)).encode()
    sealed = vault.seal(PURPOSE, text.encode()) if recoverable else None
    return StoredSecret(scheme, digest, sealed, len(text.encode()))


def fits_keyed(stored: StoredSecret, presented: str, vault: Vault) -> bool:
    """Whether a presented text is the secret, for those kept as a keyed digest; in constant time."""
    return vault.check_digest(PURPOSE, presented.encode("utf-8", "surrogatepass"), stored.digest)


async def fits_slowly(stored: StoredSecret | None, presented: str, passwords: Passwords) -> bool:
    """The same for those kept as a slow hash. None costs as much and never fits."""
    return await passwords.verify(None if stored is None else stored.digest.decode("ascii"), presented)


def clear_value(stored: StoredSecret, vault: Vault) -> Secret:
    """The clear value; raises `Unrecoverable` when it was not kept, `Unsealable` when its key is gone."""
    if stored.sealed is None:
        raise Unrecoverable
    return Secret(vault.open(PURPOSE, stored.sealed).decode())
