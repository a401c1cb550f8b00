"""What must hold within and between configuration objects (rows S170–S182 of the reference)."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ostiary.server_settings.findings import Finding, shown
from ostiary.server_settings.fulfillment import Fulfillments, SourceType
from ostiary.server_settings.managers import JwtConfiguration, ReferenceConfiguration
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.openid_policies import OpenIdPolicy
from ostiary.server_settings.other_objects import ProcessorPolicy
from ostiary.server_settings.plugins import SimpleConfiguration
from ostiary.server_settings.references import PROCESSORS
from ostiary.server_settings.registration_policy_checks import check_registration_policies
from ostiary.server_settings.token_objects import (
    WITHOUT_REFERENCE,
    AccessTokenManager,
    AccessTokenMapping,
    MappingContext,
)
from ostiary.words import KeyManagement, SigningAlgorithm

RESERVED_VALIDATORS = frozenset({"admin"})
"""Account stores that are not a validator's: nobody who manages people must be able to make administrators."""
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x5b\x5d\x5f\x61-\x7a\x7e]+")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::[0-9]{1,5})?")
_USABLE_CONTEXTS = WITHOUT_REFERENCE | {MappingContext.PCV, MappingContext.TOKEN_EXCHANGE_PROCESSOR_POLICY}
_MANAGERS, _MAPPINGS, _POLICIES = "accessTokenManagers", "accessTokenMappings", "openIdConnectPolicies"


def check_objects(objects: Objects) -> Iterator[Finding]:
    """Everything that is wrong with the objects, references aside."""
    for manager in objects.managers.values():
        yield from _manager(manager)
    yield from _key_ids(objects)
    for mapping in objects.mappings:
        yield from _mapping(mapping, objects)
    for policy in objects.policies.values():
        yield from _policy(policy, objects)
    for exchange in objects.processor_policies.values():
        yield from _processor_policy(exchange)
    yield from _owner_mappings(objects)
    yield from _key_sets(objects)
    yield from _validators(objects)
    yield from _issuers(objects)
    yield from _trusted_issuers(objects)
    yield from _hint_issuers(objects)
    yield from _twice("authorizationDetailTypes", "type", ((one.id, one.type) for one in objects.detail_types.values()))
    yield from check_registration_policies(objects.registration_policies.values())
    for authority in objects.certificate_authorities.values():
        if not _is_certificate(authority.pem):
            yield Finding("certificateAuthorities", authority.id, "fileData", "must be one certificate in PEM")


def _manager(manager: AccessTokenManager) -> Iterator[Finding]:
    at = (_MANAGERS, manager.id)
    names = [attribute.name for attribute in manager.attributes]
    if not names:
        yield Finding(*at, "attributeContract.extendedAttributes", "at least one attribute is needed")
    yield from _repeated(*at, "attributeContract.extendedAttributes", names)
    subject = manager.default_subject_attribute
    if subject and subject not in names:
        yield Finding(*at, "attributeContract.defaultSubjectAttribute", f"there is no attribute {shown(subject)}")
    for number, uri in enumerate(manager.resource_uris):
        if not _URI.fullmatch(uri):  # RFC 8707 §2
            path = f"selectionSettings.resourceUris[{number}]"
            yield Finding(*at, path, "must be an absolute URI without fragment")
    if isinstance(manager.configuration, ReferenceConfiguration):
        most = manager.configuration.maximum_lifetime_minutes
        if most is not None and most < manager.configuration.token_lifetime_minutes:
            yield Finding(*at, "configuration", "Maximum Token Lifetime must not be shorter than Token Lifetime")
    if isinstance(manager.configuration, JwtConfiguration):
        for message in jwt_objections(manager.configuration):
            yield Finding(*at, "configuration", message)


def jwt_objections(jwt: JwtConfiguration) -> Iterator[str]:
    """S172: what does not fit together in the configuration of a JWT manager."""
    symmetric = {one.key_id for one in jwt.symmetric_keys}
    yield from _signing_objections(jwt, symmetric)
    yield from _encryption_objections(jwt, symmetric)
    if jwt.enable_revocation and (jwt.jwt_id_length < 22 or not jwt.client_id_claim):
        yield "Enable Token Revocation needs a Client ID Claim Name and a JWT ID Claim Length of at least 22"
    if jwt.jwks_path and not _PATH.fullmatch(jwt.jwks_path):
        yield "JWKS Endpoint Path must be a path such as /keys"
    for row in jwt.certificates:
        yield f"there is no signing key pair {shown(row.certificate)}; use the centralized signing key"


def _signing_objections(jwt: JwtConfiguration, symmetric: set[str]) -> Iterator[str]:
    algorithm = jwt.algorithm
    if algorithm is SigningAlgorithm.NONE:
        yield "JWS Algorithm must not be NONE"
    elif algorithm is None:
        if jwt.encryption is None or not jwt.encryption.is_symmetric:
            yield "JWS Algorithm is required, unless a symmetric key encrypts the tokens"
    elif algorithm.is_symmetric:
        if jwt.use_central_key:
            yield "an HMAC algorithm cannot use the centralized signing key"
        if jwt.active_symmetric_key not in symmetric:
            yield "Active Symmetric Key ID must name a key of the table Symmetric Keys"
    elif not jwt.use_central_key and jwt.active_certificate_key not in {one.key_id for one in jwt.certificates}:
        yield "Active Signing Certificate Key ID must name a key of the table Certificates"


def _encryption_objections(jwt: JwtConfiguration, symmetric: set[str]) -> Iterator[str]:
    if (jwt.encryption is None) != (jwt.content_encryption is None):
        yield "JWE Algorithm and JWE Content Encryption Algorithm go together"
    if jwt.encryption is None:
        return
    if jwt.encryption.is_symmetric or jwt.encryption is KeyManagement.DIR:
        if jwt.active_encryption_key not in symmetric:
            yield "Active Symmetric Encryption Key ID must name a key of the table Symmetric Keys"
    elif (jwt.encryption_jwk is None) == (jwt.encryption_jwks_url is None):
        yield "either Asymmetric Encryption Key or Asymmetric Encryption JWKS URL is needed"


def _key_ids(objects: Objects) -> Iterator[Finding]:
    """S172: a key id names one key, whatever the manager."""
    seen: dict[str, str] = {}
    for manager in objects.managers.values():
        if isinstance(manager.configuration, JwtConfiguration):
            for key_id in _key_ids_of(manager.configuration):
                if key_id in seen:
                    taken = f"the Key ID {shown(key_id)} is used already, by {seen[key_id]}"
                    yield Finding(_MANAGERS, manager.id, "configuration.tables", taken)
                seen.setdefault(key_id, manager.id)


def _key_ids_of(jwt: JwtConfiguration) -> Iterator[str]:
    yield from (row.key_id for row in jwt.symmetric_keys)
    yield from (row.key_id for row in jwt.certificates)


def _mapping(mapping: AccessTokenMapping, objects: Objects) -> Iterator[Finding]:
    at = (_MAPPINGS, mapping.id)
    if mapping.context_type not in _USABLE_CONTEXTS:
        yield Finding(*at, "context.type", "cannot be used in this version")
    elif (mapping.context_type in WITHOUT_REFERENCE) == bool(mapping.context_id):
        needs = "goes without a reference" if mapping.context_id else "needs a reference"
        yield Finding(*at, "context.contextRef", f"the context {mapping.context_type} {needs}")
    manager = objects.managers.get(mapping.manager_id or "")
    if manager is not None:
        names = [attribute.name for attribute in manager.attributes]
        yield from _complete(*at, "attributeContractFulfillment", mapping.fulfillment, names)
    for name, rule in mapping.fulfillment.items():
        if rule.source_type is SourceType.TOKEN:
            path = f"attributeContractFulfillment.{name}.source.type"
            yield Finding(*at, path, "an access token cannot be made from an access token")


def _policy(policy: OpenIdPolicy, objects: Objects) -> Iterator[Finding]:
    at = (_POLICIES, policy.id)
    names = [attribute.name for attribute in policy.attributes]
    yield from _repeated(*at, "attributeContract.extendedAttributes", ["sub", *names])
    yield from _complete(*at, "attributeMapping.attributeContractFulfillment", policy.fulfillment, ["sub", *names])
    for scope, released in policy.scope_attributes.items():
        path = f"scopeAttributeMappings.{scope}"
        for name in released:
            if name not in names and name != "sub":
                yield Finding(*at, path, f"there is no attribute {shown(name)}")
    manager = objects.managers.get(policy.manager_id or "")
    carried = {attribute.name for attribute in manager.attributes} if manager else set()
    for name, rule in policy.fulfillment.items():
        if manager and rule.source_type is SourceType.TOKEN and rule.value not in carried:
            path = f"attributeMapping.attributeContractFulfillment.{name}.value"
            message = f"the access token manager has no attribute {shown(rule.value)}"
            yield Finding(*at, path, message, follows=True)


def _processor_policy(policy: ProcessorPolicy) -> Iterator[Finding]:
    at = ("processorPolicies", policy.id)
    contract = ["subject", *policy.attributes]
    seen: set[tuple[str, str | None]] = set()
    for number, mapping in enumerate(policy.mappings):
        path = f"processorMappings[{number}]"
        for member, processor in (
            ("subjectTokenProcessor", mapping.subject_token_processor),
            ("actorTokenProcessor", mapping.actor_token_processor),
        ):
            if processor is not None and processor not in PROCESSORS:
                known = ", ".join(sorted(PROCESSORS))
                yield Finding(*at, f"{path}.{member}", f"there is no processor {shown(processor)}; there are {known}")
        if (mapping.actor_token_type is None) != (mapping.actor_token_processor is None):
            yield Finding(*at, f"{path}.actorTokenType", "actorTokenType and actorTokenProcessor go together")
        types = (mapping.subject_token_type, mapping.actor_token_type)
        if types in seen:
            yield Finding(*at, path, "these token types have a mapping already")
        seen.add(types)
        yield from _complete(*at, f"{path}.attributeContractFulfillment", mapping.fulfillment, contract)


def _owner_mappings(objects: Objects) -> Iterator[Finding]:
    for one in objects.owner_mappings.values():
        at = ("resourceOwnerCredentialsMappings", one.id)
        if one.validator and one.validator != one.id:
            yield Finding(*at, "id", "must be the id of the password credential validator")
        if "USER_KEY" not in one.fulfillment:
            yield Finding(*at, "attributeContractFulfillment.USER_KEY", "is required: it says whose grant it is")


def _key_sets(objects: Objects) -> Iterator[Finding]:
    sets = tuple(objects.key_sets.values())
    yield from _twice("additionalKeySets", "name", ((one.id, one.name) for one in sets))
    yield from _twice("additionalKeySets", "issuers", ((one.id, issuer) for one in sets for issuer in one.issuers))


def _validators(objects: Objects) -> Iterator[Finding]:
    for validator in objects.validators.values():
        if validator.id in RESERVED_VALIDATORS:
            yield Finding("passwordCredentialValidators", validator.id, "id", "this id is taken by the server")
        if isinstance(validator.configuration, SimpleConfiguration) and validator.configuration.users:
            message = f"accounts are not kept here; add them with: ostiary users add --validator {validator.id} NAME"
            yield Finding("passwordCredentialValidators", validator.id, "configuration.tables[0].rows", message)


def _issuers(objects: Objects) -> Iterator[Finding]:
    issuers = tuple(objects.issuers.values())
    yield from _twice("issuers", "name", ((one.id, one.name) for one in issuers))
    yield from _twice("issuers", "path", ((one.id, f"{one.host}{one.path}") for one in issuers))
    for issuer in issuers:
        if not _HOST.fullmatch(issuer.host):
            yield Finding("issuers", issuer.id, "host", "must be a host name in lower case")
        if issuer.path and not _PATH.fullmatch(issuer.path):
            yield Finding("issuers", issuer.id, "path", "must be a path such as /tenant")


def _trusted_issuers(objects: Objects) -> Iterator[Finding]:
    trusted = tuple(objects.trusted_issuers.values())
    yield from _twice("trustedIssuers", "issuer", ((one.id, one.issuer) for one in trusted))
    for one in trusted:
        if one.jwks is not None and one.jwks_url is not None:
            yield Finding("trustedIssuers", one.id, "jwks", "jwks and jwksUrl cannot both be set")
        if one.jwks is None and one.jwks_url is None and not one.certificates:
            yield Finding("trustedIssuers", one.id, "jwksUrl", "jwksUrl, jwks or certificates are needed")
        for number, pem in enumerate(one.certificates):
            if not _is_certificate(pem):
                yield Finding("trustedIssuers", one.id, f"certificates[{number}]", "must be one certificate in PEM")


def _hint_issuers(objects: Objects) -> Iterator[Finding]:
    for policy in objects.request_policies.values():
        for number, one in enumerate(policy.hint_token_issuers):
            if (one.jwks is None) == (one.jwks_url is None):
                path = f"alternativeLoginHintTokenIssuers[{number}]"
                yield Finding("requestPolicies", policy.id, path, "either jwks or jwksURL is needed")


def _complete(place: str, id_: str, path: str, rules: Fulfillments, names: Sequence[str]) -> Iterator[Finding]:
    """Every attribute of the contract has its source, and no other does."""
    for name in names:
        if name not in rules:
            message = "is required: every attribute needs a source, or NO_MAPPING"
            yield Finding(place, id_, f"{path}.{name}", message, follows=True)
    for name in rules:
        if name not in names:
            yield Finding(place, id_, f"{path}.{name}", "is not an attribute of the contract", follows=True)


def _repeated(place: str, id_: str, path: str, names: Sequence[str]) -> Iterator[Finding]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding(place, id_, path, f"the attribute {shown(name)} is there twice")


def _twice(place: str, path: str, values: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """A value that names one object only."""
    seen: dict[str, str] = {}
    for id_, value in values:
        if value in seen:
            yield Finding(place, id_, path, f"{shown(value)} is used already, by {seen[value]}")
        seen.setdefault(value, id_)


def _is_certificate(pem: str) -> bool:
    from cryptography.x509 import load_pem_x509_certificates  # only when somebody sends one

    try:
        return len(load_pem_x509_certificates(pem.encode())) == 1
    except ValueError:
        return False
