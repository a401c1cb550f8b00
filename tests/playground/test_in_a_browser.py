"""The playground, walked in Chromium against a real server."""

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browsing import Visit, demo_password, visit
from tests.running import Running

pytestmark = pytest.mark.anyio


async def test_a_person_walks_the_whole_code_flow(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await _come_back_with_a_code(visitor, "ac_oic_client")
        await expect(page.locator("#answer .checks .yes")).to_have_count(4)

        await page.get_by_role("button", name="Send the token request").click()
        await expect(page.locator("#decoded")).to_contain_text("The signature (RS256) verifies with key")
        await expect(page.locator("#decoded")).to_contain_text("nonce is the one that was sent.")
        await expect(page.locator("#decoded .checks .no, #decoded .checks .open")).to_have_count(0)

        await page.get_by_role("button", name="Refresh", exact=True).click()
        await expect(_answer(page, "refresh")).to_contain_text("200")
        await page.get_by_role("button", name="Get UserInfo").click()
        await expect(_answer(page, "userinfo")).to_contain_text("Alice Marie Lindqvist")
        await page.get_by_role("button", name="Introspect").click()
        await expect(_answer(page, "introspect")).to_contain_text('"active":true')
        await page.get_by_role("button", name="Revoke").click()
        await expect(_answer(page, "revoke")).to_contain_text("200")
        await page.get_by_role("button", name="Introspect").click()
        await expect(_answer(page, "introspect")).to_contain_text('"active":false')
        assert visitor.complaints == []


async def test_a_confidential_client_proves_itself_with_its_secret(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        await _come_back_with_a_code(visitor, "ac_client")
        await visitor.page.get_by_role("button", name="Send the token request").click()
        await expect(_answer(visitor.page, "token")).to_contain_text("Authorization: Basic ")
        await expect(_answer(visitor.page, "token")).to_contain_text('"refresh_token":')
        assert visitor.complaints == []


async def test_client_credentials_need_no_person(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await page.goto(f"{demo.issuer}/playground")
        await page.get_by_label("cc_client").check()
        await expect(page.get_by_role("heading", name="The browser comes back")).to_be_hidden()
        await page.get_by_role("button", name="Send the token request").click()
        await page.get_by_role("button", name="Introspect").click()
        await expect(_answer(page, "introspect")).to_contain_text('"client_id":"cc_client"')
        assert visitor.complaints == []


async def test_a_code_sent_twice_is_refused_and_shown(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await _come_back_with_a_code(visitor, "ac_oic_client")
        await page.get_by_role("button", name="Send the token request").click()
        await page.get_by_role("button", name="Send the same code again").click()
        await expect(_answer(page, "token")).to_contain_text("invalid_grant")
        await page.get_by_role("button", name="Introspect").click()
        await expect(_answer(page, "introspect")).to_contain_text('"active":false')


async def test_an_answer_that_nobody_asked_for_is_not_believed(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await page.goto(f"{demo.issuer}/playground/callback?code=stolen&state=other")
        await expect(page.locator("#answer .checks")).to_contain_text(
            "No request of this tab is waiting for an answer."
        )
        await expect(page.get_by_role("button", name="Send the token request")).to_be_hidden()
        assert page.url == f"{demo.issuer}/playground"


async def test_a_reload_keeps_the_place_and_does_not_use_the_code(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await _come_back_with_a_code(visitor, "ac_oic_client")
        await page.reload()
        await page.get_by_role("button", name="Send the token request").click()
        await expect(_answer(page, "token")).to_contain_text('"access_token":')


async def test_the_playground_shuts_nobody_out(browser: Browser, demo: Running) -> None:
    for scheme in ("light", "dark"):
        async with visit(browser, demo, color_scheme=scheme) as visitor:
            await _come_back_with_a_code(visitor, "ac_oic_client")
            await visitor.page.get_by_role("button", name="Send the token request").click()
            await expect(visitor.page.locator("#decoded")).to_contain_text("ID token")
            assert await visitor.barriers() == ""


async def test_the_playground_fits_a_telephone(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo, viewport={"width": 400, "height": 800}) as visitor:
        await _come_back_with_a_code(visitor, "ac_oic_client")
        await visitor.page.get_by_role("button", name="Send the token request").click()
        await expect(visitor.page.locator("#decoded")).to_contain_text("ID token")
        assert await visitor.page.evaluate("document.documentElement.scrollWidth") == 400


async def test_the_page_goes_to_the_name_of_the_issuer(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        await visitor.page.goto(f"http://127.0.0.1:{demo.runtime_port}/playground")
        await visitor.page.wait_for_url(f"{demo.issuer}/playground")


def test_older_addresses_lead_to_the_playground(demo: Running) -> None:
    for path in ("/OAuthPlayground", "/OAuthPlayground/"):
        answer = httpx.get(f"{demo.issuer}{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{demo.issuer}/playground")


def test_the_secrets_of_the_demo_are_told_only_under_the_name_of_the_issuer(demo: Running) -> None:
    address = f"{demo.issuer}/playground/clients.json"
    told = httpx.get(address)
    assert {client["id"] for client in told.json()["clients"]} == {
        "ac_oic_client",
        "ac_client",
        "cc_client",
        "rs_client",
    }
    assert "access-control-allow-origin" not in told.headers
    assert httpx.get(address, headers={"host": "rebound.example"}).status_code == 421


def test_the_second_start_prints_the_same_passwords(demo: Running) -> None:
    first = {user: demo_password(demo, user) for user in ("alice", "bob", "ac_client", "rs_client")}
    assert demo.stop() == 0
    demo.log.unlink()
    demo.start()
    assert {user: demo_password(demo, user) for user in first} == first


async def _come_back_with_a_code(visitor: Visit, client: str) -> None:
    page = visitor.page
    await page.goto(f"{visitor.server.issuer}/playground")
    await page.get_by_label(client).check()
    await page.get_by_role("link", name="Go and sign on").click()
    await visitor.sign_on()
    await visitor.allow()
    await expect(page.locator("#answer .checks")).to_contain_text("There is a code.")


def _answer(page: Page, step: str) -> Locator:
    """The newest exchange of a step."""
    return page.locator(f"#{step}-exchanges .exchange").first
