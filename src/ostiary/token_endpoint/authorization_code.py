"""RFC 6749 §4.1.3: a code becomes tokens, once (behaviour §8.1)."""

from contextlib import suppress
from hmac import compare_digest
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from ostiary.audit.events import CodeReplayed
from ostiary.audit.evidence import commit
from ostiary.clients.client import Client
from ostiary.errors import InvalidGrant, InvalidRequest, InvalidTarget, OAuthError, Why
from ostiary.parameters import Parameters
from ostiary.ports.changes import (
    AddGrant,
    AddRefreshToken,
    Change,
    Conflict,
    RemoveCode,
    RevokeGrant,
    SaveGrant,
    UseCode,
)
from ostiary.ports.records import CodeRecord, GrantRecord
from ostiary.proofs import pkce
from ostiary.server import Server
from ostiary.token_endpoint.answer import TokenAnswer
from ostiary.token_endpoint.issuing import Approval, Issued, has_openid, issue
from ostiary.token_endpoint.scopes import Scope, narrowed
from ostiary.tokens import codes, persistent_grants
from ostiary.tokens.codes import AuthorizationCode
from ostiary.tokens.handles import key_of
from ostiary.tokens.id_tokens import policy_for
from ostiary.tokens.managers import Wanted, eligible_managers, named_manager, signed_on
from ostiary.tokens.people import Person, find_person
from ostiary.tokens.persistent_grants import PersistentGrant
from ostiary.tokens.refresh_tokens import new_refresh_token
from ostiary.words import GrantType

UNKNOWN = "the code is unknown, expired or was used before"


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749 §4.1.3, RFC 7636 §4.5."""

    code: str
    redirect_uri: str | None
    code_verifier: str | None
    scope: str | None
    wanted: Wanted

    @classmethod
    def parse(cls, parameters: Parameters) -> "CodeRequest":
        """Raises `InvalidRequest`, `InvalidTarget`."""
        return cls(
            code=parameters.require("code"),
            redirect_uri=parameters.get("redirect_uri"),
            code_verifier=parameters.get("code_verifier"),
            scope=parameters.get("scope"),
            wanted=Wanted.parse(parameters),
        )


async def exchange(parameters: Parameters, client: Client, server: Server) -> TokenAnswer:
    """Redeem a code: one unit uses it and issues. Whatever is wrong with the request burns the code (threat T-09)."""
    request = CodeRequest.parse(parameters)
    record = await server.stores.code(key_of(request.code))
    if record is None:
        raise InvalidGrant(UNKNOWN)
    if record.redeemed_at is not None:
        await _take_back(record, server)
    try:
        issued = await _issued(request, record, client, server)
    except OAuthError:
        await _use(record, server)
        raise
    await _use(record, server, *issued.changes)
    server.events.record(issued.event)
    return issued.answer


async def _issued(request: CodeRequest, record: CodeRecord, client: Client, server: Server) -> Issued:
    """Everything that may refuse, and the tokens. Nothing is durable yet."""
    code = codes.read(record)
    if code is None:
        raise InvalidGrant(UNKNOWN, Why(rule="threat T-64"))
    check_same_client(record, code, client, server)
    check_not_expired(record, server.clock.now())
    check_same_redirect_uri(code, request.redirect_uri, client)
    pkce.check_answer(code.challenge, request.code_verifier)
    check_same_manager(code, request.wanted, client, server)
    person = await find_person(code.user_key, code.validator, code.username, server)
    if person is None:  # threat T-47
        raise InvalidGrant("the person who approved is not known any more")
    return await _issue(request, record, code, client, person, server)


async def _use(record: CodeRecord, server: Server, *then: Change) -> None:
    """Use the code, and in the same unit do what follows from it. Raises `InvalidGrant`.

    Its row is locked first: who comes second learns of it when the first is durable, and so finds what to take back.
    """
    try:
        await server.stores.commit(UseCode(record.key, server.clock.now()), *then)
    except Conflict as conflict:
        if isinstance(conflict.change, UseCode):
            await _take_back(record, server)
        await _use(record, server)
        why = Why(rule="behaviour §9.5", compared={"conflict": type(conflict.change).__name__})
        raise InvalidGrant(UNKNOWN, why) from None


async def _take_back(record: CodeRecord, server: Server) -> NoReturn:
    """RFC 6749 §4.1.2: a second use means that the code has leaked; everything it led to is taken back first. Raises.

    The code goes too: a third use has nothing to take back, and must not be able to fill the evidence (threat T-62).
    """
    event = CodeReplayed(client_id=record.client_id, grant_id=record.grant_id)
    revocation = RevokeGrant(record.grant_id, server.clock.now())
    with suppress(Conflict):  # another replay was faster: what it took back is durable, and its evidence too
        await commit(server, RemoveCode(record.key), revocation, event)
    raise InvalidGrant(UNKNOWN, Why(rule="RFC 6749 §4.1.2", compared={"grant": record.grant_id}))


# Checks --------------------------------------------------------------------------------------------------------------


def check_same_client(record: CodeRecord, code: AuthorizationCode, client: Client, server: Server) -> None:
    """RFC 6749 §5.2: a code is worth nothing to another client, nor at another issuer."""
    if record.client_id != client.client_id:
        why = Why(rule="RFC 6749 §4.1.3", compared={"client": client.client_id, "issued_to": record.client_id})
        raise InvalidGrant(UNKNOWN, why)
    if code.issuer != server.issuer:
        why = Why(rule="behaviour §2.3", compared={"issuer": server.issuer, "issued_by": code.issuer})
        raise InvalidGrant(UNKNOWN, why)


def check_not_expired(record: CodeRecord, now: int) -> None:
    """S001: refused by our clock, before clean-up ever sees it."""
    if record.expires_at <= now:
        why = Why(rule="RFC 6749 §4.1.2", setting="authorization.code_timeout_seconds", level="server")
        raise InvalidGrant(UNKNOWN, why)


def check_same_redirect_uri(code: AuthorizationCode, redirect_uri: str | None, client: Client) -> None:
    """RFC 6749 §4.1.3: the same as in the request; required if it was there, or unless the client has one literal."""
    if redirect_uri is None:
        registered = client.redirection.redirect_uris
        if code.redirect_uri_sent or len(registered) != 1 or "*" in registered[0]:
            raise InvalidGrant("redirect_uri is missing", Why(rule="RFC 6749 §4.1.3"))
        return
    if not compare_digest(redirect_uri.encode(), code.redirect_uri.encode()):
        raise InvalidGrant("redirect_uri is not the one of the authorization request", Why(rule="RFC 6749 §4.1.3"))


def check_same_manager(code: AuthorizationCode, wanted: Wanted, client: Client, server: Server) -> None:
    """Behaviour §11.2, RFC 8707 §2.2: what was chosen at the authorization endpoint holds for the code."""
    if wanted.resources and code.resources and not set(wanted.resources) <= set(code.resources):
        raise InvalidTarget("resource is not among those of the authorization request")
    named = named_manager(wanted, eligible_managers(signed_on(code.validator), client, server.objects))
    if named is not None and code.manager and named.id != code.manager:
        raise InvalidRequest("the access token manager is not the one of the authorization request")


# Issuing -------------------------------------------------------------------------------------------------------------


async def _issue(
    request: CodeRequest, record: CodeRecord, code: AuthorizationCode, client: Client, person: Person, server: Server
) -> Issued:
    """The tokens, with the grant that is kept of them before theirs."""
    scope = narrowed(request.scope, code.scope, client, server)
    lifetime = persistent_grants.lifetime_ms(code.attributes, client, server.settings)
    persistent = persistent_grants.carries_refresh_token(
        client, server.settings, code.scope, lifetime, prompted=code.consent_prompted
    )
    approval = _approval(record, code, client, person, scope, persistent=persistent)
    refresh_token: str | None = None
    kept: tuple[Change, ...] = ()
    if persistent:
        refresh_token, kept = await _keep_grant(record, code, lifetime, server)
    id_token = has_openid(approval, server) and (not code.hybrid or policy_for(client, server).reissue_in_hybrid)
    issued = issue(approval, request.wanted, server, id_token=id_token, refresh_token=refresh_token)
    return replace(issued, changes=(*kept, *issued.changes))


def _approval(
    record: CodeRecord, code: AuthorizationCode, client: Client, person: Person, scope: Scope, *, persistent: bool
) -> Approval:
    return Approval(
        client=client,
        person=person,
        grant_type=GrantType.AUTHORIZATION_CODE,
        grant_id=record.grant_id,
        persistent=persistent,
        scope=scope,
        manager=code.manager,
        authenticated_at=code.authenticated_at,
        acr=code.acr,
        session=code.session,
        nonce=code.nonce,
        state=code.state,
        id_token_claims=code.id_token_claims,
        userinfo_claims=code.userinfo_claims,
        attributes=code.attributes,
        resources=code.resources,
    )


async def _keep_grant(
    record: CodeRecord, code: AuthorizationCode, lifetime: int | None, server: Server
) -> tuple[str, tuple[Change, ...]]:
    """The refresh token of the new grant, or of the one that this authorization renews (behaviour §9.5)."""
    now = server.clock.now()
    before = await server.stores.grant(record.grant_id)
    if before is not None and before.revoked:
        raise InvalidGrant(UNKNOWN, Why(rule="behaviour §9.5", compared={"grant": record.grant_id}))
    earlier = None if before is None else persistent_grants.read(before)
    grant = GrantRecord(
        grant_id=record.grant_id,
        client_id=record.client_id,
        user_key=code.user_key,
        grant_type=GrantType.AUTHORIZATION_CODE,
        created_at=now if before is None else before.created_at,
        updated_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        revoked=False,
        document=persistent_grants.written(_document(code, earlier)),
    )
    text, token = new_refresh_token(grant, server)
    keep: Change = AddGrant(grant) if before is None else SaveGrant(grant)
    return text, (keep, AddRefreshToken(token))


def _document(code: AuthorizationCode, earlier: PersistentGrant | None) -> PersistentGrant:
    """What the grant keeps; of a renewed one the scopes are united."""
    before = () if earlier is None else earlier.scope
    return PersistentGrant(
        v=persistent_grants.SCHEMA,
        issuer=code.issuer,
        username=code.username,
        validator=code.validator,
        scope=tuple(dict.fromkeys((*before, *code.scope))),
        manager=code.manager,
        authenticated_at=code.authenticated_at,
        acr=code.acr,
        session=code.session,
        id_token_claims=code.id_token_claims,
        userinfo_claims=code.userinfo_claims,
        attributes=dict(code.attributes),
        context=code.context,
    )
