"""The life of signing keys: pending, active, retired, dropped (behaviour §2.2, threat T-58).

Deciding is pure; making key pairs takes time (an RSA key up to a second), so flows call `rotate` and `first_keys` in a
thread. A key is published while it is pending, signs while it is active, and verifies until nothing it signed lives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from ostiary.keys.jws import PrivateKey, encode_segment
from ostiary.keys.vault import Vault
from ostiary.ports.changes import Change, RemoveSigningKey, SaveSigningKey
from ostiary.ports.clock import DAY, SECOND
from ostiary.ports.records import SigningKeyRecord

PERIOD_MS = 90 * DAY
"""How long a key signs before its successor takes over by age."""
JWKS_MAX_AGE_SECONDS = 600
"""How long our answer allows caches to keep the published set."""
LEAST_AHEAD_MS = 2 * JWKS_MAX_AGE_SECONDS * SECOND
"""A key that is asked to sign by hand has been published at least this long: no cache that obeys us lacks it."""
PUBLISHED_AHEAD_MS = DAY
"""A key that begins to sign by age has been published at least this long: caches that obey nobody hold half a day."""
RETIRED_FOR_MS = DAY
"""How long a retired key is kept at least; the caller raises it to the longest life of a signed token."""
SEAL = "signing-key"
RSA_BITS = 2048


class State(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"


class TooSoon(Exception):
    """The next keys were not published long enough to sign; `ready_at` (ms) says when they are."""

    def __init__(self, ready_at: int) -> None:
        super().__init__("the pending keys were not published long enough to sign")
        self.ready_at = ready_at


MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "RSA": lambda: rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
"""The families of keys, and how one is made."""


@dataclass(frozen=True, slots=True)
class Make:
    """A new key pair of a family is needed, in this state."""

    family: str
    state: State


@dataclass(frozen=True, slots=True)
class Move:
    """A key goes on to its next state."""

    key: SigningKeyRecord
    state: State


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing that this key signed lives any longer."""

    key: SigningKeyRecord


Step = Make | Move | Drop


def plan(
    records: Sequence[SigningKeyRecord],
    now: int,
    *,
    force: bool = False,
    at_once: bool = False,
    keep_ms: int = RETIRED_FOR_MS,
) -> tuple[Step, ...]:
    """What must happen at `now` to the keys of one set; empty when nothing is due. Raises `TooSoon`.

    `force` rotates whatever the age, but not before the pending keys were published for `LEAST_AHEAD_MS`. `at_once`
    does not wait for that either: for a key that leaked, when refused tokens are the lesser evil.
    """
    by_family = {family: [key for key in records if key.family == family] for family in MAKERS}
    if force and not at_once:
        _check_published_long_enough(records, now)
    steps: list[Step] = []
    for family, keys in by_family.items():
        steps += _plan_family(family, keys, now, force or at_once)
        steps += _drops(keys, now, max(keep_ms, RETIRED_FOR_MS))
    return tuple(steps)


def due(records: Sequence[SigningKeyRecord], now: int, *, keep_ms: int = RETIRED_FOR_MS) -> bool:
    """Whether `rotate` would change anything by age."""
    return bool(plan(records, now, keep_ms=keep_ms))


def rotate(
    records: Sequence[SigningKeyRecord],
    now: int,
    vault: Vault,
    *,
    force: bool = False,
    at_once: bool = False,
    keep_ms: int = RETIRED_FOR_MS,
    issuer: str = "",
) -> tuple[Change, ...]:
    """Carry out `plan` for the keys of one issuer's set; slow where key pairs are made. Raises `TooSoon`."""
    own = [key for key in records if key.issuer == issuer]
    steps = plan(own, now, force=force, at_once=at_once, keep_ms=keep_ms)
    return tuple(_change(step, now, vault, issuer) for step in steps)


def first_keys(now: int, vault: Vault, *, issuer: str = "") -> tuple[Change, ...]:
    """The first active and pending keys of a set: nobody can have cached the set before it existed."""
    return rotate((), now, vault, issuer=issuer)


def new_key(family: str, state: State, now: int, vault: Vault, *, issuer: str = "") -> SigningKeyRecord:
    """Make a key pair. Its id is a thumbprint of the key (RFC 7638), so that no id is ever used twice."""
    private = MAKERS[family]()
    public = public_jwk(private)
    kid = encode_segment(sha256(msgspec.json.encode(dict(sorted(public.items())))).digest()[:12]).decode("ascii")
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SigningKeyRecord(
        kid=kid,
        issuer=issuer,
        family=family,
        state=state.value,
        created_at=now,
        changed_at=now,
        public=msgspec.json.encode(public),
        private=vault.seal(SEAL, der, kid.encode()),
    )


def public_jwk(key: PrivateKey) -> dict[str, str]:
    """RFC 7518 §6, RFC 8037 §2: the public parts of a key pair."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point, size = public.public_numbers(), (public.key_size + 7) // 8
        curve = {256: "P-256", 384: "P-384", 521: "P-521"}[public.key_size]
        return {"kty": "EC", "crv": curve, "x": _number(point.x, size), "y": _number(point.y, size)}
    return {"kty": "OKP", "crv": "Ed25519", "x": encode_segment(public.public_bytes_raw()).decode("ascii")}


def _number(value: int, size: int | None = None) -> str:
    return encode_segment(value.to_bytes(size or (value.bit_length() + 7) // 8, "big")).decode("ascii")


def _plan_family(family: str, keys: Sequence[SigningKeyRecord], now: int, asked: bool) -> list[Step]:
    active = sorted((key for key in keys if key.state == State.ACTIVE), key=lambda key: key.changed_at)
    pending = sorted((key for key in keys if key.state == State.PENDING), key=lambda key: key.created_at)
    if not active:  # nobody signs: the pending key may, however young it is
        first: Step = Move(pending[0], State.ACTIVE) if pending else Make(family, State.ACTIVE)
        return [first, Make(family, State.PENDING)] if len(pending) < 2 else [first]
    if not pending:
        return [Make(family, State.PENDING)]
    ripe = now - pending[0].created_at >= PUBLISHED_AHEAD_MS and now - active[-1].changed_at >= PERIOD_MS
    if not (asked or ripe):
        return []
    return [
        Move(pending[0], State.ACTIVE),
        *(Move(key, State.RETIRED) for key in active),
        Make(family, State.PENDING),
    ]


def _drops(keys: Sequence[SigningKeyRecord], now: int, keep_ms: int) -> list[Step]:
    """The newest retired key stays until the next rotation: hints to log somebody out are older than their lifetime."""
    retired = sorted((key for key in keys if key.state == State.RETIRED), key=lambda key: key.changed_at)
    return [Drop(key) for key in retired[:-1] if key.changed_at + keep_ms <= now]


def _check_published_long_enough(records: Sequence[SigningKeyRecord], now: int) -> None:
    ready_at = max((key.created_at for key in records if key.state == State.PENDING), default=0) + LEAST_AHEAD_MS
    if now < ready_at:
        raise TooSoon(ready_at)


def _change(step: Step, now: int, vault: Vault, issuer: str) -> Change:
    if isinstance(step, Drop):
        return RemoveSigningKey(step.key.kid)
    if isinstance(step, Move):
        return SaveSigningKey(replace(step.key, state=step.state.value, changed_at=now))
    return SaveSigningKey(new_key(step.family, step.state, now, vault, issuer=issuer))
