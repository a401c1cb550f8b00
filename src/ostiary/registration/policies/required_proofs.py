"""Required Proofs: PKCE, DPoP and pushed requests are turned on; whoever asked to be without them is refused."""

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.declare import Problem
from ostiary.registration.candidate import Candidate
from ostiary.server import Server
from ostiary.server_settings.plugins import RequiredProofsConfiguration

_DEMANDS = {"pkce": "requests.require_pkce", "dpop": "requests.require_dpop", "pushed": "requests.require_pushed"}


async def judge(configuration: RequiredProofsConfiguration, candidate: Candidate, _server: Server) -> Candidate:
    """RFC 7636, RFC 9449 §5.2, RFC 9126 §6."""
    for name, path in _DEMANDS.items():
        if not getattr(configuration, name):
            continue
        declined = path in candidate.draft.sent and not CLIENT_SETTINGS.by_path[path].value_in(candidate.draft.value)
        if declined:
            candidate = candidate.with_problem(Problem(path, "is demanded of every client that registers"))
        candidate = candidate.with_values({path: True})
    return candidate
