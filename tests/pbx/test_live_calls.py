"""Calls on a real Asterisk, through ``offhook run``: store, browser and Prometheus agree with what the world saw.

The scenarios are those of the recordings: S01, S02, S03, S07, S12, S14, S18, S19.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.pbx.lab.agreement import Counters, agrees_with_counters, agrees_with_store, counters, rows_of
from tests.pbx.lab.browser import Desks
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.processes import until
from tests.pbx.lab.program import PBX_NAME, RunningOffhook
from tests.pbx.lab.world import PlacedCall, World
from tests.prometheus.server import PrometheusServer

SALES_DID, SUPPORT_DID, DIRECT_DID = "+390221000100", "+390221000200", "+390221000101"
WAITING = 'offhook_calls_waiting{{queue="{}"}} == 1'
PAGE_FOLLOWS = timedelta(seconds=2)
HOSTILE_NAME = "<script>alert(1)</script>\"';-- Žofia Müller 北京"
CUSTOMERS = """\
id,name,company,phone,account status
C1,Maria Bianchi,Ferramenta Bianchi,+39 333 123 4501,ok
C2,Jeanne Moreau,,+33 1 42 27 81 03,unpaid
C3,Peter Martin,Martin & Sons,+44 20 7946 0012,ok
C4,Elena Conti,Conti SpA,333 1234551,ok
C5,Emil Zola,,+39 333 123 4517,stopped
"""
ORDERS = "order,customer,title,state,open\nO-77,C1,12 hinges,in production,yes\n"
INCIDENTS = "ticket,customer,title,state,open\nT-5,C1,Late delivery,being looked at,yes\n"


@dataclass
class Stage:
    """All that takes part."""

    world: World
    offhook: RunningOffhook
    prometheus: PrometheusServer
    desks: Desks

    def agree(self, queue: str | None, *calls: PlacedCall, before: Counters) -> dict[str, str]:
        """Hold the rows and the counters' moves since ``before`` against the calls; return each agent's ring result."""
        rows = [agrees_with_store(self.offhook, call, queue) for call in calls]
        agrees_with_counters(self.prometheus, before, list(calls), queue)
        assert self.desks.complaints() == {}
        rings = [ring for row in rows for ring in rows_of(self.offhook, "rings", row["call_id"])]
        return {ring["agent"]: ring["result"] for ring in rings}


@pytest.fixture(scope="module")
def offhook(asterisk: ObservedPbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOffhook]:
    program = RunningOffhook(tmp_path_factory.mktemp("offhook"), asterisk)
    for kind, text in (("customers", CUSTOMERS), ("orders", ORDERS), ("incidents", INCIDENTS)):
        (program.folder / f"{kind}.csv").write_text(text)
        program.call("customers", "import", f"{kind}.csv", "--kind", kind)
    program.start()
    yield program
    assert program.stop() == 0, program.log()


@pytest.fixture(scope="module")
def prometheus(offhook: RunningOffhook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), f"127.0.0.1:{offhook.web_port}")
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def desks(offhook: RunningOffhook) -> Iterator[Desks]:
    browser = Desks(offhook.url)
    yield browser
    browser.stop()


@pytest.fixture
def stage(world: World, offhook: RunningOffhook, prometheus: PrometheusServer, desks: Desks) -> Stage:
    return Stage(world, offhook, prometheus, desks)


def test_s01_the_customer_is_on_the_page_while_it_rings(stage: Stage) -> None:
    desk, before = stage.desks["101"], counters(stage.prometheus)
    stage.world.phone("101", answers_after_s=3)
    call = stage.world.call_in("+393331234501", "Mario Bianchi", SALES_DID, talk_s=5)

    leg = call.wait_ringing("101")
    shown_at = desk.wait_card("Maria Bianchi")
    card = desk.text()
    until("Prometheus sees the caller wait", lambda: stage.prometheus.query(WAITING.format("sales")), 3)
    assert call.wait_answered() is leg
    desk.wait_card("Maria Bianchi", phase="talking")
    call.wait_ended()
    desk.wait_no_card()

    assert leg.rung_at is not None and leg.answered_at is not None
    assert leg.rung_at < shown_at < leg.answered_at
    for part in ("Ferramenta Bianchi", "Account in order", "12 hinges", "Late delivery", "333 123 4501"):
        assert part in card
    assert (call.outcome, call.answered_by, call.ended_by) == ("answered", ["101"], "customer")
    stage.agree("sales", call, before=before)


def test_s02_the_agent_hangs_up(stage: Stage) -> None:
    desk, before = stage.desks["101"], counters(stage.prometheus)
    stage.world.phone("101", answers_after_s=3)
    call = stage.world.call_in("+393331234501", "Mario Bianchi", SALES_DID, talk_s=5, hangs_up="phone")

    desk.wait_card("Maria Bianchi")
    assert call.answered is None
    call.wait_ended()
    desk.wait_no_card()

    assert (call.outcome, call.answered_by, call.ended_by) == ("answered", ["101"], "agent")
    stage.agree("sales", call, before=before)


def test_s03_the_caller_gives_up_and_the_page_closes(stage: Stage) -> None:
    desk, before = stage.desks["101"], counters(stage.prometheus)
    stage.world.phone("101")
    call = stage.world.call_in("+33142278103", None, SALES_DID, gives_up_after_s=4)

    desk.wait_card("Jeanne Moreau")
    assert "Payment overdue" in desk.text()
    assert call.ended_at is None
    ended_at = call.wait_ended().ended_at
    closed_at = desk.wait_no_card()

    assert (call.outcome, call.agents_rung, call.ended_by) == ("abandoned", ["101"], "customer")
    assert ended_at is not None
    assert ended_at < closed_at < ended_at + PAGE_FOLLOWS
    assert "Caller hung up" in desk.text()
    stage.agree("sales", call, before=before)


def test_s07_the_first_agent_misses_it_and_the_second_answers(stage: Stage) -> None:
    first, second, before = stage.desks["101"], stage.desks["102"], counters(stage.prometheus)
    stage.world.phone("101")
    stage.world.phone("102", answers_after_s=2)
    call = stage.world.call_in("+33142278103", None, SALES_DID, talk_s=4.5, hangs_up="phone")

    first.wait_card("Jeanne Moreau")
    call.wait_ringing("102")
    first.wait_no_card()
    second.wait_card("Jeanne Moreau")
    assert call.answered is None
    call.wait_ended()
    second.wait_no_card()

    assert (call.agents_rung, call.answered_by, call.ended_by) == (["101", "102"], ["102"], "agent")
    assert "Missed" in first.text()
    assert stage.agree("sales", call, before=before) == {"101": "missed", "102": "answered"}


def test_s12_a_direct_number_rings_on_one_page(stage: Stage) -> None:
    desk, other, before = stage.desks["101"], stage.desks["102"], counters(stage.prometheus)
    stage.world.phone("101", answers_after_s=2)
    call = stage.world.call_in("+442079460012", "Paul Martin", DIRECT_DID, talk_s=4)

    desk.wait_card("Peter Martin")
    assert call.answered is None
    other.wait_no_card()
    call.wait_ended()
    desk.wait_no_card()

    assert (call.outcome, call.answered_by, call.ended_by) == ("answered", ["101"], "customer")
    stage.agree(None, call, before=before)


def test_s14_an_agent_calls_out_once_answered_and_once_not(stage: Stage) -> None:
    desk, before = stage.desks["101"], counters(stage.prometheus)
    stage.world.phone("+393331234551", answers_after_s=2)
    stage.world.phone("+34972466052")
    answered = stage.world.call_out("101", "+393331234551", talk_s=4)
    desk.wait_card("Elena Conti", phase="dialling")
    assert answered.answered is None
    answered.wait_ended()
    desk.wait_no_card()
    unanswered = stage.world.call_out("101", "+34972466052", gives_up_after_s=7).wait_ended()
    desk.wait_no_card()

    assert (answered.outcome, answered.ended_by) == ("answered", "agent")
    assert (unanswered.outcome, unanswered.ended_by) == ("no_answer", "agent")
    stage.agree(None, answered, unanswered, before=before)


def test_s18_a_hostile_name_is_text_everywhere(stage: Stage) -> None:
    desk, before = stage.desks["101"], counters(stage.prometheus)
    stage.world.phone("101", answers_after_s=3)
    call = stage.world.call_in("+442079460016", HOSTILE_NAME, SALES_DID, talk_s=3.5, hangs_up="phone")

    desk.wait_card(HOSTILE_NAME)
    assert call.answered is None
    assert desk.page.locator("script:not([src])").count() == 0
    call.wait_ended()
    desk.wait_no_card()

    stage.agree("sales", call, before=before)
    stored = stage.offhook.rows("SELECT caller_name FROM calls WHERE caller_number = ?", "+442079460016")
    assert stored == [{"caller_name": HOSTILE_NAME}]
    metrics = stage.offhook.fetch("/metrics")
    scraped = str(stage.prometheus.query('{job="offhook"}'))
    for told in (metrics, scraped, stage.offhook.log()):
        assert "alert(1)" not in told
        assert "442079460016" not in told


def test_s19_the_pages_of_those_who_lost_the_race_close(stage: Stage) -> None:
    losers, winner = [stage.desks["103"], stage.desks["105"]], stage.desks["104"]
    before = counters(stage.prometheus)
    stage.world.phone("103")
    stage.world.phone("104", answers_after_s=3)
    stage.world.phone("105")
    call = stage.world.call_in("+393331234517", "Émile Zola", SUPPORT_DID, talk_s=4.5, hangs_up="phone")

    for desk in (*losers, winner):
        desk.wait_card("Emil Zola")
    assert call.answered is None
    answered_at = call.wait_answered().answered_at
    closed_at = [desk.wait_no_card() for desk in losers]
    winner.wait_card("Emil Zola", phase="talking")
    assert call.ended_at is None
    call.wait_ended()
    winner.wait_no_card()

    assert answered_at is not None
    assert max(closed_at) < answered_at + PAGE_FOLLOWS
    assert all("Answered by Dana O'Neill" in desk.text() for desk in losers)
    assert (set(call.agents_rung), call.answered_by, call.ended_by) == ({"103", "104", "105"}, ["104"], "agent")
    became = stage.agree("support", call, before=before)
    assert became == {"103": "elsewhere", "104": "answered", "105": "elsewhere"}


def test_after_it_all_the_numbers_still_add_up(stage: Stage) -> None:
    asked = stage.prometheus
    until("nobody waits any more", lambda: not asked.query("offhook_calls_waiting != 0"), 5)
    until("no call goes on any more", lambda: not asked.query("offhook_calls_in_progress != 0"), 5)
    assert asked.query("offhook_stay_difference != 0") == []
    assert asked.value(f'offhook_link_up{{pbx="{PBX_NAME}"}}') == 1
    assert asked.query("offhook_agents{state='talking'} != 0") == []
    stored = stage.offhook.rows("SELECT count(*) AS calls FROM calls")[0]["calls"]
    placed = [call for call in stage.world.calls if call.offered_at and call.offered_at > stage.offhook.started_at]
    assert asked.value("sum(offhook_calls_total)") == stored == len(placed)
