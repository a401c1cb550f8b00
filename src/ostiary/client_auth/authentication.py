"""Client authentication: the registered method and no other, one answer for every failure (behaviour §3).

A failure is always the same refusal and always costs one slow hash, whatever went wrong, so that neither text nor time
tells whether a client exists (threat T-19). Guessing is bounded per source and client, so that nobody can lock a client
out for others (threat T-21); beyond a second bound per source the slow hash is left out (threat T-62).
"""

from collections.abc import Iterator
from typing import NoReturn

from ostiary.audit.events import ClientRefused
from ostiary.client_auth.knock import Knock, Presented, presented
from ostiary.client_auth.remembered import remember, remembered
from ostiary.clients.client import Client
from ostiary.clients.secret_keeping import HMAC, SecretKeeper
from ostiary.clients.taking_over import take_over
from ostiary.declare.secrets import StoredSecret
from ostiary.errors import InvalidClient, TooManyRequests, Why
from ostiary.server import Server
from ostiary.words import AuthMethod, ClientAuth

LIMIT = "client-auth"
"""Failures per source and client."""
SOURCE_LIMIT = "client-auth-source"
"""Slow hashes that the failures of one source may cost."""
MOST_ID_CHARACTERS = 256
"""C001: the longest id a client may have."""
_SECRETS = frozenset({AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST})
_PROVABLE = _SECRETS | {AuthMethod.NONE}
"""What this version can judge."""


async def authenticate(knock: Knock, server: Server) -> Client:
    """The client that is calling. Raises `InvalidClient`, `InvalidRequest` or `TooManyRequests`."""
    remembered_client = remembered(knock, server)
    if remembered_client is not None:
        server.credential_use.present[remembered_client.client_id] = remembered_client.authentication.secret
        return remembered_client
    claim = presented(knock)
    check_id_can_exist(claim)
    bucket = f"{knock.source} {claim.client_id}"
    if not server.limits.peek(LIMIT, bucket):
        raise TooManyRequests("too many failed attempts, try again later", Why(rule="threat T-21"))
    client = server.clients.peek(claim.client_id)
    if client is None and claim.client_id:
        client = await server.clients.get(claim.client_id)
    if client is None:
        return await _refuse("unknown client", "", claim, bucket, knock, server)
    cause = _objection(client, claim)
    if cause is not None:
        return await _refuse(cause, client.client_id, claim, bucket, knock, server)
    if claim.method is AuthMethod.NONE:
        return client
    keeper = SecretKeeper(server.vault, server.passwords)
    slow: list[StoredSecret] = []
    for secret in _secrets(client, server.clock.now()):
        if secret.scheme != HMAC:
            slow.append(secret)
        elif await keeper.fits(secret, claim.secret, client.client_id):
            if secret is client.authentication.secret:
                remember(knock, client)
            server.credential_use.note(client, secret, server.clock.now())
            return client
    if slow and await _fits_slowly(slow, client, claim, bucket, server):
        return client
    return await _refuse("wrong secret", client.client_id, claim, bucket, knock, server, hashed=bool(slow))


def check_id_can_exist(claim: Presented) -> None:
    """Threat T-62: no client has an id this long, so nobody may make us look it up, count it or log it."""
    if len(claim.client_id) > MOST_ID_CHARACTERS:
        raise InvalidClient(Why(rule="threat T-62", setting="identity.client_id"), tried_basic=claim.is_basic)


def _objection(client: Client, claim: Presented) -> str | None:
    """Why the proof cannot be right whatever it says, in a closed set of words; None when it may be."""
    if not client.identity.enabled:
        return "client is disabled"
    method, exact = client.authentication.method, client.authentication.exact_methods
    if method is ClientAuth.NONE:
        return None if claim.method is AuthMethod.NONE else "client has no secret"
    if exact and claim.method in _PROVABLE:  # C187: any method of the list will do, and no other
        return None if claim.method in exact else "wrong method"
    if method is not ClientAuth.SECRET:
        return "method is not supported yet"
    if claim.method not in _SECRETS:
        return "nothing was presented" if claim.method is AuthMethod.NONE else "wrong method"
    return None


def _secrets(client: Client, now: int) -> Iterator[StoredSecret]:
    """C021, and of C026 those that have not expired (threat T-20)."""
    current = client.authentication.secret
    if isinstance(current, StoredSecret):
        yield current
    for secondary in client.authentication.secondary_secrets:
        if secondary.expires_at > now and isinstance(secondary.secret, StoredSecret):
            yield secondary.secret


async def _fits_slowly(
    secrets: list[StoredSecret], client: Client, claim: Presented, bucket: str, server: Server
) -> bool:
    """Guesses pay before they are hashed, so that many at once cannot slip through; who is right gets it back.

    What was verified a moment ago, or is being verified now, costs no hash and so no payment.
    """
    for secret in secrets:
        free = server.passwords.knows(secret.digest.decode("ascii"), claim.secret)
        if not free and not server.limits.allow(LIMIT, bucket):
            raise TooManyRequests("too many failed attempts, try again later", Why(rule="threat T-21"))
        fits = await server.passwords.verify(secret.digest.decode("ascii"), claim.secret)
        if not free:
            server.limits.refund(LIMIT, bucket)  # a failure is counted once, where it is refused
        if fits:
            server.credential_use.note(client, secret, server.clock.now())
            recoverable = server.settings.compatibility.recoverable_secrets
            keeper = SecretKeeper(server.vault, server.passwords)
            await take_over(client, secret, claim.secret, keeper, server, recoverable=recoverable)
            return True
    return False


async def _refuse(
    cause: str, client_id: str, claim: Presented, bucket: str, knock: Knock, server: Server, *, hashed: bool = False
) -> NoReturn:
    server.limits.allow(LIMIT, bucket)
    if not hashed and server.limits.allow(SOURCE_LIMIT, knock.source):
        await server.passwords.verify(None, claim.secret)
    method = "unreadable" if claim.method is None else str(claim.method)
    server.events.record(ClientRefused(client_id=client_id, method=method, cause=cause))
    why = Why(rule="RFC 6749 §2.3", setting="authentication.method", level="client", compared={"cause": cause})
    raise InvalidClient(why, tried_basic=claim.is_basic)
