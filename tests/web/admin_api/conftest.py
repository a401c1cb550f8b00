"""A place for every test."""

import pytest

from tests.web.admin_api.place import Place


@pytest.fixture
async def place(anyio_backend: str) -> Place:
    return await Place.build()
