"""The API as routes of the administration port: who asks, which operation answers, and the line in its log."""

from collections.abc import Iterable

from ostiary.audit.api_log import ApiLog
from ostiary.ports.clock import Clock
from ostiary.server import Server
from ostiary.web.admin_api import (
    accounts,
    bulk,
    certificates,
    clients,
    descriptors,
    information,
    objects,
    scopes,
    settings,
    validators,
)
from ostiary.web.admin_api.operations import BASE, OAUTH, Asked, Operation, Paths, by_method, query_of
from ostiary.web.admin_api.results import NOT_FOUND, ApiRefused, fault
from ostiary.web.administrators import administrator
from ostiary.web.api_lines import noted
from ostiary.web.app import Route, Routes
from ostiary.web.call import Call, Reply

OPERATIONS: tuple[Operation, ...] = (
    *clients.OPERATIONS,
    *settings.OPERATIONS,
    *scopes.OPERATIONS,
    *objects.operations({"passwordCredentialValidators": validators.ACCOUNTS_IN_A_TABLE}),
    *descriptors.OPERATIONS,
    *certificates.OPERATIONS,
    *accounts.OPERATIONS,
    *bulk.OPERATIONS,
    *information.OPERATIONS,
)


def routes(api_log: ApiLog, clock: Clock, operations: Iterable[Operation] = OPERATIONS) -> Routes:
    """The routes of the API. Each call leaves one line in its log, whatever became of it."""
    paths = Paths(operations)

    async def served(call: Call, server: Server) -> Reply:
        return noted(call, await answer(call, server, paths), api_log, clock)

    def failed(call: Call, error: Exception, _server: Server | None) -> Reply:
        return noted(call, fault(call, error), api_log, clock)

    return {f"{BASE}/*": Route({"*": served}, failed)}


async def answer(call: Call, server: Server, paths: Paths) -> Reply:
    """The answer to one call: first who asks, then what is there, then what it says."""
    by = await administrator(call, server)
    found = paths.find(call.rest)
    if found is None:
        raise ApiRefused(404, NOT_FOUND, "There is nothing at this address.")
    methods, ids = found
    operation = methods.get("GET" if call.method == "HEAD" else call.method)
    if operation is None:
        allow = ", ".join(by_method(methods)).encode()
        raise ApiRefused(405, "method_not_allowed", "This method is not served here.", (), ((b"allow", allow),))
    if operation.path.startswith(OAUTH) and not server.settings.roles.oauth:
        raise ApiRefused(403, "role_off", "The OAuth 2.0 authorization server role is off; this is not available.")
    return await operation.answer(Asked(call, server, by, ids, query_of(call)))
