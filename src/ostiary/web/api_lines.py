"""The line that a call of a management service leaves in the service's log, whatever became of it."""

from ostiary.audit.api_log import ApiCall, ApiLog
from ostiary.ports.clock import Clock
from ostiary.web.call import Call, Reply


def noted(call: Call, reply: Reply, api_log: ApiLog, clock: Clock) -> Reply:
    """The reply, after its line was written."""
    api_log.write(
        ApiCall(
            time=clock.now(),
            user=call.notes.get("user", ""),
            method=call.notes.get("method", ""),
            source=call.source,
            verb=call.method,
            endpoint=call.path,
            status=reply.status,
            headers=call.headers,
            tls=call.tls,
        )
    )
    return reply
