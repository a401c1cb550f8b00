"""The description of the administrative API is true: calls made from it find no fault, and answers look as it says."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ostiary.web.admin_api.api_docs import PAGE
from ostiary.web.admin_api.surface import OPERATIONS
from tests.browsing import chromium, visit
from tests.running import ADMIN, Running, running
from tests.scale import SCALE

CASES = 4 * SCALE
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]
ROLES = "/serverSettings"
"""Left out: whoever switches the roles off is refused everywhere else."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_calls_made_from_the_description_find_no_fault(server: Running) -> None:
    """Slow: every operation is asked several times, with bodies that a machine thought of."""
    url = f"{server.admin_url}/pf-admin-api/v1"
    seen: Counter[int] = Counter()
    described = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) == len(OPERATIONS)
    for operation in operations:
        if operation.path == ROLES and operation.method.upper() != "GET":
            continue

        @settings(max_examples=CASES, deadline=None, database=None, derandomize=SCALE == 1, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(base_url=url, auth=ADMIN, headers={"X-XSRF-Header": "x"})
            seen[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        ask()
    assert seen[200] > 100
    assert {400, 404, 422} <= set(seen)
    assert httpx.get(f"{url}/oauth/clients", auth=ADMIN).status_code == 200


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_the_page_is_read_with_and_without_script(server: Running, script: bool) -> None:
    """Slow: a browser is started, and every element of a long page is looked at."""
    async with chromium() as browser, visit(browser, server, java_script_enabled=script) as visitor:
        page = visitor.page
        await page.goto(f"{server.admin_url}{PAGE.rstrip('/')}")
        assert page.url.endswith(PAGE)
        await page.locator("#postOauthClients summary").click()
        await page.locator("#postOauthClients").get_by_role("link", name="Client", exact=True).first.click()
        await page.get_by_role("cell", name="grantTypes (required)").wait_for()
        assert visitor.complaints == []
        if script:
            assert await visitor.barriers() == ""


def test_the_description_is_found_where_old_and_new_tools_look(server: Running) -> None:
    found = [httpx.get(f"{server.admin_url}/pf-admin-api/v1/{name}.json") for name in ("openapi", "swagger")]
    assert found[0].json() == found[1].json()
    assert found[0].json()["openapi"].startswith("3.1")
    html = httpx.get(f"{server.admin_url}{PAGE}")
    assert "script" not in html.headers["content-security-policy"]
    assert "<script" not in html.text
