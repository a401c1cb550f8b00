"""What can be asked: one value for each operation, and how a path finds its own."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from ostiary.clients.sectors import Unreachable
from ostiary.server import Server
from ostiary.web.admin_api.results import (
    BAD_REQUEST,
    INVALID,
    MALFORMED_MESSAGE,
    UNKNOWN,
    ApiRefused,
    FieldError,
    invalid,
    shown,
)
from ostiary.web.administrators import Administrator
from ostiary.web.call import MOST_BODY_BYTES, NO_STORE, Call, Reply

BASE = "/pf-admin-api/v1"
OAUTH = "/oauth/"
"""What lies below is the authorization server's (S168)."""
STRICT = "strict"
MOST_PAGE = 1 << 31


@dataclass(frozen=True, slots=True)
class Schema:
    """A shape of JSON under a name of its own in the description; made when somebody reads it."""

    name: str
    described: Callable[[], dict[str, Any]]
    of: "Schema | None" = None
    """Another shape that this one refers to."""


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """What may stand behind the question mark."""

    name: str
    schema: Mapping[str, Any]
    help: str


PAGING = (
    QueryParameter("page", {"type": "integer", "minimum": 1}, "The page, from 1; all entries when neither is given."),
    QueryParameter("numberPerPage", {"type": "integer", "minimum": 1}, "How many entries a page has."),
)
FILTER = QueryParameter("filter", {"type": "string"}, "A part of the id or name, in any letter case.")
STRICTLY = QueryParameter(STRICT, {"type": "boolean"}, "Refuse members that mean nothing instead of ignoring them.")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of an operation by an administrator who may make it."""

    call: Call
    server: Server
    by: Administrator
    ids: tuple[str, ...] = ()
    """What stands in the path where the operation's path has a name in braces."""
    query: Mapping[str, str] = field(default_factory=dict)

    async def body(self, most: int = MOST_BODY_BYTES) -> Mapping[str, Any]:
        """The JSON object that was sent."""
        found = await self.call.json(most)
        if not isinstance(found, Mapping):
            raise ApiRefused(400, BAD_REQUEST, "The body must be a JSON object.")
        return found

    @property
    def unreachable(self) -> Unreachable:
        """``X-BypassExternalValidation: true``: other servers are asked before the first use, and not while saving."""
        bypasses = (self.call.header(b"x-bypassexternalvalidation") or "").lower() == "true"
        return Unreachable.SKIP if bypasses else Unreachable.WARN

    def check_known(self, unknown: Iterable[str]) -> None:
        """V25: with ``?strict=true`` members that mean nothing are refused, each by its path."""
        if self.query.get(STRICT, "").lower() != "true":
            return
        errors = [FieldError(UNKNOWN, "is not known here", path) for path in unknown]
        if errors:
            raise ApiRefused(400, BAD_REQUEST, MALFORMED_MESSAGE, errors)

    def page(self, default: int = 25) -> tuple[int, int] | None:
        """How many entries to leave out and how many to give; None for all of them. Raises `ApiRefused` (422)."""
        if "page" not in self.query and "numberPerPage" not in self.query:
            return None
        errors: list[FieldError] = []
        page, most = (self._number(name, of, errors) for name, of in (("page", 1), ("numberPerPage", default)))
        if errors:
            raise invalid(errors)
        return (page - 1) * most, most

    def _number(self, name: str, default: int, errors: list[FieldError]) -> int:
        text = self.query.get(name, "")
        if not text:
            return default
        if text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) < MOST_PAGE:
            return int(text)
        errors.append(FieldError(INVALID, "must be a whole number from 1", name))
        return default


Answer = Callable[[Asked], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one path."""

    method: str
    path: str
    """Below `BASE`; ``{…}`` stands for one step of any text."""
    answer: Answer
    summary: str
    takes: Schema | None = None
    gives: Schema | None = None
    status: int = 200
    """Of the success."""
    fails: tuple[int, ...] = ()
    """Statuses beyond those that every operation may answer."""
    query: tuple[QueryParameter, ...] = ()
    versioned: bool = False
    """Whether its answer has an ETag, and If-Match is obeyed."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The path, step by step."""
        return tuple(self.path.strip("/").split("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Objects of one kind: listed and created at a path, and each below it by its name."""

    path: str
    named: str = "id"
    noun: str
    one: Schema
    several: Schema
    retrieve_all: Answer
    create: Answer
    retrieve: Answer
    replace: Answer
    delete: Answer
    query: tuple[QueryParameter, ...] = ()
    """Of the list."""
    in_use: int = 422
    """What the deletion of one that is needed is answered."""

    def operations(self) -> tuple[Operation, ...]:
        """The five of them."""
        each, noun = f"{self.path}/{{{self.named}}}", f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"
        writing: dict[str, Any] = {"takes": self.one, "gives": self.one, "query": (STRICTLY,), "versioned": True}
        return (
            Operation(
                method="GET", path=self.path, answer=self.retrieve_all, summary=f"Every {self.noun}",
                gives=self.several, fails=(422,) if self.query else (), query=self.query,
            ),
            Operation(
                method="POST", path=self.path, answer=self.create, summary=f"Create {noun}", status=201,
                fails=(400, 422), **writing,
            ),
            Operation(
                method="GET", path=each, answer=self.retrieve, summary=f"Read {noun}", gives=self.one, fails=(404,),
                versioned=True,
            ),
            Operation(
                method="PUT", path=each, answer=self.replace, fails=(400, 404, 422),
                summary=f"Replace {noun}; what is left out goes back to its default", **writing,
            ),
            Operation(
                method="DELETE", path=each, answer=self.delete, summary=f"Delete {noun}", status=204,
                fails=(404, self.in_use), versioned=True,
            ),
        )  # fmt: skip


class Paths:
    """Finds operations by path. A word wins over a name in braces: ``settings`` is never an id."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root: dict[str, Any] = {}
        for operation in operations:
            here = self._root
            for step in operation.steps:
                here = here.setdefault(_ID if step.startswith("{") else step, {})
            methods = here.setdefault(_METHODS, {})
            if operation.method in methods:
                raise ValueError(f"{operation.method} {operation.path} is there twice")
            methods[operation.method] = operation

    def find(self, rest: str) -> tuple[Mapping[str, Operation], tuple[str, ...]] | None:
        """The operations at a path that is still percent-encoded, by method, and the ids in it; None: nothing is there.

        The path is parted before it is decoded, for an id may hold a slash.
        """
        steps = [_decoded(step) for step in rest.split("/")]
        if any(not step for step in steps):
            return None
        return self._below(self._root, [step or "" for step in steps], ())

    def _below(
        self, here: Mapping[str, Any], steps: list[str], ids: tuple[str, ...]
    ) -> tuple[Mapping[str, Operation], tuple[str, ...]] | None:
        if not steps:
            found = here.get(_METHODS)
            return None if found is None else (found, ids)
        step, rest = steps[0], steps[1:]
        named = here.get(step) if step not in (_ID, _METHODS) else None
        found = None if named is None else self._below(named, rest, ids)
        if found is None and _ID in here:
            found = self._below(here[_ID], rest, (*ids, step))
        return found


_ID, _METHODS = "{}", "{methods}"


def _decoded(step: str) -> str | None:
    try:
        return unquote_to_bytes(step).decode("utf-8")
    except UnicodeDecodeError:
        return None


def query_of(call: Call) -> dict[str, str]:
    """The query parameters; each at most once, in UTF-8. Raises `ApiRefused` (422)."""
    try:
        pairs = parse_qsl(call.query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise invalid([FieldError(INVALID, "the query is not percent-encoded UTF-8")]) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise invalid([FieldError(INVALID, f"the query parameter {shown(name)} is there twice")])
        found[name] = value
    return found


def location_of(path: str, id_: str) -> tuple[bytes, bytes]:
    """RFC 9110 §10.2.2: where the new object is."""
    return (b"location", f"{BASE}{path}/{quote(id_, safe='')}".encode())


def tagged(value: Any, tag: str, status: int = 200, *more: tuple[bytes, bytes]) -> Reply:
    """An answer with the tag of the state it shows."""
    return Reply.json(value, status, (*NO_STORE, (b"etag", tag.encode()), *more))


def listed(items: Iterable[Any]) -> Reply:
    """``{"items": […]}``."""
    return Reply.json({"items": list(items)}, headers=NO_STORE)


def check_match(call: Call, tag: str) -> bool:
    """RFC 9110 §13.1.1: whether the caller insists on a state, which is then this one; raises `ApiRefused` (412)."""
    wanted = call.header(b"if-match")
    if wanted is None:
        return False
    if wanted.strip() == "*":
        return False  # it exists, and that was all that was asked
    if tag not in [one.strip() for one in wanted.split(",")]:
        raise ApiRefused(412, "precondition_failed", "This was changed since you read it; read it again.")
    return True


def by_method(operations: Mapping[str, Operation]) -> Iterator[str]:
    """What ``Allow`` says."""
    yield from sorted({*operations, *({"HEAD"} if "GET" in operations else ())})
