"""Queue members as the queue tells them."""

from __future__ import annotations

from offhook.simulator.members import Member
from tests.offhook.simulator import twins


def test_a_member_by_pair_is_dialled_so_and_watched_at_his_phone() -> None:
    made = twins.plant()
    member = made.lines["support"].members["103"]
    assert (member.interface, member.device, member.by_pair) == ("Local/103@agents/n", "PJSIP/103", True)
    assert made.lines["sales"].members["101"].interface == "PJSIP/101"


def test_a_pause_has_its_reason_and_its_time_until_it_ends() -> None:
    made = twins.plant()
    made.timeline.now = 60.0
    made.pause("103", True, "Pausa caffè")
    text = made.switch.take_text()
    assert "Event: QueueMemberPause\r\n" in text
    assert "Paused: 1\r\nPausedReason: Pausa caffè\r\n" in text
    assert f"LastPause: {made.switch.clock()}\r\n" in text
    made.pause("103", False)
    assert "Paused: 0\r\nPausedReason: \r\n" in made.switch.take_text()


def test_a_pause_counts_in_every_queue_or_in_one() -> None:
    made = twins.plant()
    made.log_in("103", "sales")
    made.pause("103", True, "lunch")
    assert [made.lines[queue].members["103"].paused for queue in ("sales", "support")] == [True, True]
    made.pause("103", False, queue="sales")
    assert [made.lines[queue].members["103"].paused for queue in ("sales", "support")] == [False, True]


def test_a_call_is_counted_and_rested_from() -> None:
    made = twins.plant()
    member: Member = made.lines["sales"].members["101"]
    made.timeline.now = 30.0
    member.took_a_call(7.0)
    assert (member.calls_taken, member.last_call, member.free_again_at) == (1, made.switch.clock(), 37.0)


def test_the_same_state_is_not_told_twice() -> None:
    made = twins.plant()
    member = made.lines["sales"].members["101"]
    member.device_changed("INUSE")
    member.device_changed("INUSE")
    assert made.switch.take_text().count("Event: QueueMemberStatus") == 1


def test_the_snapshot_has_the_names_that_queue_status_uses() -> None:
    member = twins.plant().lines["support"].members["104"]
    keys = [line.partition(":")[0] for line in member.snapshot().split("\r\n")[:-1]]
    assert keys[:4] == ["Queue", "Name", "Location", "StateInterface"]
    assert "Ringinuse" not in keys
