"""What must hold of a request before anybody is asked anything: one table, in the order of behaviour §4.4. Pure."""

from collections.abc import Callable
from enum import Flag, auto

import msgspec

from ostiary.authorization_endpoint.request import AuthorizationRequest
from ostiary.authorization_endpoint.response_modes import PLAIN, ResponseMode, default_mode
from ostiary.clients.client import Client
from ostiary.errors import (
    InvalidAuthorizationDetails,
    InvalidRequest,
    InvalidScope,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
    UnsupportedResponseType,
    Why,
)
from ostiary.proofs import pkce
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.scopes import OPENID, refused
from ostiary.users.authentication import PASSWORD_CONTEXTS
from ostiary.words import ParStatus, ResponseType


class At(Flag):
    """The endpoints that run the table."""

    AUTHORIZE = auto()
    PUSHED = auto()
    BACKCHANNEL = auto()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, who makes it, and the settings of now."""

    request: AuthorizationRequest
    client: Client
    settings: ServerSettings

    @property
    def response_type(self) -> ResponseType | None:
        """The response type, if it is one we know."""
        return ResponseType.requested(self.request.response_type or "")


Check = Callable[[Asked], None]


def check(asked: Asked, at: At) -> None:
    """Run the table for one endpoint; the first line that does not hold raises its `OAuthError`."""
    for holds in _CHECKS_AT[at]:
        holds(asked)


def no_request_object_is_sent(asked: Asked) -> None:
    """OpenID Connect Core §3.1.2.6: what is not read must be refused and never be ignored (RFC 9101 §10.5)."""
    if "request_uri" in asked.request.parameters:
        raise RequestUriNotSupported("request_uri is not supported", Why(rule="OpenID Connect Core §3.1.2.6"))
    if "request" in asked.request.parameters:
        raise RequestNotSupported("request is not supported", Why(rule="OpenID Connect Core §3.1.2.6"))


def pushing_is_not_required(asked: Asked) -> None:
    """RFC 9126 §5, §6; settings §6: who must push cannot come here with plain parameters."""
    if asked.settings.pushed.status is ParStatus.REQUIRED:
        why = Why(rule="RFC 9126 §5", setting="pushed.status", level="server")
        raise InvalidRequest("the request must be pushed (RFC 9126)", why)
    if asked.client.requests.require_pushed:
        why = Why(rule="RFC 9126 §6", setting="requests.require_pushed", level="client")
        raise InvalidRequest("this client must push its requests (RFC 9126)", why)


def signing_is_not_required(asked: Asked) -> None:
    """RFC 9101 §10.5: C042."""
    if asked.client.requests.require_signed:
        why = Why(rule="RFC 9101 §10.5", setting="requests.require_signed", level="client")
        raise InvalidRequest("this client must send a signed request object", why)


def response_type_is_known(asked: Asked) -> None:
    """RFC 6749 §3.1.1."""
    if asked.request.response_type is None:
        raise InvalidRequest("response_type is required")
    if asked.response_type is None:
        raise UnsupportedResponseType("response_type is not known", Why(rule="RFC 6749 §3.1.1"))


def response_type_is_allowed(asked: Asked) -> None:
    """RFC 6749 §4.1.2.1: C080 and C082."""
    wanted = asked.response_type
    restricted = asked.client.grants.restricted_response_types
    if wanted is not None and not wanted.grant_types <= asked.client.grants.allowed:
        why = Why(rule="RFC 6749 §4.1.2.1", setting="grants.allowed", level="client", compared={"wanted": wanted})
        raise UnauthorizedClient("this client may not use this response_type", why)
    if restricted and wanted not in restricted:
        why = Why(rule="RFC 6749 §4.1.2.1", setting="grants.restricted_response_types", level="client")
        raise UnauthorizedClient("this client may not use this response_type", why)


def response_type_is_answered_here(asked: Asked) -> None:
    """RFC 6749 §4.1.2.1: what this server does not do is refused, whatever a client may."""
    if asked.response_type is not ResponseType.CODE:
        raise UnsupportedResponseType("only response_type=code is supported")


def response_mode_is_legal(asked: Asked) -> None:
    """Multiple Response Types §2.1, §5: tokens never travel in a query."""
    mode = asked.request.response_mode
    if mode is None:
        return
    if mode not in PLAIN:
        raise InvalidRequest("response_mode must be query, fragment or form_post")
    if mode == ResponseMode.QUERY and default_mode(asked.request.response_type or "") is ResponseMode.FRAGMENT:
        raise InvalidRequest("response_mode=query is not for this response_type")


def signed_responses_are_not_required(asked: Asked) -> None:
    """JARM: C041."""
    if asked.client.requests.require_jarm:
        why = Why(rule="JARM §2.3", setting="requests.require_jarm", level="client")
        raise InvalidRequest("this client must ask for a response_mode with a JWT", why)


def challenge_is_good(asked: Asked) -> None:
    """RFC 7636 §4.3, §4.4.1: C047 and S003."""
    challenge = pkce.read_challenge(
        asked.request.code_challenge,
        asked.request.code_challenge_method,
        plain_allowed=not asked.settings.authorization.disallow_plain_pkce,
    )
    pkce.check_present(challenge, required=asked.client.requests.require_pkce)


def scopes_are_allowed(asked: Asked) -> None:
    """RFC 6749 §3.3, behaviour §5.2: one bad value fails the request; C119 and S169 decide over openid."""
    client, book = asked.client, asked.settings.scope_book
    bad = refused(book, asked.request.scopes, client.scopes.restrict, client.restricted_scopes, client.exclusive_scopes)
    if not client.openid.supported and OPENID in asked.request.scopes:
        bad = (*bad, OPENID)
    if bad:
        why = Why(rule="behaviour §5.2", setting="scopes", level="client", compared={"refused": " ".join(bad)})
        raise InvalidScope("The requested scope(s) must be blank or a subset of the provided scopes.", why)


def no_details_are_sent(asked: Asked) -> None:
    """RFC 9396 §5: details that would not be enforced must not seem to be."""
    if "authorization_details" in asked.request.parameters:
        raise InvalidAuthorizationDetails("authorization_details is not supported for this client")


def context_can_be_reached(asked: Asked) -> None:
    """OpenID Connect Core §5.5.1.1: an essential ``acr`` that no sign-on here satisfies is refused before it."""
    essential = asked.request.claims.essential_contexts
    if essential and not set(essential) & set(PASSWORD_CONTEXTS):
        raise UnmetAuthenticationRequirements("none of the essential acr values can be satisfied here")


A, P, B = At.AUTHORIZE, At.PUSHED, At.BACKCHANNEL
#   in this order                       at these endpoints
CHECKS: tuple[tuple[Check, At], ...] = (
    (no_request_object_is_sent,         A        ),  # RFC 9101 §10.5
    (pushing_is_not_required,           A        ),  # RFC 9126 §5
    (signing_is_not_required,           A | P | B),  # RFC 9101 §10.5
    (response_type_is_known,            A | P    ),  # RFC 6749 §3.1.1
    (response_type_is_allowed,          A | P    ),  # RFC 6749 §4.1.2.1
    (response_type_is_answered_here,    A | P    ),  # RFC 6749 §4.1.2.1
    (signed_responses_are_not_required, A | P    ),  # JARM
    (response_mode_is_legal,            A | P    ),  # Multiple Response Types §5
    (challenge_is_good,                 A | P    ),  # RFC 7636 §4.4.1
    (scopes_are_allowed,                A | P | B),  # RFC 6749 §3.3
    (no_details_are_sent,               A | P | B),  # RFC 9396 §5
    (context_can_be_reached,            A | P | B),  # Core §5.5.1.1
)  # fmt: skip

_CHECKS_AT = {at: tuple(check for check, reach in CHECKS if at in reach) for at in At}
