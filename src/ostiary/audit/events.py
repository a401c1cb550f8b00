"""The things that happened, in the past tense: identifiers and names of settings, never a secret value."""

from enum import StrEnum
from typing import ClassVar

import msgspec


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


class Event(msgspec.Struct, frozen=True, kw_only=True):
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


class ClientCreated(Event, frozen=True, kw_only=True):
    name = "client.created"
    by: str


class ClientReplaced(Event, frozen=True, kw_only=True):
    name = "client.replaced"
    by: str
    changed: tuple[str, ...]
    """Names of the settings that changed."""


class ClientDeleted(Event, frozen=True, kw_only=True):
    name = "client.deleted"
    by: str


class RegistrationTokenChanged(Event, frozen=True, kw_only=True):
    """The client was given another registration access token; the one before is dead."""

    name = "registration_token.changed"
    by: str


class InitialTokenChanged(Event, frozen=True, kw_only=True):
    """An initial access token was made or revoked."""

    name = "initial_token.changed"
    by: str
    token: str
    """Its id, which opens nothing."""
    what: str


class ClientQuarantined(Event, frozen=True, kw_only=True):
    """A client that registered itself was disabled, because nobody had used it."""

    name = "client.quarantined"
    unused_days: int


class ClientSecretTakenOver(Event, frozen=True, kw_only=True):
    """A secret that was imported as a hash was presented, and is kept our way from now on."""

    name = "client.secret_taken_over"
    scheme: str
    """Of the hash that went."""


class ClientRefused(Event, frozen=True, kw_only=True):
    """A client could not authenticate."""

    name = "client.refused"
    outcome = "failure"
    method: str
    cause: str
    """Why, in a closed set of words; never what was presented."""


class TokenIssued(Event, frozen=True, kw_only=True):
    name = "token.issued"
    grant_type: str
    scope: str = ""
    manager: str = ""
    grant_id: str = ""


class RequestRefused(Event, frozen=True, kw_only=True):
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


class CodeReplayed(Event, frozen=True, kw_only=True):
    name = "code.replayed"
    outcome = "failure"
    grant_id: str


class RefreshTokenReused(Event, frozen=True, kw_only=True):
    name = "refresh_token.reused"
    outcome = "failure"
    grant_id: str


class TokenRevoked(Event, frozen=True, kw_only=True):
    name = "token.revoked"
    kind: str
    grant_id: str = ""


class TokenIntrospected(Event, frozen=True, kw_only=True):
    name = "token.introspected"
    active: bool


class SignOnAsked(Event, frozen=True, kw_only=True):
    """The sign-on page was shown; how it goes on is another event."""

    name = "person.asked_to_sign_on"
    word = AuditWord.AUTHN_REQUEST
    outcome = "inprogress"
    reason: str
    """Why a page was needed, in a closed set of words."""


class SignedOn(Event, frozen=True, kw_only=True):
    name = "person.signed_on"
    word = AuditWord.AUTHN_ATTEMPT
    validator: str


class SignOnFailed(Event, frozen=True, kw_only=True):
    name = "person.sign_on_failed"
    word = AuditWord.AUTHN_ATTEMPT
    outcome = "failure"
    validator: str
    cause: str


class SessionCreated(Event, frozen=True, kw_only=True):
    name = "session.created"
    word = AuditWord.AUTHN_SESSION_CREATED
    validator: str
    session: str
    """The session identifier (``pi.sri``): it names the session and opens nothing."""


class SessionUsed(Event, frozen=True, kw_only=True):
    """An authorization was answered from a session, without the sign-on page."""

    name = "session.used"
    word = AuditWord.AUTHN_SESSION_USED
    validator: str
    session: str


class SessionDeleted(Event, frozen=True, kw_only=True):
    name = "session.deleted"
    word = AuditWord.AUTHN_SESSION_DELETED
    validator: str
    session: str


class ConsentDecided(Event, frozen=True, kw_only=True):
    name = "consent.decided"
    allowed: bool
    scope: str = ""


class AuthorizationAnswered(Event, frozen=True, kw_only=True):
    name = "authorization.answered"
    response_type: str
    scope: str = ""
    grant_id: str = ""


class SigningKeysRotated(Event, frozen=True, kw_only=True):
    name = "signing_keys.rotated"
    by: str
    kids: tuple[str, ...]


class SettingsApplied(Event, frozen=True, kw_only=True):
    name = "settings.applied"
    by: str
    changed: tuple[str, ...]


class AppVersionChanged(Event, frozen=True, kw_only=True):
    name = "app_version.changed"
    by: str
    app: str
    what: str


class AccountChanged(Event, frozen=True, kw_only=True):
    name = "account.changed"
    by: str
    store: str
    what: str
