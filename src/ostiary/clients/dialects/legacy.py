"""The client management service on the runtime port: ``/pf-ws/rest/oauth/clients`` (behaviour §16)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import (
    ClientDraft,
    ciba_at_rest,
    exact_methods_followed,
    logout_mode_implied,
    read_client,
    redirectless_completed,
    with_problems,
    with_values,
)
from ostiary.declare import Dialect, Problem, write
from ostiary.declare.kinds import Writing
from ostiary.words import ClientAuth

LEGACY_VERSION = 1
"""Of the code that renders clients: raise it whenever the same client would be written otherwise."""
FORCE_SECRET_CHANGE = "forceSecretChange"  # noqa: S105 - a name, not a password
IGNORED = frozenset({FORCE_SECRET_CHANGE})
CANNOT_CREATE = "Failed To Create Client"
CANNOT_UPDATE = "Failed To Update Client"
CANNOT_RETRIEVE_ALL = "Failed To Retrieve Clients"
CANNOT_RETRIEVE = "Failed To Retrieve Client"
CANNOT_DELETE = "Failed To Delete Client"
ID_IN_USE = "Client ID is already in use"
"""Set-up tools look for exactly these words."""
_ENCODER = msgspec.json.Encoder()


class NotClients(ValueError):
    """The body does not hold clients. The text goes on from the name of the member: ``client must …``."""


def clients_in(body: Any) -> list[Any]:
    """The clients of ``{"client": [...]}``; one object without the list is one client. Raises `NotClients`."""
    if not isinstance(body, Mapping) or "client" not in body:
        raise NotClients('is missing: the body must be {"client": [{…}]}')
    clients = body["client"]
    listed = clients if isinstance(clients, list) else [clients]
    if not listed:
        raise NotClients("must hold at least one client")
    return listed


def id_in(raw: Any) -> str:
    """The id a client of the body has, or an empty text."""
    found = raw.get("clientId") if isinstance(raw, Mapping) else None
    return found if isinstance(found, str) else ""


def read_new(raw: Any) -> ClientDraft:
    """POST. Without ``clientAuthnType`` a secret makes the client confidential, as in the service's own sample."""
    draft = read_client(raw, Dialect.LEGACY, Client(), own_members=IGNORED)
    return _finished(_with_inferred_method(draft), None)


def read_changed(raw: Any, current: Client) -> ClientDraft:
    """PUT. What the service cannot say stays, as do the secret and the method when they are left out.

    A ``secret`` counts only beside a true ``forceSecretChange``; otherwise it is ignored without a word.
    """
    forced = _is_forced(raw)
    if isinstance(raw, Mapping) and forced is not True:
        raw = {name: value for name, value in raw.items() if name != "secret"}
    draft = read_client(raw, Dialect.LEGACY, current, own_members=IGNORED)
    if forced is None:
        problem = Problem(FORCE_SECRET_CHANGE, "must be true or false", malformed=True)
        draft = with_problems(draft, problem)
    return _finished(_with_inferred_method(draft), current)


def _is_forced(raw: Any) -> bool | None:
    """Whether the secret is to change; None when what was sent is no answer to that."""
    said = raw.get(FORCE_SECRET_CHANGE) if isinstance(raw, Mapping) else None
    if isinstance(said, str):
        said = {"true": True, "false": False, "": False}.get(said.strip().lower(), said)
    return said if isinstance(said, bool) else False if said is None else None


def _with_inferred_method(draft: ClientDraft) -> ClientDraft:
    sent_secret = "authentication.secret" in draft.sent
    if draft.value.authentication.method is not ClientAuth.NONE or not sent_secret:
        return draft
    if "authentication.method" in draft.sent:
        return with_problems(
            draft, Problem("authentication.secret", "is not possible for clientAuthnType none").by("V04")
        )
    if any(problem.field == "authentication.method" for problem in draft.problems):
        return draft
    return with_values(draft, {"authentication.method": ClientAuth.SECRET})


def _finished(draft: ClientDraft, before: Client | None) -> ClientDraft:
    draft = exact_methods_followed(draft, before)
    return ciba_at_rest(logout_mode_implied(redirectless_completed(draft)))


def write_client(client: Client) -> dict[str, Any]:
    """One client as the service writes it: arrays are arrays, and there is never a secret."""
    return write(CLIENT_SETTINGS, client, Writing(Dialect.LEGACY))


def render(client: Client) -> bytes:
    """The same, ready to be sent; kept beside the client."""
    return _ENCODER.encode(write_client(client))


def name_of(field: str) -> str:
    """The parameter that a problem is about."""
    return CLIENT_SETTINGS.name_in(Dialect.LEGACY, field)


def failures(message: str, problems: Sequence[tuple[str, Problem]]) -> dict[str, Any]:
    """The body of a 400: the message, and every problem of every client; one without an id is told by its place."""
    named = [
        {
            "clientId": client_id,
            **({} if problem.index is None else {"index": problem.index}),
            "parameter": name_of(problem.field),
            "reason": _reason(problem),
        }
        for client_id, problem in problems
    ]
    return {"message": message, "failures": named}


def failures_as_text(message: str, problems: Sequence[tuple[str, Problem]]) -> str:
    """The same as plain text: the message, then a line for each problem."""

    def lines() -> Iterator[str]:
        yield message
        for client_id, problem in problems:
            who = _one_line(client_id) if problem.index is None else f"client [{problem.index}]"
            yield f"{who}: {_reason(problem)}" if who else _reason(problem)

    return "\n".join(lines()) + "\n"


def _reason(problem: Problem) -> str:
    if problem.message == ID_IN_USE:
        return ID_IN_USE
    joint = ": " if problem.message.startswith(("the ", "there ")) else " "  # a sentence of its own, or one about it
    return _one_line(f"{name_of(problem.field)}{joint}{problem.message}")


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
