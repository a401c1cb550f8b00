"""Conditions that several sections name."""

from ostiary.declare import Condition, all_of, any_of, contains, is_one_of, server_has
from ostiary.words import ClientAuth, GrantType


def allows(*grant_types: GrantType) -> Condition:
    """The client may use one of these grant types."""
    return contains("grants.allowed", *grant_types)


def authenticates_by(*methods: ClientAuth) -> Condition:
    """The client authenticates in one of these ways."""
    return is_one_of("authentication.method", *methods)


BROWSER_GRANTS = allows(GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT)
ASSERTIONS = authenticates_by(ClientAuth.PRIVATE_KEY_JWT, ClientAuth.CLIENT_SECRET_JWT)
USES_SECRET = authenticates_by(ClientAuth.SECRET, ClientAuth.CLIENT_SECRET_JWT)
TRACKS_LOGOUT = server_has("authorization.track_sessions_for_logout")

__all__ = [
    "ASSERTIONS",
    "BROWSER_GRANTS",
    "TRACKS_LOGOUT",
    "USES_SECRET",
    "all_of",
    "allows",
    "any_of",
    "authenticates_by",
]
