"""Clients written down as code: what is not at its default, without dates, and without secrets unless asked for."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ostiary.as_code.planning import read
from ostiary.as_code.yaml_text import yaml_of
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import admin
from ostiary.clients.documents import client_of
from ostiary.declare import Dialect, StoredSecret
from ostiary.ports.stores import Stores

Conceal = Callable[[Client], Callable[[StoredSecret], str] | None]
"""What stands for the secrets of a client; None leaves them out."""
LONGEST_NAME = 150


async def exported(
    stores: Stores, conceal: Conceal, now: int, lost: "Counter[str]"
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every client with its body, in the order of ids. `lost` counts the settings that could not be written down."""
    async for chunk in stores.clients():
        for record in chunk:
            client = client_of(record)[0]
            lost.update(unsaid(client))
            yield record.client_id, as_code(client, conceal(client), now)


def as_code(client: Client, conceal: Callable[[StoredSecret], str] | None, now: int) -> dict[str, Any]:
    """The shortest body that means this client."""
    full = admin.write_client(client, conceal, now)
    for name in _READ_ONLY:
        _remove(full, name)
    if conceal is None:
        _remove(full, _SECONDARY)
    short = {name: dict(member) if isinstance(member, dict) else member for name, member in full.items()}
    for declared, key in CLIENT_SETTINGS.in_dialect(Dialect.ADMIN):
        if declared.path not in _ALWAYS and declared.value_in(client) == declared.setting.default:
            for name in key.names:
                _remove(short, name)
    # A few settings are implied by others when they are not mentioned; then all of them are written.
    implied = set(CLIENT_SETTINGS.changed(read(short, client).value, client)) - _SECRETS
    return full if implied else short


_READ_ONLY = tuple(name for _, key in CLIENT_SETTINGS.in_dialect(Dialect.ADMIN) if not key.read for name in key.names)
_ALWAYS = frozenset({"identity.client_id", "identity.name", "grants.allowed"})
_SECRETS = frozenset({"authentication.secret", "authentication.secondary_secrets"})
_SECONDARY = CLIENT_SETTINGS.name_in(Dialect.ADMIN, "authentication.secondary_secrets")


def _remove(body: dict[str, Any], name: str) -> None:
    """Take a member out, and the objects around it that it leaves empty."""
    first, _, rest = name.partition(".")
    if not rest:
        body.pop(first, None)
    elif isinstance(body.get(first), dict):
        _remove(body[first], rest)
        if not body[first]:
            del body[first]


def unsaid(client: Client) -> tuple[str, ...]:
    """Settings of the client that this form has no words for, by canonical name (what only other interfaces set)."""
    return tuple(
        declared.path
        for declared in CLIENT_SETTINGS.settings
        if declared.key_in(Dialect.ADMIN) is None and declared.value_in(client) != declared.setting.default
    )


class NotEmpty(Exception):
    """The folder holds clients already; writing more beside them would say things twice."""


class FolderWriter:
    """Writes one YAML file for each client, into a folder that is new or empty."""

    def __init__(self, path: Path) -> None:
        """Raises `NotEmpty` and `OSError`."""
        path.mkdir(parents=True, exist_ok=True)
        if any(not child.name.startswith(".") for child in path.iterdir()):
            raise NotEmpty
        self._path = path
        self._taken: set[str] = set()

    def write(self, client_id: str, body: dict[str, Any]) -> None:
        """One more; raises `OSError`."""
        name = _file_name(client_id, self._taken)
        self._taken.add(name.casefold())
        (self._path / name).write_text(yaml_of(body), encoding="utf-8")


def _file_name(client_id: str, taken: set[str]) -> str:
    """A name that every file system takes, also those that know no letter case."""
    name = quote(client_id, safe="")
    name = "%2E" + name[1:] if name.startswith(".") else name
    if len(name) > LONGEST_NAME or f"{name}.yaml".casefold() in taken:
        name = f"{name[:LONGEST_NAME]}-{sha256(client_id.encode()).hexdigest()[:16]}"
    return f"{name}.yaml"
