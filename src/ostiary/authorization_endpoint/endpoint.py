"""The walk of an authorization request (behaviour §4.4): client, reply address, checks, sign-on, consent, code.

The forms of the pages come back to the same walk, so that whatever was switched off in between is off (threat T-47).
"""

import msgspec
from msgspec.structs import replace

from ostiary.audit.events import AuthorizationAnswered, ConsentDecided, RequestRefused, SessionUsed, SignOnAsked
from ostiary.authorization_endpoint import hints
from ostiary.authorization_endpoint.approval import Proposal
from ostiary.authorization_endpoint.checks import Asked
from ostiary.authorization_endpoint.judging import judged
from ostiary.authorization_endpoint.outcomes import AskConsent, AskSignOn, Given, Outcome, Progress, Visitor
from ostiary.authorization_endpoint.reply import ReplyAddress
from ostiary.authorization_endpoint.request import AuthorizationRequest
from ostiary.authorization_endpoint.response_modes import AuthorizationResponse
from ostiary.clients.client import Client
from ostiary.clients.sectors import check_before_use
from ostiary.errors import (
    AccessDenied,
    ConsentRequired,
    InvalidRequest,
    LoginRequired,
    OAuthError,
    RequestNotSupported,
    RequestUriNotSupported,
    ServerError,
    ShownHere,
    TemporarilyUnavailable,
    Why,
)
from ostiary.parameters import Parameters
from ostiary.ports.changes import Change
from ostiary.ports.events import Happening
from ostiary.ports.stores import StoreUnavailable
from ostiary.proofs import pkce
from ostiary.server import Server
from ostiary.server_settings.scopes import OPENID
from ostiary.sessions import session as sessions
from ostiary.sessions.session import Session
from ostiary.tokens import codes, managers, persistent_grants
from ostiary.tokens.people import Person, find_person
from ostiary.users import consent, flow, sign_on
from ostiary.users.authentication import Demand, Present, Prompt, Reason, context_of, reason_to_ask
from ostiary.users.consent import ConsentFacts, Decision, Extent
from ostiary.users.flow import Approver, Cause, Flow, Stage, StaleFlow
from ostiary.words import ConsentPage, GrantType

ENDPOINT = "authorization"


class SignedOn(msgspec.Struct, frozen=True, kw_only=True):
    """The person a request is answered for."""

    person: Person
    approver: Approver
    is_fresh: bool
    """Whether the sign-on belongs to this flow."""
    session: str
    """The session identifier; empty where no session is kept."""


# Ways in --------------------------------------------------------------------------------------------------------------


async def authorize(parameters: Parameters, visitor: Visitor, server: Server) -> Outcome:
    """RFC 6749 §4.1.1: a request that just arrived. Raises `ShownHere` for what no client may be told."""
    return await _walk(parameters, visitor, Progress(), server)


async def after_sign_on(waiting: Flow, approver: Approver, visitor: Visitor, server: Server) -> Outcome:
    """The person has signed on; `visitor` holds the new session, if sessions are kept."""
    return await _walk(waiting.request(), visitor, Progress(approver=approver), server)


async def after_consent(waiting: Flow, ticked: Extent, visitor: Visitor, server: Server) -> Outcome:
    """The person pressed Allow. Raises `StaleFlow` when the page was shown to another session, or answered before."""
    approver = waiting.approver
    if approver is None:
        raise StaleFlow(Cause.FORGED)
    if approver.session_key and (visitor.session is None or visitor.session.key != approver.session_key):
        raise StaleFlow(Cause.OTHER_SESSION, waiting)
    await flow.answer_once(waiting, server)
    shown = Extent(scopes=waiting.shown, claims=waiting.shown_claims)
    given = Given(approver=approver, shown=shown, ticked=ticked)
    return await _walk(waiting.request(), visitor, Progress(approver=approver, given=given), server)


async def ask_again(waiting: Flow, visitor: Visitor, server: Server) -> Outcome:
    """Show the page of the flow anew: its form came too late, from another session, or was filled in wrongly."""
    return await _walk(waiting.request(), visitor, Progress(ask_again=waiting.stage), server)


async def decline(waiting: Flow, server: Server) -> AuthorizationResponse:
    """Cancel, or Do Not Allow: RFC 6749 §4.1.2.1."""
    if waiting.stage is Stage.CONSENT:
        await flow.answer_once(waiting, server)
    parameters = waiting.request()
    client = await known_client(parameters, server)
    reply = reply_address(parameters, client, server)
    if waiting.stage is Stage.CONSENT:
        subject = waiting.approver.user_key if waiting.approver else ""
        server.events.record(ConsentDecided(client_id=client.client_id, subject=subject, allowed=False))
    error = AccessDenied("the resource owner declined")
    _record(error, server, client.client_id)
    return reply.refuse(error)


# The walk -------------------------------------------------------------------------------------------------------------


async def _walk(parameters: Parameters, visitor: Visitor, progress: Progress, server: Server) -> Outcome:
    try:
        check_addresses_once(parameters)
        client = await known_client(parameters, server)
        reply = reply_address(parameters, client, server)
        return await _with_reply_address(parameters, client, reply, visitor, progress, server)
    except ShownHere as shown:
        _record(shown.error, server, parameters.get("client_id") or "")
        raise


async def _with_reply_address(
    parameters: Parameters,
    client: Client,
    reply: ReplyAddress,
    visitor: Visitor,
    progress: Progress,
    server: Server,
) -> Outcome:
    """From here on the client hears of what goes wrong."""
    try:
        asked, proposal = judged(parameters, client, server)
        await check_before_use(client, server.stores, server.outbound)
        return await _for_person(asked, proposal, reply, visitor, progress, server)
    except OAuthError as error:
        _record(error, server, client.client_id)
        return reply.refuse(error)
    except StoreUnavailable:
        return reply.refuse(TemporarilyUnavailable("the server cannot answer at the moment"))


def check_addresses_once(parameters: Parameters) -> None:
    """RFC 6749 §3.1: what says who is to hear of errors must not come twice; raises `ShownHere`."""
    try:
        parameters.check_once("client_id", "redirect_uri")
    except InvalidRequest as repeated:
        raise ShownHere(repeated) from None


async def known_client(parameters: Parameters, server: Server) -> Client:
    """RFC 6749 §4.1.2.1: the client, if there is one that may be used; raises `ShownHere`."""
    client_id = parameters.get("client_id")
    if client_id is None:
        raise ShownHere(InvalidRequest("client_id is required"))
    client = await server.clients.get(client_id)
    if client is None or not client.identity.enabled:
        why = Why(rule="RFC 6749 §4.1.2.1", setting="identity.enabled", compared={"client_id": client_id})
        raise ShownHere(InvalidRequest("client_id names no client that can be used here", why))
    return client


def reply_address(parameters: Parameters, client: Client, server: Server) -> ReplyAddress:
    """The reply address; raises `ShownHere`, naming the unsupported parameter where that is why no address is known."""
    try:
        return ReplyAddress.verified(parameters, client, server)
    except ShownHere:
        if "redirect_uri" not in parameters and "request_uri" in parameters:
            raise ShownHere(RequestUriNotSupported("request_uri is not supported")) from None
        if "redirect_uri" not in parameters and "request" in parameters:
            raise ShownHere(RequestNotSupported("request is not supported")) from None
        raise


async def _for_person(
    asked: Asked, proposal: Proposal, reply: ReplyAddress, visitor: Visitor, progress: Progress, server: Server
) -> Outcome:
    request = asked.request
    check_validator_is_known(request, server)
    signed_on = await _signed_on(request, visitor, progress, server)
    expected = await hints.expected_subject(request, asked.client, server)
    reason = _reason_to_ask(asked, signed_on, expected, progress, server)
    if reason is not None:
        return _ask_sign_on(asked, reason, signed_on, visitor, server)
    assert signed_on is not None
    manager = managers.choose_manager(
        managers.Wanted.parse(request.parameters),
        managers.signed_on(signed_on.person.validator),
        asked.client,
        server,
        openid=OPENID in request.scopes,
    )
    if progress.given is not None:
        granted = proposal.approved(progress.given)
    elif await _decision(asked, proposal, signed_on.person, progress, server) is Decision.ASK:
        return _ask_consent(asked, proposal, reply, signed_on, visitor, server)
    else:
        granted = proposal.everything
    ready = Ready(
        asked=asked, proposal=proposal, reply=reply, signed_on=signed_on, granted=granted, manager_id=manager.id
    )
    answer = await _issue(ready, progress.given, server)
    if visitor.session is not None and not signed_on.is_fresh:
        await _used(visitor.session, asked.client, server)
    return answer


async def _used(session: Session, client: Client, server: Server) -> None:
    await sessions.touch(session, server)
    server.events.record(
        SessionUsed(
            client_id=client.client_id, subject=session.user_key, validator=session.validator, session=session.sri
        )
    )


# Sign-on --------------------------------------------------------------------------------------------------------------


def check_validator_is_known(request: AuthorizationRequest, server: Server) -> None:
    """Behaviour §4.1: the authentication source of ``idp``, if one is named; raises `ShownHere`."""
    if request.validator is not None and request.validator not in sign_on.chain(server):
        raise ShownHere(InvalidRequest("idp names no authentication source of this server"))


async def _signed_on(
    request: AuthorizationRequest, visitor: Visitor, progress: Progress, server: Server
) -> SignedOn | None:
    """Who is there, as of now: an account that was removed or disabled since is nobody's."""
    session = visitor.session
    approver = progress.approver
    if approver is None and session is not None and request.validator in (None, session.validator):
        approver = Approver(
            user_key=session.user_key,
            validator=session.validator,
            username=session.username,
            sign_on=session.latest,
            session_key=session.key,
        )
    if approver is None:
        return None
    person = await find_person(approver.user_key, approver.validator, approver.username, server)
    if person is None:
        return None
    return SignedOn(
        person=person,
        approver=approver,
        is_fresh=progress.approver is not None,
        session=session.sri if session is not None and session.key == approver.session_key else "",
    )


def _reason_to_ask(
    asked: Asked, signed_on: SignedOn | None, expected: str | None, progress: Progress, server: Server
) -> Reason | None:
    request, client = asked.request, asked.client
    max_age = request.max_age_seconds if request.max_age_seconds is not None else client.requests.default_max_age
    demand = Demand(prompt=request.prompt, max_age_seconds=max_age, essential_acr=request.claims.essential_contexts)
    present = Present(
        sign_on=None if signed_on is None else signed_on.approver.sign_on,
        is_fresh=signed_on is not None and signed_on.is_fresh,
        is_expected=expected is None
        or signed_on is None
        or hints.subject_of(signed_on.person, client, request.scopes, server) == expected,
    )
    reason = reason_to_ask(demand, present, server.clock.now())
    if reason is None and progress.ask_again is Stage.SIGN_ON:
        return Reason.FORCED
    return reason


def _ask_sign_on(
    asked: Asked, reason: Reason, signed_on: SignedOn | None, visitor: Visitor, server: Server
) -> AskSignOn:
    request = asked.request
    if Prompt.NONE in request.prompt:
        raise LoginRequired("the person must sign on", Why(rule=f"OpenID Connect Core §3.1.2.3: {reason}"))
    if reason is Reason.OTHER_PERSON and signed_on is not None and signed_on.is_fresh:
        # Core §3.1.2.2: it was asked, and somebody else signed on; asking for ever would help nobody.
        raise LoginRequired("another person than the one of the hint signed on")
    subject = "" if signed_on is None else signed_on.person.user_key
    server.events.record(SignOnAsked(client_id=asked.client.client_id, subject=subject, reason=reason))
    return AskSignOn(
        client=asked.client,
        reason=reason,
        state=flow.open_page(Stage.SIGN_ON, request.parameters, visitor.browser, server),
        username=(request.login_hint or "")[:256],
        ui_locales=request.ui_locales,
    )


# Consent --------------------------------------------------------------------------------------------------------------


async def _decision(asked: Asked, proposal: Proposal, person: Person, progress: Progress, server: Server) -> Decision:
    facts = _consent_facts(asked, progress)
    if consent.needs_grants(facts):
        facts = replace(facts, granted=await _granted_before(asked.client, person, server))
    if consent.needs_memory(facts):
        facts = replace(facts, remembered=await _remembered(asked, person, server))
    decision = consent.decide(proposal.to_approve, facts, asked.settings.scope_book)
    if decision is Decision.ASK and Prompt.NONE in asked.request.prompt:
        raise ConsentRequired("the person must approve the request")
    if decision is Decision.ASK and asked.settings.consent.page is ConsentPage.ADAPTER:
        why = Why(rule="behaviour §7.2", setting="consent.page", level="server")
        raise ServerError("the external consent page cannot be reached", why)  # never our own in its place
    return decision


def _consent_facts(asked: Asked, progress: Progress) -> ConsentFacts:
    settings = asked.settings
    return ConsentFacts(
        bypass=asked.client.redirection.bypass_approval,
        prompted=Prompt.CONSENT in asked.request.prompt or progress.ask_again is Stage.CONSENT,
        reuse=persistent_grants.is_reused(GrantType.AUTHORIZATION_CODE, asked.client, settings),
        bypass_for_grants=settings.consent.bypass_for_grants,
        bypass_for_consents=settings.consent.bypass_for_consents,
    )


async def _granted_before(client: Client, person: Person, server: Server) -> list[Extent]:
    """What each living grant of the code flow is for that this person gave this client."""
    records = await server.stores.grants_of(client_id=client.client_id, user_key=person.user_key)
    living = (
        persistent_grants.read(record)
        for record in records
        if record.grant_type == GrantType.AUTHORIZATION_CODE and not persistent_grants.is_over(record, client, server)
    )
    return [
        Extent(scopes=grant.scope, claims=(*grant.userinfo_claims, *grant.id_token_claims))
        for grant in living
        if grant is not None and grant.issuer == server.issuer
    ]


async def _remembered(asked: Asked, person: Person, server: Server) -> Extent | None:
    """S042, S043: what this person approved for this client before."""
    record = await server.stores.consent(person.user_key, asked.client.client_id)
    return consent.remembered(record, asked.settings.consent.lifetime_days, server.clock.now())


def _ask_consent(
    asked: Asked, proposal: Proposal, reply: ReplyAddress, signed_on: SignedOn, visitor: Visitor, server: Server
) -> AskConsent:
    shown = proposal.to_approve
    return AskConsent(
        client=asked.client,
        person=signed_on.person,
        scopes=shown.scopes,
        claims=shown.claims,
        redirect_uri=reply.redirect_uri,
        state=flow.open_page(
            Stage.CONSENT,
            asked.request.parameters,
            visitor.browser,
            server,
            shown=shown.scopes,
            shown_claims=shown.claims,
            approver=signed_on.approver,
        ),
        ui_locales=asked.request.ui_locales,
    )


# The answer -----------------------------------------------------------------------------------------------------------


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Everything is decided."""

    asked: Asked
    proposal: Proposal
    reply: ReplyAddress
    signed_on: SignedOn
    granted: Extent
    manager_id: str


async def _issue(ready: Ready, given: Given | None, server: Server) -> AuthorizationResponse:
    """RFC 6749 §4.1.2: the code, durable together with the consent and its evidence before it is sent."""
    client_id, person = ready.asked.client.client_id, ready.signed_on.person
    code = _code(ready, server)
    reused = await persistent_grants.reusable(
        GrantType.AUTHORIZATION_CODE, person.user_key, code.context, ready.asked.client, server
    )
    grant_id = persistent_grants.new_grant_id() if reused is None else reused.grant_id
    with_it = () if given is None else await _consent_changes(ready, given, server)
    text = await codes.issue(code, client_id, grant_id, server, *with_it)
    scope = " ".join(ready.granted.scopes)
    server.events.record(
        AuthorizationAnswered(
            client_id=client_id, subject=person.user_key, response_type="code", scope=scope, grant_id=grant_id
        )
    )
    return ready.reply.answer(("code", text))


async def _consent_changes(ready: Ready, given: Given, server: Server) -> tuple[Change | Happening, ...]:
    """The decision as evidence, and what is remembered of it."""
    client_id, user_key = ready.asked.client.client_id, ready.signed_on.person.user_key
    scope = " ".join(ready.granted.scopes)
    event = ConsentDecided(client_id=client_id, subject=user_key, allowed=True, scope=scope)
    memory = consent.remember(
        user_key=user_key,
        client_id=client_id,
        before=await _remembered(ready.asked, ready.signed_on.person, server),
        decided=ready.proposal.decided(given, ready.granted),
        approved=ready.granted,
        lifetime_days=ready.asked.settings.consent.lifetime_days,
        now=server.clock.now(),
    )
    return memory, event


def _code(ready: Ready, server: Server) -> codes.AuthorizationCode:
    """Threat T-09: everything that was decided, bound to the code."""
    request, act, person = ready.asked.request, ready.signed_on.approver.sign_on, ready.signed_on.person
    claims = request.claims
    wished = (*claims.wished_contexts, *(request.acr_values or ready.asked.client.requests.default_acr_values))
    return codes.AuthorizationCode(
        v=codes.SCHEMA,
        issuer=server.issuer,
        redirect_uri=ready.reply.redirect_uri,
        redirect_uri_sent=request.redirect_uri is not None,
        scope=ready.granted.scopes,
        user_key=person.user_key,
        username=person.username,
        validator=person.validator,
        authenticated_at=act.at,
        acr=context_of(act, claims.essential_contexts, wished),
        session=ready.signed_on.session,
        nonce=request.nonce,
        state=request.state,
        challenge=pkce.read_challenge(request.code_challenge, request.code_challenge_method, plain_allowed=True),
        manager=ready.manager_id,
        resources=managers.Wanted.parse(request.parameters).resources,
        id_token_claims=tuple(name for name in claims.id_token if name in ready.granted.claims),
        userinfo_claims=tuple(name for name in claims.user_info if name in ready.granted.claims),
        consent_prompted=Prompt.CONSENT in request.prompt,
        context=person.validator,
    )


def _record(error: OAuthError, server: Server, client_id: str) -> None:
    why = error.why
    server.events.record(
        RequestRefused(
            client_id=client_id,
            endpoint=ENDPOINT,
            error=error.code,
            description=error.description,
            rule=why.rule,
            setting=why.setting,
            level=why.level,
            compared=tuple(why.compared.items()),
        )
    )
