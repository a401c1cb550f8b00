"""The demo server of a file of tests, and the browser of the run."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.browsing import chromium
from tests.running import Running, running


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    async with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with `--demo` on free ports."""
    with running(tmp_path_factory.mktemp("demo"), demo=True) as server:
        yield server
