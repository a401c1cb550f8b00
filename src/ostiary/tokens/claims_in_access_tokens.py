"""What a JWT access token says of the person beyond its subject, where the client wants it otherwise (C120)."""

from collections.abc import Mapping
from typing import Any

from ostiary.server import Server
from ostiary.server_settings.fulfillment import Fulfillment, SourceType, references
from ostiary.server_settings.scopes import OPENID
from ostiary.server_settings.token_objects import AccessTokenManager
from ostiary.tokens.claims import RESERVED, SUBJECT, Release, claims_of, released
from ostiary.tokens.managers import Context, mapping_for, policy_of
from ostiary.words import UserInfoOption

_OF_THE_PERSON = frozenset({SourceType.PASSWORD_CREDENTIAL_VALIDATOR, SourceType.OAUTH_PERSISTENT_GRANT})
_CONTEXT = frozenset({"ClientId", "Scope", "GrantType", "Issuer", "ClientIp"})
"""What a literal may refer to without telling anything of the person."""


def with_option(
    attributes: Mapping[str, Any], release: Release, manager: AccessTokenManager, context: Context, server: Server
) -> dict[str, Any]:
    """C120: the attributes of the manager's contract with what UserInfo would say, or without what tells of the person.

    An attribute of the contract wins over a claim of the same name.
    """
    if release.client.openid.user_info_in_access_token is UserInfoOption.INCLUDE:
        return {**_user_info(release, server), **attributes}
    personal = _personal(manager, context, server)
    return {name: value for name, value in attributes.items() if name not in personal}


def _user_info(release: Release, server: Server) -> dict[str, Any]:
    """OpenID Connect Core §5.3: the claims that UserInfo gives for this token; none without the scope ``openid``."""
    policy = policy_of(release.client, server.objects)
    if policy is None or OPENID not in release.scope or not server.settings.roles.openid:
        return {}
    kept_back = RESERVED | {SUBJECT}
    names = [
        attribute.name
        for attribute in released(policy, release.scope, release.requested)
        if (attribute.in_user_info or attribute.name in release.requested) and attribute.name not in kept_back
    ]
    said = claims_of(policy, release, server, names)
    return {name: said[name] for name in names if name in said}


def _personal(manager: AccessTokenManager, context: Context, server: Server) -> frozenset[str]:
    """The attributes that are drawn from the person's account or grant; whom the token is about stays."""
    mapping = mapping_for(manager.id, context, server.objects)
    if mapping is None:
        return frozenset()
    subject = {SUBJECT, manager.default_subject_attribute}
    return frozenset(name for name, rule in mapping.fulfillment.items() if name not in subject and _tells(rule))


def _tells(rule: Fulfillment) -> bool:
    if rule.source_type is SourceType.TEXT:
        return any(name not in _CONTEXT for name in references(rule.value))
    if rule.source_type is SourceType.CONTEXT:
        return rule.value == "UserKey"
    return rule.source_type in _OF_THE_PERSON
