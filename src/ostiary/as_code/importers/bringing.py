"""Clients of another server, judged by our rules and brought over in one unit, with a report of what became of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostiary.as_code.importers.admin import ADMIN, BULK
from ostiary.as_code.importers.imported import Imported
from ostiary.as_code.importers.keycloak import KEYCLOAK
from ostiary.as_code.importers.records import HYDRA, RFC7591
from ostiary.as_code.importers.table import CSV
from ostiary.clients.dialects import admin
from ostiary.clients.dialects.manners import with_values
from ostiary.clients.prepared import Prepared
from ostiary.clients.registry import ClientRegistry, ClientsRefused
from ostiary.clients.secret_keeping import new_secret
from ostiary.declare import NewSecret
from ostiary.secret import Secret

SOURCES = {
    "admin": ADMIN,
    "admin-bulk": BULK,
    "keycloak": KEYCLOAK,
    "hydra": HYDRA,
    "rfc7591": RFC7591,
    "csv": CSV,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one record: it is prepared, or there are reasons why not."""

    imported: Imported
    prepared: Prepared | None = field(default=None, repr=False)
    reasons: tuple[str, ...] = ()
    generated: Secret | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of all of them."""

    brought: tuple[Verdict, ...]
    refused: tuple[Verdict, ...]
    left_out: tuple[Imported, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything about every record, without secrets."""
        return {
            "imported": [{**_account(one.imported), "newSecret": one.generated is not None} for one in self.brought],
            "refused": [{**_account(one.imported), "reasons": list(one.reasons)} for one in self.refused],
            "leftOut": [
                {"clientId": one.client_id, "place": one.place, "reason": one.left_out} for one in self.left_out
            ],
        }

    @property
    def without(self) -> list[tuple[str, str, int]]:
        """Members that mean nothing here, why, and of how many clients; the most frequent first."""
        counted = Counter(lost for one in self.brought for lost in dict.fromkeys(one.imported.without))
        return [(member, why, count) for (member, why), count in counted.most_common()]


def _account(one: Imported) -> dict[str, Any]:
    return {
        "clientId": one.client_id,
        "place": one.place,
        "mapped": dict(one.mapped),
        "withoutCounterpart": dict(one.without),
    }


async def judge(found: Iterable[Imported], registry: ClientRegistry, *, new_secrets: bool) -> Report:
    """Judge every record. `new_secrets`: clients whose secret the source did not give get a new one."""
    brought: list[Verdict] = []
    refused: list[Verdict] = []
    skipped: list[Imported] = []
    places: dict[str, str] = {}
    for one in found:
        if one.left_out:
            skipped.append(one)
            continue
        verdict = await _judged(one, registry, places, new_secrets=new_secrets)
        (refused if verdict.prepared is None else brought).append(verdict)
    return Report(tuple(brought), tuple(refused), tuple(skipped))


async def _judged(one: Imported, registry: ClientRegistry, places: dict[str, str], *, new_secrets: bool) -> Verdict:
    reasons = list(one.refused)
    if one.client_id in places:
        reasons.append(f"stands in {places[one.client_id]} too")
    elif one.client_id and await registry.stores.client(one.client_id) is not None:
        reasons.append("there is a client with this id already")
    places.setdefault(one.client_id, one.place)
    draft, generated = one.draft, None
    if one.secret_lost and new_secrets:
        generated = new_secret()
        draft = with_values(draft, {"authentication.secret": NewSecret(generated)})
    elif one.secret_lost:
        reasons.append("its secret is not in the source; --new-secrets makes a new one")
    if one.client_id and (not reasons or not one.refused):
        try:
            prepared = await registry.prepare(draft, None)
        except ClientsRefused as refused:
            reasons += _not_said_yet(refused, secret_lost=one.secret_lost)
        else:
            if not reasons:
                return Verdict(one, prepared, (), generated)
    return Verdict(one, None, tuple(reasons))


def _not_said_yet(refused: ClientsRefused, *, secret_lost: bool) -> Sequence[str]:
    return [
        f"{admin.name_of(problem.field)}: {problem.message}"
        for _, problem in refused.problems
        if not (secret_lost and problem.field == "authentication.secret")
    ]


async def bring(report: Report, registry: ClientRegistry, by: str) -> None:
    """Store what was judged good, in one unit; raises `ClientChanged` when an id was taken meanwhile."""
    await registry.store_prepared([one.prepared for one in report.brought if one.prepared is not None], by)
