"""What must hold between the settings of the server (behaviour §5.1, settings.md §5)."""

import re
from collections.abc import Iterator, Sequence

from ostiary.declare import Lifetime, Override
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.findings import Finding, shown
from ostiary.server_settings.fresh import USERS
from ostiary.server_settings.registration_policy_checks import is_host_or_domain
from ostiary.server_settings.scopes import OPENID, Scope, ScopeGroup
from ostiary.server_settings.settings.registration import Registration
from ostiary.words import CertificateIssuer, LockoutType, ThreeWay, TimeUnit

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""RFC 6749 §3.3."""
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_OWN_PATHS = ("/as/", "/pf/", "/pf-ws/", "/idp/", "/.well-known/")
_STANDARD = """
    redirect_uris token_endpoint_auth_method grant_types response_types client_name client_uri logo_uri scope
    contacts tos_uri policy_uri jwks_uri jwks software_id software_version software_statement client_id client_secret
    client_id_issued_at client_secret_expires_at registration_access_token registration_client_uri application_type
    sector_identifier_uri subject_type id_token_signed_response_alg id_token_encrypted_response_alg
    id_token_encrypted_response_enc userinfo_signed_response_alg userinfo_encrypted_response_alg
    userinfo_encrypted_response_enc request_object_signing_alg request_object_encryption_alg
    request_object_encryption_enc token_endpoint_auth_signing_alg default_max_age require_auth_time default_acr_values
    initiate_login_uri request_uris post_logout_redirect_uris frontchannel_logout_uri
    frontchannel_logout_session_required backchannel_logout_uri backchannel_logout_session_required
    tls_client_auth_subject_dn tls_client_auth_san_dns tls_client_auth_san_uri tls_client_auth_san_ip
    tls_client_auth_san_email tls_client_certificate_bound_access_tokens require_signed_request_object
    require_pushed_authorization_requests dpop_bound_access_tokens authorization_details_types
    introspection_signed_response_alg introspection_encrypted_response_alg introspection_encrypted_response_enc
    authorization_signed_response_alg authorization_encrypted_response_alg authorization_encrypted_response_enc
    backchannel_token_delivery_mode backchannel_client_notification_endpoint
    backchannel_authentication_request_signing_alg backchannel_user_code_parameter
"""
STANDARD_METADATA = frozenset(_STANDARD.split())
"""Client metadata with a meaning of its own (RFC 7591, 8705, 9101, 9126, 9396, 9449, OpenID, JARM, CIBA)."""
AUTH = "authServerSettings"
CLIENTS = "clientSettings"
_NEW = "dynamicClientRegistration"


def names_of(scopes: Sequence[Scope], groups: Sequence[ScopeGroup]) -> frozenset[str]:
    """The names of one bucket, dynamic patterns included."""
    return frozenset(scope.name for scope in scopes) | {group.name for group in groups}


def check_settings(settings: ServerSettings) -> Iterator[Finding]:
    """Everything that is wrong with the settings by themselves."""
    yield from _scopes(settings)
    yield from _single(settings)
    yield from _timeouts(settings)
    yield from _virtual_hosts(settings)
    yield from _extended_properties(settings)
    if settings.registration.on:
        yield from _overrides(settings.registration)
        yield from _registration(settings)


def _scopes(settings: ServerSettings) -> Iterator[Finding]:
    """Behaviour §5.1: one name means one thing."""
    own = settings.scopes
    lists: tuple[tuple[str, Sequence[Scope | ScopeGroup]], ...] = (
        ("scopes", own.common),
        ("scopeGroups", own.common_groups),
        ("exclusiveScopes", own.exclusive),
        ("exclusiveScopeGroups", own.exclusive_groups),
    )
    seen: dict[str, str] = {}
    for member, entries in lists:
        for number, entry in enumerate(entries):
            at = f"{member}[{number}].name"
            if entry.name in seen:
                yield Finding(AUTH, "", at, f"{shown(entry.name)} is defined already, in {seen[entry.name]}")
            elif entry.name == OPENID and member != "scopes":
                yield Finding(AUTH, "", at, "openid always is a common scope")
            elif not _SCOPE.fullmatch(entry.name):
                yield Finding(AUTH, "", at, "must have printable ASCII characters without space, quotation mark and \\")
            elif isinstance(entry, Scope) and entry.dynamic and entry.name.count("*") != 1:
                yield Finding(AUTH, "", at, "the name of a dynamic scope must hold exactly one *")
            seen.setdefault(entry.name, f"{member}[{number}]")
    yield from _members("scopeGroups", own.common_groups, own.common, {OPENID})
    yield from _members("exclusiveScopeGroups", own.exclusive_groups, own.exclusive, set())


def _members(member: str, groups: Sequence[ScopeGroup], bucket: Sequence[Scope], also: set[str]) -> Iterator[Finding]:
    """Behaviour §5.1: a group has static scopes of its own bucket."""
    static = also | {scope.name for scope in bucket if not scope.dynamic}
    for number, group in enumerate(groups):
        at = f"{member}[{number}].scopes"
        if not group.scopes:
            yield Finding(AUTH, "", at, "a group needs at least one scope")
        for place, name in enumerate(group.scopes):
            if name not in static:
                yield Finding(AUTH, "", f"{at}[{place}]", f"{shown(name)} is not a static scope of this kind")
            elif name in group.scopes[:place]:
                yield Finding(AUTH, "", f"{at}[{place}]", f"{shown(name)} is there twice")


def _single(settings: ServerSettings) -> Iterator[Finding]:
    grants, device = settings.grants, settings.device
    if grants.offline_access_prompt and not grants.offline_access_required:
        needs = "needs requireOfflineAccessScopeToIssueRefreshTokens"
        yield Finding(AUTH, "", "offlineAccessRequireConsentPrompt", needs)
    path = device.authorization_path
    if path and (not _PATH.fullmatch(path) or any(f"{path}/".startswith(own) for own in _OWN_PATHS)):
        yield Finding(AUTH, "", "registeredAuthorizationPath", "must be a free path such as /device")
    scope = settings.management.grant_management_scope
    if scope and settings.scope_book.definition_of(scope) is None:
        yield Finding(AUTH, "", "scopeForOAuthGrantManagement", f"there is no scope {shown(scope)}")
    if settings.management.validator == USERS:
        message = f"must not be {shown(USERS)}: a person's password must never open the client management service"
        yield Finding(AUTH, "", "adminWebServicePcvRef", message)
    yield from _document_hosts(settings)
    if settings.consent.lifetime_days == 0:
        yield Finding(AUTH, "", "consentLifetimeDays", "must be at least 1, or -1 for ever")
    if settings.static_keys.enabled:
        message = "static keys cannot be used in this version; the server makes and rotates its keys"
        yield Finding("oauthOpenIdConnectKeys", "", "staticJwksEnabled", message)


def _timeouts(settings: ServerSettings) -> Iterator[Finding]:
    """S166: a timeout is no limit or some time, and a whole number of the unit it is shown in."""
    own, applications = settings.sessions, settings.application_sessions
    minutes = TimeUnit.MINUTES
    for place, name, amount, unit in (
        ("sessionSettings", "idleTimeout", own.idle_timeout_minutes, own.idle_timeout_unit),
        ("sessionSettings", "maxTimeout", own.max_timeout_minutes, own.max_timeout_unit),
        ("applicationSessionPolicy", "idleTimeout", applications.idle_timeout_minutes, minutes),
        ("applicationSessionPolicy", "maxTimeout", applications.max_timeout_minutes, minutes),
    ):
        if amount == 0:
            yield Finding(place, "", f"{name}Mins", "must be at least 1, or -1 for no limit of its own")
        elif amount > 0 and amount * minutes.milliseconds % unit.milliseconds:
            yield Finding(place, "", f"{name}DisplayUnit", f"{amount} minutes are not a whole number of this unit")


def _virtual_hosts(settings: ServerSettings) -> Iterator[Finding]:
    names = settings.virtual_hosts.names
    for number, name in enumerate(names):
        at = f"virtualHostNames[{number}]"
        if not _HOST.fullmatch(name):
            yield Finding("virtualHostNames", "", at, "must be a host name")
        elif name.lower() in [one.lower() for one in names[:number]]:
            yield Finding("virtualHostNames", "", at, f"{shown(name)} is there twice")


def _document_hosts(settings: ServerSettings) -> Iterator[Finding]:
    own = settings.client_documents
    for member, hosts in (("allowedHosts", own.allowed_hosts), ("deniedHosts", own.denied_hosts)):
        for number, host in enumerate(hosts):
            if not is_host_or_domain(host):
                at = f"clientIdMetadataDocuments.{member}[{number}]"
                yield Finding(AUTH, "", at, "must be a host name, with or without *. before it")


def _extended_properties(settings: ServerSettings) -> Iterator[Finding]:
    names = [one.name for one in settings.extended_properties.definitions]
    for number, name in enumerate(names):
        at = f"[{number}].name"
        if name in names[:number]:
            yield Finding("extendedProperties", "", at, f"{shown(name)} is defined already")
        elif name in STANDARD_METADATA:
            yield Finding("extendedProperties", "", at, f"{shown(name)} has a meaning of its own in client metadata")


def _overrides(new: Registration) -> Iterator[Finding]:
    """V14: what overrides has a value."""
    for name, lifetime in (
        ("persistentGrantExpirationTime", new.max_lifetime),
        ("persistentGrantIdleTimeout", new.idle_timeout),
    ):
        if _lacks_amount(lifetime):
            yield _of_registration(name, "is required with OVERRIDE_SERVER_DEFAULT, and at least 1")
    values: tuple[tuple[str, Override[int]], ...] = (
        ("refreshTokenRollingGracePeriod", new.rolling_grace),
        ("clientSecretRetentionPeriodOverride", new.secret_retention),
    )
    for name, override in values:
        if override.overrides and override.value is None:
            yield _of_registration(name, "is required with OVERRIDE_SERVER_DEFAULT")
    interval = new.rolling_interval
    if interval.overrides and (interval.value is None or interval.value.amount < 0):
        yield _of_registration("refreshTokenRollingInterval", "is required with OVERRIDE_SERVER_DEFAULT")
    if new.lockout_type is LockoutType.OVERRIDE and new.lockout_actions is None:
        yield _of_registration("lockoutMaxMaliciousActions", "is required with OVERRIDE_SERVER_DEFAULT")


def _lacks_amount(lifetime: Lifetime) -> bool:
    return lifetime.type is ThreeWay.OVERRIDE and lifetime.amount == 0


def _registration(settings: ServerSettings) -> Iterator[Finding]:
    """Behaviour §17.4: what registered clients start with exists and fits together."""
    new, scopes = settings.registration, settings.scopes
    common = names_of(scopes.common, scopes.common_groups) | {OPENID}
    exclusive = names_of(scopes.exclusive, scopes.exclusive_groups)
    yield from _known("restrictedCommonScopes", new.restricted_common_scopes, common, "common scope")
    yield from _known("allowedExclusiveScopes", new.allowed_exclusive_scopes, exclusive, "exclusive scope")
    wanted = new.initial_access_token_scope
    if wanted and settings.scope_book.definition_of(wanted) is None:
        yield _of_registration("initialAccessTokenScope", f"there is no scope {shown(wanted)}")
    if (new.id_token_encryption is None) != (new.id_token_content_encryption is None):
        absent = "Content" if new.id_token_content_encryption is None else ""
        yield _of_registration(
            f"oidcPolicy.idToken{absent}EncryptionAlgorithm", "both encryption algorithms are needed, or none"
        )
    if new.certificate_issuer is not None and new.certificate_issuer_type is not CertificateIssuer.CERTIFICATE:
        yield _of_registration("clientCertIssuerRef", "goes with clientCertIssuerType CERTIFICATE only")
    if new.secret_retention.overrides and not new.retain_client_secret:
        yield _of_registration("clientSecretRetentionPeriodType", "needs retainClientSecret")


def _known(member: str, names: Sequence[str], known: frozenset[str], noun: str) -> Iterator[Finding]:
    for number, name in enumerate(names):
        if name not in known:
            yield _of_registration(f"{member}[{number}]", f"there is no {noun} {shown(name)}")


def _of_registration(path: str, message: str) -> Finding:
    return Finding(CLIENTS, "", f"{_NEW}.{path}", message)
