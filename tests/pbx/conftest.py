"""The laboratory's two telephone systems, started once for all the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.lab.callcentre import CallCentre
from tests.pbx.lab.chroot import chroot_for, versions
from tests.pbx.lab.laboratory import Laboratory
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.scene import Scene
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


@pytest.fixture(scope="session", params=versions())
def centre(request: pytest.FixtureRequest) -> Iterator[CallCentre]:
    """A call centre with what contact centres do, on a real Asterisk of each version."""
    with CallCentre(chroot_for(request.param), request.param) as running:
        yield running


@pytest.fixture
def scene(centre: CallCentre, tmp_path: Path) -> Iterator[Scene]:
    """A behaviour to try: the phones, the PBX's event stream, and what is told of it."""
    trying = Scene(centre, tmp_path / "stream")
    yield trying
    trying.close()
