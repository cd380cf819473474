"""Parameters in use are kept, each turn once; an old version is found again."""

from __future__ import annotations

import pytest

from kpi.local_time import ReportError
from kpi.parameter_history import fetch_parameters
from kpi.parameters import Conditions, Parameters, SiteParameters
from kpi.store import Store
from tests.kpi.calls import at


def site(seconds: int) -> SiteParameters:
    return SiteParameters(default=Conditions(parameters=Parameters(answer_within_s=seconds)))


async def test_each_turn_is_kept_once(store: Store) -> None:
    kept = [await store.store_parameters(site(limit), at(n)) for n, limit in enumerate((20, 20, 30, 20))]
    assert kept == [True, False, True, True]
    history = await store.fetch_parameter_history()
    assert [(one.valid_since, one.site) for one in history] == [(at(3), site(20)), (at(2), site(30)), (at(0), site(20))]
    assert {one.version for one in history} == {site(20).version, site(30).version}


async def test_a_clock_set_back_changes_nothing(store: Store) -> None:
    await store.store_parameters(site(20), at(10))
    assert not await store.store_parameters(site(30), at(5))


async def test_old_ones_are_found_by_the_beginning_of_their_version(store: Store) -> None:
    async with store._reading() as connection:
        assert await fetch_parameters(connection) == SiteParameters()
    for n, limit in enumerate((20, 30)):
        await store.store_parameters(site(limit), at(n))
    async with store._reading() as connection:
        assert await fetch_parameters(connection) == site(30)
        assert await fetch_parameters(connection, site(20).version[:6]) == site(20)
        assert await fetch_parameters(connection, site(40).version, site(40)) == site(40)


@pytest.mark.parametrize("version", ["", "%", "none", "x" * 1_000])
async def test_a_version_that_is_none_or_several_is_said(store: Store, version: str) -> None:
    for n, limit in enumerate((20, 30)):
        await store.store_parameters(site(limit), at(n))
    async with store._reading() as connection:
        with pytest.raises(ReportError) as caught:
            await fetch_parameters(connection, version)
    assert caught.value.ref == "report-no-version"
