"""Secrets that were made here, written once, for their owner's eyes only."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ostiary.secret import Secret


def write_generated(path: Path, secrets: Mapping[str, Secret]) -> None:
    """A new JSON file of client ids and secrets with mode 600; raises `OSError`, also when there is one already.

    It is written before the clients are stored: a secret that counts is never lost.
    """
    text = json.dumps({client_id: secret.reveal() for client_id, secret in secrets.items()}, indent=1)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def remove_generated(path: Path) -> None:
    """The clients were not stored: take the file away again."""
    path.unlink(missing_ok=True)
