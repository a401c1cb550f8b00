"""The grant types and response types of the client."""

from ostiary.clients.settings.conditions import BROWSER_GRANTS
from ostiary.declare import ResponseTypes, key, section, setting
from ostiary.declare.kinds import OneWord, ResponseTypeList, WordSet
from ostiary.words import GrantType, GrantTypesSetting


@section("Grant Types")
class Grants:
    """C080-C082."""

    allowed: frozenset[GrantType] = setting(
        id="C080",
        kind=WordSet(GrantType),
        default=frozenset(),
        label="Allowed Grant Types",
        help="The ways in which the client may obtain tokens, or, as a resource server, validate them.",
        admin="grantTypes",
        legacy="grantTypes",
        registration="grant_types",
        portal="grant_types",
        source="RFC 7591 §2",
    )
    types_setting: GrantTypesSetting = setting(
        id="C081",
        kind=OneWord(GrantTypesSetting),
        default=GrantTypesSetting.GLOBAL,
        label="Grant Types in the Portal",
        help="Whether the portal lists the grant types or takes the usual ones.",
        portal="grant_types_setting",
    )
    restricted_response_types: ResponseTypes = setting(
        id="C082",
        kind=ResponseTypeList(),
        default=ResponseTypes(),
        label="Restrict Response Types",
        help="The response types that the client may ask for; none chosen means all that its grant types allow.",
        admin="restrictedResponseTypes",
        legacy="restrictedResponseTypes",
        registration="response_types",
        portal=key("restrictedResponseTypes", aliases=("response_types",)),
        source="OAuth multiple response types §3, §5",
        shown_when=BROWSER_GRANTS,
    )
