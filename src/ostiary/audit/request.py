"""The request that is being answered, so that every event and refusal can name it."""

from contextvars import ContextVar

import msgspec


class CurrentRequest(msgspec.Struct):
    """What the web layer knows of the request at hand."""

    id: str
    issuer: str
    source: str
    """The caller's address."""
    began: int = 0
    """When the work on it began (ms); 0: not known."""


NOBODY = CurrentRequest(id="", issuer="", source="")
current_request: ContextVar[CurrentRequest] = ContextVar("current_request", default=NOBODY)
