"""Quota: how many registrations one source, or one token, may make within a window; rows count, not processes."""

from hashlib import sha256

from ostiary.ports.changes import TakeQuota
from ostiary.ports.clock import MINUTE
from ostiary.registration.candidate import Candidate, Occasion
from ostiary.server import Server
from ostiary.server_settings.plugins import QuotaConfiguration


async def judge(configuration: QuotaConfiguration, candidate: Candidate, server: Server) -> Candidate:
    """Threat T-34: taken in one unit with the client, so that what was not stored was not counted."""
    if candidate.occasion is not Occasion.REGISTER:
        return candidate
    now = server.clock.now()
    until = now + configuration.window_minutes * MINUTE
    counted = [("source", candidate.source, configuration.per_source)]
    if candidate.vouched_by:
        counted.append(("token", candidate.vouched_by, configuration.per_token))
    taken = tuple(
        TakeQuota(key=_key(candidate.policy_id, kind, who), at=now, until=until, most=most)
        for kind, who, most in counted
        if most
    )
    return candidate.with_changes(*taken)


def _key(policy_id: str, kind: str, who: str) -> bytes:
    return sha256(f"registration {policy_id} {kind} {who}".encode("utf-8", "surrogatepass")).digest()
