"""The house on a scripted PBX: a call from the socket to the store, the desk and the metrics; faults; the stop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import msgspec
import pytest

from cti.errors import OffhookError
from cti.model import CallOutcome
from kpi.partitions import fetch_months
from kpi.reading import CallFilter
from offhook.database import StoreError, StoreSettings
from offhook.run import Offhook, open_store
from offhook.settings import Settings
from tests.cti.link_contract import until
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import pbx_settings, recorded, settings_for
from tests.pbx.lab.processes import free_port
from tests.postgresql import PostgresqlServer


async def fetch(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_call_goes_all_the_way(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
        await until(lambda: house.lines[0].link.connected)
        await pbx.send(recorded("S01"))
        await until(lambda: house.recorder.stored == 1)
        [call] = await house.store.fetch_calls(CallFilter())
        assert (call.outcome, call.answered_by, call.queue) == (CallOutcome.ANSWERED, ("101",), "sales")
        _, metrics = await fetch(house.url + "/metrics")
        line = 'offhook_calls_total{direction="inbound",outcome="answered",pbx="main",queue="sales"} 1.0'
        assert line in metrics
        assert 'offhook_link_up{pbx="main"} 1.0' in metrics
        assert "offhook_pops_offered_total 1.0" in metrics
        assert (await fetch(house.url + "/desk"))[0] == 200
    assert pbx.asked("Logoff")


async def test_the_last_calls_of_a_caller_are_on_his_card(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
        await until(lambda: house.lines[0].link.connected)
        await pbx.send(recorded("S01"))
        await until(lambda: house.recorder.stored == 1)
        [call] = await house.store.fetch_calls(CallFilter())
        past = await house.store.fetch_last_calls(str(call.caller.number))
        assert [one.call_id for one in past] == [call.call_id]


async def test_what_happened_is_there_after_a_restart(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        async with Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            await pbx.send(recorded("S01"))
            await until(lambda: house.live.calls() == [] and house.feed.published > 0 and house.recorder.stored == 1)
        async with Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
            await until(lambda: house.recorder.totals.tallies)
            assert 'outcome="answered",pbx="main",queue="sales"} 1.0' in house.metrics().decode()
            assert [one.site for one in await house.store.fetch_parameter_history()] == [house.settings.kpi.site()]


async def test_ready_only_while_the_pbx_is_there(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
        await until(lambda: house.lines[0].link.connected)
        assert (await fetch(house.url + "/readyz"))[0] == 200
        await pbx.stop()
        await until(lambda: not house.lines[0].link.connected)
        status, text = await fetch(house.url + "/readyz")
        assert status == 503
        assert "PBX main" in text
        assert (await fetch(house.url + "/healthz"))[0] == 200
        await pbx.listen()
        await until(lambda: house.lines[0].link.connected)
        assert (await fetch(house.url + "/readyz"))[0] == 200


async def test_a_pbx_that_refuses_us_does_not_stop_the_others(tmp_path: Path) -> None:
    async with ScriptedPbx() as good, ScriptedPbx() as bad:
        settings = settings_for(pbx_settings(good, "good"), pbx_settings(bad, "bad", secret="wrong"))
        async with Offhook(settings, tmp_path) as house:
            await until(lambda: house.lines[0].link.connected and house.lines[1].refused)
            store, good_one, bad_one = await house.conditions()
            assert (store.ok, good_one.ok, bad_one.ok) == (True, True, False)
            assert bad_one.state == "refused"
            assert "link-login-refused" in bad_one.reason
            house.stop()
            await house.wait()
        assert len(bad.asked("Login")) == 1


async def test_when_each_pbx_refuses_us_it_is_over(tmp_path: Path) -> None:
    async with ScriptedPbx() as one, ScriptedPbx() as two:
        async with Offhook(settings_for(pbx_settings(one, secret="wrong")), tmp_path) as house:
            with pytest.raises(OffhookError) as alone:
                await asyncio.wait_for(house.wait(), 10)
        both = settings_for(pbx_settings(one, "one", "wrong"), pbx_settings(two, "two", "wrong"))
        async with Offhook(both, tmp_path) as house:
            with pytest.raises(OffhookError) as together:
                await asyncio.wait_for(house.wait(), 10)
    assert alone.value.ref == "link-login-refused"
    assert together.value.ref == "pbx-none-left"
    assert "'one'" in together.value.why
    assert "'two'" in together.value.why


async def test_it_stops_though_it_has_hardly_begun(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        async with asyncio.timeout(10):
            async with Offhook(settings_for(pbx_settings(pbx)), tmp_path):
                pass
        assert [task for task in asyncio.all_tasks() if "line" in task.get_name()] == []


async def test_calls_that_end_with_the_stop_are_stored(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        async with Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            published = house.feed.published
            await pbx.send(recorded("S01"))
            await until(lambda: house.feed.published > published and not house.live.calls())
        async with open_store(house.settings, tmp_path) as engine, engine.connect() as connection:
            found = await connection.exec_driver_sql("SELECT count(*) FROM calls")
            assert found.scalar() == 1


async def test_it_does_not_start_without_its_store(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        store = StoreSettings(url=f"postgresql://offhook@127.0.0.1:{free_port()}/none")
        settings = Settings(pbx=(pbx_settings(pbx),), store=store)
        with pytest.raises(StoreError):
            await Offhook(settings, tmp_path).__aenter__()
        assert pbx.actions == []


async def test_it_does_not_start_on_a_taken_port(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        settings = settings_for(pbx_settings(pbx), listen=f"127.0.0.1:{pbx.port}")
        with pytest.raises(OffhookError, match="web-cannot-listen"):
            await Offhook(settings, tmp_path).__aenter__()


async def test_behind_a_password_the_desk_is_closed(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        settings = settings_for(pbx_settings(pbx), password="correct horse")
        async with Offhook(settings, tmp_path) as house:
            assert (await fetch(house.url + "/desk"))[0] == 401
            assert (await fetch(house.url + "/metrics"))[0] == 401
            assert (await fetch(house.url + "/healthz"))[0] == 200


async def test_a_database_that_goes_away_loses_no_call(tmp_path: Path, mortal_postgresql: PostgresqlServer) -> None:
    async with ScriptedPbx() as pbx:
        settings = settings_for(pbx_settings(pbx))
        settings = msgspec.structs.replace(settings, store=StoreSettings(url=mortal_postgresql.make_database()))
        async with Offhook(settings, tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            assert (await fetch(house.url + "/readyz"))[0] == 200
            async with house.engine.connect() as connection:
                assert max(await fetch_months(connection, "tallies")) > datetime.now(UTC) + timedelta(days=27)
            await asyncio.to_thread(mortal_postgresql.kill)
            await pbx.send(recorded("S01"))
            await until(lambda: house.recorder.last_error is not None)
            status, text = await fetch(house.url + "/readyz")
            assert status == 503
            assert "entries wait to be stored" in text
            await asyncio.to_thread(mortal_postgresql.start_again)
            await until(lambda: house.recorder.stored == 1 and house.recorder.backlog == 0, 30)
            assert len(await house.store.fetch_calls(CallFilter())) == 1
            assert (await fetch(house.url + "/readyz"))[0] == 200
