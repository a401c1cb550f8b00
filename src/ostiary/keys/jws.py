"""JSON Web Signatures on the hot path: prepared signers, and strict verification of the tokens we made ourselves.

Everything that can be prepared is: the header segment and the key object are made once per signer. Whoever verifies
names the algorithm and the key; a token's header is only ever compared with them (RFC 8725 §3.1).
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ostiary.words import SYMMETRIC_SIGNING, SigningAlgorithm

MOST_TOKEN_CHARACTERS = 16 * 1024
"""What a token of ours may weigh at most; a longer text is refused before anything of it is decoded (threat T-25)."""
MOST_HEADER_CHARACTERS = 2 * 1024
MOST_HEADERS = 64
"""How many header segments a signer keeps; they differ in `typ` only, which comes from settings."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
Claims = dict[str, Any]

HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {SigningAlgorithm.ES256: "secp256r1", SigningAlgorithm.ES384: "secp384r1", SigningAlgorithm.ES512: "secp521r1"}
LEAST_RSA_BITS = 2048

_encode = msgspec.json.Encoder().encode


class BadToken(Exception):
    """The text is no token that this key signed; the message says what was wrong, without the token."""


class UnsuitableKey(Exception):
    """The key does not fit the algorithm: another type or curve, or too short (RFC 7518 §3, threat T-22)."""


def encode_segment(data: bytes) -> bytes:
    """RFC 7515 §2: base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=")


def decode_segment(segment: bytes) -> bytes:
    """The octets of a segment; raises `BadToken` for every text but the one `encode_segment` writes (threat T-24)."""
    try:
        data = urlsafe_b64decode(segment + b"==")
    except ValueError:
        raise BadToken("a segment is not base64url") from None
    if encode_segment(data) != segment:
        raise BadToken("a segment is not canonical base64url")
    return data


class Signer:
    """One algorithm with one key, ready to sign."""

    __slots__ = ("_headers", "_raw", "algorithm", "kid")

    def __init__(self, algorithm: SigningAlgorithm, kid: str, raw: Callable[[bytes], bytes]) -> None:
        self.algorithm = algorithm
        self.kid = kid
        """The published id of the key; empty for a key that only two parties share."""
        self._raw = raw
        self._headers: dict[tuple[str, bool], bytes] = {}

    @classmethod
    def asymmetric(cls, algorithm: SigningAlgorithm, kid: str, key: PrivateKey) -> "Signer":
        """RS*, PS*, ES* or EdDSA; raises `UnsuitableKey` when the key is not of the algorithm's kind."""
        return cls(algorithm, kid, _raw_signer(algorithm, key))

    @classmethod
    def symmetric(cls, algorithm: SigningAlgorithm, secret: bytes) -> "Signer":
        """HS*, keyed with a client's secret; raises `UnsuitableKey` for a short one (RFC 7518 §3.2, threat T-28)."""
        return cls(algorithm, "", _hmac(algorithm, secret))

    def sign(self, claims: bytes | Mapping[str, Any], *, typ: str = "", with_kid: bool = True) -> str:
        """The compact serialization (RFC 7515 §7.1) of a claims set; bytes are taken as JSON that is ready to sign."""
        header = self._headers.get((typ, with_kid)) or self._header(typ, with_kid)
        payload = claims if isinstance(claims, bytes) else _encode(claims)
        signed = header + urlsafe_b64encode(payload).rstrip(b"=")
        return (signed + b"." + urlsafe_b64encode(self._raw(signed)).rstrip(b"=")).decode("ascii")

    def _header(self, typ: str, with_kid: bool) -> bytes:
        header = {"alg": str(self.algorithm)}
        if with_kid and self.kid:
            header["kid"] = self.kid
        if typ:
            header["typ"] = typ
        segment = encode_segment(_encode(header)) + b"."
        if len(self._headers) < MOST_HEADERS:
            self._headers[typ, with_kid] = segment
        return segment

    def __repr__(self) -> str:
        return f"Signer({self.algorithm}, {self.kid})"


def unsecured(claims: Mapping[str, Any], *, typ: str = "") -> str:
    """RFC 7519 §6: a token that nobody signed, for clients that registered ``none``."""
    header = {"alg": "none", "typ": typ} if typ else {"alg": "none"}
    return (encode_segment(_encode(header)) + b"." + encode_segment(_encode(claims)) + b".").decode("ascii")


class Verifier:
    """One algorithm with one key, ready to verify."""

    __slots__ = ("_check", "algorithm", "kid")

    def __init__(self, algorithm: SigningAlgorithm, kid: str, check: Callable[[bytes, bytes], None]) -> None:
        self.algorithm = algorithm
        self.kid = kid
        self._check = check

    @classmethod
    def asymmetric(cls, algorithm: SigningAlgorithm, kid: str, key: PublicKey) -> "Verifier":
        """RS*, PS*, ES* or EdDSA; raises `UnsuitableKey` when the key is not of the algorithm's kind."""
        return cls(algorithm, kid, _raw_verifier(algorithm, key))

    @classmethod
    def symmetric(cls, algorithm: SigningAlgorithm, secret: bytes) -> "Verifier":
        """HS*, keyed with a client's secret; raises `UnsuitableKey` when it is too short."""
        make = _hmac(algorithm, secret)

        def check(signature: bytes, signed: bytes) -> None:
            if not hmac.compare_digest(signature, make(signed)):
                raise InvalidSignature

        return cls(algorithm, "", check)

    def claims(self, token: "Parsed") -> Claims:
        """The claims of a token that this key signed with this algorithm; raises `BadToken` for any other."""
        if token.header.get("alg") != self.algorithm:
            raise BadToken("the token names another algorithm")
        try:
            self._check(token.signature, token.signed)
        except InvalidSignature:
            raise BadToken("the signature does not fit") from None
        return token.unverified_claims()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A token taken apart strictly, and not believed yet."""

    header: Claims
    signed: bytes
    signature: bytes

    @classmethod
    def of(cls, text: str) -> "Parsed":
        """Take a compact serialization apart; raises `BadToken`.

        Threats T-23 to T-26: sizes are looked at first; a header may carry nothing that changes how the token must be
        read (``crit``, ``b64``, ``zip``), and what could supply a key is refused rather than ignored.
        """
        if len(text) > MOST_TOKEN_CHARACTERS:
            raise BadToken("the token is too long")
        if not text.isascii():
            raise BadToken("the token holds characters that no token has")
        segments = text.encode("ascii").split(b".")
        if len(segments) != 3 or len(segments[0]) > MOST_HEADER_CHARACTERS:
            raise BadToken("the token has not the three parts of a signed one")
        header = decode_object(decode_segment(segments[0]))
        if not REFUSED_MEMBERS.isdisjoint(header):
            raise BadToken("the header has a member that is not accepted here")
        if not isinstance(header.get("alg"), str) or not isinstance(header.get("kid", ""), str):
            raise BadToken("the header has a member of the wrong type")
        return cls(header, segments[0] + b"." + segments[1], decode_segment(segments[2]))

    @property
    def kid(self) -> str:
        """RFC 7515 §4.1.4: an opaque text to look up; empty when there is none."""
        kid: str = self.header.get("kid", "")
        return kid

    @property
    def typ(self) -> str:
        """RFC 7515 §4.1.9, in lower case and without the prefix that may be left out."""
        typ = self.header.get("typ", "")
        return typ.lower().removeprefix("application/") if isinstance(typ, str) else ""

    def unverified_claims(self) -> Claims:
        """What the token says of itself. Only to find the key that must then verify it."""
        return decode_object(decode_segment(self.signed.partition(b".")[2]))


REFUSED_MEMBERS = frozenset({"crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c"})


def decode_object(data: bytes) -> Claims:
    """A JSON object without duplicate members; raises `BadToken` for anything else (RFC 7515 §4, threat T-24)."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadToken("a part is not JSON, or says something twice") from None
    if not isinstance(value, dict):
        raise BadToken("a part is not a JSON object")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Claims:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(_: str) -> None:
    raise ValueError  # NaN and the infinities are not JSON


# Raw signatures -------------------------------------------------------------------------------------------------------


def _hmac(algorithm: SigningAlgorithm, secret: bytes) -> Callable[[bytes], bytes]:
    if algorithm not in SYMMETRIC_SIGNING:
        raise UnsuitableKey(f"{algorithm} takes no secret")
    if len(secret) < algorithm.secret_bytes:
        raise UnsuitableKey(f"{algorithm} needs a secret of {algorithm.secret_bytes} bytes or more")
    digest = f"sha{algorithm[2:]}"
    return lambda signed: hmac.digest(secret, signed, digest)


def _raw_signer(algorithm: SigningAlgorithm, key: PrivateKey) -> Callable[[bytes], bytes]:
    _check_suitable(algorithm, key.public_key())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    digest = HASHES[algorithm[2:]]
    if isinstance(key, rsa.RSAPrivateKey):
        scheme = _padding(algorithm, digest)
        return lambda signed: key.sign(signed, scheme, digest)
    size = (key.key_size + 7) // 8
    ecdsa = ec.ECDSA(digest)

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, ecdsa))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")  # RFC 7518 §3.4

    return sign


def _raw_verifier(algorithm: SigningAlgorithm, key: PublicKey) -> Callable[[bytes, bytes], None]:
    _check_suitable(algorithm, key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.verify
    digest = HASHES[algorithm[2:]]
    if isinstance(key, rsa.RSAPublicKey):
        scheme = _padding(algorithm, digest)
        return lambda signature, signed: key.verify(signature, signed, scheme, digest)
    size = (key.key_size + 7) // 8
    ecdsa = ec.ECDSA(digest)

    def check(signature: bytes, signed: bytes) -> None:
        if len(signature) != 2 * size:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        key.verify(encode_dss_signature(r, s), signed, ecdsa)

    return check


def _padding(algorithm: SigningAlgorithm, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.startswith("PS"):
        return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)  # RFC 7518 §3.5
    return padding.PKCS1v15()


def _check_suitable(algorithm: SigningAlgorithm, key: PublicKey) -> None:
    """Threat T-22: the algorithm, the type of the key, its curve and its size belong together."""
    if isinstance(key, rsa.RSAPublicKey):
        suitable = algorithm[:2] in ("RS", "PS") and key.key_size >= LEAST_RSA_BITS
    elif isinstance(key, ec.EllipticCurvePublicKey):
        suitable = CURVES.get(algorithm) == key.curve.name
    else:
        suitable = algorithm is SigningAlgorithm.EDDSA
    if not suitable:
        raise UnsuitableKey(f"the key does not fit {algorithm}")
