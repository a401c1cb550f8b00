"""Sign-on, consent and error page in Chromium: with the keyboard, without JavaScript, in German, and for everybody."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.browsing import Visit, demo_password, visit
from tests.running import Running

pytestmark = pytest.mark.anyio


async def test_a_person_needs_only_the_keyboard(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await page.goto(_authorization(demo))
        await expect(page.get_by_label("User name")).to_be_focused()
        await page.keyboard.type("alice")
        await page.keyboard.press("Tab")
        await page.keyboard.type(demo_password(demo, "alice"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Request for Approval")).to_be_visible()
        allow = page.get_by_role("button", name="Allow", exact=True)
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await allow.evaluate("button => button === document.activeElement"):
                break
        async with page.expect_request(_CALLBACK) as came_back:
            await page.keyboard.press("Enter")
        assert "code" in _answer(await came_back.value)
        assert visitor.complaints == []


async def test_a_person_needs_no_javascript(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo, java_script_enabled=False) as visitor:
        await visitor.page.goto(_authorization(demo, state="kept"))
        await visitor.sign_on()
        answer = await _after(visitor, visitor.allow)
        assert answer["state"] == ["kept"]
        assert answer["iss"] == [demo.issuer]
        assert "code" in answer


async def test_the_pages_speak_the_language_of_the_browser(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo, locale="de-DE") as visitor:
        page = visitor.page
        await page.goto(_authorization(demo))
        assert await page.locator("html").get_attribute("lang") == "de"
        await page.get_by_label("Benutzername").fill("alice")
        await page.get_by_label("Passwort").fill(demo_password(demo, "alice"))
        await page.get_by_role("button", name="Anmelden").click()
        assert await page.locator("html").get_attribute("lang") == "de"
        await expect(page.get_by_role("heading", level=1)).not_to_have_text("Request for Approval")


async def test_a_request_chooses_the_language_before_the_browser_does(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo, locale="en-GB") as visitor:
        await visitor.page.goto(_authorization(demo, ui_locales="de"))
        assert await visitor.page.locator("html").get_attribute("lang") == "de"


async def test_a_wrong_password_is_said_and_forgiven(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        page = visitor.page
        await page.goto(_authorization(demo))
        await page.get_by_label("User name").fill("alice")
        await page.get_by_label("Password").fill("not-Hers-1")
        await page.get_by_role("button", name="Sign on").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_label("User name")).to_have_value("alice")
        await visitor.sign_on()
        await expect(page.get_by_role("heading", name="Request for Approval")).to_be_visible()


async def test_cancelling_is_an_answer(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        await visitor.page.goto(_authorization(demo, state="s"))
        answer = await _after(visitor, visitor.page.get_by_role("button", name="Cancel").click)
        assert (answer["error"], answer["state"]) == (["access_denied"], ["s"])


async def test_not_allowing_is_an_answer(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        await visitor.page.goto(_authorization(demo))
        await visitor.sign_on()
        answer = await _after(visitor, visitor.page.get_by_role("button", name="Do Not Allow").click)
        assert answer["error"] == ["access_denied"]


async def test_who_is_signed_on_is_not_asked_again(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        await visitor.page.goto(_authorization(demo))
        await visitor.sign_on()
        await _after(visitor, visitor.allow)
        await visitor.page.goto(_authorization(demo))
        await expect(visitor.page.get_by_role("heading", name="Request for Approval")).to_be_visible()


async def test_an_unregistered_address_is_an_error_page_and_no_redirect(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo) as visitor:
        answer = await visitor.page.goto(_authorization(demo, redirect_uri="https://evil.example/"))
        assert answer is not None
        assert answer.status == 400
        assert visitor.page.url.startswith(demo.issuer)
        assert await visitor.barriers() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_sign_on_and_consent_shut_nobody_out(browser: Browser, demo: Running, scheme: str) -> None:
    async with visit(browser, demo, color_scheme=scheme) as visitor:
        await visitor.page.goto(_authorization(demo, scope="openid profile email address"))
        assert await visitor.barriers() == ""
        await visitor.sign_on()
        await expect(visitor.page.get_by_role("heading", name="Request for Approval")).to_be_visible()
        assert await visitor.barriers() == ""
        assert visitor.complaints == []


async def test_sign_on_and_consent_fit_a_telephone(browser: Browser, demo: Running) -> None:
    async with visit(browser, demo, viewport={"width": 360, "height": 700}) as visitor:
        await visitor.page.goto(_authorization(demo))
        assert await _overflow(visitor.page) == 0
        await visitor.sign_on()
        await expect(visitor.page.get_by_role("heading", name="Request for Approval")).to_be_visible()
        assert await _overflow(visitor.page) == 0


_CALLBACK = re.compile(r"/playground/callback\?")


async def _after(visitor: Visit, act: Callable[[], Awaitable[object]]) -> dict[str, list[str]]:
    """Act, and return the parameters that the browser comes back with."""
    async with visitor.page.expect_request(_CALLBACK) as came_back:
        await act()
    return _answer(await came_back.value)


def _answer(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


async def _overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    wider: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wider


def _authorization(server: Running, **changed: str) -> str:
    """An authorization request of the confidential demo client."""
    parameters = {
        "client_id": "ac_client",
        "response_type": "code",
        "redirect_uri": f"{server.issuer}/playground/callback",
        "scope": "profile",
        **changed,
    }
    return f"{server.issuer}/as/authorization.oauth2?{urlencode(parameters)}"
