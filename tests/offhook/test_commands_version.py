"""``offhook version``."""

from __future__ import annotations

from tests.offhook.called import call


def test_the_version() -> None:
    assert call("version").output.startswith("Offhook ")
