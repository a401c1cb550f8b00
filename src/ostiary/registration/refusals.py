"""From problems to the error responses of RFC 7591 §3.2.2."""

import re
from collections.abc import Iterable

from ostiary.clients.dialects.registration import name_of
from ostiary.declare import Problem
from ostiary.errors import InvalidClientMetadata, InvalidRedirectUri, OAuthError, Why

REDIRECT_URIS = "redirection.redirect_uris"
MOST_CHARACTERS = 2000
_NOT_TOLD = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
"""RFC 6749 §5.2: what an error_description must not hold."""


def refusal_of(problems: Iterable[Problem]) -> OAuthError:
    """One error for all problems, each told beside the name of its member."""
    told = [problem for problem in problems if not problem.warning]
    text = "; ".join(dict.fromkeys(f"{name_of(problem.field)}: {problem.message}" for problem in told))
    kind = InvalidRedirectUri if any(one.field.startswith(REDIRECT_URIS) for one in told) else InvalidClientMetadata
    rules = ", ".join(sorted({problem.rule for problem in told if problem.rule}))
    return kind(described(text), Why(rule=rules or "RFC 7591 §2"))


def described(text: str) -> str:
    """A text as an error description may hold it."""
    text = _NOT_TOLD.sub("?", text.replace('"', "'"))
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 4] + " ..."
