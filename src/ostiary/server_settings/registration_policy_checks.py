"""What must hold within the configuration of a registration policy."""

import re
from collections.abc import Iterable, Iterator

from ostiary.declare import KeySet
from ostiary.server_settings.findings import Finding, shown
from ostiary.server_settings.other_objects import RegistrationPolicy
from ostiary.server_settings.plugins import (
    AllowedHostsConfiguration,
    QuotaConfiguration,
    ResponseTypesConfiguration,
    SoftwareStatementConfiguration,
)

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*{_LABEL}\.?|[0-9a-f:.]+")
_PLACE = "clientRegistrationPolicies"


def check_registration_policies(policies: Iterable[RegistrationPolicy]) -> Iterator[Finding]:
    """What is wrong with each of them."""
    for policy in policies:
        configuration = None if policy.plugin is None else policy.plugin.configuration
        for message in _objections(configuration):
            yield Finding(_PLACE, policy.id, "configuration", message)


def is_host_or_domain(text: str) -> bool:
    """A host name or address, or ``*.`` with the domain below which every host is meant."""
    return _HOST.fullmatch(text.lower()) is not None


def _objections(configuration: object) -> Iterator[str]:
    if isinstance(configuration, AllowedHostsConfiguration):
        for host in re.split(r"[\s,]+", configuration.hosts):
            if host and not is_host_or_domain(host):
                yield f"{shown(host)} is no host name, with or without *. before it"
    elif isinstance(configuration, ResponseTypesConfiguration):
        if not any(getattr(configuration, name) for name in configuration.__dataclass_fields__):
            yield "at least one response type must be allowed"
    elif isinstance(configuration, QuotaConfiguration):
        if not configuration.per_source and not configuration.per_token:
            yield "Per Source or Per Token must be at least 1"
    elif isinstance(configuration, SoftwareStatementConfiguration):
        yield from _statement_objections(configuration)


def _statement_objections(configuration: SoftwareStatementConfiguration) -> Iterator[str]:
    if not configuration.issuers:
        yield "Issuers must name whose statements count"
    for row in configuration.issuers:
        if bool(row.jwks) == (row.jwks_url is not None):
            yield f"{shown(row.issuer)} needs either JWKS or JWKS URL"
        if row.jwks and not _is_public_key_set(row.jwks):
            yield f"the JWKS of {shown(row.issuer)} must be a JWK set of public keys"


def _is_public_key_set(text: str) -> bool:
    try:
        keys = KeySet(text).keys
    except (ValueError, RecursionError):
        return False
    return bool(keys) and all(one.get("kty") not in (None, "oct") and "d" not in one for one in keys)
