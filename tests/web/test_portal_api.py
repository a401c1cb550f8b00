"""Whatever comes to the portal API is answered or refused, and what is refused leaves nothing behind (threat T-59)."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary import app_versions
from ostiary.app_versions import AppVersion
from ostiary.server import Server
from ostiary.web import portal_api
from ostiary.web.administrators import Administrator
from ostiary.web.call import Call, Reply
from ostiary.words import Dialect
from tests.clients.test_any_body import JSON, bodies
from tests.house import make_server
from tests.scale import SCALE

pytestmark = pytest.mark.anyio
BY = Administrator("ada", may_write=True)


async def asked(service: portal_api.Service, server: Server, body: Any, app_id: str = "") -> Reply:
    """What is answered to an administrator who sends this."""
    call = Call(
        method="POST",
        path="/api/apps",
        raw_path=b"/api/apps",
        query=b"",
        headers=[(b"content-type", b"application/json")],
        source="192.0.2.1",
        scheme="https",
        request_id="1",
        content=msgspec.json.encode(body),
    )
    try:
        return await service(portal_api.Asked(call, server, BY, app_id))
    except Exception as error:
        return portal_api.fault(call, error)


def encodable(body: Any) -> bool:
    try:
        msgspec.json.encode(body)
    except (UnicodeEncodeError, ValueError, OverflowError):
        return False
    return True


@settings(max_examples=40 * SCALE, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies(Dialect.PORTAL).filter(encodable), st.sampled_from(["public", "confidential", None]))
async def test_any_object_is_stored_or_refused_by_name(body: Any, kind: str | None) -> None:
    if isinstance(body, dict) and kind is not None:
        body = {**body, "OAuthClientType": f"com.soa.oauth.ctype.{kind}"}
    server = make_server()
    app_id = (await app_versions.add(AppVersion(title="App"), "ada", server)).id
    reply = await asked(portal_api.give_client, server, body, app_id)
    told = msgspec.json.decode(reply.body)
    if reply.status == 400:
        assert await server.stores.count_clients() == 0
        assert told.get("errors") or told["message"] == "the body must be a JSON object"
        return
    assert reply.status == 201, told
    secret = told.pop("OAuthClientSecret", None)
    told.pop("warnings", None)
    assert secret is None or len(secret) == 64
    again = await asked(portal_api.change_client, server, told, app_id)
    shown = msgspec.json.decode(again.body)
    shown.pop("warnings", None)
    assert (again.status, shown) == (200, told)


@settings(max_examples=30 * SCALE, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["Title", "Description", "OAuthClientID"]), JSON).filter(encodable))
async def test_any_version_is_made_or_refused_by_name(body: Any) -> None:
    server = make_server()
    reply = await asked(portal_api.add_app, server, body)
    assert reply.status in (201, 400)
    assert len(await server.stores.app_versions()) == (reply.status == 201)
