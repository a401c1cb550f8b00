"""When clients, their secrets and their keys were made, changed and used."""

import re
from dataclasses import dataclass
from typing import Any

from ostiary.clients.client import Client
from ostiary.clients.credential_use import mark_of
from ostiary.declare import StoredSecret
from ostiary.declare.kinds.plain import iso_date
from ostiary.ports.clock import DAY, HOUR
from ostiary.ports.records import ClientRecord

_SPAN = re.compile(r"([1-9][0-9]{0,5})([dh])")
KEY = "key:"


def span_ms(text: str) -> int | None:
    """``90d`` or ``12h`` in milliseconds; None when it is neither."""
    found = _SPAN.fullmatch(text)
    return None if found is None else int(found[1]) * {"d": DAY, "h": HOUR}[found[2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which clients are asked for."""

    unused_ms: int | None = None
    """Not used for this long; one that never was counts from its making."""
    never_used: bool = False
    enabled: bool | None = None
    text: str = ""

    def holds(self, record: ClientRecord, last_used_at: int | None, now: int) -> bool:
        """Whether this is one of them."""
        if self.enabled is not None and record.enabled is not self.enabled:
            return False
        if self.never_used and last_used_at is not None:
            return False
        since = record.created_at if last_used_at is None else last_used_at
        if self.unused_ms is not None and now - since < self.unused_ms:
            return False
        text = self.text.casefold()
        return not text or text in record.client_id.casefold() or text in record.name.casefold()


def line_as_json(record: ClientRecord, last_used_at: int | None) -> dict[str, Any]:
    """One client of a list."""
    return {
        "clientId": record.client_id,
        "name": record.name,
        "enabled": record.enabled,
        "created": date_of(record.created_at),
        "modified": date_of(record.modified_at),
        "lastUsed": date_of(last_used_at),
    }


def date_of(milliseconds: int | None) -> str | None:
    """ISO 8601, or None for never."""
    return iso_date(milliseconds) if milliseconds else None


def credentials_of(client: Client, uses: dict[str, int]) -> list[dict[str, Any]]:
    """The secrets and keys of a client, each with when it was made, as far as that is known, and used last."""
    own = client.authentication
    found: list[dict[str, Any]] = []
    if isinstance(own.secret, StoredSecret):
        found.append(_secret("present secret", own.secret, uses, since=own.secret_changed_at))
    found += [
        _secret("secondary secret", one.secret, uses, until=one.expires_at)
        for one in own.secondary_secrets
        if isinstance(one.secret, StoredSecret)
    ]
    keys = {mark: at for mark, at in uses.items() if mark.startswith(KEY)}
    found += [{"key": mark.removeprefix(KEY), "lastUsed": date_of(at)} for mark, at in keys.items()]
    return found


def _secret(
    what: str, secret: StoredSecret, uses: dict[str, int], *, since: int = 0, until: int | None = None
) -> dict[str, Any]:
    told: dict[str, Any] = {"secret": what, "scheme": secret.scheme}
    if since:
        told["since"] = date_of(since)
    if until is not None:
        told["until"] = date_of(until)
    return {**told, "lastUsed": date_of(uses.get(mark_of(secret)))}
