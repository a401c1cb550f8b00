"""What a setting can hold: how each kind of value is read, written, stored and described."""

from ostiary.declare.kinds.documents import KeySetKind, Properties, PropertiesKind, ReferenceKind, SanKind
from ostiary.declare.kinds.kind import Kind, Spot, Writing
from ostiary.declare.kinds.lists import (
    AnyJson,
    References,
    ResponseTypeList,
    ScopeList,
    TextList,
    UrlList,
    WordList,
    WordSet,
)
from ostiary.declare.kinds.overrides import DurationKind, LifetimeKind, OverrideKind
from ostiary.declare.kinds.plain import Date, Flag, Minutes, Seconds, Text, Url, WholeNumber
from ostiary.declare.kinds.secrets import SecondarySecrets, SecretKind
from ostiary.declare.kinds.words import AuthMethodKind, OneWord, RollingKind, YesOrWord

__all__ = [
    "AnyJson",
    "AuthMethodKind",
    "Date",
    "DurationKind",
    "Flag",
    "KeySetKind",
    "Kind",
    "LifetimeKind",
    "Minutes",
    "OneWord",
    "OverrideKind",
    "Properties",
    "PropertiesKind",
    "ReferenceKind",
    "References",
    "ResponseTypeList",
    "RollingKind",
    "SanKind",
    "ScopeList",
    "SecondarySecrets",
    "Seconds",
    "SecretKind",
    "Spot",
    "Text",
    "TextList",
    "Url",
    "UrlList",
    "WholeNumber",
    "WordList",
    "WordSet",
    "Writing",
    "YesOrWord",
]
