"""The kind of value that redirect URIs are: stored ones that could do harm are dropped one by one."""

from dataclasses import dataclass
from typing import Any

from ostiary.clients.redirect_uris import uri_objection
from ostiary.declare.kinds import TextList
from ostiary.declare.storing import PartlyUnreadable


@dataclass(frozen=True)
class RedirectUriList(TextList):
    """Redirect URIs and patterns, as they were given; `clients.rules.uris` judges them when they are saved."""

    longest: int = 2048

    def loaded(self, raw: Any) -> tuple[str, ...]:
        """Threat T-04: a URI that was planted in the store is not used either."""
        found = super().loaded(raw)
        good = tuple(uri for uri in found if uri_objection(uri) is None)
        if len(good) != len(found):
            raise PartlyUnreadable(good, "a stored redirect URI is not allowed")
        return good

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "format": "uri-pattern"}}
