"""Who a client is, and how it proves that."""

import re
from collections.abc import Iterator

from ostiary.clients.client import Client
from ostiary.clients.rules.secrets import BY_SECRET, has_secret, secret_bytes, secret_is_short
from ostiary.declare import Problem
from ostiary.server_settings.facts import Facts
from ostiary.words import ClientAuth, GrantType, LockoutType, SigningAlgorithm

_BY_KEYS = frozenset({ClientAuth.PRIVATE_KEY_JWT, ClientAuth.SELF_SIGNED_CERTIFICATE})
TRUST_ANY = "Trust Any"
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_CLIENT_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,256}")


def client_is_named(client: Client, facts: Facts) -> Iterator[Problem]:
    """V01: an id, a name, and something it may do."""
    client_id = client.identity.client_id
    if not client_id:
        yield Problem("identity.client_id", "is required")
    elif not _CLIENT_ID.fullmatch(client_id) or not client_id.isprintable() or client_id != client_id.strip():
        yield Problem("identity.client_id", "must be 1 to 256 printable characters without space around them")
    if not client.identity.name.strip():
        yield Problem("identity.name", "is required")
    if not client.grants.allowed:
        yield Problem("grants.allowed", "at least one grant type is required")


def method_has_what_it_needs(client: Client, facts: Facts) -> Iterator[Problem]:
    """V03: each way to authenticate needs something to check against."""
    ways = client.authentication.ways
    if not ways.isdisjoint(BY_SECRET) and not has_secret(client):
        yield Problem("authentication.secret", "is required for this client authentication")
    if not ways.isdisjoint(_BY_KEYS) and not has_keys(client):
        yield Problem("authentication.jwks_url", "a JWKS URL or a JWKS is required for this client authentication")
    if ClientAuth.CERTIFICATE in ways:
        yield from _certificate_is_named(client)


def _certificate_is_named(client: Client) -> Iterator[Problem]:
    own = client.authentication
    if not own.certificate_issuer_dn:
        yield Problem("authentication.certificate_issuer_dn", "is required for a TLS certificate")
    if own.certificate_subject_dn and own.certificate_san:
        yield Problem("authentication.certificate_san", "must not be given beside a subject DN")
    if not own.certificate_subject_dn and not own.certificate_san:
        yield Problem("authentication.certificate_subject_dn", "is required for a TLS certificate")


def public_clients_cannot_do_this(client: Client, facts: Facts) -> Iterator[Problem]:
    """V04: what needs a client that authenticates (RFC 6749 §4.4)."""
    if not client.authentication.may_stay_unproven:
        return
    if GrantType.CLIENT_CREDENTIALS in client.grants.allowed:
        yield Problem("authentication.method", "client credentials need a client that authenticates")
    for field, algorithm in signing_algorithms(client):
        if algorithm is not None and algorithm.is_symmetric:
            yield Problem(field, "an HMAC algorithm needs a client that authenticates")
    if client.logout.session_revocation_api:
        yield Problem("logout.session_revocation_api", "the session revocation API needs a client that authenticates")
    if client.logout.session_management_api:
        yield Problem("logout.session_management_api", "the session management API needs a client that authenticates")


def keys_are_given_once(client: Client, facts: Facts) -> Iterator[Problem]:
    """V07: a URL or a key set, not both; the URL is https, the set parses and holds public keys."""
    own = client.authentication
    if own.jwks_url and own.jwks:
        yield Problem("authentication.jwks", "only one of JWKS URL and JWKS may be given")
    if own.jwks_url and not own.jwks_url.lower().startswith("https://"):
        from_portal = client.portal.runtime_id is not None  # its own samples have http; such a URL is never fetched
        yield Problem("authentication.jwks_url", "must be an https URL; another is never fetched", warning=from_portal)
    if own.jwks:
        yield from _key_set_is_good(client)


def _key_set_is_good(client: Client) -> Iterator[Problem]:
    key_set = client.authentication.jwks
    assert key_set is not None
    try:
        keys = key_set.keys
    except (ValueError, RecursionError):
        yield Problem("authentication.jwks", "must be a JWK set: a JSON object with a list of keys")
        return
    for number, one in enumerate(keys, 1):
        if not isinstance(one.get("kty"), str):
            yield Problem("authentication.jwks", f"key {number} has no kty")
        elif one["kty"] == "oct" or not _PRIVATE_MEMBERS.isdisjoint(one):
            yield Problem("authentication.jwks", f"key {number} is not a public key")


def signed_requests_have_keys(client: Client, facts: Facts) -> Iterator[Problem]:
    """V08: what must be signed must be checked against a key."""
    if (client.requests.require_signed or client.ciba.require_signed) and not has_keys(client):
        yield Problem("authentication.jwks_url", "required signed requests need a JWKS URL or a JWKS")


def assertion_algorithm_fits(client: Client, facts: Facts) -> Iterator[Problem]:
    """V23: the algorithm of assertions is of the family that the authentication uses."""
    algorithm = client.authentication.assertion_algorithm
    if algorithm is None:
        return
    way = ClientAuth.CLIENT_SECRET_JWT if algorithm.is_symmetric else ClientAuth.PRIVATE_KEY_JWT
    if way not in client.authentication.ways:
        yield Problem("authentication.assertion_algorithm", "does not fit the client authentication")


def secrets_are_long_enough(client: Client, facts: Facts) -> Iterator[Problem]:
    """RFC 7518 §3.2: an HMAC key is at least as long as the hash. Short secrets are told of."""
    length = secret_bytes(client)
    if length is None:
        return
    for field, algorithm in (*signing_algorithms(client), *_assertion_algorithm(client)):
        if algorithm is not None and length < algorithm.secret_bytes:
            yield Problem(
                "authentication.secret", f"must have at least {algorithm.secret_bytes} bytes for {algorithm} ({field})"
            )
    if secret_is_short(client):
        yield Problem("authentication.secret", "is short: 22 random characters are a good length", warning=True)


def lockout_is_complete(client: Client, facts: Facts) -> Iterator[Problem]:
    """C173: a number of attempts, with an override and only then."""
    overrides = client.identity.lockout_type is LockoutType.OVERRIDE
    if overrides and client.identity.lockout_actions is None:
        yield Problem("identity.lockout_actions", "is required beside OVERRIDE_SERVER_DEFAULT")
    if not overrides and client.identity.lockout_actions is not None:
        yield Problem("identity.lockout_actions", "is possible beside OVERRIDE_SERVER_DEFAULT only")


def has_keys(client: Client) -> bool:
    """Whether the client publishes keys, at a URL or here."""
    return bool(client.authentication.jwks_url or client.authentication.jwks)


def signing_algorithms(client: Client) -> tuple[tuple[str, SigningAlgorithm | None], ...]:
    """What the server signs for the client."""
    return (
        ("openid.id_token_algorithm", client.openid.id_token_algorithm),
        ("openid.userinfo_algorithm", client.openid.userinfo_algorithm),
        ("introspection.algorithm", client.introspection.algorithm),
        ("jarm.algorithm", client.jarm.algorithm),
    )


def _assertion_algorithm(client: Client) -> tuple[tuple[str, SigningAlgorithm | None], ...]:
    if ClientAuth.CLIENT_SECRET_JWT not in client.authentication.ways:
        return ()
    algorithm = client.authentication.assertion_algorithm or SigningAlgorithm.HS256
    return (("authentication.assertion_algorithm", algorithm),)
