"""Scopes as the server defines them, and what one requested value means for a client (behaviour §5)."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Text, TextList

OPENID = "openid"
"""OpenID Connect Core §3.1.2.1: a common scope that exists even when nobody defined it."""


@section("Scope")
class Scope:
    """A value a client may ask for or, with `dynamic`, a pattern of values with exactly one ``*``."""

    name: str = setting(
        kind=Text(at_most=512),
        default="",
        label="Scope Value",
        help="What a client asks for. A dynamic scope holds exactly one *, which stands for any value.",
        admin=key("name", required=True),
        source="RFC 6749 §3.3",
    )
    description: str = setting(
        kind=Text(),
        default="",
        label="Scope Description",
        help="What the consent page says; may be a key of the language files.",
        admin="description",
    )
    dynamic: bool = setting(
        kind=Flag(),
        default=False,
        label="Dynamic",
        help="Whether the value is a pattern.",
        admin="dynamic",
    )


@section("Scope Group")
class ScopeGroup:
    """A named set of static scopes of one bucket, asked for as one."""

    name: str = setting(
        kind=Text(at_most=512),
        default="",
        label="Scope Group Value",
        help="What a client asks for.",
        admin=key("name", required=True),
        source="RFC 6749 §3.3",
    )
    description: str = setting(
        kind=Text(),
        default="",
        label="Scope Group Description",
        help="What the console says of the group; the consent page shows its members.",
        admin="description",
    )
    scopes: tuple[str, ...] = setting(
        kind=TextList(),
        default=(),
        label="Sub-Scopes",
        help="The static scopes of the same kind that the group stands for.",
        admin=key("scopes", required=True),
    )


@dataclass(frozen=True, slots=True)
class Pattern:
    """A dynamic scope, cut at its ``*``, which stands for one character or more but never for a ``*`` again.

    A client that could ask for the pattern itself would hold a token that reads like all of its values.
    """

    name: str
    prefix: str
    suffix: str
    common: bool

    @classmethod
    def of(cls, scope: Scope, *, common: bool) -> "Pattern":
        """The pattern of a dynamic scope, whose name holds exactly one ``*``."""
        prefix, _, suffix = scope.name.partition("*")
        return cls(scope.name, prefix, suffix, common)

    def matches(self, value: str) -> bool:
        """Whether a requested value fits."""
        return (
            len(value) > len(self.prefix) + len(self.suffix)
            and value.startswith(self.prefix)
            and value.endswith(self.suffix)
            and "*" not in value
        )

    def rank(self) -> tuple[int, bool, int, str]:
        """Behaviour §5.2: the longest literal part first, common before exclusive; then a fixed order."""
        return (-len(self.prefix) - len(self.suffix), not self.common, -len(self.prefix), self.name)


@dataclass(frozen=True, slots=True)
class ScopeBook:
    """Every scope of the server, prepared for looking up. Made once per snapshot of settings."""

    statics: Mapping[str, bool] = field(default_factory=dict)
    """Static scopes and groups by name: True for common ones, False for exclusive ones."""
    patterns: tuple[Pattern, ...] = ()
    """Dynamic scopes of both buckets, the most specific first."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The members of every group."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """What the consent page says, by name; the empty name is the default scope."""

    @classmethod
    def of(
        cls,
        *,
        common: Sequence[Scope] = (),
        common_groups: Sequence[ScopeGroup] = (),
        exclusive: Sequence[Scope] = (),
        exclusive_groups: Sequence[ScopeGroup] = (),
        default_description: str = "",
        openid: bool = True,
    ) -> "ScopeBook":
        """Prepare the definitions. Without `openid` (S169) that scope does not exist, defined or not."""
        patterns = [Pattern.of(scope, common=True) for scope in common if scope.dynamic]
        patterns += [Pattern.of(scope, common=False) for scope in exclusive if scope.dynamic]
        entries: list[Scope | ScopeGroup] = [*common, *common_groups, *exclusive, *exclusive_groups]
        return cls(
            MappingProxyType(_statics(common, common_groups, exclusive, exclusive_groups, openid)),
            tuple(sorted(patterns, key=Pattern.rank)),
            MappingProxyType({group.name: group.scopes for group in (*common_groups, *exclusive_groups)}),
            MappingProxyType({"": default_description} | {entry.name: entry.description for entry in entries}),
        )

    def pattern_of(self, value: str) -> Pattern | None:
        """The most specific dynamic scope that a value fits, available or not; None for a static value or no match."""
        if value in self.statics or value == OPENID:
            return None
        return next((pattern for pattern in self.patterns if pattern.matches(value)), None)

    def definition_of(self, value: str) -> str | None:
        """The name under which a requested value is defined: itself, its pattern, or None when nothing defines it."""
        if value in self.statics or not value:
            return value
        pattern = self.pattern_of(value)
        return None if pattern is None else pattern.name

    def description_of(self, value: str) -> str:
        """What the consent page says of a requested value; empty when nobody wrote anything."""
        name = self.definition_of(value)
        return "" if name is None else self.descriptions.get(name, "")


def _statics(
    common: Sequence[Scope],
    common_groups: Sequence[ScopeGroup],
    exclusive: Sequence[Scope],
    exclusive_groups: Sequence[ScopeGroup],
    openid: bool,
) -> dict[str, bool]:
    statics = {scope.name: False for scope in exclusive if not scope.dynamic}
    statics |= {group.name: False for group in exclusive_groups}
    statics |= {scope.name: True for scope in common if not scope.dynamic}
    statics |= {group.name: True for group in common_groups}
    statics.pop(OPENID, None)
    if openid:
        statics[OPENID] = True
    return statics


def allowed(
    book: ScopeBook, value: str, restrict: bool, restricted: AbstractSet[str], exclusive: AbstractSet[str]
) -> bool:
    """Behaviour §5.2: whether a client may ask for this value.

    `restrict` and `restricted` are the client's C070 and C071, `exclusive` its C072. Letter case matters. A static
    value that exists but is not available is refused even where an available pattern would match it; of the dynamic
    patterns, unavailable ones included, the most specific match decides.
    """
    if not value:
        return True  # the default scope
    common = book.statics.get(value)
    name = value
    if common is None:
        pattern = book.pattern_of(value)
        if pattern is None:
            return False
        common, name = pattern.common, pattern.name
    return name in exclusive if not common else not restrict or name in restricted


def refused(
    book: ScopeBook,
    values: Iterable[str],
    restrict: bool,
    restricted: AbstractSet[str],
    exclusive: AbstractSet[str],
) -> tuple[str, ...]:
    """The values of a request that this client may not ask for, in their order; one is enough to refuse it all."""
    return tuple(value for value in values if not allowed(book, value, restrict, restricted, exclusive))


def expand_groups(book: ScopeBook, values: Iterable[str]) -> tuple[str, ...]:
    """The values with every group replaced by its members, in order, each once (behaviour §5.1)."""
    expanded: dict[str, None] = {}
    for value in values:
        expanded.update(dict.fromkeys(book.groups.get(value, (value,))))
    return tuple(expanded)


def within(book: ScopeBook, wanted: Iterable[str], granted: Iterable[str]) -> bool:
    """RFC 6749 §6: whether `wanted` is no wider than `granted`, where a granted group covers its members."""
    granted = tuple(granted)
    covered = {*granted, *expand_groups(book, granted)}
    return all(value in covered or covered.issuperset(book.groups.get(value, (value,))) for value in wanted if value)
