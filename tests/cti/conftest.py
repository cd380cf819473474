"""A PBX that says what a test wants it to say, and each driver that may read it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cti.link_contract import DRIVERS
from tests.cti.scripted_pbx import ScriptedPbx


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedPbx]:
    async with ScriptedPbx() as pbx:
        yield pbx


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)
