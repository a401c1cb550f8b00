"""Secrets of clients as code: files name where a secret comes from, and never hold it.

``env:NAME`` is a variable of the environment, ``file:PATH`` a file (its last line break does not count), ``generate:``
a new one for a client that has none. A secret that is not mentioned stays as it is.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.clients.secret_keeping import new_secret
from ostiary.declare import Dialect
from ostiary.secret import Secret

ENVIRONMENT, FILE, GENERATE = "env:", "file:", "generate:"
MOST_BYTES = 4096
SECRET = CLIENT_SETTINGS.name_in(Dialect.ADMIN, "authentication.secret")
SECONDARY = CLIENT_SETTINGS.name_in(Dialect.ADMIN, "authentication.secondary_secrets")
_OF_SECONDARY = SECRET.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Filled:
    """A body with its secrets in their places."""

    body: Mapping[str, Any] = field(repr=False)
    generated: Secret | None = None
    problems: tuple[tuple[str, str], ...] = ()
    """The member, and what is wrong with what it names."""


@dataclass(frozen=True, slots=True)
class SecretSources:
    """Where secrets come from."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    clear_allowed: bool = False
    """Whether files may hold secrets in clear."""
    opened: bool = True
    """False: nothing is looked up; what a reference names counts as what the client has."""

    def filled(self, body: Mapping[str, Any], folder: Path, *, has_secret: bool) -> Filled:
        """The body with every reference replaced by what it names."""
        problems: list[tuple[str, str]] = []
        copy: dict[str, Any] = deepcopy(dict(body))
        generated = self._fill_main(copy, folder, problems, has_secret=has_secret)
        self._fill_secondary(copy, folder, problems)
        return Filled(copy, generated, tuple(problems))

    def _fill_main(
        self, body: dict[str, Any], folder: Path, problems: list[tuple[str, str]], *, has_secret: bool
    ) -> Secret | None:
        holder, _, name = SECRET.rpartition(".")
        parent = body.get(holder)
        text = parent.get(name) if isinstance(parent, dict) else None
        if not isinstance(parent, dict) or not isinstance(text, str) or not text:
            return None
        makes = text == GENERATE or (not self.opened and _is_reference(text))
        if makes:
            del parent[name]
            if has_secret:
                return None
            made = new_secret()
            parent[name] = made.reveal()
            return made if text == GENERATE else None
        parent[name] = self._opened(text, folder, SECRET, problems)
        return None

    def _fill_secondary(self, body: dict[str, Any], folder: Path, problems: list[tuple[str, str]]) -> None:
        holder, _, name = SECONDARY.rpartition(".")
        parent = body.get(holder)
        listed = parent.get(name) if isinstance(parent, dict) else None
        if not isinstance(parent, dict) or not isinstance(listed, list):
            return
        if not self.opened:
            del parent[name]
            return
        for number, one in enumerate(listed):
            text = one.get(_OF_SECONDARY) if isinstance(one, dict) else None
            if isinstance(text, str) and text:
                one[_OF_SECONDARY] = self._opened(text, folder, f"{SECONDARY}[{number}].{_OF_SECONDARY}", problems)

    def _opened(self, text: str, folder: Path, member: str, problems: list[tuple[str, str]]) -> str | None:
        """What a reference names; None when there is a problem with it."""
        message = ""
        found = None
        if text.startswith(ENVIRONMENT):
            found = self.environment.get(text.removeprefix(ENVIRONMENT)) or None
            message = f"{text} is not set"
        elif text.startswith(FILE):
            found, message = _of_file(folder / text.removeprefix(FILE))
            message = f"{text} {message}"
        elif text == GENERATE:
            message = "only the present secret can be generated"
        elif self.clear_allowed:
            found = text
        else:
            message = f"a secret in clear does not belong into a file: name {ENVIRONMENT}NAME, {FILE}PATH or {GENERATE}"
        if found is None:
            problems.append((member, message))
        return found


def _is_reference(text: str) -> bool:
    return text.startswith((ENVIRONMENT, FILE)) or text == GENERATE


def _of_file(path: Path) -> tuple[str | None, str]:
    if path.exists() and not path.is_file():
        return None, "is not a file"
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as problem:
        return None, f"cannot be read: {problem.strerror}"
    if len(raw) > MOST_BYTES:
        return None, f"has more than {MOST_BYTES} bytes"
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    return (text, "") if text else (None, "is empty")
