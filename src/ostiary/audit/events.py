"""The things that happened, in the past tense: identifiers and names of settings, never a secret value."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. The recorder adds the time, an id, and the request it happened in."""

    name: ClassVar[str]
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
class SignedOn(Event):
    name = "person.signed_on"
    validator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnFailed(Event):
    name = "person.sign_on_failed"
    outcome = "failure"
    validator: str
    cause: str


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
class AccountChanged(Event):
    name = "account.changed"
    by: str
    store: str
    what: str
