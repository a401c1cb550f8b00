"""The kinds of configuration objects, and the resources over which the settings of the server are spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.declare import Declared, Dialect, store
from ostiary.ports.records import ObjectRecord
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.descriptors import Family
from ostiary.server_settings.documents import document
from ostiary.server_settings.entries import Entry, one_entry
from ostiary.server_settings.key_sets import KeySetOfIssuers
from ostiary.server_settings.openid_policies import OpenIdPolicy
from ostiary.server_settings.other_objects import (
    Authenticator,
    CertificateAuthority,
    DetailProcessor,
    DetailType,
    Issuer,
    PasswordValidator,
    ProcessorPolicy,
    RegistrationPolicy,
    RequestPolicy,
    TrustedIssuer,
)
from ostiary.server_settings.token_objects import AccessTokenManager, AccessTokenMapping, ResourceOwnerMapping

SETTINGS = "settings"
"""The kind of the records that hold settings; their id is the resource."""
REVISION = "revision"
"""A record of that kind which holds nothing: its version moves with every change of the configuration."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """One kind of object."""

    kind: str
    """Of its records."""
    member: str
    """Of `Objects`."""
    list_name: str
    """In ``ostiary server show``."""
    section: type[Any]

    @property
    def path(self) -> str:
        """Where the administrative API keeps them."""
        return _PATHS[self.list_name]

    @property
    def family(self) -> Family | None:
        """Of the plug-ins they configure, if they do."""
        return _FAMILIES.get(self.list_name)

    @property
    def entry(self) -> Entry[Any]:
        """How objects of this kind are read and written."""
        return one_entry(self.section)

    def record(self, value: Any, version: int = 1) -> ObjectRecord:
        """The object as it is stored."""
        return ObjectRecord(kind=self.kind, id=value.id, version=version, document=document(self.entry.stored(value)))


OBJECT_KINDS: tuple[ObjectKind, ...] = (
    ObjectKind("password-validator", "validators", "passwordCredentialValidators", PasswordValidator),
    ObjectKind("access-token-manager", "managers", "accessTokenManagers", AccessTokenManager),
    ObjectKind("access-token-mapping", "mappings", "accessTokenMappings", AccessTokenMapping),
    ObjectKind("openid-policy", "policies", "openIdConnectPolicies", OpenIdPolicy),
    ObjectKind("authenticator", "authenticators", "outOfBandAuthPlugins", Authenticator),
    ObjectKind("request-policy", "request_policies", "requestPolicies", RequestPolicy),
    ObjectKind("processor-policy", "processor_policies", "processorPolicies", ProcessorPolicy),
    ObjectKind("detail-processor", "detail_processors", "authorizationDetailProcessors", DetailProcessor),
    ObjectKind("detail-type", "detail_types", "authorizationDetailTypes", DetailType),
    ObjectKind("registration-policy", "registration_policies", "clientRegistrationPolicies", RegistrationPolicy),
    ObjectKind("issuer", "issuers", "issuers", Issuer),
    ObjectKind("trusted-issuer", "trusted_issuers", "trustedIssuers", TrustedIssuer),
    ObjectKind("certificate-authority", "certificate_authorities", "certificateAuthorities", CertificateAuthority),
    ObjectKind("resource-owner-mapping", "owner_mappings", "resourceOwnerCredentialsMappings", ResourceOwnerMapping),
    ObjectKind("key-set", "key_sets", "additionalKeySets", KeySetOfIssuers),
)

_PATHS = {
    "passwordCredentialValidators": "/passwordCredentialValidators",
    "accessTokenManagers": "/oauth/accessTokenManagers",
    "accessTokenMappings": "/oauth/accessTokenMappings",
    "openIdConnectPolicies": "/oauth/openIdConnect/policies",
    "outOfBandAuthPlugins": "/oauth/outOfBandAuthPlugins",
    "requestPolicies": "/oauth/cibaServerPolicy/requestPolicies",
    "processorPolicies": "/oauth/tokenExchange/processor/policies",
    "authorizationDetailProcessors": "/oauth/authorizationDetailProcessors",
    "authorizationDetailTypes": "/oauth/authorizationDetailTypes",
    "clientRegistrationPolicies": "/oauth/clientRegistrationPolicies",
    "issuers": "/oauth/issuers",
    "trustedIssuers": "/oauth/trustedIssuers",
    "certificateAuthorities": "/certificates/ca",
    "resourceOwnerCredentialsMappings": "/oauth/resourceOwnerCredentialsMappings",
    "additionalKeySets": "/keyPairs/oauthOpenIdConnect/additionalKeySets",
}
_FAMILIES = {
    "passwordCredentialValidators": Family.VALIDATOR,
    "accessTokenManagers": Family.MANAGER,
    "outOfBandAuthPlugins": Family.AUTHENTICATOR,
    "authorizationDetailProcessors": Family.DETAIL_PROCESSOR,
    "clientRegistrationPolicies": Family.REGISTRATION_POLICY,
}


def kind_named(list_name: str) -> ObjectKind:
    """The kind whose objects stand in this list."""
    return next(kind for kind in OBJECT_KINDS if kind.list_name == list_name)


RESOURCES: tuple[str, ...] = (
    "authServerSettings",
    "clientSettings",
    "sessionSettings",
    "redirectValidation",
    "serverSettings",
    "extendedProperties",
    "accessTokenManagerSettings",
    "openIdConnectSettings",
    "cibaServerPolicySettings",
    "tokenExchangeProcessorSettings",
    "oauthOpenIdConnectKeys",
    "applicationSessionPolicy",
    "virtualHostNames",
)
"""The settings of the server, one record each."""


def resource_of(declared: Declared) -> str:
    """The resource that holds a setting of the server."""
    key = declared.key_in(Dialect.ADMIN)
    return "clientSettings" if key is None else key.resource  # only `registration.on` has no name of its own


def settings_record(resource: str, settings: ServerSettings, version: int = 1) -> ObjectRecord:
    """The settings of one resource as they are stored."""
    own = {declared.path for declared in DECLARATION.settings if resource_of(declared) == resource}
    stored: Mapping[str, Mapping[str, Any]] = store(DECLARATION, settings)
    kept = {
        section: {name: raw for name, raw in members.items() if f"{section}.{name}" in own}
        for section, members in stored.items()
    }
    members = {section: named for section, named in kept.items() if named}
    return ObjectRecord(kind=SETTINGS, id=resource, version=version, document=document(members))
