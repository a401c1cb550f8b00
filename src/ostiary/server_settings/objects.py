"""The configuration objects, built from their records together with the settings of the server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ostiary.declare import Declared, Problem, load
from ostiary.ports.records import ObjectRecord
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.documents import ObjectProblem, Unreadable, load_object, members_of, sifted
from ostiary.server_settings.entries import Entry, one_entry
from ostiary.server_settings.fresh import fresh, fresh_settings
from ostiary.server_settings.fulfillment import SourceType
from ostiary.server_settings.key_sets import KeySetOfIssuers
from ostiary.server_settings.object_kinds import OBJECT_KINDS, REVISION, SETTINGS, resource_of
from ostiary.server_settings.openid_policies import OpenIdPolicy, PolicyAttribute
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
from ostiary.server_settings.token_objects import (
    AccessTokenManager,
    AccessTokenMapping,
    ManagerAttribute,
    ResourceOwnerMapping,
)

__all__ = [
    "AccessTokenManager",
    "AccessTokenMapping",
    "ManagerAttribute",
    "Objects",
    "OpenIdPolicy",
    "PasswordValidator",
    "PolicyAttribute",
    "build",
    "fresh",
]


def _none() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Every object, by id. What could not be built is not here but in `problems`."""

    managers: Mapping[str, AccessTokenManager] = field(default_factory=_none)
    default_manager: str = ""
    """The id of a manager that exists, or empty."""
    mappings: tuple[AccessTokenMapping, ...] = ()
    policies: Mapping[str, OpenIdPolicy] = field(default_factory=_none)
    default_policy: str = ""
    """The id of a policy that exists, or empty."""
    validators: Mapping[str, PasswordValidator] = field(default_factory=_none)
    issuers: Mapping[str, Issuer] = field(default_factory=_none)
    request_policies: Mapping[str, RequestPolicy] = field(default_factory=_none)
    default_request_policy: str = ""
    processor_policies: Mapping[str, ProcessorPolicy] = field(default_factory=_none)
    default_processor_policy: str = ""
    trusted_issuers: Mapping[str, TrustedIssuer] = field(default_factory=_none)
    detail_types: Mapping[str, DetailType] = field(default_factory=_none)
    detail_processors: Mapping[str, DetailProcessor] = field(default_factory=_none)
    authenticators: Mapping[str, Authenticator] = field(default_factory=_none)
    registration_policies: Mapping[str, RegistrationPolicy] = field(default_factory=_none)
    certificate_authorities: Mapping[str, CertificateAuthority] = field(default_factory=_none)
    owner_mappings: Mapping[str, ResourceOwnerMapping] = field(default_factory=_none)
    key_sets: Mapping[str, KeySetOfIssuers] = field(default_factory=_none)
    problems: tuple[ObjectProblem, ...] = ()
    """What stored records could not give, and why."""

    def mapping_for(self, manager_id: str, context_type: str, context_id: str = "") -> AccessTokenMapping | None:
        """The mapping of a manager for a context, or None."""
        for mapping in self.mappings:
            if (mapping.manager_id, mapping.context_type, mapping.context_id or "") == (
                manager_id,
                context_type,
                context_id,
            ):
                return mapping
        return None


def build(records: Sequence[ObjectRecord]) -> tuple[ServerSettings, Objects]:
    """Settings and objects of the stored records. Nothing here raises: a bad value disables itself (threat T-64)."""
    problems: list[ObjectProblem] = []
    settings = _settings([record for record in records if record.kind == SETTINGS], problems)
    by_kind: dict[str, dict[str, Any]] = {kind.kind: {} for kind in OBJECT_KINDS}
    for record in records:
        if record.kind in by_kind:
            found = _object(record, problems)
            if found is not None:
                by_kind[record.kind][record.id] = found
        elif record.kind != SETTINGS:
            problems.append(ObjectProblem(record.kind, record.id, "", "there are no objects of this kind"))
    named: dict[str, Any] = {kind.member: MappingProxyType(by_kind[kind.kind]) for kind in OBJECT_KINDS}
    named["mappings"] = tuple(_usable(named["mappings"], named["managers"], problems))
    defaults = settings.defaults
    for member, pool, wanted in (
        ("default_manager", "managers", defaults.manager),
        ("default_policy", "policies", defaults.policy),
        ("default_request_policy", "request_policies", defaults.request_policy),
        ("default_processor_policy", "processor_policies", defaults.processor_policy),
    ):
        named[member] = wanted if wanted in named[pool] else ""
        if wanted and not named[member]:
            problems.append(ObjectProblem(SETTINGS, member, "", f"there is no {wanted}"))
    return settings, Objects(**named, problems=tuple(problems))


def _settings(records: Sequence[ObjectRecord], problems: list[ObjectProblem]) -> ServerSettings:
    """Resource by resource; one that is not stored or not readable counts as in a new installation."""
    settings = fresh_settings()
    for record in records:
        if record.id == REVISION:
            continue
        own = {one.path: one for one in DECLARATION.settings if resource_of(one) == record.id}
        if not own:
            problems.append(ObjectProblem(SETTINGS, record.id, "", "there are no settings of this name"))
            continue
        try:
            members = members_of(record.document)
        except Unreadable as error:
            problems.append(ObjectProblem(SETTINGS, record.id, "", str(error)))
            continue
        sections, dropped = sifted(DECLARATION, members)
        found, wrong = load(DECLARATION, _only(own, sections))
        problems += [ObjectProblem.of(SETTINGS, record.id, one) for one in (*dropped, *wrong)]
        settings = DECLARATION.with_values(settings, {path: one.value_in(found) for path, one in own.items()})
    return settings


def _only(own: Mapping[str, Declared], sections: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a document that belong to its resource, or to no setting at all, which is told then."""
    known = DECLARATION.by_path
    return {
        section: {
            name: raw for name, raw in members.items() if f"{section}.{name}" in own or f"{section}.{name}" not in known
        }
        if isinstance(members, Mapping)
        else members
        for section, members in sections.items()
    }


def _object(record: ObjectRecord, problems: list[ObjectProblem]) -> Any:
    """The object of a record, or None when what it needs is missing."""
    entry: Entry[Any] = one_entry(next(kind.section for kind in OBJECT_KINDS if kind.kind == record.kind))
    try:
        found, wrong = load_object(entry, members_of(record.document))
    except Unreadable as error:
        problems.append(ObjectProblem(record.kind, record.id, "", str(error)))
        return None
    problems += [ObjectProblem.of(record.kind, record.id, one) for one in wrong]
    if hasattr(found, "plugin") and found.plugin is None:
        problems.append(ObjectProblem(record.kind, record.id, "", "was left out: its plug-in is missing"))
        return None
    problems += [ObjectProblem.of(record.kind, record.id, one) for one in _expressions(found)]
    return replace(found, id=record.id)


def _expressions(found: Any) -> Iterator[Problem]:
    for name, rule in getattr(found, "fulfillment", {}).items():
        if rule.source_type is SourceType.EXPRESSION:
            yield Problem(f"fulfillment.{name}", "expressions cannot be evaluated in this version")


def _usable(
    mappings: Mapping[str, AccessTokenMapping], managers: Mapping[str, Any], problems: list[ObjectProblem]
) -> Iterator[AccessTokenMapping]:
    for id_, mapping in mappings.items():
        if mapping.manager_id in managers:
            yield mapping
        else:
            problems.append(ObjectProblem("access-token-mapping", id_, "manager_id", "there is no such manager"))
