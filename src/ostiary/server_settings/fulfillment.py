"""How the attributes of a token get their values: one source and one value for each (behaviour §17.2)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

import msgspec

from ostiary.words import Spelled, Word


class SourceType(Word):
    """Where an attribute's value comes from."""

    CONTEXT = Spelled("CONTEXT", label="Context")
    """ClientId, Scope, GrantType, Issuer, ClientIp, UserKey."""
    PASSWORD_CREDENTIAL_VALIDATOR = Spelled("PASSWORD_CREDENTIAL_VALIDATOR", label="Password Credential Validator")
    """``username`` and the claims of the account, by name."""
    OAUTH_PERSISTENT_GRANT = Spelled("OAUTH_PERSISTENT_GRANT", label="Persistent Grant")
    """USER_KEY, USER_NAME and the extended attributes of the grant."""
    EXTENDED_CLIENT_METADATA = Spelled("EXTENDED_CLIENT_METADATA", label="Extended Client Metadata")
    """An extended property of the client, by name."""
    EXTENDED_PROPERTIES = Spelled("EXTENDED_PROPERTIES", label="Extended Properties")
    """The same by its other name."""
    TOKEN = Spelled("TOKEN", label="Access Token")
    """In an OpenID Connect policy: an attribute of the access token."""
    SUBJECT_TOKEN = Spelled("SUBJECT_TOKEN", label="Subject Token")
    ACTOR_TOKEN = Spelled("ACTOR_TOKEN", label="Actor Token")
    TOKEN_EXCHANGE_PROCESSOR_POLICY = Spelled("TOKEN_EXCHANGE_PROCESSOR_POLICY", label="Token Exchange Policy")
    """``subject`` and the attributes of the policy that processed the exchange."""
    TEXT = Spelled("TEXT", label="Text")
    """A literal in which ``${attribute}`` stands for what any of the other sources calls so."""
    EXPRESSION = Spelled("EXPRESSION", label="Expression")
    """Kept when it is stored, refused when it is saved: nothing here evaluates expressions."""
    NO_MAPPING = Spelled("NO_MAPPING", label="No Mapping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfillment:
    """Where one attribute comes from."""

    source_type: SourceType
    value: str = ""
    """The name of the attribute at the source; for TEXT the literal."""
    source_id: str = ""
    """Of several sources of the type the one that is meant, such as a validator; empty: whichever there is."""


class Fulfillments(Mapping[str, Fulfillment]):
    """Attributes with their sources; immutable."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Mapping[str, Fulfillment] | None = None) -> None:
        self._rules = dict(rules or {})

    def __getitem__(self, name: str) -> Fulfillment:
        return self._rules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __hash__(self) -> int:
        return hash(frozenset(self._rules.items()))

    def __repr__(self) -> str:
        return f"Fulfillments({self._rules!r})"


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping may draw on, by name. Values are JSON values; None, an empty text and an empty list are none."""

    context: Mapping[str, object] = msgspec.field(default_factory=dict)
    account: Mapping[str, object] = msgspec.field(default_factory=dict)
    """``username`` and claims of the person, as the password credential validator knows them."""
    validator: str = ""
    """The id of that validator."""
    grant: Mapping[str, object] = msgspec.field(default_factory=dict)
    client_properties: Mapping[str, object] = msgspec.field(default_factory=dict)
    token: Mapping[str, object] = msgspec.field(default_factory=dict)
    subject_token: Mapping[str, object] = msgspec.field(default_factory=dict)
    actor_token: Mapping[str, object] = msgspec.field(default_factory=dict)
    exchange: Mapping[str, object] = msgspec.field(default_factory=dict)


def fulfil(fulfillment: Mapping[str, Fulfillment], sources: Sources) -> dict[str, object]:
    """The values of the attributes. What has none is left out, so that no claim is ever empty or null."""
    values = [(name, value_of(rule, sources)) for name, rule in fulfillment.items()]
    return {name: value for name, value in values if value is not None and (value or value is False or value == 0)}


def value_of(rule: Fulfillment, sources: Sources) -> object:
    """The value of one attribute; None when its source has nothing of that name."""
    if rule.source_type is SourceType.TEXT:
        return _REFERENCE.sub(lambda found: _as_text(_anywhere(found[1], sources)), rule.value)
    if rule.source_type is SourceType.PASSWORD_CREDENTIAL_VALIDATOR and rule.source_id not in ("", sources.validator):
        return None
    source = _SOURCES.get(rule.source_type)
    return None if source is None else source(sources).get(rule.value)


def references(text: str) -> Iterator[str]:
    """The attributes that a TEXT value refers to."""
    return (found[1] for found in _REFERENCE.finditer(text))


_SOURCES: Mapping[SourceType, Callable[[Sources], Mapping[str, object]]] = {
    SourceType.CONTEXT: attrgetter("context"),
    SourceType.PASSWORD_CREDENTIAL_VALIDATOR: attrgetter("account"),
    SourceType.OAUTH_PERSISTENT_GRANT: attrgetter("grant"),
    SourceType.EXTENDED_CLIENT_METADATA: attrgetter("client_properties"),
    SourceType.EXTENDED_PROPERTIES: attrgetter("client_properties"),
    SourceType.TOKEN: attrgetter("token"),
    SourceType.SUBJECT_TOKEN: attrgetter("subject_token"),
    SourceType.ACTOR_TOKEN: attrgetter("actor_token"),
    SourceType.TOKEN_EXCHANGE_PROCESSOR_POLICY: attrgetter("exchange"),
}
_NO_VALUES: tuple[object, ...] = (None, "", [], (), {})
_REFERENCE = re.compile(r"\$\{([^{}]+)\}")


def _anywhere(name: str, sources: Sources) -> object:
    """The first source that has a value of this name; the nearest to the person first."""
    for named in (sources.exchange, sources.account, sources.grant, sources.token, sources.context):
        if named.get(name) not in _NO_VALUES:
            return named[name]
    return sources.client_properties.get(name)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return " ".join(_as_text(part) for part in value)
    return str(value)
