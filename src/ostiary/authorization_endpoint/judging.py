"""Reading and judging a request; what it shares with those before it is judged once for a snapshot.

The requests of an application differ in what belongs to their moment (state, nonce, challenge) and in little else. The
rest of a request that was found good stays good while client and settings are the very same.
"""

import msgspec
from msgspec.structs import replace

from ostiary.authorization_endpoint.approval import Proposal
from ostiary.authorization_endpoint.checks import Asked, At, challenge_is_good, check
from ostiary.authorization_endpoint.request import AuthorizationRequest
from ostiary.clients.client import Client
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.tokens import managers

MOMENTARY = frozenset({"state", "nonce", "code_challenge"})
"""Of these only the challenge is judged, each time."""
LASTING = frozenset(
    {"client_id", "redirect_uri", "response_type", "response_mode", "scope", "code_challenge_method", "prompt"}
)
"""A request with any other parameter is judged from the beginning."""
MOST_JUDGED = 1024
"""Requests remembered per process, a kilobyte or two each; when there are more, all are judged anew."""
MOST_CHARACTERS = 1024
"""A longer request is not remembered."""


class Judged(msgspec.Struct, frozen=True):
    """A request that was found good, and what it would be granted."""

    asked: Asked
    proposal: Proposal
    server: Server
    """The snapshot that it was judged by."""


_Key = tuple[str, ...]
_judged: dict[_Key, Judged] = {}


def judged(parameters: Parameters, client: Client, server: Server) -> tuple[Asked, Proposal]:
    """Behaviour §4.4 steps 2 to 8; raises the `OAuthError` of the first that does not hold."""
    parameters.check_once()
    key = _key_of(parameters)
    known = None if key is None else _judged.get(key)
    if known is not None and known.server is server and known.asked.client is client:
        asked = Asked(request=_renewed(known.asked.request, parameters), client=client, settings=server.settings)
        challenge_is_good(asked)
        return asked, known.proposal
    asked = Asked(request=AuthorizationRequest.parse(parameters), client=client, settings=server.settings)
    check(asked, At.AUTHORIZE)
    wanted = managers.Wanted.parse(parameters)
    if wanted is not managers.NOTHING:  # whoever signs on: a manager that cannot be is refused before anybody is asked
        managers.named_manager(wanted, managers.eligible_managers(None, client, server.objects))
    proposal = Proposal.of(asked, server)
    if key is not None:
        if len(_judged) >= MOST_JUDGED:
            _judged.clear()
        _judged[key] = Judged(asked, proposal, server)
    return asked, proposal


def _key_of(parameters: Parameters) -> _Key | None:
    """The lasting parameters, by which the request may be known; None when it has others or is too long."""
    key: list[str] = []
    length = 0
    for name, value in parameters:
        if name in LASTING:
            key += (name, value)
            length += len(value)
        elif name not in MOMENTARY:
            return None
    return tuple(key) if length <= MOST_CHARACTERS else None


def _renewed(request: AuthorizationRequest, parameters: Parameters) -> AuthorizationRequest:
    return replace(
        request,
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        code_challenge=parameters.get("code_challenge"),
        parameters=parameters,
    )
