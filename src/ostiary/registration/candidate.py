"""A registration on its way through the policies: what was sent, how it reads, and what must be kept with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ostiary.clients.client import Client
from ostiary.clients.dialects import registration as dialect
from ostiary.clients.dialects.manners import ClientDraft, with_problems, with_values
from ostiary.clients.rules.identity import TRUST_ANY
from ostiary.declare import Problem
from ostiary.ports.changes import Change
from ostiary.registration import power
from ostiary.registration.defaults import completed
from ostiary.server_settings import ServerSettings
from ostiary.server_settings.setting_checks import names_of
from ostiary.words import ClientAuth


class Occasion(Enum):
    """Why the policies are asked."""

    REGISTER = "register"
    REPLACE = "replace"
    DOCUMENT = "document"
    """A client ID metadata document was read; nothing is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One registration, immutable; a policy gives back another one, or refuses."""

    occasion: Occasion
    metadata: Mapping[str, Any]
    draft: ClientDraft
    base: Client
    """What the metadata is read over: the defaults and, for a replacement, the client as it stands."""
    settings: ServerSettings
    source: str
    """The address it came from."""
    vouched_by: str
    """What opened the door: the id of an initial access token, ``client:ID`` for an access token, or empty."""
    policy_id: str = ""
    """The policy that is being asked."""
    changes: tuple[Change, ...] = ()
    """Kept in one unit with the client."""

    def with_metadata(self, metadata: Mapping[str, Any]) -> "Candidate":
        """Read anew from other metadata."""
        draft = read(metadata, self.base, self.settings, is_gated=self.is_gated)
        return replace(self, metadata=metadata, draft=draft)

    def with_values(self, values: dict[str, Any]) -> "Candidate":
        """With settings of the client changed, by canonical name."""
        return replace(self, draft=with_values(self.draft, values))

    def with_problem(self, problem: Problem) -> "Candidate":
        """With one more reason to refuse; all of them are told at once."""
        return replace(self, draft=with_problems(self.draft, problem))

    def with_changes(self, *changes: Change) -> "Candidate":
        """With more to keep beside the client."""
        return replace(self, changes=(*self.changes, *changes))

    @property
    def is_gated(self) -> bool:
        """Whether somebody vouches for whoever registers (S110)."""
        return bool(self.vouched_by)


def read(metadata: Mapping[str, Any], base: Client, settings: ServerSettings, *, is_gated: bool) -> ClientDraft:
    """Behaviour §14.1: metadata over `base`, and everything in it that a registration may not have."""
    new, scopes = settings.registration, settings.scopes
    properties = frozenset(one.name for one in settings.extended_properties.definitions)
    exclusive = names_of(scopes.exclusive, scopes.exclusive_groups)
    draft = dialect.read(dict(metadata), base, exclusive_scopes=exclusive, properties=properties)
    draft = completed(draft, base)
    problems = tuple(_refused(draft, metadata, base, settings, properties, is_gated=is_gated))
    own = draft.value.authentication
    if own.method is ClientAuth.CERTIFICATE and own.certificate_issuer_dn is None and not new.certificate_issuer:
        draft = with_values(draft, {"authentication.certificate_issuer_dn": TRUST_ANY})  # refused already, and once
    return with_problems(draft, *problems)


def _refused(
    draft: ClientDraft,
    metadata: Mapping[str, Any],
    base: Client,
    settings: ServerSettings,
    properties: frozenset[str],
    *,
    is_gated: bool,
) -> Iterator[Problem]:
    client, new = draft.value, settings.registration
    yield from power.nothing_only_administrators_set(metadata, properties)
    yield from power.scopes_are_open(client, new, settings.scope_book)
    yield from power.detail_types_are_open(client, new)
    yield from power.demands_are_kept(draft, base)
    yield from power.certificates_are_open(client, new)
    yield from power.no_stranger_reads_tokens(client, is_gated=is_gated)
    yield from power.redirects_are_plain(client)
    yield from power.redirects_fit_the_application(client)
