"""The key file: keys that live outside the database. Who has only the database can redeem nothing (T-56)."""

import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32
KEY_ID_LENGTH = 8


class KeyFileError(Exception):
    """The key file cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyFile:
    """Root keys by id. The current one protects what is written now; the others still open what was written before.

    The first key of the file is the lasting one: what must never change (pairwise subjects, the mark in the database)
    comes from it, so it stays the first, whatever keys come after it.
    """

    current: str
    keys: dict[str, bytes]
    """In the order of the file."""

    @property
    def lasting(self) -> str:
        """The id of the key the file began with."""
        return next(iter(self.keys))

    @classmethod
    def fresh(cls) -> "KeyFile":
        """A key file with one new random key."""
        key_id = secrets.token_hex(KEY_ID_LENGTH // 2)
        return cls(current=key_id, keys={key_id: secrets.token_bytes(KEY_BYTES)})

    @classmethod
    def read(cls, path: Path) -> "KeyFile":
        """Read it; raises `KeyFileError` when it is missing or is no key file."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            keys = {str(key_id): urlsafe_b64decode(text) for key_id, text in content["keys"].items()}
            current = str(content["current"])
        except FileNotFoundError:
            raise KeyFileError(f"there is no key file at {path}; restore it from a backup") from None
        except OSError as problem:
            raise KeyFileError(f"the key file {path} cannot be read: {problem.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyFileError(f"{path} is not a key file of Ostiary; restore it from a backup") from None
        if current not in keys or any(len(key) != KEY_BYTES or len(i) != KEY_ID_LENGTH for i, key in keys.items()):
            raise KeyFileError(
                f"{path} is damaged: every key has {KEY_BYTES} bytes and an id of {KEY_ID_LENGTH} characters"
            )
        return cls(current=current, keys=keys)

    @classmethod
    def read_or_make(cls, path: Path) -> "KeyFile":
        """Read it, or make it, once, however many processes start at the same time. Readable by its owner only.

        Raises `KeyFileError`.
        """
        try:
            if not path.exists():
                cls._make(path)
        except OSError as problem:
            message = f"the key file {path} cannot be made: {problem.strerror}; its folder must exist and be writable"
            raise KeyFileError(message) from None
        return cls.read(path)

    @classmethod
    def _make(cls, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = cls.fresh()
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        content = {"current": made.current, "keys": {i: urlsafe_b64encode(k).decode() for i, k in made.keys.items()}}
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails if another process was first, and then its file is the one
        except FileExistsError:
            pass
        finally:
            draft.unlink()
