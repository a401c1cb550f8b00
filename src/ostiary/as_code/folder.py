"""A folder of files, each with one client or several, in the shape of the administrative API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ostiary.as_code.documents import NotADocument, documents_of
from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.declare import Dialect

SUFFIXES = frozenset({".yaml", ".yml", ".json", ".ndjson", ".jsonl"})
CLIENT_ID = CLIENT_SETTINGS.name_in(Dialect.ADMIN, "identity.client_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """One client, as somebody wrote it down."""

    client_id: str
    body: Mapping[str, Any] = field(repr=False)
    place: str
    """The file, and which client of it where it holds several."""
    folder: Path
    """Where paths begin that the file mentions."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Something in a folder that is no client."""

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What the files say, and what of them could not be read."""

    entries: tuple[Entry, ...]
    problems: tuple[Misplaced, ...]


def read_folder(path: Path) -> Folder:
    """Read every file below `path` (or the one file that it is), in the order of names; raises `OSError`."""
    entries: dict[str, Entry] = {}
    problems: list[Misplaced] = []
    for file in _files(path):
        name = file.name if file == path else file.relative_to(path).as_posix()
        for found in _clients_of(file, name):
            if isinstance(found, Misplaced):
                problems.append(found)
            elif found.client_id in entries:
                before = entries[found.client_id].place
                problems.append(Misplaced(found.place, f"{found.client_id} stands in {before} too"))
            else:
                entries[found.client_id] = found
    return Folder(tuple(entries.values()), tuple(problems))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))


def _clients_of(file: Path, name: str) -> Iterator[Entry | Misplaced]:
    found: list[Any] = []
    try:
        for document in documents_of(file.read_bytes(), file.name.lower()):
            bodies = clients_in(document)
            if bodies is None:
                yield Misplaced(name, 'holds neither a client, a list of clients nor {"items": […]}')
            else:
                found += bodies
    except NotADocument as problem:
        yield Misplaced(name, str(problem))
        return
    for number, body in enumerate(found, start=1):
        yield _entry(body, file, name if len(found) == 1 else f"{name}, client {number}")


def clients_in(document: Any) -> list[Any] | None:
    """The clients of a document: one, a list of them, or ``{"items": […]}``; None when it is none of these."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return None
    items = document.get("items")
    return items if isinstance(items, list) and len(document) == 1 else [document]


def _entry(body: Any, file: Path, place: str) -> Entry | Misplaced:
    if not isinstance(body, dict):
        return Misplaced(place, "a client must be an object")
    client_id = body.get(CLIENT_ID)
    if not isinstance(client_id, str) or not client_id:
        return Misplaced(place, f"{CLIENT_ID} is required, as a text")
    return Entry(client_id, body, place, file.parent)
