"""What every importer gives: a draft of each client, and an account of how it came about."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import registration
from ostiary.clients.dialects.manners import ClientDraft, with_values
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import Dialect, Draft, NewSecret
from ostiary.keys.foreign_hashes import NotUsable, looks_like_hash, scheme_of
from ostiary.secret import Secret
from ostiary.server_settings.facts import Facts

NO_COUNTERPART = "has no counterpart here"


@dataclass(frozen=True, slots=True)
class Here:
    """What an importer may know of this server."""

    facts: Facts
    keeper: SecretKeeper


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of file: first it is taken apart into records, then each record is read."""

    records: Callable[[bytes, str], Iterator[tuple[str, Any]]]
    """Given what a file holds and its name: each record with its place in it. Raises `NotADocument`."""
    read: "Callable[[Any, str, Here], Imported]"
    """Given a record, its place, and this server."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One record of the source."""

    client_id: str
    place: str
    """Where in the source it stands."""
    draft: ClientDraft = field(repr=False)
    mapped: tuple[tuple[str, str], ...] = ()
    """A member of the source, and the setting it became (by its name in the administrative API)."""
    without: tuple[tuple[str, str], ...] = ()
    """A member of the source that means something there, and why it means nothing here."""
    refused: tuple[str, ...] = ()
    """Why this record cannot be a client here, as far as its form shows."""
    left_out: str = ""
    """Why this record is none that should be brought over; empty for all others."""
    secret_lost: bool = False
    """Whether it has a secret that the source did not give, so that only a new one can help."""


@dataclass(slots=True)
class Account:
    """Keeps the account of one record while it is read."""

    mapped: list[tuple[str, str]] = field(default_factory=list)
    without: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    secret_lost: bool = False

    def map(self, member: str, path: str) -> None:
        """This member became that setting (canonical name)."""
        self.mapped.append((member, CLIENT_SETTINGS.name_in(Dialect.ADMIN, path)))

    def lose(self, member: str, why: str = NO_COUNTERPART) -> None:
        """This member means nothing here."""
        self.without.append((member, why))

    def imported(self, client_id: str, place: str, draft: ClientDraft) -> Imported:
        """The record, with its account."""
        return Imported(
            client_id,
            place,
            draft,
            tuple(self.mapped),
            tuple(self.without),
            tuple(self.refused),
            secret_lost=self.secret_lost,
        )


def unreadable(place: str, client_id: str, why: str) -> Imported:
    """A record that is no client."""
    return Imported(client_id, place, Draft(Client(), (), (), frozenset()), refused=(why,))


def left_out(place: str, client_id: str, why: str) -> Imported:
    """A record that should not be brought over."""
    return Imported(client_id, place, Draft(Client(), (), (), frozenset()), left_out=why)


def with_secret(draft: ClientDraft, text: str, here: Here, account: Account, member: str) -> ClientDraft:
    """The draft with a secret that the source gave in clear or as a hash."""
    if not looks_like_hash(text):
        account.map(member, "authentication.secret")
        return with_values(draft, {"authentication.secret": NewSecret(Secret(text))})
    try:
        scheme = scheme_of(text)
    except NotUsable as problem:
        account.refused.append(f"{member}: {problem}")
        return draft
    account.mapped.append((member, f"a {scheme} hash, until the secret is used"))
    return with_values(draft, {"authentication.secret": here.keeper.taken_over(scheme, text)})


def from_metadata(
    metadata: Mapping[str, Any], client_id: str, here: Here, account: Account, known: Mapping[str, str]
) -> ClientDraft:
    """A draft from metadata of RFC 7591. `known` says what else a member of it is called in the source."""
    base = CLIENT_SETTINGS.with_values(Client(), {"identity.client_id": client_id})
    draft = registration.read(
        metadata,
        base,
        exclusive_scopes=here.facts.exclusive_scopes,
        properties=here.facts.extended_properties,
    )
    for declared, key in CLIENT_SETTINGS.in_dialect(Dialect.REGISTRATION):
        for name in key.names:
            if metadata.get(name) is not None and key.read:
                account.map(known.get(name, name), declared.path)
    for name in draft.unknown:
        account.lose(known.get(name, name))
    return replace(draft, unknown=())


def without_unknown_scopes(scopes: Iterable[str], here: Here, account: Account, member: str) -> list[str]:
    """The scopes there are here; the others are told: a client that loses a scope can do less, never more."""
    kept = []
    for scope in dict.fromkeys(scopes):
        if scope in here.facts.common_scopes or scope in here.facts.exclusive_scopes:
            kept.append(scope)
        else:
            account.lose(f"{member}: {scope}", "there is no scope of this name here")
    return kept
