"""Every refusal, by its registered name.

`description` travels to the client. What only the log may know goes into `Why`: the rule, the setting with the level it
was read from, and the values compared. None of it may be secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The facts behind a refusal, for the log and for `explain`; never sent to the client."""

    rule: str = ""
    """The rule that refused, by the name of its function or of its specification section."""
    setting: str = ""
    """Our canonical name of the setting that decided, e.g. ``requests.require_pkce``."""
    level: str = ""
    """Where the setting's value came from: ``client``, ``server`` or ``default``."""
    compared: Mapping[str, str] = field(default_factory=dict)
    """The values that were compared, by name. No secret, token, code or assertion."""


class OAuthError(Exception):
    """RFC 6749 §5.2: a refusal with a registered error code. The HTTP status belongs to the class."""

    code: ClassVar[str]
    status: ClassVar[int] = 400

    def __init__(self, description: str, why: Why | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.why = why or Why()


class InvalidRequest(OAuthError):
    """RFC 6749 §5.2."""

    code = "invalid_request"


class InvalidClient(OAuthError):
    """RFC 6749 §5.2. The text is the same for every cause, so that nothing can be learned from it."""

    code = "invalid_client"
    status = 401

    def __init__(self, why: Why | None = None, *, tried_basic: bool = False) -> None:
        super().__init__("Invalid client or client credentials.", why)
        self.tried_basic = tried_basic


class InvalidGrant(OAuthError):
    """RFC 6749 §5.2."""

    code = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """RFC 6749 §5.2, §4.1.2.1."""

    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """RFC 6749 §5.2."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """RFC 6749 §4.1.2.1."""

    code = "unsupported_response_type"


class InvalidScope(OAuthError):
    """RFC 6749 §5.2."""

    code = "invalid_scope"


class InvalidTarget(OAuthError):
    """RFC 8707 §2."""

    code = "invalid_target"


class AccessDenied(OAuthError):
    """RFC 6749 §4.1.2.1."""

    code = "access_denied"


class LoginRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "login_required"


class ConsentRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "consent_required"


class InteractionRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "interaction_required"


class UnmetAuthenticationRequirements(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0 §2."""

    code = "unmet_authentication_requirements"


class InvalidAuthorizationDetails(OAuthError):
    """RFC 9396 §5."""

    code = "invalid_authorization_details"


class RequestNotSupported(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "request_uri_not_supported"


class InvalidRequestUri(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "invalid_request_uri"


class InvalidRequestObject(OAuthError):
    """RFC 9101 §7."""

    code = "invalid_request_object"


class InvalidRedirectUri(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "unapproved_software_statement"


class UnsupportedTokenType(OAuthError):
    """RFC 7009 §2.2.1."""

    code = "unsupported_token_type"


class InvalidDpopProof(OAuthError):
    """RFC 9449 §5."""

    code = "invalid_dpop_proof"


class InvalidToken(OAuthError):
    """RFC 6750 §3.1."""

    code = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    """RFC 6750 §3.1."""

    code = "insufficient_scope"
    status = 403


class ServerError(OAuthError):
    """RFC 6749 §4.1.2.1: something here is not configured or does not work."""

    code = "server_error"
    status = 500


class TemporarilyUnavailable(OAuthError):
    """RFC 6749 §4.1.2.1. Also the answer while a store that must be asked cannot be (fail closed)."""

    code = "temporarily_unavailable"
    status = 503


class TooManyRequests(OAuthError):
    """RFC 6585 §4: a limit was reached; `retry_after_seconds` says when to come back."""

    code = "temporarily_unavailable"
    status = 429

    def __init__(self, description: str, why: Why | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(description, why)
        self.retry_after_seconds = retry_after_seconds


class ShownHere(Exception):
    """RFC 6749 §4.1.2.1: an authorization error that must be shown on our page and never be sent to a redirect URI."""

    def __init__(self, error: OAuthError) -> None:
        super().__init__(error.description)
        self.error = error
