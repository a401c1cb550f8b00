"""What is signed and encrypted for the client."""

from collections.abc import Iterator

from ostiary.clients.client import Client
from ostiary.clients.rules.identity import has_keys, signing_algorithms
from ostiary.clients.rules.secrets import clear_secret_is_available, has_secret
from ostiary.declare import Problem
from ostiary.server_settings.facts import Facts
from ostiary.words import ClientAuth, ContentEncryption, GrantType, KeyManagement, ResponseType, SigningAlgorithm


def encryption_has_its_key(client: Client, facts: Facts) -> Iterator[Problem]:
    """V09: asymmetric key management needs the client's keys, symmetric the secret in clear."""
    for field, key_management, _ in encryptions(client):
        if key_management is None:
            continue
        if key_management.is_symmetric:
            yield from _clear_secret(client, f"{field} {key_management}")
        elif not has_keys(client):
            yield Problem("authentication.jwks_url", f"{key_management} needs a JWKS URL or a JWKS")
    for field, algorithm in signing_algorithms(client):
        if algorithm is not None and algorithm.is_symmetric:
            yield from _clear_secret(client, f"{field} {algorithm}")
    if ClientAuth.CLIENT_SECRET_JWT in client.authentication.ways and has_secret(client):
        yield from _clear_secret(client, "client_secret_jwt")


def _clear_secret(client: Client, purpose: str) -> Iterator[Problem]:
    if not has_secret(client):
        yield Problem("authentication.secret", f"is required for {purpose}")
    elif not clear_secret_is_available(client):
        yield Problem(
            "authentication.secret", f"must be sent again: {purpose} needs it in clear, and only a digest is kept"
        )


def encryption_is_complete(client: Client, facts: Facts) -> Iterator[Problem]:
    """V10: key management and content encryption come together or not at all."""
    for field, key_management, content in encryptions(client):
        content_field = field.replace("encryption", "content_encryption")
        if key_management is not None and content is None:
            yield Problem(content_field, "is required beside a key management algorithm")
        if content is not None and key_management is None:
            yield Problem(content_field, "is possible beside a key management algorithm only")


def none_signs_where_it_may(client: Client, facts: Facts) -> Iterator[Problem]:
    """V23, OpenID Connect Registration §2: what may be unsigned; ID tokens, unless they pass the browser."""
    if not facts.unsigned_responses_allowed:
        for field, algorithm in (
            ("introspection.algorithm", client.introspection.algorithm),
            ("jarm.algorithm", client.jarm.algorithm),
        ):
            if algorithm is SigningAlgorithm.NONE:
                yield Problem(field, "unsigned responses are switched off on this server")
    if client.openid.id_token_algorithm is SigningAlgorithm.NONE and _id_tokens_pass_the_browser(client):
        yield Problem(
            "openid.id_token_algorithm", "none is possible only when no ID token comes from the authorization endpoint"
        )


def _id_tokens_pass_the_browser(client: Client) -> bool:
    """Judged by the list of response types; without a list, the endpoint refuses them as they come."""
    listed = client.grants.restricted_response_types
    return any("id_token" in one.words for one in listed) and GrantType.IMPLICIT in client.grants.allowed


def response_types_fit_grants(client: Client, facts: Facts) -> Iterator[Problem]:
    """V11: each response type has the grant types it needs, and each browser grant has a response type left."""
    field = "grants.restricted_response_types"
    listed = client.grants.restricted_response_types
    allowed = client.grants.allowed
    if client.portal.runtime_id is not None:
        listed_there = [one for one in listed if one not in ALWAYS_IN_PORTAL]
    else:
        listed_there = list(listed)
    for response_type in listed_there:
        missing = response_type.grant_types - allowed
        if missing:
            names = " and ".join(sorted(grant.label for grant in missing))
            yield Problem(field, f'"{response_type}" needs the grant type {names}')
    if not listed:
        return
    for grant in (GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT):
        if grant in allowed and not any(grant in one.grant_types for one in listed):
            yield Problem(field, f"leaves no response type for {grant.label}", warning=True)


ALWAYS_IN_PORTAL = frozenset({ResponseType.CODE, ResponseType.ID_TOKEN_TOKEN})
"""X13: the portal cannot restrict these."""


def encryptions(client: Client) -> tuple[tuple[str, KeyManagement | None, ContentEncryption | None], ...]:
    """What the server may encrypt for the client."""
    return (
        ("openid.id_token_encryption", client.openid.id_token_encryption, client.openid.id_token_content_encryption),
        ("openid.userinfo_encryption", client.openid.userinfo_encryption, client.openid.userinfo_content_encryption),
        ("introspection.encryption", client.introspection.encryption, client.introspection.content_encryption),
        ("jarm.encryption", client.jarm.encryption, client.jarm.content_encryption),
    )
