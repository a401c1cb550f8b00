"""RFC 7636: the one who redeems a code is the one who asked for it. Both halves: the challenge and its answer."""

import re
from base64 import urlsafe_b64encode
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

import msgspec

from ostiary.errors import InvalidGrant, InvalidRequest, Why

LEAST_CHARACTERS, MOST_CHARACTERS = 43, 128
_WELL_FORMED = re.compile(rf"[A-Za-z0-9\-._~]{{{LEAST_CHARACTERS},{MOST_CHARACTERS}}}")


class Method(StrEnum):
    """RFC 7636 §4.3: ``code_challenge_method``."""

    S256 = "S256"
    PLAIN = "plain"


class Challenge(msgspec.Struct, frozen=True):
    """What is kept with the code."""

    value: str
    method: Method


def read_challenge(challenge: str | None, method: str | None, *, plain_allowed: bool) -> Challenge | None:
    """RFC 7636 §4.3: the challenge of an authorization request, or None when it has none. Raises `InvalidRequest`."""
    if challenge is None:
        if method is not None:
            raise InvalidRequest("code_challenge_method was sent without code_challenge")
        return None
    if method not in (None, Method.S256, Method.PLAIN):
        raise InvalidRequest("code_challenge_method must be S256 or plain" if plain_allowed else _ONLY_S256)
    if method != Method.S256 and not plain_allowed:  # an absent method means plain
        why = Why(rule="RFC 7636 §4.2", setting="authorization.disallow_plain_pkce", level="server")
        raise InvalidRequest(_ONLY_S256, why)
    if not is_well_formed(challenge):
        raise InvalidRequest("code_challenge must be 43 to 128 unreserved characters")
    return Challenge(challenge, Method(method or Method.PLAIN))


def check_present(challenge: Challenge | None, *, required: bool, level: str = "client") -> None:
    """RFC 7636 §4.4.1: a client that must use the proof has sent a challenge."""
    if required and challenge is None:
        why = Why(rule="RFC 7636 §4.4.1", setting="requests.require_pkce", level=level)
        raise InvalidRequest("code_challenge is required", why)


def check_answer(challenge: Challenge | None, verifier: str | None) -> None:
    """RFC 7636 §4.6: the verifier must hash to the challenge kept with the code."""
    if challenge is None and verifier is None:
        return
    if challenge is None:  # RFC 9700 §4.8.2: someone may have stripped the challenge on its way here.
        raise InvalidGrant("code_verifier was sent for a code without code_challenge")
    if verifier is None:
        raise InvalidGrant("code_verifier is missing")
    if not is_well_formed(verifier):
        raise InvalidGrant("code_verifier must be 43 to 128 unreserved characters")
    answer = s256(verifier) if challenge.method is Method.S256 else verifier
    if not compare_digest(answer, challenge.value):
        raise InvalidGrant("code_verifier does not match the code_challenge")


def is_well_formed(text: str) -> bool:
    """RFC 7636 §4.1, §4.2: 43 to 128 unreserved characters."""
    return _WELL_FORMED.fullmatch(text) is not None


def s256(verifier: str) -> str:
    """RFC 7636 §4.2: the challenge of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


_ONLY_S256 = "code_challenge_method must be S256"
