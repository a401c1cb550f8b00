"""Which setting and which object points to which object: what must exist, and what is in use."""

from collections.abc import Iterator
from dataclasses import dataclass

from ostiary.server_settings import ServerSettings
from ostiary.server_settings.findings import Finding, shown
from ostiary.server_settings.fulfillment import Fulfillments, SourceType
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.token_objects import MappingContext

PROCESSORS = frozenset({"access_token", "id_token", "jwt", "saml2"})
"""Behaviour §17.2: the token processors that are always there."""
_REGISTRATION = "dynamicClientRegistration"
_NOUNS = {
    "managers": "access token manager",
    "policies": "OpenID Connect policy",
    "validators": "password credential validator",
    "request_policies": "CIBA request policy",
    "processor_policies": "token exchange processor policy",
    "authenticators": "out-of-band authenticator",
    "detail_processors": "authorization detail processor",
    "registration_policies": "client registration policy",
    "certificate_authorities": "certificate authority",
    "issuers": "issuer",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One setting or object points to another object."""

    place: str
    id: str
    path: str
    target: str
    """The member of `Objects` that must hold it."""
    to: str


def references(settings: ServerSettings, objects: Objects) -> Iterator[Reference]:
    """Every reference there is. What points to nothing is not among them."""
    for one in (*_of_settings(settings), *_of_objects(objects)):
        if one.to:
            yield one


def dangling(settings: ServerSettings, objects: Objects) -> Iterator[Finding]:
    """V19: what is pointed to exists."""
    for one in references(settings, objects):
        if one.to not in getattr(objects, one.target):
            yield Finding(one.place, one.id, one.path, f"there is no {_NOUNS[one.target]} {shown(one.to)}")


def users_of(settings: ServerSettings, objects: Objects, target: str, id_: str) -> tuple[str, ...]:
    """What points to this object, as paths; an object with users is not deleted."""
    return tuple(
        f"{one.place}{f'[{one.id}]' if one.id else ''}.{one.path}"
        for one in references(settings, objects)
        if (one.target, one.to) == (target, id_)
    )


def _of_settings(settings: ServerSettings) -> Iterator[Reference]:
    defaults, own, new = settings.defaults, settings.management, settings.registration
    for place, path, target, to in (
        ("authServerSettings", "adminWebServicePcvRef", "validators", own.validator),
        ("authServerSettings", "atmIdForOAuthGrantManagement", "managers", own.grant_management_manager),
        ("accessTokenManagerSettings", "defaultAccessTokenManagerRef", "managers", defaults.manager),
        ("openIdConnectSettings", "defaultPolicyRef", "policies", defaults.policy),
        ("cibaServerPolicySettings", "defaultRequestPolicyRef", "request_policies", defaults.request_policy),
        (
            "tokenExchangeProcessorSettings",
            "defaultProcessorPolicyRef",
            "processor_policies",
            defaults.processor_policy,
        ),
        ("clientSettings", f"{_REGISTRATION}.defaultAccessTokenManagerRef", "managers", new.default_manager),
        (
            "clientSettings",
            f"{_REGISTRATION}.clientCertIssuerRef",
            "certificate_authorities",
            new.certificate_issuer,
        ),
        ("clientSettings", f"{_REGISTRATION}.oidcPolicy.policyGroup", "policies", new.policy),
        ("clientSettings", f"{_REGISTRATION}.requestPolicyRef", "request_policies", new.ciba_policy),
        (
            "clientSettings",
            f"{_REGISTRATION}.tokenExchangeProcessorPolicyRef",
            "processor_policies",
            new.exchange_policy,
        ),
        *(
            ("clientSettings", f"{_REGISTRATION}.policyRefs[{number}]", "registration_policies", policy)
            for number, policy in enumerate(new.registration_policies)
        ),
    ):
        yield Reference(place, "", path, target, to or "")


def _of_objects(objects: Objects) -> Iterator[Reference]:
    for mapping in objects.mappings:
        at = ("accessTokenMappings", mapping.id)
        yield Reference(*at, "accessTokenManagerRef", "managers", mapping.manager_id or "")
        if mapping.context_type is MappingContext.PCV:
            yield Reference(*at, "context.contextRef", "validators", mapping.context_id or "")
        elif mapping.context_type is MappingContext.TOKEN_EXCHANGE_PROCESSOR_POLICY:
            yield Reference(*at, "context.contextRef", "processor_policies", mapping.context_id or "")
        yield from _of_rules(*at, "attributeContractFulfillment", mapping.fulfillment)
    for policy in objects.policies.values():
        at = ("openIdConnectPolicies", policy.id)
        yield Reference(*at, "accessTokenManagerRef", "managers", policy.manager_id or "")
        yield from _of_rules(*at, "attributeMapping.attributeContractFulfillment", policy.fulfillment)
    for request in objects.request_policies.values():
        at = ("requestPolicies", request.id)
        yield Reference(*at, "authenticatorRef", "authenticators", request.authenticator or "")
        yield Reference(*at, "userCodePcvRef", "validators", request.user_code_validator or "")
    for detail in objects.detail_types.values():
        at = ("authorizationDetailTypes", detail.id)
        yield Reference(*at, "authorizationDetailProcessorRef", "detail_processors", detail.processor or "")
    for owner in objects.owner_mappings.values():
        at = ("resourceOwnerCredentialsMappings", owner.id)
        yield Reference(*at, "passwordValidatorRef", "validators", owner.validator or "")
        yield from _of_rules(*at, "attributeContractFulfillment", owner.fulfillment)
    for keys in objects.key_sets.values():
        for number, issuer in enumerate(keys.issuers):
            yield Reference("additionalKeySets", keys.id, f"issuers[{number}]", "issuers", issuer)


def _of_rules(place: str, id_: str, path: str, rules: Fulfillments) -> Iterator[Reference]:
    for name, rule in rules.items():
        if rule.source_type is SourceType.PASSWORD_CREDENTIAL_VALIDATOR:
            yield Reference(place, id_, f"{path}.{name}.source.id", "validators", rule.source_id)
