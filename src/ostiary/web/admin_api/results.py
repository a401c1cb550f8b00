"""What the administrative API says when it cannot: ``ApiResult``, with every problem of a body at once."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ostiary.clients.dialects import admin as clients_dialect
from ostiary.clients.registry import ClientChanged, ClientInUse, ClientsRefused, NoSuchClient
from ostiary.declare import Problem
from ostiary.errors import TooManyRequests
from ostiary.ports.stores import StoreUnavailable
from ostiary.web.administrators import NotAuthenticated, NotPermitted
from ostiary.web.call import NO_STORE, Call, Refused, Reply
from ostiary.web.service_auth import REALM

BAD_REQUEST = "bad_request"
INVALID_JSON = "invalid_json"
VALIDATION = "validation_error"
NOT_FOUND = "resource_not_found"
VALIDATION_MESSAGE = "Validation error(s) occurred. Please review the error(s) and address accordingly."
MALFORMED_MESSAGE = "The request was improperly formatted or contained invalid fields."
REQUIRED, MALFORMED, INVALID, UNKNOWN = "required", "malformed_value", "invalid_value", "unknown_member"
ID_IN_USE, IN_USE, PLUGIN = "id_in_use", "resource_in_use", "plugin_validation_error"
_RETRY_SOON = (b"retry-after", b"1")

log = logging.getLogger("ostiary.web.admin_api")
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to put right; `path` is the JSON path in the body that was sent, empty for the whole."""

    error_id: str
    message: str
    path: str = ""

    def as_json(self) -> dict[str, str]:
        """As it stands in ``validationErrors``. The message names the field too, for readers that show it alone."""
        told = f"{self.path}: {self.message}" if self.path else self.message
        found = {"errorId": self.error_id, "message": told}
        return found | {"fieldPath": self.path} if self.path else found


class ApiRefused(Exception):
    """The call cannot be answered as it was meant."""

    def __init__(
        self,
        status: int,
        result_id: str,
        message: str,
        errors: Iterable[FieldError] = (),
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.result_id = result_id
        self.message = message
        self.errors = tuple(errors)
        self.headers = headers


def invalid(errors: Iterable[FieldError], *, malformed: bool = False) -> ApiRefused:
    """422 for what breaks a rule, 400 when the body itself is wrong somewhere (behaviour §17.1)."""
    errors = dict.fromkeys(_at_its_parent(each) for each in errors)
    if malformed:
        return ApiRefused(400, BAD_REQUEST, MALFORMED_MESSAGE, errors)
    return ApiRefused(422, VALIDATION, VALIDATION_MESSAGE, errors)


def _at_its_parent(error: FieldError) -> FieldError:
    """Where an object is no object, each member that could stand in it would complain: told once, of the object."""
    parent = error.message.removesuffix(" must be an object")
    if parent == error.message or parent not in error.path:
        return error
    return FieldError(error.error_id, "must be an object", error.path[: error.path.index(parent) + len(parent)])


def not_found(noun: str, name: str) -> ApiRefused:
    """404, naming what was looked for."""
    return ApiRefused(404, NOT_FOUND, f"There is no {noun} with the id {shown(name)}; give the id of one that exists.")


def shown(name: str) -> str:
    """A name from outside as it may stand in a message."""
    short = name if len(name) <= 200 else name[:200] + "…"
    return f"'{short}'" if short.isprintable() else "of this call"


def error_of(problem: Problem, path: str) -> FieldError:
    """A problem of a setting, under its path in the body."""
    if problem.message.startswith("is required"):
        return FieldError(REQUIRED, problem.message, path)
    return FieldError(MALFORMED if problem.malformed else INVALID, problem.message, path)


def fault(call: Call, error: Exception) -> Reply:
    """The answer when there is none: 400, 401, 403, 404, 405, 412, 413, 415, 422, 429, 500, 503."""
    refused = _refused(call, error)
    body: dict[str, Any] = {"resultId": refused.result_id, "message": refused.message}
    if refused.errors:
        body["validationErrors"] = [each.as_json() for each in refused.errors]
    return Reply.json(body, refused.status, (*NO_STORE, *refused.headers))


def _refused(call: Call, error: Exception) -> ApiRefused:
    match error:
        case ApiRefused():
            return error
        case NotAuthenticated():
            headers = ((b"www-authenticate", REALM),)
            return ApiRefused(401, "authentication_failed", "An administrator's credentials are needed.", (), headers)
        case NotPermitted():
            return ApiRefused(403, "permission_denied", str(error))
        case TooManyRequests():
            headers = ((b"retry-after", b"%d" % error.retry_after_seconds),)
            return ApiRefused(429, "too_many_requests", error.description, (), headers)
        case ClientsRefused():
            return invalid(_of_clients(error), malformed=error.malformed)
        case NoSuchClient():
            return not_found("client", error.client_id)
        case ClientInUse():
            return invalid([FieldError(IN_USE, f"the client is in use by {error.where}")])
        case ClientChanged():
            return changed_meanwhile(call)
        case Refused():
            result_id = INVALID_JSON if error.message == "the body is not JSON" else BAD_REQUEST
            return ApiRefused(error.status, result_id, error.message, (), error.headers)
        case StoreUnavailable():
            log.warning("request %s: the store is not available: %s", call.request_id, error)
            message = "The store is not available; try again soon."
            return ApiRefused(503, "unavailable", message, (), (_RETRY_SOON,))
    log.error("request %s failed", call.request_id, exc_info=error)
    return ApiRefused(500, "server_error", f"Something went wrong; the log says more under {call.request_id}.")


def changed_meanwhile(call: Call) -> ApiRefused:
    """412 for who named the state that was to be changed (RFC 9110 §13.1.1); whoever did not may simply try again."""
    if call.header(b"if-match") is None:
        return ApiRefused(503, "conflict", "Others change this all the time; try again.", (), (_RETRY_SOON,))
    return ApiRefused(412, "precondition_failed", "This was changed since you read it; read it again.")


def _of_clients(refused: ClientsRefused) -> list[FieldError]:
    found = []
    for _, problem in refused.problems:
        path = clients_dialect.name_of(problem.field)
        error = error_of(problem, path)
        if problem.rule == "V02" and "in use" in problem.message:
            error = FieldError(ID_IN_USE, problem.message, path)
        found.append(error)
    return found
