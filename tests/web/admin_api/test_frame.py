"""Who is let in, how paths are read, and how a call that cannot be answered is told so."""

import json

import pytest

from ostiary.web.admin_api.operations import Operation, Paths
from tests.web.admin_api.place import ADMIN, AUDITOR, Place

pytestmark = pytest.mark.anyio
CLIENTS = "/oauth/clients"
WEB = {"clientId": "web", "name": "Web", "grantTypes": ["IMPLICIT"], "redirectUris": ["https://app.example/cb"]}


async def test_nobody_is_401_with_a_challenge_whatever_the_path(place: Place) -> None:
    for path in (CLIENTS, "/nothing"):
        found = await place.ask("GET", path, user=None)
        assert (found.status, found.json["resultId"]) == (401, "authentication_failed")
        assert found.headers["www-authenticate"].startswith("Basic realm=")
    assert (await place.ask("GET", CLIENTS, user="nobody")).status == 401


async def test_an_auditor_reads_and_is_403_at_every_change(place: Place) -> None:
    assert (await place.ask("GET", CLIENTS, user=AUDITOR)).status == 200
    for method in ("POST", "PUT", "DELETE"):
        found = await place.ask(method, CLIENTS, WEB, user=AUDITOR)
        assert (found.status, found.json["resultId"]) == (403, "permission_denied")


async def test_a_change_without_the_xsrf_header_is_403_and_a_read_is_not(place: Place) -> None:
    assert (await place.ask("POST", CLIENTS, WEB, xsrf=False)).status == 403
    assert (await place.ask("GET", CLIENTS, xsrf=False)).status == 200


async def test_unknown_paths_are_404_and_unknown_methods_405_with_what_there_is(place: Place) -> None:
    for path in ("", "/", "/oauth", "/oauth/client", "/oauth/clients/", "/oauth/clients/a/b", "/oauth//clients"):
        found = await place.ask("GET", path or "/")
        assert (found.status, found.json["resultId"]) == (404, "resource_not_found"), path
    found = await place.ask("PATCH", CLIENTS)
    assert (found.status, found.headers["allow"]) == (405, "GET, HEAD, POST")
    assert (await place.ask("GET", "/oauth/clients/%ff")).status == 404


@pytest.mark.parametrize(
    ("content", "content_type", "status", "result_id"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b'"\xff"', "application/json", 400, "invalid_json"),
        (b"[" * 100_000, "application/json", 400, "invalid_json"),
        (b"", "application/json", 400, "invalid_json"),
        (b"[]", "application/json", 400, "bad_request"),
        (b"{}", "text/plain", 415, "bad_request"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "bad_request"),
        (b" " * 2_000_000, "application/json", 413, "bad_request"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    place: Place, content: bytes, content_type: str, status: int, result_id: str
) -> None:
    found = await place.ask("POST", CLIENTS, content=content, content_type=content_type)
    assert (found.status, found.json["resultId"]) == (status, result_id)


async def test_the_header_about_external_validation_changes_nothing(place: Place) -> None:
    for number, value in enumerate(("true", "false", "perhaps")):
        body = {**WEB, "clientId": f"web{number}"}
        assert (await place.ask("POST", CLIENTS, body, ("x-bypassexternalvalidation", value))).status == 201


async def test_every_call_leaves_a_line_refused_ones_too(place: Place) -> None:
    await place.ask("POST", CLIENTS, WEB)
    await place.ask("GET", "/nothing")
    await place.ask("GET", CLIENTS, user=None)
    ends = [line.partition(" | ")[2] for line in place.lines]
    assert ends == [
        f"{ADMIN} | BASIC | 192.0.2.7 | POST | /pf-admin-api/v1/oauth/clients | 201",
        f"{ADMIN} | BASIC | 192.0.2.7 | GET | /pf-admin-api/v1/nothing | 404",
        " |  | 192.0.2.7 | GET | /pf-admin-api/v1/oauth/clients | 401",
    ]


async def test_a_fault_of_ours_is_500_without_its_words(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.server.stores.client_page = None  # type: ignore[method-assign, assignment] - a door that breaks
    found = await place.ask("GET", CLIENTS)
    assert (found.status, found.json["resultId"]) == (500, "server_error")
    assert "NoneType" not in found.text


def test_a_word_wins_over_an_id_and_the_path_is_parted_before_it_is_decoded() -> None:
    async def answer(_asked: object) -> object:
        raise NotImplementedError

    def made(path: str) -> Operation:
        return Operation(method="GET", path=path, answer=answer, summary="")  # type: ignore[arg-type]

    paths = Paths([made("/things/{id}"), made("/things/settings"), made("/things/{id}/part")])
    for rest, path, ids in (
        ("things/settings", "/things/settings", ()),
        ("things/a%2Fb", "/things/{id}", ("a/b",)),
        ("things/settings/part", "/things/{id}/part", ("settings",)),
        ("things/%7B%7D", "/things/{id}", ("{}",)),
    ):
        found = paths.find(rest)
        assert found is not None
        assert (found[0]["GET"].path, found[1]) == (path, ids)
    for rest in ("things", "things/", "things/a/b", "{methods}", "things/{methods}/x"):
        assert paths.find(rest) is None
    with pytest.raises(ValueError, match="twice"):
        Paths([made("/a/{id}"), made("/a/{name}")])


async def test_answers_are_not_stored_by_anybody_on_the_way(place: Place) -> None:
    for found in (await place.ask("GET", CLIENTS), await place.ask("GET", f"{CLIENTS}/none")):
        assert "no-store" in found.headers["cache-control"]
        assert json.loads(found.text)
