"""Hashes of secrets that another server made: bcrypt, PBKDF2 and argon2 in their usual text forms.

A hash says itself what checking it costs. Whoever sends one in must not decide how much work we do for every guess
(threat T-62), so its parameters are judged when it comes in, and a hash that is too cheap to resist or too dear to
check is refused then.
"""

import hashlib
import hmac
import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError

BCRYPT = "bcrypt"
PBKDF2 = "pbkdf2"
ARGON2 = "argon2"
"""Of another server: of any variant, and with parameters of its own."""

BCRYPT_BYTES = 72
"""Of a longer secret bcrypt looks at these alone."""
_BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}")
_PBKDF2 = re.compile(
    r"\$pbkdf2-(sha1|sha256|sha512)\$i=(\d{1,9})(?:,l=(\d{1,4}))?\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)"
)
BCRYPT_COSTS = range(4, 15)
PBKDF2_ROUNDS = range(1_000, 5_000_001)
KEY_BYTES = range(16, 129)
SALT_BYTES = range(8, 129)
ARGON2_MEMORY_KIB = range(8, 256 * 1024 + 1)
ARGON2_PASSES = range(1, 11)
ARGON2_LANES = range(1, 9)


class NotUsable(ValueError):
    """This hash cannot be taken over; the message says why, without the hash."""


@dataclass(frozen=True, slots=True)
class _Pbkdf2:
    digest: str
    rounds: int
    salt: bytes
    key: bytes


def scheme_of(text: str) -> str:
    """Which scheme a hash is of, with parameters that can be borne; raises `NotUsable`."""
    if found := _BCRYPT.fullmatch(text):
        _within("the cost", int(found[1]), BCRYPT_COSTS)
        return BCRYPT
    if text.startswith("$pbkdf2"):
        _pbkdf2(text)
        return PBKDF2
    if text.startswith("$argon2"):
        _judge_argon2(text)
        return ARGON2
    raise NotUsable("is no hash of a kind that is known here (bcrypt, PBKDF2, argon2)")


def looks_like_hash(text: str) -> bool:
    """Whether somebody means a hash, known here or not, rather than a secret in clear."""
    return re.match(r"\$[a-z0-9-]{1,20}\$", text) is not None and text.count("$") >= 3


def fits(text: str, presented: str) -> bool:
    """Whether the secret fits a bcrypt or PBKDF2 hash. Slow, as it should be: it belongs into the pool."""
    secret = presented.encode("utf-8", "surrogatepass")
    try:
        if text.startswith("$2"):
            import bcrypt  # only where there is such a hash

            return bcrypt.checkpw(secret[:BCRYPT_BYTES], text.encode("ascii"))
        known = _pbkdf2(text)
        made = hashlib.pbkdf2_hmac(known.digest, secret, known.salt, known.rounds, len(known.key))
        return hmac.compare_digest(made, known.key)
    except ValueError:
        return False


def _pbkdf2(text: str) -> _Pbkdf2:
    found = _PBKDF2.fullmatch(text)
    if found is None:
        raise NotUsable("is no PBKDF2 hash of the form $pbkdf2-sha256$i=…,l=…$salt$key")
    rounds, length, salt, key = int(found[2]), found[3], _bytes(found[4]), _bytes(found[5])
    _within("the number of rounds", rounds, PBKDF2_ROUNDS)
    _within("the length of the key", len(key), KEY_BYTES)
    _within("the length of the salt", len(salt), SALT_BYTES)
    if length is not None and int(length) != len(key):
        raise NotUsable("says another length than its key has")
    return _Pbkdf2(found[1], rounds, salt, key)


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except NotBase64:
        raise NotUsable("is not base64") from None


def _judge_argon2(text: str) -> None:
    if len(text) > 512 or not text.isascii():
        raise NotUsable("is no argon2 hash")
    try:
        parameters = extract_parameters(text)
    except (InvalidHashError, ValueError, KeyError):
        raise NotUsable("is no argon2 hash") from None
    _within("the memory (KiB)", parameters.memory_cost, ARGON2_MEMORY_KIB)
    _within("the number of passes", parameters.time_cost, ARGON2_PASSES)
    _within("the number of lanes", parameters.parallelism, ARGON2_LANES)
    _within("the length of the key", parameters.hash_len, KEY_BYTES)
    _within("the length of the salt", parameters.salt_len, SALT_BYTES)


def _within(what: str, value: int, bounds: range) -> None:
    if value not in bounds:
        raise NotUsable(f"{what} must be {bounds.start} to {bounds.stop - 1}, and is {value}")
