"""Response Type Constraints: what is not allowed is taken away; when nothing is left, the registration is refused."""

from ostiary.declare import Problem, ResponseTypes
from ostiary.registration.candidate import Candidate
from ostiary.server import Server
from ostiary.server_settings.plugins import ResponseTypesConfiguration
from ostiary.words import GrantType, ResponseType

_BROWSER = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT})
FIELD = "grants.restricted_response_types"


async def judge(configuration: ResponseTypesConfiguration, candidate: Candidate, _server: Server) -> Candidate:
    """Behaviour §14.4."""
    grants = candidate.draft.value.grants
    if grants.allowed.isdisjoint(_BROWSER):
        return candidate
    asked = tuple(grants.restricted_response_types) or tuple(ResponseType)  # an empty list means all of them
    left = tuple(one for one in asked if one in allowed(configuration))
    if not left:
        return candidate.with_problem(Problem(FIELD, "none of them is open to registration", rule="S178"))
    return candidate if left == tuple(grants.restricted_response_types) else _with(candidate, left)


def allowed(configuration: ResponseTypesConfiguration) -> frozenset[ResponseType]:
    """Those that are ticked; each field is named like its response type, with underscores."""
    return frozenset(one for one in ResponseType if getattr(configuration, one.replace(" ", "_")))


def _with(candidate: Candidate, left: tuple[ResponseType, ...]) -> Candidate:
    usable = tuple(one for one in left if one.grant_types <= candidate.draft.value.grants.allowed)
    return candidate.with_values({FIELD: ResponseTypes(usable or left)})
