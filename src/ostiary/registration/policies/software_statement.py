"""Software Statement: a signed text in which somebody we trust says what software this is (RFC 7591 §2.3)."""

import re
from collections.abc import Mapping
from typing import Any

from ostiary.errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement, Why
from ostiary.keys.jws import BadToken, Claims, Parsed, decode_object
from ostiary.ports.clock import SECOND
from ostiary.ports.outbound import KEY_SET, OutboundFailed
from ostiary.registration.candidate import Candidate
from ostiary.server import Server
from ostiary.server_settings.plugins import SoftwareStatementConfiguration, StatementIssuer

MEMBER = "software_statement"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Threat T-22: signatures that only their maker can make; ours to choose, never the statement's."""
CLOCK_SKEW_SECONDS = 60
_ABOUT_THE_TEXT = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", MEMBER})
_NEVER_STATED = frozenset({"client_id", "client_secret", "registration_access_token", "registration_client_uri"})


async def judge(configuration: SoftwareStatementConfiguration, candidate: Candidate, server: Server) -> Candidate:
    """RFC 7591 §2.3: what the statement says stands above what was sent beside it."""
    text = candidate.metadata.get(MEMBER)
    if text is None:
        if configuration.required:
            raise InvalidSoftwareStatement("a software statement is required")
        return candidate
    if not isinstance(text, str):
        raise InvalidSoftwareStatement("the software statement must be a text")
    claims = await stated(text, configuration, server)
    approved = frozenset(re.split(r"\s+", configuration.software_ids.strip())) - {""}
    if approved and claims.get("software_id") not in approved:
        raise UnapprovedSoftwareStatement("this software is not approved here")
    said = {name: value for name, value in claims.items() if name not in _ABOUT_THE_TEXT | _NEVER_STATED}
    return candidate.with_metadata({**candidate.metadata, **said})


async def stated(text: str, configuration: SoftwareStatementConfiguration, server: Server) -> Claims:
    """The claims of a statement that a trusted issuer signed; raises what RFC 7591 §3.2.2 has for any other."""
    try:
        parsed = Parsed.of(text)
        claims = parsed.unverified_claims()
    except BadToken as problem:
        raise InvalidSoftwareStatement("the software statement cannot be read", Why(rule=str(problem))) from None
    rows = [row for row in configuration.issuers if row.issuer == claims.get("iss")]
    if not rows:
        raise UnapprovedSoftwareStatement("the issuer of the software statement is not trusted here")
    if not any([await _is_signed_by(row, text, parsed, server) for row in rows]):
        raise InvalidSoftwareStatement("the signature of the software statement does not fit")
    _check_times(claims, server.clock.now() // SECOND)
    return claims


async def _is_signed_by(row: StatementIssuer, text: str, parsed: Parsed, server: Server) -> bool:
    """Whether one of the issuer's keys made the signature; a key that was not there is looked for once more."""
    if row.jwks and _verifies(row.jwks.encode(), text, parsed):
        return True
    if not row.jwks_url:
        return False
    try:
        if _verifies(await server.outbound.document(row.jwks_url, KEY_SET), text, parsed):
            return True
        return _verifies(await server.outbound.newer_document(row.jwks_url, KEY_SET), text, parsed)
    except OutboundFailed:
        return False


def _verifies(key_set: bytes, text: str, parsed: Parsed) -> bool:
    """RFC 7515 §5.2, with the keys of the set that the header may mean."""
    from joserfc import jws  # JOSE of strangers is rare; it is loaded when it comes
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    registry = jws.JWSRegistry(algorithms=ALGORITHMS)
    for one in _keys_in(key_set):
        if parsed.kid and one.get("kid") not in (None, parsed.kid):
            continue
        algorithm = parsed.header["alg"]
        if one.get("kty") == "oct" or one.get("use", "sig") != "sig" or one.get("alg", algorithm) != algorithm:
            continue
        try:
            jws.deserialize_compact(text, JWKRegistry.import_key(dict(one)), registry=registry)
        except (JoseError, ValueError, TypeError):
            continue
        return True
    return False


def _keys_in(key_set: bytes) -> list[Mapping[str, Any]]:
    try:
        keys = decode_object(key_set).get("keys")
    except BadToken:
        return []
    return [one for one in keys if isinstance(one, dict)] if isinstance(keys, list) else []


def _check_times(claims: Claims, now: int) -> None:
    """RFC 7519 §4.1.4, §4.1.5: a statement without an end does not end."""
    ends, begins = claims.get("exp"), claims.get("nbf")
    if ends is not None and not (_is_number(ends) and ends > now - CLOCK_SKEW_SECONDS):
        raise InvalidSoftwareStatement("the software statement has expired")
    if begins is not None and not (_is_number(begins) and begins <= now + CLOCK_SKEW_SECONDS):
        raise InvalidSoftwareStatement("the software statement does not count yet")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
