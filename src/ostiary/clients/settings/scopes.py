"""What the client may ask for."""

from ostiary.declare import Write, is_set, key, proposed, read_only, section, setting
from ostiary.declare.kinds import Flag, ScopeList, TextList


@section("Scopes and Authorization Details")
class Scopes:
    """C070-C073."""

    restrict: bool = setting(
        id="C070",
        kind=Flag(),
        default=False,
        label="Restrict Common Scopes",
        help="The client may use only the common scopes chosen for it; otherwise all, also those made later.",
        admin="restrictScopes",
        legacy="restrictScopes",
        when_unreadable=True,
    )
    restricted: tuple[str, ...] = setting(
        id="C071",
        kind=ScopeList(),
        default=(),
        label="Common Scopes",
        help="The common scopes and groups it may use. Without effect unless common scopes are restricted.",
        admin="restrictedScopes",
        legacy="restrictedScopes",
        registration=key("scope", keep=True),
        portal="restrictedScopes",
        source="RFC 7591 §2",
        shown_when=is_set("scopes.restrict"),
    )
    exclusive: tuple[str, ...] = setting(
        id="C072",
        kind=ScopeList(),
        default=(),
        label="Exclusive Scopes",
        help="The exclusive scopes and groups it may use; none of the others.",
        admin="exclusiveScopes",
        legacy="exclusiveScopes",
        registration=read_only("scope", write=Write.NEVER),
        source="RFC 7591 §2",
    )
    authorization_detail_types: tuple[str, ...] = setting(
        id="C073",
        kind=TextList(),
        default=(),
        label="Allow Authorization Details",
        help="The types of authorization details it may ask for.",
        admin="authorizationDetailTypes",
        legacy=proposed("authorizationDetailTypes"),
        registration=key("authorization_details_types", write=Write.UNLESS_EMPTY),
        source="RFC 9396 §10",
    )
