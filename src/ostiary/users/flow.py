"""What a browser carries between a page and its form: the request and what was shown, sealed.

Nothing is stored before somebody has signed on (threat T-62). The sealed text is bound to a cookie of the browser that
got the page, to its issuer and to its kind of page (threats T-43, T-44, T-45); the text with the cookie is the proof
that a form was not made elsewhere. It is never part of a URL.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum

import msgspec

from ostiary.keys.vault import Unsealable
from ostiary.parameters import Parameters
from ostiary.ports.clock import MINUTE
from ostiary.server import Server
from ostiary.sessions.session import SignOn

LIFETIME_MS = 15 * MINUTE
_PURPOSE = "flow"
_VERSION = 1


class Stage(StrEnum):
    """The page that a flow waits at."""

    SIGN_ON = "sign-on"
    CONSENT = "consent"


class Cause(StrEnum):
    """Why a form cannot be taken."""

    FORGED = "the state is not one that this server gave to this browser for this page"
    EXPIRED = "the page is too old"
    ANSWERED = "the page was answered before"
    OTHER_SESSION = "the session is not the one that the page was shown to"


class StaleFlow(Exception):
    """The form does not belong to a page that is waiting. With `EXPIRED` the flow itself is genuine."""

    def __init__(self, cause: Cause, flow: "Flow | None" = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.flow = flow


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """Who was shown a consent page, and how they had signed on."""

    user_key: str
    validator: str
    username: str
    sign_on: SignOn
    session_key: bytes
    """The row key of the session; empty where no sessions are kept (S163)."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization request that waits for a person."""

    v: int = _VERSION
    id: str
    """Consumed when a consent is given."""
    stage: Stage
    expires_at: int
    parameters: tuple[tuple[str, str], ...]
    shown: tuple[str, ...] = ()
    """The scopes on the consent page, in its order."""
    shown_claims: tuple[str, ...] = ()
    """The claims on it that no scope covers, in its order."""
    approver: Approver | None = None

    def request(self) -> Parameters:
        """The parameters of the request, as they came."""
        values: dict[str, list[str]] = {}
        for name, value in self.parameters:
            values.setdefault(name, []).append(value)
        return Parameters(values)


def new_browser() -> str:
    """A value for the cookie that tells one browser from others."""
    return secrets.token_urlsafe(32)


def open_page(
    stage: Stage,
    parameters: Parameters,
    browser: str,
    server: Server,
    *,
    shown: tuple[str, ...] = (),
    shown_claims: tuple[str, ...] = (),
    approver: Approver | None = None,
) -> str:
    """The sealed text for the hidden field of a page shown now."""
    flow = Flow(
        id=secrets.token_urlsafe(18),
        stage=stage,
        expires_at=server.clock.now() + LIFETIME_MS,
        parameters=tuple(parameters),
        shown=shown,
        shown_claims=shown_claims,
        approver=approver,
    )
    sealed = server.vault.seal(_PURPOSE, msgspec.json.encode(flow), _context(stage, browser, server))
    return urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def take_form(stage: Stage, state: str | None, browser: str | None, server: Server) -> Flow:
    """The flow that a form belongs to; raises `StaleFlow`."""
    if not state or not browser:
        raise StaleFlow(Cause.FORGED)
    try:
        sealed = urlsafe_b64decode(state + "=" * (-len(state) % 4))
        plain = server.vault.open(_PURPOSE, sealed, _context(stage, browser, server))
        flow = _DECODER.decode(plain)
    except (ValueError, Unsealable, msgspec.DecodeError):
        raise StaleFlow(Cause.FORGED) from None
    if flow.v != _VERSION:
        raise StaleFlow(Cause.FORGED)
    if flow.expires_at <= server.clock.now():
        raise StaleFlow(Cause.EXPIRED, flow)
    return flow


async def answer_once(flow: Flow, server: Server) -> None:
    """Consume the flow, over all processes and nodes; raises `StaleFlow` for every answer but the first."""
    if not await server.stores.use_once(_PURPOSE, flow.id.encode(), flow.expires_at):
        raise StaleFlow(Cause.ANSWERED)


def _context(stage: Stage, browser: str, server: Server) -> bytes:
    return msgspec.json.encode((server.issuer, stage, browser))


_DECODER = msgspec.json.Decoder(Flow)
