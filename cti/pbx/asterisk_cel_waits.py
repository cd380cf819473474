"""Waits in queues from CEL alone, where queue_log is missing: as far as the Queue application's own life shows them.

A caller waits from the application's start; until a phone that it called is lifted; or until it ends: with his channel
(he hung up), after a key of his, or else because the queue gave up. A caller whom it let go at once was refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cti import signals as s
from cti.pbx.asterisk_cel import CelChannel, CelStory
from cti.pbx.asterisk_log_lines import CelRow
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_script import Script

_REFUSED_WITHIN = timedelta(seconds=0.3)
_KEY_WITHIN = timedelta(seconds=1)
_TOGETHER = timedelta(seconds=0.1)


class CelWaits:
    """The waits of one call; ``mark_misses`` before its story is told, ``tell`` beside it."""

    def __init__(self, story: CelStory, people: AsteriskPeople) -> None:
        self._story, self._people = story, people
        self._apps = [app for app in story.apps if app[2].app == "Queue"]

    def mark_misses(self) -> None:
        """A phone that stopped ringing while the caller went on waiting, and that nobody else saved, was missed."""
        for begin, last, start in self._apps:
            left_at = self._left_at(last)
            for phone in self._rung(begin, last, start):
                ended_at = phone.ended[1] if phone.ended is not None else left_at
                if phone.answered_at is None and left_at - ended_at > _TOGETHER and not self._taken_at(phone, ended_at):
                    for one in (phone, *self._story.phones_of(phone)):
                        one.missed = True

    def tell(self, script: Script) -> None:
        """Write them."""
        for begin, last, start in self._apps:
            queue = start.app_data.partition(",")[0]
            script.add(begin + 0.1, start.at, s.QueueReached, start.uniqueid, None, queue)
            rung = self._rung(begin, last, start)
            if rung or self._left_at(last) - start.at > _REFUSED_WITHIN:
                script.add(begin + 0.1, start.at, s.QueueJoined, start.uniqueid, None, queue, None)
                self._leave(script, last, start, queue, rung)

    def _leave(self, script: Script, last: int, start: CelRow, queue: str, rung: list[CelChannel]) -> None:
        leg = start.uniqueid
        taken = [(phone.answered_at, phone) for phone in rung if phone.answered_at is not None]
        if taken:
            at, phone = min(taken, key=lambda pair: pair[0])
            place: float = self._story.place_at(at) - 0.4
            script.add(place, at, s.QueueLeft, leg, None, queue)
            script.add(place, at, s.AgentTook, leg, None, queue, self._people.member(phone.device))
            return
        at, place = self._left_at(last), last + 0.3
        caller = self._story.channels[leg]
        key = self._key_before(last, leg, at)
        if caller.ended is not None and caller.ended[1] - at < _TOGETHER:
            script.add(place, at, s.LegKilled, leg, None)
            script.add(place, at, s.QueueGaveUp, leg, None, queue)
        elif key:
            script.add(place, at, s.KeyPressed, leg, None, key)
        else:
            script.add(place, at, s.QueueGaveUp, leg, None, queue)
        script.add(place, at, s.QueueLeft, leg, None, queue)

    def _rung(self, begin: int, last: int, start: CelRow) -> list[CelChannel]:
        channels = self._story.channels.values()
        by_queue = (one for one in channels if one.app == "AppQueue" and begin < one.place <= last)
        return [one for one in by_queue if one.dialled_by is not None and one.dialled_by.uniqueid == start.uniqueid]

    def _left_at(self, last: int) -> datetime:
        return self._story.rows[min(last, len(self._story.rows) - 1)].at

    def _taken_at(self, phone: CelChannel, at: datetime) -> bool:
        others = (one.answered_at for one in self._story.channels.values() if one.dialled_by is phone.dialled_by)
        return any(answered is not None and abs(answered - at) < _TOGETHER for answered in others)

    def _key_before(self, last: int, leg: str, at: datetime) -> str:
        for row in reversed(self._story.rows[:last]):
            if at - row.at > _KEY_WITHIN:
                break
            if row.event == "DTMF" and row.uniqueid == leg and row.user_event == "Received":
                return row.extra.get("digit", "")[:1]
        return ""
