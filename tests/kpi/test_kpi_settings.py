"""The `[kpi]` table: what is left out, what a queue says for itself, and all that is wrong at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kpi.parameters import Conditions, Parameters, SiteParameters, Target
from kpi.settings import KpiSettings, QueueKpi, machine_zone
from offhook.settings import SettingsError, load_settings

ROME = "Europe/Rome"
PROMISED = Target(measure="service_level_offered", at_least=0.8)


def test_without_a_word_it_is_eighty_twenty_around_the_clock() -> None:
    assert KpiSettings(time_zone=ROME).site() == SiteParameters(
        time_zone=ROME, default=Conditions(parameters=Parameters(), targets=(PROMISED,))
    )


def test_a_queue_says_what_is_different() -> None:
    settings = KpiSettings(
        time_zone=ROME,
        answer_within_s=30,
        short_abandon_s=8,
        opening_hours=("mon-fri 08:00-18:00",),
        holidays=("12-25",),
        queue={
            "sales": QueueKpi(answer_within_s=10, target=0.9),
            "law": QueueKpi(set="spain-95-180"),
            "night": QueueKpi(opening_hours=(), short_abandon_s=0, count_left_otherwise=True),
        },
    )
    site = settings.site()
    assert site.default.parameters == Parameters(answer_within_s=30, short_abandon_s=8)
    assert site.of("sales").parameters == Parameters(answer_within_s=10, short_abandon_s=8)
    assert site.of("sales").targets[0].at_least == 0.9
    assert site.of("sales").opening == site.default.opening
    assert (site.of("law").parameters.answer_within_s, site.of("law").targets[0].at_least) == (180, 0.95)
    night = site.of("night")
    assert (night.opening.week, night.opening.holidays) == ((), ("12-25",))
    assert night.parameters == Parameters(answer_within_s=30, short_abandon_s=0, count_left_otherwise=True)
    assert night.targets == site.default.targets


def test_a_target_of_the_sites_own_takes_the_place_of_the_level_only() -> None:
    assert KpiSettings(set="arera", target=0.7).site().default.targets == (
        Target(measure="service_level_offered", at_least=0.7),
        Target(measure="mean_wait", at_most=240),
        Target(measure="answered_rate", at_least=0.8),
    )


def test_holidays_of_a_queue_are_its_own_or_the_sites() -> None:
    settings = KpiSettings(holidays=("12-25", "2026-04-06", "02-29"), queue={"open": QueueKpi(holidays=())})
    closed = settings.holidays_of("sales")
    assert {date(2026, 4, 6), date(2025, 12, 25), date(2028, 2, 29)} <= closed
    assert not {date(2027, 4, 6), date(2026, 12, 24)} & closed
    assert settings.holidays_of("open") == frozenset()
    assert settings.holidays_of(None) == closed


def test_the_time_zone_is_the_machines_if_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    assert KpiSettings().zone == ZoneInfo("Asia/Kolkata")
    monkeypatch.setenv("TZ", "no such zone")
    assert ZoneInfo(machine_zone())


def test_all_that_is_wrong_is_told_at_once_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "offhook.toml"
    path.write_text(
        '[[pbx]]\nname = "x"\nusername = "u"\nsecret = "s"\n'
        '[kpi]\ntime_zone = "Mars/X"\nset = "90/10"\nholidays = ["12-25", "25.12."]\nrepeat_days = 0\n'
        'opening_hours = ["mon-fri 08:30-18:00", "tue 9-5", "wed 18:00-08:00"]\n'
        '[kpi.queue.sales]\nanswer_within_s = "x"\nopening_hours = ["x"]\ntarket = 2\ntarget = 80\nset = "y"\n'
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    assert {problem.path for problem in caught.value.problems} == {
        "kpi.time_zone",
        "kpi.set",
        "kpi.holidays[1]",
        "kpi.repeat_days",
        "kpi.opening_hours[1]",
        "kpi.opening_hours[2]",
        "kpi.queue.sales.answer_within_s",
        "kpi.queue.sales.opening_hours[0]",
        "kpi.queue.sales.tarket",
        "kpi.queue.sales.target",
        "kpi.queue.sales.set",
    }


def test_a_file_that_says_all_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "offhook.toml"
    path.write_text(
        '[[pbx]]\nname = "x"\nusername = "u"\nsecret = "s"\n'
        '[kpi]\ntime_zone = "Europe/Rome"\nset = "arera"\nopening_hours = ["mon-fri 08:30-18:00"]\n'
        '[kpi.queue."front desk"]\nset = "80/20"\nholidays = ["12-24"]\n'
    )
    site = load_settings(path, {}).kpi.site()
    assert (site.time_zone, site.of("front desk").targets) == (ROME, (PROMISED,))
    assert site.of("front desk").opening.holidays == ("12-24",)
