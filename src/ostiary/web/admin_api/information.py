"""``/version`` and ``/auditEvents``: what this is, and what happened."""

from typing import Any

import msgspec

from ostiary.declare.kinds.plain import iso_date
from ostiary.ports.records import AuditRecord
from ostiary.web.admin_api.operations import PAGING, Asked, Operation, QueryParameter, Schema, listed
from ostiary.web.admin_api.results import INVALID, FieldError, invalid
from ostiary.web.admin_api.shapes import list_of
from ostiary.web.call import NO_STORE, Reply

COMPATIBLE_WITH = "13.1.0.0"
"""The release of the compatibility source whose clients find what they expect; they read the first two numbers."""
EVENTS_PER_PAGE = 100
MOST_EVENTS = 1000
_TOLD_ALREADY = frozenset({"v", "client_id", "subject"})


async def version(_asked: Asked) -> Reply:
    """GET /version"""
    return Reply.json({"version": COMPATIBLE_WITH}, headers=NO_STORE)


async def audit_events(asked: Asked) -> Reply:
    """GET /auditEvents?client=…: the evidence of changes, newest first."""
    skip, most = asked.page(EVENTS_PER_PAGE) or (0, EVENTS_PER_PAGE)
    if most > MOST_EVENTS:
        raise invalid([FieldError(INVALID, f"must not be more than {MOST_EVENTS}", "numberPerPage")])
    client = asked.query.get("client")
    return listed(_event(one) for one in await asked.server.stores.audit(client_id=client, limit=most, skip=skip))


def _event(record: AuditRecord) -> dict[str, Any]:
    """Who, when, from where, and what changed: names of settings, never values that could be secret."""
    document = msgspec.json.decode(record.document)
    told = {"id": record.id, "time": iso_date(record.time), "event": record.name}
    told |= {"clientId": record.client_id} if record.client_id else {}
    told |= {"subject": record.subject} if record.subject else {}
    return told | {name: value for name, value in document.items() if name not in _TOLD_ALREADY}


def _of_event() -> dict[str, Any]:
    texts = ("id", "event", "clientId", "subject", "by", "source", "request", "issuer", "outcome")
    members: dict[str, Any] = {name: {"type": "string"} for name in texts}
    members["time"] = {"type": "string", "format": "date-time"}
    members["changed"] = {"type": "array", "items": {"type": "string"}, "description": "Our names of the settings."}
    return {"type": "object", "properties": members, "required": ["id", "time", "event"]}


EVENT = Schema("AuditEvent", _of_event)
VERSION = Schema("Version", lambda: {"type": "object", "properties": {"version": {"type": "string"}}})

OPERATIONS = (
    Operation(
        method="GET",
        path="/version",
        answer=version,
        summary="The release of the compatibility source this API answers like",
        gives=VERSION,
    ),
    Operation(
        method="GET",
        path="/auditEvents",
        answer=audit_events,
        summary="What was changed, by whom, when and from where, newest first",
        gives=list_of(EVENT),
        fails=(422,),
        query=(QueryParameter("client", {"type": "string"}, "Only what happened to this client."), *PAGING),
    ),
)
