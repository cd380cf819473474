"""One FreeSWITCH for all the tests of this folder, if this machine has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.freeswitch_live.exchange import Attempt, Exchange
from tests.freeswitch_live.switch import VARIABLE, binary


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A real FreeSWITCH with its phones and the public."""
    program = binary()
    if program is None:
        pytest.skip(f"{VARIABLE} names no FreeSWITCH: Debian has no package of it")
    with Exchange(tmp_path_factory.mktemp("freeswitch"), program) as running:
        yield running


@pytest.fixture
def attempt(exchange: Exchange, tmp_path: Path) -> Iterator[Attempt]:
    """A behaviour to try."""
    trying = Attempt(exchange, tmp_path / "stream")
    yield trying
    trying.close()
