"""Handles: random texts that stand for a row, and the keys of those rows.

A handle is base64url text of exactly the length its setting says: up to 6 characters of time (units of 16 ms), then at
least 22 random ones (132 bits). The row's key is that time as a number ‖ SHA-256 of the handle, so that new rows land
at the end of the index while nothing can be guessed and no digest needs comparing.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

RANDOM_CHARACTERS = 22
TIME_CHARACTERS = 6
UNIT_MS = 16
KEY_BYTES = 38
_PADDING = "AA"
"""Two characters of zeros: with them the time is a number of exactly 6 bytes, as base64 writes it."""
_TIME_BYTES = 6
_NO_TIME = bytes(_TIME_BYTES)
_CYCLE = 64**TIME_CHARACTERS


def new_handle(length: int, now: int) -> str:
    """A new handle of `length` characters (at least 22), made at `now` (ms)."""
    if length < RANDOM_CHARACTERS:
        raise ValueError(f"a handle has at least {RANDOM_CHARACTERS} characters")
    time_characters = min(TIME_CHARACTERS, length - RANDOM_CHARACTERS)
    random_characters = length - time_characters
    random = urlsafe_b64encode(os.urandom((random_characters * 3 + 3) // 4)).decode("ascii")[:random_characters]
    if time_characters < TIME_CHARACTERS:
        return _time_text(now)[:time_characters] + random if time_characters else random
    return _time_text(now) + random


def new_handle_of_entropy(entropy_bytes: int, now: int) -> str:
    """A new handle whose random part holds at least `entropy_bytes` (never below 132 bits); its time comes on top."""
    random_characters = max(RANDOM_CHARACTERS, -(-entropy_bytes * 4 // 3))
    return new_handle(random_characters + TIME_CHARACTERS, now)


def key_of(handle: str) -> bytes:
    """The row key of any text presented as a handle. Text that is no handle gets a key that no row has."""
    digest = sha256(handle.encode("utf-8", "surrogatepass")).digest()
    if len(handle) < RANDOM_CHARACTERS + TIME_CHARACTERS:
        return _NO_TIME + digest
    try:
        time = urlsafe_b64decode(_PADDING + handle[:TIME_CHARACTERS])
    except ValueError:  # not base64url, so not a handle
        time = b""
    return (time if len(time) == _TIME_BYTES else _NO_TIME) + digest


def _time_text(now: int) -> str:
    units = (now // UNIT_MS % _CYCLE).to_bytes(_TIME_BYTES, "big")
    return urlsafe_b64encode(units)[len(_PADDING) :].decode("ascii")
