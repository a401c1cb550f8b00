"""What the official Terraform provider sends, over HTTP, and what it needs to find in the answers: an empty plan.

The provider writes the answer of each write into its state and compares every attribute that the user wrote, and every
one for which it has a default of its own, with what it sent. Any difference is an error of the apply.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import ADMIN, Running, running

RECORDED = Path(__file__).parent.parent / "examples" / "terraform"
HEADERS = {
    "X-Xsrf-Header": "PingFederate",
    "X-BypassExternalValidation": "true",
    "Accept": "application/json",
    "User-Agent": "pingfederate terraform-provider-pingfederate/1.9.0 go",
}
SETS = frozenset(
    {"redirectUris", "grantTypes", "restrictedScopes", "exclusiveScopes", "restrictedResponseTypes", "scopes",
     "authorizationDetailTypes", "persistentGrantReuseGrantTypes", "logoutUris", "postLogoutRedirectUris",
     "extendedAttributes", "items", "fields", "values"}
)  # fmt: skip
"""Held as sets: the order of an answer does not matter."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    more = {}
    if request.param == "postgresql":
        more["OSTIARY_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    with running(tmp_path_factory.mktemp("data"), environment={**more, "OSTIARY_WORKERS": "2"}) as started:
        yield started


class Provider:
    """Sends as the provider does."""

    def __init__(self, server: Running) -> None:
        self._http = httpx.Client(base_url=f"{server.admin_url}/pf-admin-api/v1", auth=ADMIN, headers=HEADERS)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call; what it answers."""
        answer = self._http.request(method, path, json=body)
        assert answer.status_code == {"POST": 201, "DELETE": 204}.get(method, 200), answer.text
        return answer.json() if answer.content else None

    def status(self, path: str) -> int:
        """Whether something is there."""
        return self._http.get(path).status_code


def recorded(name: str) -> dict[str, Any]:
    """Exchanges of one resource: what is sent when it is created and updated, and what must not be answered."""
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def differences(sent: Any, answered: Any, at: str = "") -> Iterator[str]:
    """Where a plan after the apply would not be empty."""
    if isinstance(sent, Mapping):
        if not isinstance(answered, Mapping):
            yield f"{at}: {answered!r} is no object"
            return
        for name, value in sent.items():
            if name == "secret":
                if "encryptedSecret" not in answered:
                    yield f"{at}.encryptedSecret is missing"
            elif name == "location":
                continue
            elif name not in answered:
                yield f"{at}.{name} is missing"
            else:
                yield from differences(value, answered[name], f"{at}.{name}")
    elif isinstance(sent, list):
        yield from _list_differences(sent, answered, at)
    elif type(sent) is not type(answered) or sent != answered:
        yield f"{at}: sent {sent!r}, answered {answered!r}"


def _list_differences(sent: list[Any], answered: Any, at: str) -> Iterator[str]:
    if not isinstance(answered, list):
        yield f"{at}: {answered!r} is no list"
        return
    name = at.rpartition(".")[2]
    if name in ("fields", "tables"):  # the answer has all of a plug-in's, the plan looks at those that were written
        by_name = {one["name"]: one for one in answered}
        for one in sent:
            yield from differences(one, by_name.get(one["name"]), f"{at}.{one['name']}")
        return
    if len(sent) != len(answered):
        yield f"{at}: sent {len(sent)} entries, answered {len(answered)}"
        return
    if name in SETS:
        sent, answered = (sorted(values, key=_key) for values in (sent, answered))
    for number, (one, other) in enumerate(zip(sent, answered, strict=True)):
        yield from differences(one, other, f"{at}[{number}]")


def _key(value: Any) -> str:
    return str(value.get("name", value)) if isinstance(value, Mapping) else str(value)


def check_empty_plan(sent: Any, answered: Any, absent: list[str]) -> None:
    assert list(differences(sent, answered)) == []
    for path in absent:
        assert says(sent, path) or not says(answered, path), path


def says(body: Any, path: str) -> bool:
    """Whether there is a member at a path."""
    for step in path.split("."):
        if not isinstance(body, Mapping) or step not in body:
            return False
        body = body[step]
    return True


RESOURCES = sorted(path.stem for path in RECORDED.glob("*.json"))


@pytest.mark.parametrize("name", RESOURCES)
def test_create_read_update_and_delete_leave_an_empty_plan_after_each(server: Running, name: str) -> None:
    provider, exchange = Provider(server), recorded(name)
    for one in exchange.get("first", []):
        provider.ask(one["method"], one["path"], one["body"])
    path = exchange["path"]
    created = provider.ask(exchange.get("create", "POST"), exchange.get("collection", path), exchange["body"])
    check_empty_plan(exchange["body"], created, exchange.get("absent", []))
    read = provider.ask("GET", path)
    check_empty_plan(exchange["body"], read, exchange.get("absent", []))
    assert_same_but_for_secrets(created, read)
    again = provider.ask("PUT", path, exchange["body"])
    assert_same_but_for_secrets(read, again)
    for update in exchange.get("updates", []):
        check_empty_plan(update, provider.ask("PUT", path, update), exchange.get("absent", []))
        check_empty_plan(update, provider.ask("GET", path), exchange.get("absent", []))
    imported = provider.ask("GET", path)
    assert_same_but_for_secrets(imported, provider.ask("PUT", path, imported))
    for one in exchange.get("last", []):
        provider.ask(one["method"], one["path"], one["body"])
    if "collection" in exchange:
        provider.ask("DELETE", path)
        assert provider.status(path) == 404


def assert_same_but_for_secrets(first: Any, second: Any) -> None:
    """Texts that stand for secrets differ at every read."""
    assert without_secrets(first) == without_secrets(second)


def without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: without_secrets(one) for name, one in value.items() if name != "encryptedSecret"}
    return [without_secrets(one) for one in value] if isinstance(value, list) else value
