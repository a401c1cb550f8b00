"""The key ring: the signing keys in force, with prepared signers and verifiers, and the published set ready to send."""

from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from ostiary.errors import ServerError, Why
from ostiary.keys.jws import BadToken, Claims, Parsed, PrivateKey, PublicKey, Signer, Verifier
from ostiary.keys.rotation import SEAL, State
from ostiary.keys.vault import Vault
from ostiary.ports.records import SigningKeyRecord
from ostiary.words import SigningAlgorithm as Alg

ALGORITHMS: dict[str, tuple[Alg, ...]] = {
    "RSA": (Alg.RS256, Alg.RS384, Alg.RS512, Alg.PS256, Alg.PS384, Alg.PS512),
    "P-256": (Alg.ES256,),
    "P-384": (Alg.ES384,),
    "P-521": (Alg.ES512,),
    "Ed25519": (Alg.EDDSA,),
}
"""What the keys of a family sign. An RSA key is published once per algorithm, so that each JWK has one ``alg``."""
_ORDER = {State.ACTIVE: 0, State.PENDING: 1, State.RETIRED: 2}
_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}


MOST_VERIFIED = 4096
"""Tokens whose good signature is remembered, a few kilobytes each."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that one of our keys signed."""

    typ: str
    """In lower case, without ``application/``; empty when the header has none."""
    algorithm: str
    claims: Mapping[str, Any]


class KeyRing:
    """The keys of one issuer's set. Immutable: rotation makes a new ring."""

    __slots__ = ("_signers", "_verified", "_verifiers", "etag", "jwks")

    def __init__(self, signers: dict[Alg, Signer], verifiers: dict[str, Verifier], jwks: bytes) -> None:
        self._signers = signers
        self._verifiers = verifiers
        self._verified: OrderedDict[bytes, Verified] = OrderedDict()
        self.jwks = jwks
        """RFC 7517 §5: the published set, as JSON ready to send."""
        self.etag = f'"{sha256(jwks).hexdigest()[:32]}"'
        """RFC 9110 §8.8.3: a strong validator of `jwks`."""

    @classmethod
    def open(cls, records: Sequence[SigningKeyRecord], vault: Vault, issuer: str = "") -> "KeyRing":
        """The ring of an issuer: its own keys if it has any, else those that all issuers share.

        Raises `Unsealable` when the records were sealed under another key file.
        """
        own = [key for key in records if key.issuer == issuer] or [key for key in records if not key.issuer]
        own.sort(key=lambda key: (_ORDER[State(key.state)], -key.changed_at, key.kid))
        signers: dict[Alg, Signer] = {}
        verifiers: dict[str, Verifier] = {}
        published: list[dict[str, Any]] = []
        for record in own:
            jwk: dict[str, str] = msgspec.json.decode(record.public)
            public = public_key(jwk)
            for algorithm in ALGORITHMS[record.family]:
                kid = published_kid(record, algorithm)
                verifiers[kid] = Verifier.asymmetric(algorithm, kid, public)
                published.append({**jwk, "use": "sig", "alg": str(algorithm), "kid": kid})
            if record.state == State.ACTIVE:
                _add_signers(signers, record, vault)
        return cls(signers, verifiers, msgspec.json.encode({"keys": published}))

    @property
    def algorithms(self) -> frozenset[Alg]:
        """The asymmetric algorithms that can sign now."""
        return frozenset(self._signers)

    def signer(self, algorithm: Alg, setting: str = "") -> Signer:
        """The active signer; raises `ServerError`, naming the setting that asks, when no key can sign so (§2.2)."""
        signer = self._signers.get(algorithm)
        if signer is None:
            why = Why(rule="behaviour §2.2", setting=setting, compared={"algorithm": str(algorithm)})
            raise ServerError("there is no signing key for the algorithm", why)
        return signer

    def claims(self, token: Parsed) -> Claims:
        """The claims of a token that one of these keys signed; raises `BadToken` for any other.

        The header's `kid` is only looked up, and the algorithm is the one that key is published for (threats T-22,
        T-23). A token without `kid`, which a setting allows, is tried with every key of its algorithm.
        """
        if token.kid:
            verifier = self._verifiers.get(token.kid)
            if verifier is None:
                raise BadToken("no key of ours has this id")
            return verifier.claims(token)
        for verifier in self._verifiers.values():
            if verifier.algorithm == token.header.get("alg"):
                with suppress(BadToken):
                    return verifier.claims(token)
        raise BadToken("no key of ours signed this")

    def verified(self, text: str) -> "Verified":
        """The same for a compact serialization; a signature found good is remembered until the ring changes.

        At most `MOST_VERIFIED` tokens are remembered, by their digest; the one not seen for longest is forgotten first.
        Only the signature is settled by this: whoever asks still looks at expiry and revocation each time.
        """
        mark = sha256(text.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(mark)
        if known is not None:
            self._verified.move_to_end(mark)
            return known
        token = Parsed.of(text)
        found = Verified(token.typ, token.header["alg"], MappingProxyType(self.claims(token)))
        self._verified[mark] = found
        if len(self._verified) > MOST_VERIFIED:
            self._verified.popitem(last=False)
        return found

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._verifiers)})"


def published_kid(record: SigningKeyRecord, algorithm: Alg) -> str:
    """RFC 7517 §4.5: distinct for each published key."""
    return f"{record.kid}-{algorithm}" if len(ALGORITHMS[record.family]) > 1 else record.kid


def public_key(jwk: dict[str, str]) -> PublicKey:
    """The key object of a public JWK of ours."""
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(_integer(jwk["e"]), _integer(jwk["n"])).public_key()
    if jwk["kty"] == "EC":
        return ec.EllipticCurvePublicNumbers(_integer(jwk["x"]), _integer(jwk["y"]), _CURVES[jwk["crv"]]).public_key()
    return ed25519.Ed25519PublicKey.from_public_bytes(_octets(jwk["x"]))


def _add_signers(signers: dict[Alg, Signer], record: SigningKeyRecord, vault: Vault) -> None:
    """The newest active key of a family signs; an older one beside it (two rotations met) only verifies."""
    missing = [algorithm for algorithm in ALGORITHMS[record.family] if algorithm not in signers]
    if not missing:
        return
    der = vault.open(SEAL, record.private, record.kid.encode())
    # Validating an RSA key costs 100 ms and proves nothing here: the seal already says that we wrote it.
    private = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, PrivateKey)
    for algorithm in missing:
        signers[algorithm] = Signer.asymmetric(algorithm, published_kid(record, algorithm), private)


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def _integer(text: str) -> int:
    return int.from_bytes(_octets(text), "big")
