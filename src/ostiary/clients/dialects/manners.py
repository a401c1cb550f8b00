"""What all dialects do after the declaration has been read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.settings.ciba import Ciba
from ostiary.declare import Dialect, Draft, Problem, read
from ostiary.words import GrantType, LogoutMode, MethodsSetting

ClientDraft = Draft[Client]


def read_client(body: Any, dialect: Dialect, base: Client, *, own_members: frozenset[str] = frozenset()) -> ClientDraft:
    """Read one client. `base` holds what the dialect cannot say; the rest is replaced (see `declare.read`)."""
    if not isinstance(body, Mapping):
        problem = Problem("identity.client_id", "a client must be a JSON object", malformed=True)
        return Draft(base, (problem,), (), frozenset())
    return read(CLIENT_SETTINGS, body, dialect, base=base, also_known=own_members)


def with_values(draft: ClientDraft, values: dict[str, Any]) -> ClientDraft:
    """The draft with some settings replaced, by canonical name."""
    return replace(draft, value=CLIENT_SETTINGS.with_values(draft.value, values)) if values else draft


def with_problems(draft: ClientDraft, *problems: Problem) -> ClientDraft:
    """The draft with further problems."""
    return replace(draft, problems=(*draft.problems, *problems)) if problems else draft


def redirectless_completed(draft: ClientDraft) -> ClientDraft:
    """V13: the redirectless mode sets what nobody said; an explicit false stays and is refused by the rule."""
    if not draft.value.redirection.allow_authentication_api:
        return draft
    forced = ("redirection.bypass_approval", "scopes.restrict")
    return with_values(draft, {path: True for path in forced if path not in draft.sent})


def logout_mode_implied(draft: ClientDraft) -> ClientDraft:
    """X17: logout URIs without a mode mean the front channel, as before there were modes."""
    own = draft.value.logout
    if "logout.mode" in draft.sent or own.mode is not LogoutMode.NONE or not (own.uris or own.ping_access_capable):
        return draft
    return with_values(draft, {"logout.mode": LogoutMode.PING_FRONT_CHANNEL})


def exact_methods_followed(draft: ClientDraft, before: Client | None) -> ClientDraft:
    """C187: methods were listed for the authentication they stand beside; of another one only its own are left."""
    own = draft.value.authentication
    if before is None or not own.exact_methods or own.method is before.authentication.method:
        return draft
    left = tuple(method for method in own.exact_methods if method.client_auth is own.method)
    setting = own.methods_setting if left else MethodsSetting.GLOBAL
    return with_values(draft, {"authentication.exact_methods": left, "authentication.methods_setting": setting})


def ciba_at_rest(draft: ClientDraft) -> ClientDraft:
    """V17: where values beside a missing CIBA grant are ignored rather than refused."""
    if GrantType.CIBA in draft.value.grants.allowed or draft.value.ciba == Ciba():
        return draft
    return replace(draft, value=replace(draft.value, ciba=Ciba()))
