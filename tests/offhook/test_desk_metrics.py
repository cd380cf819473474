"""Pops and look-ups as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from crm_bridge.breaker import BreakerState
from crm_bridge.counts import PopCounts, SourceCounts
from offhook.desk_metrics import DeskCollector


def exposed(pops: PopCounts, **sources: SourceCounts) -> list[str]:
    registry = CollectorRegistry()
    registry.register(DeskCollector(pops, sources))
    return generate_latest(registry).decode().splitlines()


def test_pops_are_counted_by_how_they_ended() -> None:
    pops = PopCounts()
    pops.offered = 3
    pops.close("taken", seen=True)
    pops.close("caller_left", seen=False)
    pops.delay.observe(0.03)
    lines = exposed(pops)
    assert "offhook_pops_offered_total 3.0" in lines
    assert "offhook_pops_unseen_total 1.0" in lines
    assert 'offhook_pops_closed_total{how="taken"} 1.0' in lines
    assert 'offhook_pop_delay_seconds_bucket{le="0.05"} 1.0' in lines
    assert 'offhook_pop_delay_seconds_bucket{le="0.025"} 0.0' in lines
    assert "offhook_pop_delay_seconds_count 1.0" in lines


def test_look_ups_are_counted_by_source() -> None:
    book = SourceCounts()
    book.asked, book.hits, book.given_up = 5, 3, 1
    lines = exposed(PopCounts(), book=book)
    assert 'offhook_lookups_total{source="book"} 5.0' in lines
    assert 'offhook_lookup_results_total{result="hits",source="book"} 3.0' in lines
    assert 'offhook_lookup_results_total{result="given_up",source="book"} 1.0' in lines


def test_a_source_that_rests_is_seen_to() -> None:
    crm = SourceCounts()
    crm.kept, crm.spared, crm.stale, crm.under_way = 7, 2, 1, 3
    crm.breaker = lambda: BreakerState.OPEN
    lines = exposed(PopCounts(), crm=crm)
    assert 'offhook_lookup_breaker{source="crm",state="open"} 1.0' in lines
    assert 'offhook_lookup_breaker{source="crm",state="closed"} 0.0' in lines
    assert 'offhook_lookups_under_way{source="crm"} 3.0' in lines
    for result, count in (("kept", 7), ("spared", 2), ("stale", 1)):
        assert f'offhook_lookup_results_total{{result="{result}",source="crm"}} {count}.0' in lines
