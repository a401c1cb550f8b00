"""What rules may know of a client's secret, wherever it stands: just sent, or stored."""

from ostiary.clients.client import Client
from ostiary.clients.secret_keeping import LONG_ENOUGH
from ostiary.declare import NewSecret, StoredSecret
from ostiary.words import ClientAuth, KeyManagement, SigningAlgorithm

BY_SECRET = frozenset({ClientAuth.SECRET, ClientAuth.CLIENT_SECRET_JWT})
"""Ways to authenticate that work with the secret."""


def needs_secret(client: Client) -> bool:
    """Whether the client cannot do without one: to authenticate, or for what it wants signed or encrypted."""
    return not client.authentication.ways.isdisjoint(BY_SECRET) or needs_clear_secret(client)


def has_secret(client: Client) -> bool:
    """Whether there is one at all."""
    return client.authentication.secret is not None


def secret_bytes(client: Client) -> int | None:
    """Its length in UTF-8 bytes; None when there is none or it is not known."""
    secret = client.authentication.secret
    if isinstance(secret, NewSecret):
        return len(secret.secret.reveal().encode())
    return secret.length or None if isinstance(secret, StoredSecret) else None


def secret_is_short(client: Client) -> bool:
    """Whether a secret that was just sent is short enough to be guessed."""
    secret = client.authentication.secret
    return isinstance(secret, NewSecret) and len(secret.secret.reveal()) < LONG_ENOUGH


def clear_secret_is_available(client: Client) -> bool:
    """Whether its clear value can be had, for HMAC and symmetric encryption."""
    secret = client.authentication.secret
    return isinstance(secret, NewSecret) or (isinstance(secret, StoredSecret) and secret.is_recoverable)


def needs_clear_secret(client: Client) -> bool:
    """Whether a setting of the client works with the secret itself, so that a sealed copy must be kept."""
    signs = (
        client.openid.id_token_algorithm,
        client.openid.userinfo_algorithm,
        client.introspection.algorithm,
        client.jarm.algorithm,
    )
    encrypts = (
        client.openid.id_token_encryption,
        client.openid.userinfo_encryption,
        client.introspection.encryption,
        client.jarm.encryption,
    )
    return (
        ClientAuth.CLIENT_SECRET_JWT in client.authentication.ways
        or any(isinstance(one, SigningAlgorithm) and one.is_symmetric for one in signs)
        or any(isinstance(one, KeyManagement) and one.is_symmetric for one in encrypts)
    )
