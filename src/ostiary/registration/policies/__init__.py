"""Registration policies: what each kind does with a candidate, and the walk through those that S136 lists.

A policy is ``async (configuration, candidate, server) -> candidate``. It gives back the candidate, changed or not, with
a problem added when it objects, or raises the `OAuthError` that says why it refuses at once.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from ostiary.errors import ServerError, Why
from ostiary.registration.candidate import Candidate
from ostiary.registration.policies import allowed_hosts, quota, required_proofs, response_types, software_statement
from ostiary.server import Server
from ostiary.server_settings.descriptors import Family, descriptor

Policy = Callable[[Any, Candidate, Server], Awaitable[Candidate]]

BUILT_IN: Mapping[str, Policy] = {
    "response-types": response_types.judge,
    "allowed-hosts": allowed_hosts.judge,
    "software-statement": software_statement.judge,
    "required-proofs": required_proofs.judge,
    "quota": quota.judge,
}

log = logging.getLogger("ostiary.registration")


async def judged(candidate: Candidate, server: Server) -> Candidate:
    """Behaviour §14.4: the candidate after every listed policy, in their order; raises what the first refusal says.

    A policy that is listed and cannot be asked refuses everybody (threat T-63).
    """
    for policy_id in candidate.settings.registration.registration_policies:
        policy = server.objects.registration_policies.get(policy_id)
        if policy is None or policy.plugin is None:
            raise _broken(policy_id, "is not there")
        act = BUILT_IN.get(policy.plugin.kind) or _installed(policy.plugin.kind)
        if act is None:
            raise _broken(policy_id, "has no behaviour")
        candidate = await act(policy.plugin.configuration, replace(candidate, policy_id=policy_id), server)
    return candidate


def _installed(kind: str) -> Policy | None:
    found = descriptor(Family.REGISTRATION_POLICY, kind)
    return None if found is None else found.behaviour


def _broken(policy_id: str, what: str) -> ServerError:
    log.error("the registration policy %s %s, so nobody can register", policy_id, what)
    return ServerError("a registration policy cannot be asked", Why(rule="behaviour §14.4", setting="S136"))
