"""Handles: random texts that stand for a row, and the keys of those rows.

A handle is base64url text of exactly the length its setting says: up to 6 characters of time (units of 16 ms), then at
least 22 random ones (132 bits). The row's key is that time as a number ‖ SHA-256 of the handle, so that new rows land
at the end of the index while nothing can be guessed and no digest needs comparing.
"""

import os
from binascii import a2b_base64, b2a_base64
from hashlib import sha256

RANDOM_CHARACTERS = 22
TIME_CHARACTERS = 6
UNIT_MS = 16
KEY_BYTES = 38
_PADDING = "AA"
"""Two characters of zeros: with them the time is a number of exactly 6 bytes, as base64 writes it."""
_TIME_BYTES = 6
_NO_TIME = bytes(_TIME_BYTES)
_AS_BASE64URL = bytes.maketrans(b"+/", b"-_")
_AS_BASE64 = str.maketrans("-_", "+/")
_CYCLE = 64**TIME_CHARACTERS


def new_handle(length: int, now: int) -> str:
    """A new handle of `length` characters (at least 22), made at `now` (ms)."""
    if length < RANDOM_CHARACTERS:
        raise ValueError(f"a handle has at least {RANDOM_CHARACTERS} characters")
    time_characters = min(TIME_CHARACTERS, length - RANDOM_CHARACTERS)
    random_characters = length - time_characters
    random = _text_of(os.urandom((random_characters * 3 + 3) // 4))[:random_characters]
    if not time_characters:
        return random
    units = (now // UNIT_MS % _CYCLE).to_bytes(_TIME_BYTES, "big")
    return _text_of(units)[len(_PADDING) : len(_PADDING) + time_characters] + random


def new_handle_of_entropy(entropy_bytes: int, now: int) -> str:
    """A new handle whose random part holds at least `entropy_bytes` (never below 132 bits); its time comes on top."""
    random_characters = max(RANDOM_CHARACTERS, -(-entropy_bytes * 4 // 3))
    return new_handle(random_characters + TIME_CHARACTERS, now)


def key_of(handle: str) -> bytes:
    """The row key of any text presented as a handle. Text that is no handle gets a key that no row has."""
    digest = sha256(handle.encode() if handle.isascii() else handle.encode("utf-8", "surrogatepass")).digest()
    if len(handle) < RANDOM_CHARACTERS + TIME_CHARACTERS:
        return _NO_TIME + digest
    try:
        time = a2b_base64((_PADDING + handle[:TIME_CHARACTERS]).translate(_AS_BASE64))
    except ValueError:  # not base64url, so not a handle
        return _NO_TIME + digest
    return (time if len(time) == _TIME_BYTES else _NO_TIME) + digest


def _text_of(data: bytes) -> str:
    """RFC 4648 §5: base64url. The standard library's own function takes three times as long."""
    return b2a_base64(data, newline=False).translate(_AS_BASE64URL).decode("ascii")
