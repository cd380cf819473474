"""The laboratory's two telephone systems, started once for all the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pbx.lab.chroot import chroot_for, versions
from tests.pbx.lab.laboratory import Laboratory
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.world import World


@pytest.fixture(scope="session", params=versions())
def laboratory(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    """A real Asterisk and the world around it, of each version; its chroot is built when this machine has none."""
    with Laboratory(chroot_for(request.param)) as lab:
        yield lab


@pytest.fixture(scope="session")
def asterisk(laboratory: Laboratory) -> ObservedPbx:
    """The PBX: ``host``, ``port``, ``tls_port``, ``tls_ca_file``, ``username``, ``secret``, ``version``."""
    return laboratory.pbx


@pytest.fixture(scope="session")
def world(laboratory: Laboratory) -> World:
    """The callers and the phones."""
    return laboratory.world
