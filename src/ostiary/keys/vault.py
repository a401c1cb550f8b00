"""What protects rows: keyed digests and sealed texts, each beginning with the id of its key, and derived keys."""

import hmac
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ostiary.keys.key_file import KEY_ID_LENGTH, KeyFile

NONCE_BYTES = 12


class Unsealable(Exception):
    """The text was not sealed here for this purpose and context, or its key is gone."""


class Vault:
    """Everything that comes from the key file. A purpose is a short constant of the caller; each has its own keys."""

    __slots__ = ("_ciphers", "_derived", "_keys", "_lasting", "current")

    def __init__(self, key_file: KeyFile) -> None:
        self._keys = dict(key_file.keys)
        self._lasting = key_file.lasting
        self.current = key_file.current
        """The id of the key that protects what is written now."""
        self._derived: dict[tuple[str, str, int], bytes] = {}
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    def digest(self, purpose: str, value: bytes) -> bytes:
        """HMAC-SHA-256 under the current key; the key's id stands before it."""
        return self.current.encode() + hmac.digest(self.derive(f"digest:{purpose}"), value, sha256)

    def check_digest(self, purpose: str, value: bytes, digest: bytes) -> bool:
        """Whether `digest` was made from `value`, in constant time; False too when its key is gone."""
        key_id = digest[:KEY_ID_LENGTH].decode("ascii", "replace")
        if key_id not in self._keys:
            return False
        expected = hmac.digest(self.derive(f"digest:{purpose}", key_id=key_id), value, sha256)
        return hmac.compare_digest(expected, digest[KEY_ID_LENGTH:])

    def seal(self, purpose: str, plaintext: bytes, context: bytes = b"") -> bytes:
        """AES-256-GCM under the current key: key id ‖ nonce ‖ ciphertext. `context` must be given again to open it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self.current.encode() + nonce + self._cipher(purpose, self.current).encrypt(nonce, plaintext, context)

    def open(self, purpose: str, sealed: bytes, context: bytes = b"") -> bytes:
        """The plaintext; raises `Unsealable` for anything but what `seal` made with this purpose and context."""
        key_id = sealed[:KEY_ID_LENGTH].decode("ascii", "replace")
        if key_id not in self._keys or len(sealed) < KEY_ID_LENGTH + NONCE_BYTES:
            raise Unsealable
        nonce, ciphertext = sealed[KEY_ID_LENGTH:][:NONCE_BYTES], sealed[KEY_ID_LENGTH + NONCE_BYTES :]
        try:
            return self._cipher(purpose, key_id).decrypt(nonce, ciphertext, context)
        except InvalidTag:
            raise Unsealable from None

    def derive(self, purpose: str, length: int = 32, *, key_id: str | None = None) -> bytes:
        """RFC 5869: a key for one purpose; the same on every node and after every restart."""
        key_id = key_id or self.current
        known = self._derived.get((key_id, purpose, length))
        if known is None:
            hkdf = HKDF(algorithm=SHA256(), length=length, salt=None, info=f"ostiary {purpose}".encode())
            known = self._derived[key_id, purpose, length] = hkdf.derive(self._keys[key_id])
        return known

    def derive_lasting(self, purpose: str, length: int = 32) -> bytes:
        """The same from the first key of the file: it does not change when another key becomes the current one."""
        return self.derive(purpose, length, key_id=self._lasting)

    def fingerprint(self) -> str:
        """Tells key files apart without telling their keys; the database remembers it."""
        return sha256(self.derive_lasting("fingerprint")).hexdigest()[:32]

    def _cipher(self, purpose: str, key_id: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            cipher = self._ciphers[key_id, purpose] = AESGCM(self.derive(f"seal:{purpose}", key_id=key_id))
        return cipher

    def __repr__(self) -> str:
        return f"Vault(current={self.current})"
