"""Where a PBX keeps its own logs."""

from __future__ import annotations

import msgspec
import pytest

from cti.pbx.log_settings import LogSettings


def test_a_password_is_never_shown() -> None:
    settings = LogSettings(cdr="mysql://u@h/asteriskcdrdb", password="hunter2", agents={"Anna": "101"})
    assert repr(settings) == "LogSettings(cdr)"


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"cdr_table": "cdr; DROP TABLE x"}, {"queue_log": ""}, {"wait_s": -1}]
)
def test_what_cannot_be_used_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, LogSettings)


def test_a_zone_of_the_database_of_zones_is_taken() -> None:
    assert msgspec.convert({"time_zone": "Europe/Rome"}, LogSettings).time_zone == "Europe/Rome"
