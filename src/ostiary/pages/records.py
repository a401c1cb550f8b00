"""One typed record per page, so that a page can be drawn without the flow that leads to it. All is escaped there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlsplit


class Notice(StrEnum):
    """What a page tells a person. The value is the English text and the id of the message in the catalogues."""

    WRONG = "The user name or password is not right, or the account is locked for a minute. Please try again."
    TOO_MANY = "There were too many attempts. Wait a minute, then try again."
    INCOMPLETE = "Enter your user name and your password."
    EXPIRED = "That took a little long, so the page is shown again."
    SIGN_ON_AGAIN = "The application asks you to sign on again."
    OTHER_ACCOUNT = "The application expects another account."
    ERROR_HEADLINE = "This request cannot be answered"
    ERROR_ADVICE = "Something in the link that brought you here is not right. Go back to the application and try again."
    STALE_HEADLINE = "This page is no longer good"
    STALE_ADVICE = (
        "It was answered already, it is too old, or it belongs to another browser. "
        "Go back to the application and start again. Your browser must accept cookies."
    )
    BUSY_HEADLINE = "Please try again soon"
    BUSY_ADVICE = "The service cannot answer at the moment. Nothing is lost: go back and try again in a minute."


class Page:
    """What every record has: the template that draws it, and what its content policy must allow."""

    __slots__ = ()
    template: ClassVar[str]
    form_leads_elsewhere: ClassVar[bool] = False
    """Whether its form ends, after redirects, at an address that is not ours (see `pages.policy`)."""
    has_form: ClassVar[bool] = False
    script: ClassVar[str] = ""
    """The one inline script of the page; the policy names its digest."""

    @property
    def pictures_from(self) -> str:
        """The address of a picture from elsewhere, or empty."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOnPage:
    """An application as people see it. Names and descriptions may be alias keys; addresses are http(s) or empty."""

    client_id: str
    name: str
    sub_title: str = ""
    """Shown under the name (C182)."""
    description: str = ""
    legal_disclaimer: str = ""
    """Shown at the foot of the consent page (C184)."""
    logo_url: str = ""
    home_url: str = ""
    policy_url: str = ""
    terms_url: str = ""
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Extended properties, for templates of a theme."""

    @property
    def initial(self) -> str:
        """What stands in the place of a missing logo."""
        return next((character.upper() for character in self.name if character.isalnum()), "?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnPage(Page):
    """Who are you?"""

    template = "sign-on.html"
    form_leads_elsewhere = True
    has_form = True

    client: ClientOnPage
    action: str
    """Where the form goes: a path of this origin."""
    state: str
    """The sealed flow."""
    username: str = ""
    reason: Notice | None = None
    """Why a signed-on person is asked again."""
    problem: Notice | None = None
    """What went wrong with the attempt before."""
    tracking_id: str = ""

    @property
    def pictures_from(self) -> str:
        """The client's logo."""
        return self.client.logo_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOnPage:
    """One scope to approve; a group with its members."""

    name: str
    description: str = ""
    field: str = ""
    """The name of its check box."""
    members: tuple["ScopeOnPage", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOnPage:
    """One claim to approve that no scope on the page covers."""

    name: str
    description: str = ""
    field: str = ""
    """The name of its check box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage(Page):
    """Behaviour §7.2: the Request for Approval."""

    template = "consent.html"
    form_leads_elsewhere = True
    has_form = True

    client: ClientOnPage
    action: str
    state: str
    user: str
    scopes: tuple[ScopeOnPage, ...]
    claims: tuple[ClaimOnPage, ...] = ()
    default_description: str = ""
    """What the default scope means; shown when nothing else is asked for."""
    destination: str = ""
    """The host or scheme of the redirect URI, which a client cannot make up."""
    published_by: str = ""
    """The host of the client's metadata document, where nobody registered it."""
    on_this_device: bool = False
    """Whether the answer goes to a program on the person's own machine, whoever started it."""
    tracking_id: str = ""

    @property
    def pictures_from(self) -> str:
        """The client's logo."""
        return self.client.logo_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Page):
    """RFC 6749 §4.1.2.1: what must be shown here and never be sent to a redirect URI."""

    template = "error.html"

    error: str
    """The registered name."""
    description: str
    """For developers, in English."""
    headline: Notice = Notice.ERROR_HEADLINE
    advice: Notice = Notice.ERROR_ADVICE
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPostPage(Page):
    """OAuth 2.0 Form Post Response Mode: the answer as a form that sends itself, with a button if scripts are off."""

    template = "form-post.html"
    form_leads_elsewhere = True
    script = "document.forms[0].submit()"

    action: str
    """The client's redirect URI."""
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOnPage(Page):
    """Someone is signed on and there is nowhere to go."""

    template = "signed-on.html"

    user: str


def web_address(url: str | None) -> str:
    """The URL if a page may link to it or show it, else empty: http(s), with a host, free of control characters."""
    if not url or any(character <= " " or character in '"<>\\' or character == "\x7f" for character in url):
        return ""
    try:
        parts = urlsplit(url)
        known = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if known else ""
