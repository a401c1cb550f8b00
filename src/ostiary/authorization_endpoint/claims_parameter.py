"""OpenID Connect Core §5.5: the ``claims`` parameter, read strictly and kept as text for whoever issues the tokens."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from ostiary.errors import InvalidRequest

MOST_CHARACTERS = 16_384
MOST_CLAIMS = 200
"""Per place."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one claim."""

    essential: bool = False
    values: tuple[object, ...] = ()
    """The values that would do; empty: any."""


class ClaimsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which claims are wanted where. Unknown claims and unknown members are ignored (Core §5.5)."""

    user_info: Mapping[str, Wish] = msgspec.field(default_factory=dict)
    id_token: Mapping[str, Wish] = msgspec.field(default_factory=dict)

    @property
    def essential_contexts(self) -> tuple[str, ...]:
        """Core §5.5.1.1: ``acr`` values of which one must hold."""
        wish = self.id_token.get("acr")
        return _texts(wish.values) if wish is not None and wish.essential else ()

    @property
    def wished_contexts(self) -> tuple[str, ...]:
        """``acr`` values asked for without insisting."""
        wish = self.id_token.get("acr")
        return _texts(wish.values) if wish is not None and not wish.essential else ()

    @property
    def subject(self) -> str | None:
        """Core §5.5.1: the one person the answer may be about, whichever place names it."""
        for place in (self.id_token, self.user_info):
            wish = place.get("sub")
            texts = _texts(wish.values) if wish is not None else ()
            if texts:
                return texts[0]
        return None


NOTHING = ClaimsRequest()


def read_claims(text: str | None) -> ClaimsRequest:
    """Read the parameter; raises `InvalidRequest` for what is not the JSON of Core §5.5."""
    if text is None:
        return NOTHING
    if len(text) > MOST_CHARACTERS:
        raise InvalidRequest("claims is too long")
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise InvalidRequest("claims is not JSON") from None
    if not isinstance(content, dict):
        raise InvalidRequest("claims must be a JSON object")
    return ClaimsRequest(user_info=_place(content, "userinfo"), id_token=_place(content, "id_token"))


def _place(content: Mapping[str, Any], name: str) -> Mapping[str, Wish]:
    place = content.get(name)
    if place is None:
        return MappingProxyType({})
    if not isinstance(place, dict):
        raise InvalidRequest(f"{name} in claims must be a JSON object")
    if len(place) > MOST_CLAIMS:
        raise InvalidRequest("claims asks for too much")
    return MappingProxyType({claim: _wish(wish) for claim, wish in place.items()})


def _wish(wish: object) -> Wish:
    if wish is None:
        return Wish()
    if not isinstance(wish, dict):
        raise InvalidRequest("every claim in claims must be null or a JSON object")
    essential = wish.get("essential", False)
    values = wish.get("values", [])
    if not isinstance(essential, bool) or not isinstance(values, list):
        raise InvalidRequest("essential must be a boolean and values an array in claims")
    single = (wish["value"],) if wish.get("value") is not None else ()
    return Wish(essential=essential, values=(*single, *values))


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))
