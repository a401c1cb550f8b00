"""One declaration per setting: `section`, `setting`, `key`; kinds of values; how a dialect reads and writes them."""

from ostiary.declare.conditions import (
    Condition,
    all_of,
    any_of,
    contains,
    is_one_of,
    is_set,
    not_one_of,
    server_has,
)
from ostiary.declare.declaration import Declaration, Declared
from ostiary.declare.describing import describe
from ostiary.declare.problems import Problem
from ostiary.declare.reading import Draft, read
from ostiary.declare.secrets import EchoedSecret, NewSecret, SecondarySecret, SecretValue, StoredSecret
from ostiary.declare.settings import Key, Setting, Write, key, proposed, read_only, section, setting
from ostiary.declare.storing import load, store
from ostiary.declare.values import Duration, KeySet, Lifetime, Override, ResponseTypes, SubjectAltName
from ostiary.declare.writing import write
from ostiary.words import Dialect

__all__ = [
    "Condition",
    "Declaration",
    "Declared",
    "Dialect",
    "Draft",
    "Duration",
    "EchoedSecret",
    "Key",
    "KeySet",
    "Lifetime",
    "NewSecret",
    "Override",
    "Problem",
    "ResponseTypes",
    "SecondarySecret",
    "SecretValue",
    "Setting",
    "StoredSecret",
    "SubjectAltName",
    "Write",
    "all_of",
    "any_of",
    "contains",
    "describe",
    "is_one_of",
    "is_set",
    "key",
    "load",
    "not_one_of",
    "proposed",
    "read",
    "read_only",
    "section",
    "server_has",
    "setting",
    "store",
    "write",
]
