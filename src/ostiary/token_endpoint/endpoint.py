"""The token endpoint: what all grants share, so that no grant can forget it (behaviour §8)."""

from collections.abc import Awaitable, Callable

from ostiary.clients.client import Client
from ostiary.errors import InvalidDpopProof, InvalidRequest, UnauthorizedClient, UnsupportedGrantType, Why
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.token_endpoint import authorization_code, client_credentials, refresh_token
from ostiary.token_endpoint.answer import TokenAnswer
from ostiary.words import GrantType

Grant = Callable[[Parameters, Client, Server], Awaitable[TokenAnswer]]

GRANTS: dict[str, Grant] = {
    GrantType.AUTHORIZATION_CODE: authorization_code.exchange,
    GrantType.REFRESH_TOKEN: refresh_token.exchange,
    GrantType.CLIENT_CREDENTIALS: client_credentials.exchange,
}


async def answer(parameters: Parameters, client: Client, server: Server) -> TokenAnswer:
    """Issue tokens to a client that has authenticated. Raises the errors of RFC 6749 §5.2."""
    grant_type = parameters.require("grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise UnsupportedGrantType("grant_type is not supported here")
    if grant_type not in client.grants.allowed:
        why = Why(rule="RFC 6749 §5.2", setting="grants.allowed", level="client", compared={"grant_type": grant_type})
        raise UnauthorizedClient("this client may not use this grant_type", why)
    check_can_constrain(client)
    return await grant(parameters, client, server)


def check_can_constrain(client: Client) -> None:
    """C048, C053: a client whose tokens must be bound to a key gets none that is not. Proofs are not read yet."""
    if client.requests.require_dpop:
        why = Why(rule="RFC 9449 §5", setting="requests.require_dpop", level="client")
        raise InvalidDpopProof("this client needs a DPoP proof, which this version does not accept yet", why)
    if client.requests.certificate_bound_access_tokens:
        why = Why(rule="RFC 8705 §3", setting="requests.certificate_bound_access_tokens", level="client")
        raise InvalidRequest("this client needs certificate-bound tokens, which this version does not issue yet", why)
