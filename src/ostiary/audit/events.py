"""The things that happened, in the past tense: identifiers and names of settings, never a secret value."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class AuditWord(StrEnum):
    """What the audit log calls an event (behaviour §23). The event's own name stands in the description."""

    OAUTH = "OAuth"
    """A protocol request was answered or refused, or what the server works with was changed."""
    AUTHN_REQUEST = "AUTHN_REQUEST"
    """Somebody was asked to sign on."""
    AUTHN_ATTEMPT = "AUTHN_ATTEMPT"
    """Somebody tried to."""
    AUTHN_SESSION_CREATED = "AUTHN_SESSION_CREATED"
    AUTHN_SESSION_USED = "AUTHN_SESSION_USED"
    AUTHN_SESSION_DELETED = "AUTHN_SESSION_DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. The recorder adds the time, an id, and the request it happened in.

    In the audit log the fields `grant_id` and `validator` of an event have columns of their own; the others are told in
    its description.
    """

    name: ClassVar[str]
    word: ClassVar[AuditWord] = AuditWord.OAUTH
    outcome: ClassVar[str] = "success"
    """``success``, ``failure`` or ``inprogress``, as the audit log writes it."""
    client_id: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCreated(Event):
    name = "client.created"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientReplaced(Event):
    name = "client.replaced"
    by: str
    changed: tuple[str, ...]
    """Names of the settings that changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDeleted(Event):
    name = "client.deleted"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(Event):
    """A client could not authenticate."""

    name = "client.refused"
    outcome = "failure"
    method: str
    cause: str
    """Why, in a closed set of words; never what was presented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    name = "token.issued"
    grant_type: str
    scope: str = ""
    manager: str = ""
    grant_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused(Event):
    """A protocol request was refused, at the endpoint named."""

    name = "request.refused"
    outcome = "failure"
    endpoint: str
    error: str
    description: str
    rule: str = ""
    setting: str = ""
    level: str = ""
    compared: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReplayed(Event):
    name = "code.replayed"
    outcome = "failure"
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(Event):
    name = "refresh_token.reused"
    outcome = "failure"
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    name = "token.revoked"
    kind: str
    grant_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIntrospected(Event):
    name = "token.introspected"
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnAsked(Event):
    """The sign-on page was shown; how it goes on is another event."""

    name = "person.asked_to_sign_on"
    word = AuditWord.AUTHN_REQUEST
    outcome = "inprogress"
    reason: str
    """Why a page was needed, in a closed set of words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOn(Event):
    name = "person.signed_on"
    word = AuditWord.AUTHN_ATTEMPT
    validator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnFailed(Event):
    name = "person.sign_on_failed"
    word = AuditWord.AUTHN_ATTEMPT
    outcome = "failure"
    validator: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated(Event):
    name = "session.created"
    word = AuditWord.AUTHN_SESSION_CREATED
    validator: str
    session: str
    """The session identifier (``pi.sri``): it names the session and opens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUsed(Event):
    """An authorization was answered from a session, without the sign-on page."""

    name = "session.used"
    word = AuditWord.AUTHN_SESSION_USED
    validator: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDeleted(Event):
    name = "session.deleted"
    word = AuditWord.AUTHN_SESSION_DELETED
    validator: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided(Event):
    name = "consent.decided"
    allowed: bool
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAnswered(Event):
    name = "authorization.answered"
    response_type: str
    scope: str = ""
    grant_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeysRotated(Event):
    name = "signing_keys.rotated"
    by: str
    kids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsApplied(Event):
    name = "settings.applied"
    by: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersionChanged(Event):
    name = "app_version.changed"
    by: str
    app: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    name = "account.changed"
    by: str
    store: str
    what: str
