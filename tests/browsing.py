"""One Chromium for all tests of a run, a fresh context for each, and an ear for what the browser complains about."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.running import Running

SANDBOXED_MACHINE = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
PATIENCE_MS = 10_000


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium; never one that is fetched."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found is not None, "these tests need Chromium: scripts/test-setup installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(SANDBOXED_MACHINE))
        yield browser
        await browser.close()


class Visit:
    """A page in a fresh context, and everything the browser had to complain about."""

    def __init__(self, page: Page, server: Running) -> None:
        self.page = page
        self.server = server
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    async def sign_on(self, username: str = "alice") -> None:
        """Fill in the sign-on page as a person with a mouse would."""
        await self.page.get_by_label("User name").fill(username)
        await self.page.get_by_label("Password").fill(demo_password(self.server, username))
        await self.page.get_by_role("button", name="Sign on").click()

    async def allow(self) -> None:
        """Approve on the consent page."""
        await self.page.get_by_role("button", name="Allow", exact=True).click()

    async def barriers(self) -> str:
        """What axe finds that shuts people out; empty when there is nothing."""
        found = await Axe().run(self.page)
        return str(found.generate_report()) if found.violations_count else ""


@asynccontextmanager
async def visit(browser: Browser, server: Running, **options: Any) -> AsyncIterator[Visit]:
    """A fresh context; `options` are Playwright's (locale, viewport, java_script_enabled …)."""
    context = await browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield Visit(await context.new_page(), server)
    finally:
        await context.close()


def demo_password(server: Running, user: str) -> str:
    """What the table that the server printed says for a demo person or client."""
    for line in Path(server.log).read_text(encoding="utf-8").splitlines():
        words = line.split()
        if user in words[1:]:
            return words[-1]
    raise AssertionError(f"the server's table does not name {user}")
