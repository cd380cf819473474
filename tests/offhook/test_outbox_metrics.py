"""The outbox as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest

from crm_bridge.cti_push import CtiCounts
from crm_bridge.delivery import TargetCounts
from crm_bridge.live_webhooks import LiveCounts
from offhook.outbox_metrics import OutboxCollector


class Told:
    """What a delivery counts."""

    def __init__(self, counts: Mapping[str, TargetCounts], left_over: int) -> None:
        self.counts, self.left_over = counts, left_over


def exposed(
    targets: dict[str, TargetCounts],
    live: dict[str, LiveCounts],
    listeners: dict[str, CtiCounts],
    left_over: int = 0,
) -> list[str]:
    registry = CollectorRegistry()
    registry.register(OutboxCollector(Told(targets, left_over), live, listeners))
    return generate_latest(registry).decode().splitlines()


def test_what_waits_and_what_arrived_is_told_by_target() -> None:
    crm, live = TargetCounts(), LiveCounts()
    crm.delivered, crm.failed, crm.buried, crm.waiting, crm.dead = 7, 3, 1, 2, 4
    crm.oldest_at = datetime.now(UTC) - timedelta(hours=1)
    live.sent, live.late, live.dropped = 5, 2, 1
    lines = exposed({"crm:odoo": crm, "webhook:site": TargetCounts()}, {"webhook:site": live}, {})
    assert 'offhook_outbox_deliveries_total{result="delivered",target="crm:odoo"} 7.0' in lines
    assert 'offhook_outbox_deliveries_total{result="buried",target="crm:odoo"} 1.0' in lines
    assert 'offhook_outbox_waiting{target="crm:odoo"} 2.0' in lines
    assert 'offhook_outbox_dead{target="crm:odoo"} 4.0' in lines
    assert 'offhook_outbox_oldest_seconds{target="webhook:site"} 0.0' in lines
    (oldest,) = [line for line in lines if line.startswith('offhook_outbox_oldest_seconds{target="crm:odoo"}')]
    assert float(oldest.split()[1]) >= 3600
    assert 'offhook_webhook_live_total{result="late",target="webhook:site"} 2.0' in lines


def test_what_a_help_desk_heard_is_told_by_source() -> None:
    heard = CtiCounts()
    heard.sent, heard.failed, heard.late, heard.dropped = 9, 4, 3, 2
    lines = exposed({}, {}, {"desk": heard})
    for result, count in {"sent": 9.0, "failed": 4.0, "late": 3.0, "dropped": 2.0}.items():
        assert f'offhook_cti_push_total{{result="{result}",source="desk"}} {count}' in lines


def test_what_is_for_nobody_of_the_settings_is_told_of_though_nobody_else_is() -> None:
    assert "offhook_outbox_left_over 3.0" in exposed({}, {}, {}, left_over=3)
    assert "offhook_outbox_left_over 0.0" in exposed({"crm:odoo": TargetCounts()}, {}, {})


def test_where_nobody_is_told_there_are_no_figures() -> None:
    assert [line for line in exposed({}, {}, {}) if not line.startswith("#")] == []
