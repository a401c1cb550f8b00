"""What the endpoint answers: a response for the client, or a page for the person."""

import msgspec

from ostiary.authorization_endpoint.response_modes import AuthorizationResponse
from ostiary.clients.client import Client
from ostiary.sessions.session import Session
from ostiary.tokens.people import Person
from ostiary.users.authentication import Reason
from ostiary.users.consent import Extent
from ostiary.users.flow import Approver, Stage


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """The browser at the door."""

    browser: str
    """The value of its flow cookie."""
    session: Session | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A consent form that was sent."""

    approver: Approver
    shown: Extent
    ticked: Extent


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far this request has come. A request that just arrived has come nowhere."""

    approver: Approver | None = None
    """Who signed on in this very flow, or was shown its consent page."""
    given: Given | None = None
    ask_again: Stage | None = None
    """The page to show in any case: its form came too late or was filled in wrongly."""


class AskSignOn(msgspec.Struct, frozen=True, kw_only=True):
    """Show the sign-on page."""

    client: Client
    reason: Reason
    state: str
    """The sealed flow."""
    username: str
    ui_locales: str | None


class AskConsent(msgspec.Struct, frozen=True, kw_only=True):
    """Show the Request for Approval."""

    client: Client
    person: Person
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    """The claims asked for by name that none of the scopes covers."""
    redirect_uri: str
    state: str
    ui_locales: str | None


Outcome = AuthorizationResponse | AskSignOn | AskConsent
