"""Parameters are known by their content, and come back as they were."""

from __future__ import annotations

import pytest

from kpi.opening import parse_opening
from kpi.parameters import Conditions, Parameters, SiteParameters, Target, encode_parameters, parse_parameters

SITE = SiteParameters(
    time_zone="Europe/Rome",
    default=Conditions(opening=parse_opening(["mon-fri 08:30-18:00"], ["12-25"])),
    queues={"sales": Conditions(parameters=Parameters(answer_within_s=60)), "": Conditions()},
)


def test_they_come_back_as_they_were() -> None:
    assert parse_parameters(encode_parameters(SITE)) == SITE
    assert parse_parameters(encode_parameters(SITE)).version == SITE.version


def test_the_order_of_queues_is_no_content() -> None:
    turned = SiteParameters(time_zone=SITE.time_zone, default=SITE.default, queues=dict(reversed(SITE.queues.items())))
    assert turned.version == SITE.version


def test_each_change_is_another_version() -> None:
    others = [
        SiteParameters(),
        SiteParameters(time_zone="Europe/Rome"),
        SiteParameters(default=Conditions(parameters=Parameters(short_abandon_s=6))),
        SiteParameters(queues={"sales": Conditions()}),
        SITE,
    ]
    assert len({one.version for one in others}) == len(others)


def test_a_queue_without_its_own_has_the_sites() -> None:
    assert SITE.of("sales").parameters.answer_within_s == 60
    assert SITE.of("support") == SITE.default


@pytest.mark.parametrize(("number", "met"), [(None, None), (0.79, False), (0.8, True), (0.95, True), (0.96, False)])
def test_a_target_has_two_sides(number: float | None, met: bool | None) -> None:
    assert Target(measure="occupancy", at_least=0.8, at_most=0.95).is_met(number) is met
