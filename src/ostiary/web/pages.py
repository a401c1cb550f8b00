"""The pages of people: the authorization endpoint, sign-on, consent, and the files that pages refer to.

Handlers translate: cookies and forms to the walk of `authorization_endpoint`, its outcomes to pages and redirects.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlsplit

from msgspec.structs import replace

from ostiary.authorization_endpoint import endpoint
from ostiary.authorization_endpoint.outcomes import AskConsent, AskSignOn, Outcome, Visitor
from ostiary.authorization_endpoint.response_modes import AuthorizationResponse, ResponseMode
from ostiary.clients.client import Client
from ostiary.errors import InvalidRequest, OAuthError, ServerError, ShownHere, TemporarilyUnavailable
from ostiary.pages.claims import CLAIMS
from ostiary.pages.records import (
    ClaimOnPage,
    ClientOnPage,
    ConsentPage,
    ErrorPage,
    FormPostPage,
    Notice,
    Page,
    ScopeOnPage,
    SignOnPage,
    web_address,
)
from ostiary.pages.render import ASSET_PREFIX, Pages
from ostiary.parameters import Parameters
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server
from ostiary.server_settings.scopes import OPENID, ScopeBook
from ostiary.sessions import cookies, session
from ostiary.sessions.session import Begun
from ostiary.users import flow, sign_on
from ostiary.users.authentication import Reason
from ostiary.users.consent import Extent
from ostiary.users.flow import Approver, Cause, Flow, Stage, StaleFlow
from ostiary.users.sign_on import Attempt, SignOnRefused
from ostiary.web.app import Routes
from ostiary.web.call import NO_STORE, Call, Refused, Reply

AUTHORIZATION = "/as/authorization.oauth2"
SIGN_ON = "/as/authorization/sign-on"
CONSENT = "/as/authorization/consent"
MOST_FORM_BYTES = 1 << 18
OPENID_DESCRIPTION = "Who you are when you sign on"
"""What the consent page says of ``openid`` where the server's settings say nothing."""
_EVERY_PAGE = (
    *NO_STORE,
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")

log = logging.getLogger("ostiary.web")

_Cookies = tuple[str, ...]


def routes(pages: Pages) -> Routes:
    """The routes, with the pages drawn by these templates and in these languages."""
    handlers = PageHandlers(pages)
    return {
        AUTHORIZATION: {"GET": handlers.authorization, "POST": handlers.authorization},
        SIGN_ON: {"POST": handlers.sign_on},
        CONSENT: {"POST": handlers.consent},
        f"{ASSET_PREFIX}*": {"GET": handlers.asset},
    }


def _on_a_page(
    handler: Callable[["PageHandlers", Call, Server], Awaitable[Reply]],
) -> Callable[["PageHandlers", Call, Server], Awaitable[Reply]]:
    """People see an error as a page, whatever it is; nothing of it goes to a redirect URI (threat T-06)."""

    @wraps(handler)
    async def guarded(self: "PageHandlers", call: Call, server: Server) -> Reply:
        try:
            return await handler(self, call, server)
        except ShownHere as shown:
            return self.error(shown.error, call, server)
        except OAuthError as error:
            return self.error(error, call, server)
        except Refused as refused:
            return self.error(InvalidRequest(refused.message), call, server, status=refused.status)
        except StaleFlow as stale:
            return self.stale(stale.cause, call, server)
        except StoreUnavailable as problem:
            log.warning("request %s: the store is not available: %s", call.request_id, problem)
            return self.error(TemporarilyUnavailable("the server cannot answer at the moment"), call, server)
        except Exception:
            log.exception("request %s failed", call.request_id)
            return self.error(ServerError("something went wrong; the log knows more"), call, server)

    return guarded


class PageHandlers:
    """The handlers, which share how pages are drawn."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    # Handlers -----------------------------------------------------------------------------------------------------

    @_on_a_page
    async def authorization(self, call: Call, server: Server) -> Reply:
        """GET, POST /as/authorization.oauth2"""
        encoded = call.query if call.method == "GET" else await call.form(MOST_FORM_BYTES)
        parameters = Parameters.with_repeats(encoded)
        visitor, fresh = await _visitor(call, server)
        outcome = await endpoint.authorize(parameters, visitor, server)
        return self._reply(outcome, fresh, call, server)

    @_on_a_page
    async def sign_on(self, call: Call, server: Server) -> Reply:
        """POST /as/authorization/sign-on"""
        form = await _own_form(call, server)
        visitor, fresh = await _visitor(call, server)
        try:
            waiting, visitor = _take_form(Stage.SIGN_ON, form, visitor, call, server)
            is_late = False
        except StaleFlow as stale:
            if stale.flow is None:
                raise
            waiting, is_late = stale.flow, True
        if form.get("action") == "cancel":
            return self._reply(await endpoint.decline(waiting, server), fresh, call, server)
        if is_late:
            again = await endpoint.ask_again(waiting, visitor, server)
            return self._reply(again, fresh, call, server, problem=Notice.EXPIRED)
        username, password = form.get("username"), form.get("password")
        if username is None or password is None:
            again = await endpoint.ask_again(waiting, visitor, server)
            return self._reply(again, fresh, call, server, problem=Notice.INCOMPLETE, username=username)
        request = waiting.request()
        attempt = Attempt(
            username=username,
            password=password,
            source=call.source,
            validator=request.get("idp") or request.get("pfidpadapterid"),
        )
        client_id = request.get("client_id") or ""
        try:
            person = await sign_on.check_password(attempt, server, client_id)
        except SignOnRefused as refused:
            again = await endpoint.ask_again(waiting, visitor, server)
            throttled = refused.cause is sign_on.Cause.THROTTLED
            problem = Notice.TOO_MANY if throttled else Notice.WRONG
            reply = self._reply(again, fresh, call, server, problem=problem, username=username)
            if throttled and reply.status == 200:
                reply.status, reply.headers = 429, (*reply.headers, (b"retry-after", b"60"))
            return reply
        act, begun = await sign_on.begin_session(person, visitor.session, server, client_id)
        approver = Approver(
            user_key=person.user_key,
            validator=person.validator,
            username=person.username,
            sign_on=act,
            session_key=b"" if begun is None else begun.session.key,
        )
        now_there = Visitor(browser=visitor.browser, session=None if begun is None else begun.session)
        outcome = await endpoint.after_sign_on(waiting, approver, now_there, server)
        return self._reply(outcome, (*fresh, *_session_cookies(begun, server)), call, server)

    @_on_a_page
    async def consent(self, call: Call, server: Server) -> Reply:
        """POST /as/authorization/consent"""
        form = await _own_form(call, server)
        visitor, fresh = await _visitor(call, server)
        try:
            waiting, visitor = _take_form(Stage.CONSENT, form, visitor, call, server)
            if form.get("action") != "allow":
                outcome: Outcome = await endpoint.decline(waiting, server)
            else:
                outcome = await endpoint.after_consent(waiting, _ticked(form, waiting), visitor, server)
        except StaleFlow as stale:
            if stale.flow is None:
                raise
            if form.get("action") != "allow":
                outcome = await endpoint.decline(stale.flow, server)
            else:  # nothing is granted by a form that came too late or from another session: the person is asked anew
                outcome = await endpoint.ask_again(stale.flow, visitor, server)
        return self._reply(outcome, fresh, call, server)

    async def asset(self, call: Call, server: Server) -> Reply:
        """GET /assets/*"""
        asset = self._pages.assets.get(call.rest)
        if asset is None:
            return Reply.text("There is no such file.\n", 404, NO_STORE)
        headers = (_FOR_EVER, (b"x-content-type-options", b"nosniff"))
        return Reply(200, asset.content, asset.content_type.encode(), headers)

    # Replies ------------------------------------------------------------------------------------------------------

    def error(self, error: OAuthError, call: Call, server: Server, *, status: int | None = None) -> Reply:
        """The error page: 400, or what kind of fault it is where the fault is ours."""
        page = ErrorPage(error=error.code, description=error.description, request_id=call.request_id)
        if error.status >= 500:
            page = ErrorPage(
                error=error.code,
                description=error.description,
                headline=Notice.BUSY_HEADLINE,
                advice=Notice.BUSY_ADVICE,
                request_id=call.request_id,
            )
        return self._page(page, call, server, status=status or (error.status if error.status >= 500 else 400))

    def stale(self, cause: Cause, call: Call, server: Server) -> Reply:
        """The page for a form that does not belong to a waiting page."""
        page = ErrorPage(
            error="invalid_request",
            description=str(cause),
            headline=Notice.STALE_HEADLINE,
            advice=Notice.STALE_ADVICE,
            request_id=call.request_id,
        )
        return self._page(page, call, server, status=400)

    def _reply(
        self,
        outcome: Outcome,
        cookie_values: _Cookies,
        call: Call,
        server: Server,
        *,
        problem: Notice | None = None,
        username: str | None = None,
    ) -> Reply:
        if isinstance(outcome, AuthorizationResponse):
            return self._answer(outcome, cookie_values, call, server)
        if isinstance(outcome, AskSignOn):
            page: Page = sign_on_page(outcome, call, server, problem=problem, username=username)
        else:
            page = consent_page(outcome, call, server)
        return self._page(page, call, server, cookie_values=cookie_values, ui_locales=outcome.ui_locales)

    def _answer(self, response: AuthorizationResponse, cookie_values: _Cookies, call: Call, server: Server) -> Reply:
        """Only a form leaves its fields behind when it is redirected; so a POST is always answered with 303 (T-08)."""
        # No page comes with it, so a cookie for one is not needed; that of a new session is.
        kept = tuple(value for value in cookie_values if not value.startswith(f"{cookies.FLOW}="))
        if response.mode is ResponseMode.FORM_POST:
            page = FormPostPage(action=response.redirect_uri, fields=response.members)
            return self._page(page, call, server, cookie_values=kept)
        status = 302 if call.method == "GET" else 303
        location = (b"location", response.location.encode("ascii"))
        return Reply(status, b"", b"", (location, *_set_cookies(kept), *NO_STORE, (b"referrer-policy", b"no-referrer")))

    def _page(
        self,
        page: Page,
        call: Call,
        server: Server,
        *,
        status: int = 200,
        cookie_values: _Cookies = (),
        ui_locales: str | None = None,
    ) -> Reply:
        drawn = self._pages.draw(
            page,
            base_path=base_path(server),
            ui_locales=ui_locales,
            accept_language=_header(call, b"accept-language"),
        )
        headers = (
            *_EVERY_PAGE,
            (b"content-security-policy", drawn.content_policy.encode("ascii")),
            (b"content-language", drawn.language.encode("ascii")),
            *_set_cookies(cookie_values),
        )
        return Reply.html(drawn.html, status, headers)


# What comes in --------------------------------------------------------------------------------------------------------


async def _visitor(call: Call, server: Server) -> tuple[Visitor, _Cookies]:
    """The browser and who is signed on in it, and the cookie to set where the browser has none of ours yet."""
    handles = (*call.cookie_values(cookies.SESSION), *call.cookie_values(cookies.PERSISTENT))
    found = await session.find(handles, server)
    for browser in _browsers(call):
        return Visitor(browser=browser, session=found), ()
    browser = flow.new_browser()
    return Visitor(browser=browser, session=found), (cookies.set_cookie(cookies.FLOW, browser, server.issuer),)


def _browsers(call: Call) -> tuple[str, ...]:
    """What the flow cookies say; beside ours there may be those of another server on this host."""
    return tuple(value for value in call.cookie_values(cookies.FLOW) if cookies.handle_in(value) is not None)


def _take_form(stage: Stage, form: Parameters, visitor: Visitor, call: Call, server: Server) -> tuple[Flow, Visitor]:
    """The flow of a form, and the visitor by the flow cookie that its page was bound to; raises `StaleFlow`."""
    for browser in _browsers(call):
        try:
            return flow.take_form(stage, form.get("state"), browser, server), replace(visitor, browser=browser)
        except StaleFlow as stale:
            if stale.flow is not None:  # the right cookie, too late
                raise
    raise StaleFlow(Cause.FORGED)


async def _own_form(call: Call, server: Server) -> Parameters:
    """The form of one of our pages; raises `StaleFlow` for one that was sent from elsewhere (threat T-45)."""
    check_own_origin(_header(call, b"sec-fetch-site"), _header(call, b"origin"), server.issuer)
    return Parameters.from_form(await call.form(MOST_FORM_BYTES))


def check_own_origin(site: str | None, origin: str | None, issuer: str) -> None:
    """What the browser says of where a form was, beside the sealed state; raises `StaleFlow`.

    A browser that says ``same-origin`` has compared; only others have to name our origin. ``null`` is what frames
    without an origin send, so it never counts as ours.
    """
    if origin == "null" or site not in (None, "same-origin"):
        raise StaleFlow(Cause.FORGED)
    if site is None and origin is not None and origin.lower() != origin_of(issuer):
        raise StaleFlow(Cause.FORGED)


def origin_of(issuer: str) -> str:
    """RFC 6454 §6.1."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}".lower()


def base_path(server: Server) -> str:
    """The path of the issuer, before every path of ours. From configuration, never from the request (threat T-49)."""
    return urlsplit(server.issuer).path.rstrip("/")


def _ticked(form: Parameters, waiting: Flow) -> Extent:
    """What came back ticked, by its place in what was shown."""

    def of(kind: str, shown: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for place, name in enumerate(shown) if form.get(f"{kind}-{place}") == name)

    return Extent(scopes=of("scope", waiting.shown), claims=of("claim", waiting.shown_claims))


def _header(call: Call, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in call.headers if key == name), None)


# What goes out --------------------------------------------------------------------------------------------------------


def sign_on_page(
    outcome: AskSignOn, call: Call, server: Server, *, problem: Notice | None = None, username: str | None = None
) -> SignOnPage:
    """The record of the sign-on page."""
    reasons = {
        Reason.FORCED: Notice.SIGN_ON_AGAIN,
        Reason.TOO_OLD: Notice.SIGN_ON_AGAIN,
        Reason.CONTEXT: Notice.SIGN_ON_AGAIN,
        Reason.OTHER_PERSON: Notice.OTHER_ACCOUNT,
    }
    return SignOnPage(
        client=client_on_page(outcome.client),
        action=base_path(server) + SIGN_ON,
        state=outcome.state,
        username=outcome.username if username is None else username[:256],
        reason=reasons.get(outcome.reason),
        problem=problem,
        tracking_id=call.request_id,
    )


def consent_page(outcome: AskConsent, call: Call, server: Server) -> ConsentPage:
    """The record of the Request for Approval."""
    book = server.settings.scope_book
    parts = urlsplit(outcome.redirect_uri)
    return ConsentPage(
        client=client_on_page(outcome.client),
        action=base_path(server) + CONSENT,
        state=outcome.state,
        user=outcome.person.username,
        scopes=tuple(_scope_on_page(scope, place, book) for place, scope in enumerate(outcome.scopes)),
        claims=tuple(
            ClaimOnPage(name=name, description=CLAIMS.get(name, ""), field=f"claim-{place}")
            for place, name in enumerate(outcome.claims)
        ),
        default_description=book.description_of(""),
        destination=parts.netloc if parts.scheme in ("http", "https") else parts.scheme,
        published_by=_publisher(outcome.client),
        on_this_device=parts.hostname in ("localhost", "127.0.0.1", "::1"),
        tracking_id=call.request_id,
    )


def _publisher(client: Client) -> str:
    """Threat T-32: the host of the document of a client that is not stored."""
    return urlsplit(client.client_id).netloc if client.version == 0 else ""


def client_on_page(client: Client) -> ClientOnPage:
    """What people may see of a client (C003 to C008, C182, C184). A name that is missing is its id."""
    identity = client.identity
    return ClientOnPage(
        client_id=identity.client_id,
        name=identity.name or identity.client_id,
        sub_title=client.portal.sub_title or "",
        description=identity.description or "",
        legal_disclaimer=client.portal.legal_disclaimer or "",
        logo_url=web_address(identity.logo_url),
        home_url=web_address(identity.client_uri),
        policy_url=web_address(identity.policy_uri),
        terms_url=web_address(identity.tos_uri),
        properties=client.extended.parameters,
    )


def _scope_on_page(scope: str, place: int, book: ScopeBook) -> ScopeOnPage:
    """A scope with its description; a group with its members, which are granted with it (behaviour §5.1)."""
    members = (ScopeOnPage(name=name, description=book.description_of(name)) for name in book.groups.get(scope, ()))
    return ScopeOnPage(
        name=scope,
        description=book.description_of(scope) or (OPENID_DESCRIPTION if scope == OPENID else ""),
        field=f"scope-{place}",
        members=tuple(members),
    )


def _session_cookies(begun: Begun | None, server: Server) -> _Cookies:
    """S163, S164: the new session's handle, in the cookie of the browser's session and, if so set, in a lasting one."""
    if begun is None:
        return ()
    found = [cookies.set_cookie(cookies.SESSION, begun.handle, server.issuer)]
    lasting = session.lifetime_seconds(server)
    if lasting is not None:
        found.append(cookies.set_cookie(cookies.PERSISTENT, begun.handle, server.issuer, max_age_seconds=lasting))
    return tuple(found)


def _set_cookies(values: _Cookies) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((b"set-cookie", value.encode("ascii")) for value in values)


ROUTES: Routes = routes(Pages())
"""The routes with our own pages; `routes` gives them a theme and the operator's languages."""
