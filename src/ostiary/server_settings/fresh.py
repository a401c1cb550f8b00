"""What a new installation starts with: the safe values, and the objects nothing works without."""

from dataclasses import replace
from functools import cache

from ostiary.declare.kinds import Properties
from ostiary.ports.records import ObjectRecord
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.configuration import Plugin
from ostiary.server_settings.fulfillment import Fulfillment, Fulfillments, SourceType
from ostiary.server_settings.managers import JwtConfiguration, ReferenceConfiguration
from ostiary.server_settings.object_kinds import OBJECT_KINDS, RESOURCES, settings_record
from ostiary.server_settings.openid_policies import OpenIdPolicy, PolicyAttribute
from ostiary.server_settings.other_objects import PasswordValidator
from ostiary.server_settings.plugins import SimpleConfiguration
from ostiary.server_settings.scopes import Scope
from ostiary.server_settings.token_objects import (
    AccessTokenManager,
    AccessTokenMapping,
    ManagerAttribute,
    MappingContext,
)
from ostiary.words import GrantType, SigningAlgorithm

USERS = "users"
"""The validator of people."""
SERVICES = "services"
"""The validator of services; never that of people, so that no person's password opens the services (S070)."""
REFERENCE = "reference"
JWT = "jwt"
DEFAULT_POLICY = "default"

SCOPES: tuple[Scope, ...] = (
    Scope(name="profile", description="Your name, picture and other facts of your profile"),
    Scope(name="email", description="Your e-mail address"),
    Scope(name="address", description="Your postal address"),
    Scope(name="phone", description="Your telephone number"),
    Scope(name="offline_access", description="Access while you are away"),
)
SCOPE_CLAIMS: dict[str, tuple[str, ...]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
"""OpenID Connect Core §5.4."""


@cache
def fresh_settings() -> ServerSettings:
    """The settings of a new installation: where a newer rule is stricter than an old default, the rule."""
    return DECLARATION.with_values(
        ServerSettings(),
        {
            "authorization.disallow_plain_pkce": True,
            "authorization.include_issuer": True,
            "scopes.common": SCOPES,
            "grants.roll_refresh_tokens": True,
            "grants.reuse": frozenset({GrantType.IMPLICIT}),
            "dpop.enforce_replay_prevention": True,
            "management.validator": SERVICES,
            "sessions.enabled": True,
            "defaults.manager": REFERENCE,
            "defaults.policy": DEFAULT_POLICY,
        },
    )


def fresh() -> tuple[ObjectRecord, ...]:
    """What the first start stores."""
    kinds = {kind.section: kind for kind in OBJECT_KINDS}
    made = (
        *(_validator(id_, name) for id_, name in ((USERS, "People"), (SERVICES, "Services"))),
        *_managers(),
        *_mappings(),
        _policy(),
    )
    settings = tuple(settings_record(resource, fresh_settings()) for resource in RESOURCES)
    return (*settings, *(kinds[type(one)].record(one) for one in made))


def _validator(id_: str, name: str) -> PasswordValidator:
    return PasswordValidator(id=id_, name=name, plugin=Plugin("simple", SimpleConfiguration()))


def _managers() -> tuple[AccessTokenManager, ...]:
    # No name of the person: it would join the subjects that pairwise clients are given (threat T-57).
    contract = (ManagerAttribute(name="sub"),)
    reference = AccessTokenManager(
        id=REFERENCE,
        name="Reference Tokens",
        plugin=Plugin("reference", ReferenceConfiguration()),
        attributes=contract,
        default_subject_attribute="sub",
        sequence_number=1,
    )
    jwt = replace(
        reference,
        id=JWT,
        name="JSON Web Tokens",
        sequence_number=2,
        plugin=Plugin(
            "jwt",
            JwtConfiguration(
                use_central_key=True,
                algorithm=SigningAlgorithm.ES256,
                include_issued_at=True,
                enable_revocation=True,
                jwt_id_length=22,
                type_header="at+jwt",
            ),
        ),
    )
    return reference, jwt


def _mappings() -> tuple[AccessTokenMapping, ...]:
    person = {"sub": Fulfillment(source_type=SourceType.OAUTH_PERSISTENT_GRANT, value="USER_KEY")}
    machine = {"sub": Fulfillment(source_type=SourceType.CONTEXT, value="ClientId")}
    made = (
        AccessTokenMapping(context_type=context, manager_id=manager, fulfillment=Fulfillments(rules))
        for manager in (REFERENCE, JWT)
        for context, rules in ((MappingContext.DEFAULT, person), (MappingContext.CLIENT_CREDENTIALS, machine))
    )
    return tuple(replace(mapping, id=mapping.computed_id()) for mapping in made)


def _policy() -> OpenIdPolicy:
    claims = [claim for names in SCOPE_CLAIMS.values() for claim in names]
    rules = {claim: Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value=claim) for claim in claims}
    subject = Fulfillment(source_type=SourceType.OAUTH_PERSISTENT_GRANT, value="USER_KEY")
    return OpenIdPolicy(
        id=DEFAULT_POLICY,
        name="Standard Claims",
        manager_id=REFERENCE,
        attributes=tuple(PolicyAttribute(name=claim, in_id_token=True, in_user_info=True) for claim in claims),
        scope_attributes=Properties(SCOPE_CLAIMS),
        fulfillment=Fulfillments({"sub": subject, **rules}),
    )
