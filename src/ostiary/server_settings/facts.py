"""What the rules between the settings of a client need to know of the server: names that exist, and switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.server_settings import ServerSettings
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.scopes import OPENID
from ostiary.server_settings.setting_checks import names_of
from ostiary.words import PortalTokenType, SecurityProfile


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
    token_types: frozenset[PortalTokenType] = frozenset()
    """The kinds of access tokens that some manager makes."""
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


def facts(settings: ServerSettings, objects: Objects) -> Facts:
    """What the rules between client settings need, of this state of the configuration."""
    scopes, compatibility = settings.scopes, settings.compatibility
    common = names_of(scopes.common, scopes.common_groups)
    return Facts(
        common_scopes=common | {OPENID} if settings.roles.openid else common - {OPENID},
        exclusive_scopes=names_of(scopes.exclusive, scopes.exclusive_groups),
        managers={
            manager.id: frozenset(manager.allowed_clients) if manager.restrict_clients else None
            for manager in objects.managers.values()
        },
        default_manager=objects.default_manager,
        token_types=frozenset(manager.token_type for manager in objects.managers.values()),
        policies=frozenset(objects.policies),
        request_policies={
            policy.id: policy.user_code_validator is not None for policy in objects.request_policies.values()
        },
        default_request_policy=objects.default_request_policy,
        processor_policies=frozenset(objects.processor_policies),
        detail_types=frozenset(one.type for one in objects.detail_types.values() if one.active),
        certificate_authorities=frozenset(objects.certificate_authorities),
        extended_properties={one.name: one.multi_valued for one in settings.extended_properties.definitions},
        wildcards_allowed=compatibility.redirect_uri_wildcards,
        unsigned_responses_allowed=compatibility.unsigned_responses,
        openid=settings.roles.openid,
        security_profile=compatibility.security_profile,
    )
