"""The permission to send a browser to a client. It can only be earned (RFC 6749 §4.1.2.1, threats T-05, T-06)."""

from typing import Self

import msgspec

from ostiary.authorization_endpoint.response_modes import (
    AuthorizationResponse,
    ResponseMode,
    mode_in_force,
    printable,
)
from ostiary.clients.client import Client
from ostiary.clients.redirect_uris import RedirectPattern
from ostiary.errors import InvalidRequest, OAuthError, ShownHere, Why
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.scopes import OPENID
from ostiary.words import SecurityProfile


class ReplyAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where answers and errors of one request go."""

    redirect_uri: str
    issuer: str | None
    """RFC 9207: named in every answer; None when S004 is off."""
    state: str | None
    mode: ResponseMode

    @classmethod
    def verified(cls, parameters: Parameters, client: Client, server: Server) -> Self:
        """RFC 6749 §4.1.2.1: until this returns, errors are shown here and never redirected. Raises `ShownHere`.

        The response mode has no say in it.
        """
        settings = server.settings
        return cls(
            redirect_uri=verified_redirect_uri(parameters, client, settings),
            issuer=server.issuer if settings.authorization.include_issuer else None,
            state=parameters.get("state"),
            mode=mode_in_force(parameters.get("response_type"), parameters.get("response_mode")),
        )

    def answer(self, *members: tuple[str, str]) -> AuthorizationResponse:
        """A response with these members, the state and the issuer, and nothing else."""
        rest = (("state", self.state), ("iss", self.issuer))
        return AuthorizationResponse(
            redirect_uri=self.redirect_uri,
            mode=self.mode,
            members=(*members, *((name, value) for name, value in rest if value is not None)),
        )

    def refuse(self, error: OAuthError) -> AuthorizationResponse:
        """RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6: the error, for the client to read."""
        return self.answer(("error", error.code), ("error_description", printable(error.description)))


def verified_redirect_uri(parameters: Parameters, client: Client, settings: ServerSettings) -> str:
    """Behaviour §4.3: the redirect URI of the request, or the only registered one. Raises `ShownHere`."""
    registered = client.redirection.redirect_uris
    usable = usable_patterns(client, settings)
    sent = parameters.get("redirect_uri")
    if sent is not None:
        if any(pattern.matches(sent) for pattern in usable):
            return sent
        raise _shown("redirect_uri does not match a redirect URI of this client", sent)
    if not registered:
        raise _shown("this client has no redirect URI", "")
    if len(registered) > 1 or not usable or usable[0].has_wildcard:
        raise _shown("redirect_uri is required, because this client has more than one", "")
    if OPENID in (parameters.get("scope") or "").split():  # OpenID Connect Core §3.1.2.1
        raise _shown("redirect_uri is required in an OpenID Connect request", "")
    return usable[0].text


def usable_patterns(client: Client, settings: ServerSettings) -> tuple[RedirectPattern, ...]:
    """S090: without wildcards where they are switched off or a security profile forbids them."""
    if wildcards_allowed(client, settings):
        return client.redirect_patterns
    return tuple(pattern for pattern in client.redirect_patterns if not pattern.has_wildcard)


def wildcards_allowed(client: Client, settings: ServerSettings) -> bool:
    """Behaviour §0: the switch, and the profiles of the server and of the client, each of which can only tighten."""
    profiles = {settings.compatibility.security_profile, client.requests.security_profile}
    tightens = profiles - {SecurityProfile.NONE, SecurityProfile.SERVER_DEFAULT}
    return settings.compatibility.redirect_uri_wildcards and not tightens


def _shown(description: str, sent: str) -> ShownHere:
    why = Why(
        rule="behaviour §4.3", setting="redirection.redirect_uris", level="client", compared={"redirect_uri": sent}
    )
    return ShownHere(InvalidRequest(description, why))
