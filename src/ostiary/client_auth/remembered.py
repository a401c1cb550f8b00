"""What was verified a moment ago: Basic headers by a keyed digest, so that the same one need not be taken apart again.

An entry counts only while the directory still holds the very same client: any change of the client makes another one,
and with it every entry void. Bounded; keyed by this process alone; only successes with a current secret are kept.
"""

import os
from hashlib import blake2b

from ostiary.client_auth.knock import Knock
from ostiary.clients.client import Client
from ostiary.server import Server

MOST_REMEMBERED = 10_000
"""Headers remembered per process; when there are more, all are forgotten."""
_KEY = os.urandom(32)
_verified: dict[bytes, Client] = {}


def remembered(knock: Knock, server: Server) -> Client | None:
    """The client that this very header proved before, if nothing has changed and the request says nothing else."""
    if knock.authorization is None:
        return None
    client = _verified.get(_mark(knock.authorization))
    if client is None or server.clients.peek(client.client_id) is not client:
        return None
    parameters = knock.parameters
    if "client_secret" in parameters or "client_assertion" in parameters or "client_assertion_type" in parameters:
        return None
    said = parameters.get("client_id")
    return client if said is None or said == client.client_id else None


def remember(knock: Knock, client: Client) -> None:
    """This header proved this client with its current secret."""
    if knock.authorization is not None:
        if len(_verified) >= MOST_REMEMBERED:
            _verified.clear()
        _verified[_mark(knock.authorization)] = client


def _mark(authorization: str) -> bytes:
    return blake2b(authorization.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=16).digest()
