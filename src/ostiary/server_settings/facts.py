"""What the rules between the settings of a client need to know of the server: names that exist, and switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.words import SecurityProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Plain values, so that a rule can be tried without a server. Made once per snapshot by `facts`."""

    common_scopes: frozenset[str] = frozenset()
    """Common scopes, their groups and dynamic patterns by name; ``openid`` among them while that role is on."""
    exclusive_scopes: frozenset[str] = frozenset()
    """Exclusive scopes, their groups and dynamic patterns by name."""
    managers: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Access token managers by id, each with the clients that may use it; None: every client."""
    default_manager: str = ""
    policies: frozenset[str] = frozenset()
    """Ids of the OpenID Connect policies."""
    request_policies: Mapping[str, bool] = field(default_factory=dict)
    """CIBA request policies by id; True: the policy names a validator, so that user codes can be checked."""
    default_request_policy: str = ""
    processor_policies: frozenset[str] = frozenset()
    """Ids of the token exchange processor policies."""
    detail_types: frozenset[str] = frozenset()
    """RFC 9396 §2: the active authorization detail types, by their ``type``."""
    certificate_authorities: frozenset[str] = frozenset()
    """Ids of the trusted certificate authorities."""
    extended_properties: Mapping[str, bool] = field(default_factory=dict)
    """Extended properties by name; True: several values are allowed."""
    wildcards_allowed: bool = True
    """S090: ``*`` in redirect and post-logout URIs."""
    unsigned_responses_allowed: bool = False
    """S093: ``none`` for signed introspection and JARM."""
    openid: bool = True
    """S169: the OpenID role."""
    security_profile: SecurityProfile = SecurityProfile.NONE
    """S096: the profile of all clients."""
