"""CSV: one client a line, and a column for each plain setting by its name in the administrative API."""

import csv
import io
from collections.abc import Iterator
from functools import cache
from typing import Any

from ostiary.as_code.documents import NotADocument
from ostiary.as_code.folder import CLIENT_ID
from ostiary.as_code.importers.imported import Account, Here, Imported, Source, unreadable, with_secret
from ostiary.as_code.secret_sources import SECRET
from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.clients.dialects import admin
from ostiary.declare import Dialect
from ostiary.declare.kinds import ReferenceKind

MOST_CELL = 64 * 1024


def _rows(raw: bytes, _name: str) -> Iterator[tuple[str, Any]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotADocument("is not UTF-8") from None
    csv.field_size_limit(MOST_CELL)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        raise NotADocument(f"is no CSV: {problem}") from None
    columns = [column.strip() for column in rows[0]] if rows else []
    if CLIENT_ID not in columns or len(set(columns)) != len(columns):
        raise NotADocument(f"the first line must name the columns, {CLIENT_ID} among them, and none twice")
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            yield f"line {number}", (dict(zip(columns, row, strict=False)), len(row) > len(columns))


@cache
def _types() -> dict[str, str]:
    """What a column holds, as JSON calls it. Columns of other settings are not plain."""
    found = {}
    for declared, key in CLIENT_SETTINGS.in_dialect(Dialect.ADMIN):
        described = declared.setting.kind.described()
        if key.read and len(key.names) == 1 and described.get("type") in ("string", "boolean", "integer", "array"):
            items = described.get("items", {}).get("type", "string")
            if items == "string":
                is_reference = isinstance(declared.setting.kind, ReferenceKind)
                found[key.names[0]] = "reference" if is_reference else described["type"]
    found[SECRET] = "string"
    return found


def _read(record: tuple[dict[str, str], bool], place: str, here: Here) -> Imported:
    cells, has_too_many = record
    types = _types()
    account = Account()
    body: dict[str, Any] = {}
    secret = cells.get(SECRET, "").strip()
    for column, cell in cells.items():
        text = cell.strip()
        if not text or column == SECRET:
            continue
        if column not in types:
            account.lose(column, "is no plain setting; the columns are named in the manual")
            continue
        value = _value(text, types[column])
        if value is None:
            account.refused.append(f"{column}: must be {'true or false' if types[column] == 'boolean' else 'a number'}")
            continue
        _put(body, column, value)
    client_id = body.get(CLIENT_ID)
    if not isinstance(client_id, str):
        return unreadable(place, "", f"has no {CLIENT_ID}")
    if has_too_many:
        account.refused.append("has more cells than there are columns")
    draft = admin.read(body, None)
    for declared, key in CLIENT_SETTINGS.in_dialect(Dialect.ADMIN):
        if declared.path in draft.sent:
            account.map(key.names[0], declared.path)
    if secret:
        draft = with_secret(draft, secret, here, account, SECRET)
    return account.imported(client_id, place, draft)


def _value(text: str, kind: str) -> Any:
    if kind == "array":
        return [part.strip() for part in text.split("|") if part.strip()] if "|" in text else text.split()
    if kind == "reference":
        return {"id": text}
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    if kind == "integer":
        return int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 19 else None
    return text


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value


CSV = Source(_rows, _read)
"""The first line names the columns. An empty cell is not said; lists are parted by spaces, or by bars."""
