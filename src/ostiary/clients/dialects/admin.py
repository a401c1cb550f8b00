"""The administrative API: ``/pf-admin-api/v1/oauth/clients``."""

from collections.abc import Callable, Mapping
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import (
    ClientDraft,
    exact_methods_followed,
    logout_mode_implied,
    read_client,
    redirectless_completed,
    with_values,
)
from ostiary.declare import Dialect, Draft, Problem, StoredSecret, write
from ostiary.declare.kinds import Writing
from ostiary.words import ClientAuth, GrantType

IGNORED = frozenset({"lastModified"})
"""Members that tools send back and nobody sets."""


def read(body: Any, current: Client | None, client_id: str | None = None) -> ClientDraft:
    """Read a body. A replacement takes the id from the path; what is left out goes back to its default.

    Only the secret stays when it is left out, unless the client becomes public: it cannot be read back.
    """
    draft = read_client(body, Dialect.ADMIN, current or Client(), own_members=IGNORED)
    changes: dict[str, Any] = {}
    if client_id is not None:
        changes["identity.client_id"] = client_id
    own = draft.value.authentication
    if "authentication.secret" not in draft.sent:
        kept = None if current is None or own.method is ClientAuth.NONE else current.authentication.secret
        changes["authentication.secret"] = kept
    if GrantType.CIBA not in draft.value.grants.allowed and draft.value.ciba.polling_interval == 0:
        changes["ciba.polling_interval"] = None
    draft = exact_methods_followed(with_values(draft, changes), current)
    return logout_mode_implied(redirectless_completed(draft))


def id_in(body: Mapping[str, Any]) -> str:
    """Which client a body is about, where no path says it; empty when it does not say either."""
    named = body.get(name_of("identity.client_id"))
    return named if isinstance(named, str) else ""


def write_client(client: Client, conceal: Callable[[StoredSecret], str] | None, now: int) -> dict[str, Any]:
    """The answer for one client. Secondary secrets that have expired are not in it."""
    secrets = client.authentication.secondary_secrets
    if any(secret.expires_at <= now for secret in secrets):
        current = tuple(secret for secret in secrets if secret.expires_at > now)
        client = CLIENT_SETTINGS.with_values(client, {"authentication.secondary_secrets": current})
    return write(CLIENT_SETTINGS, client, Writing(Dialect.ADMIN, conceal))


def read_secret(body: Any, current: Client) -> ClientDraft:
    """The body of ``…/clientAuth/clientSecret``: a new secret, or an echo, and secondary secrets."""
    nested = {"clientAuth": body} if isinstance(body, Mapping) else body
    draft = read_client(nested, Dialect.ADMIN, current)
    changes = {path: CLIENT_SETTINGS.by_path[path].value_in(draft.value) for path in _SECRETS if path in draft.sent}
    problems = tuple(problem for problem in draft.problems if problem.field.startswith(_SECRETS))
    if "authentication.secret" not in draft.sent and not problems:
        problems = (Problem("authentication.secret", "is required"),)
    return Draft(CLIENT_SETTINGS.with_values(current, changes), problems, draft.unknown, draft.sent)


def write_secret(client: Client, conceal: Callable[[StoredSecret], str], now: int) -> dict[str, Any]:
    """The answer of that resource."""
    found = write_client(client, conceal, now).get("clientAuth", {})
    return {name: found[name] for name in ("encryptedSecret", "secondarySecrets") if name in found}


_SECRETS = ("authentication.secret", "authentication.secondary_secrets")


def name_of(field: str) -> str:
    """The ``fieldPath`` of a problem."""
    return CLIENT_SETTINGS.name_in(Dialect.ADMIN, field)
