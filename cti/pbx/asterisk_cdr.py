"""Calls out of Asterisk's call detail records and queue_log, where there is no CEL.

A record tells of one channel and of one that it met, in whole seconds: when that one began to ring, when the caller's
channel was answered (by a queue: at once), when they parted. queue_log tells when an agent took the call. Together they
give who rang, who talked and how long; hold, who hung up and whom a transfer asked first they do not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cti import signals as s
from cti.model import LegRole
from cti.pbx.asterisk_cel import plain_name
from cti.pbx.asterisk_log_lines import CdrRow, QueueLine
from cti.pbx.asterisk_names import caller_number, dialled_number
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_queue_log import COMPLETIONS, EXITS, TRANSFERS, Names, agent_named, talk_s, whole
from cti.pbx.asterisk_script import Script

_SECOND = timedelta(seconds=1)
_EXTENSION = re.compile(r"\d{2,6}\Z", re.ASCII)
_BEGINNINGS = frozenset({"ENTERQUEUE", "CONNECT"})
_REVERSED = frozenset({"AppDial", "AppDial2", "AppQueue"})  # a record of the called channel's own, once it was moved
_BY_DIALPLAN = frozenset({"Hangup", "Busy", "Congestion"})  # the dialplan ended the call, not the caller
_DISPOSITIONS = {
    "BUSY": s.DialResult.BUSY,
    "FAILED": s.DialResult.FAILED,
    "CONGESTION": s.DialResult.FAILED,
}
#: Within one second: what happens before what. A phone that begins in the second of a join rings after it.
_SEEN, _ENTERED, _DIALLED, _RANG, _JOINED, _ANSWERED, _TAKEN, _TOGETHER, _GONE, _GIVEN, _PARTED, _OVER = (
    n / 25 for n in range(12)
)
_AGAIN = 0.45  # all of the above once more, for what a transfer begins in the second in which it happens
_LAST = 0.98


class Phone:
    """One phone that was called. ``answered_at`` is when its own user lifted it; ``queue`` which queue called it."""

    def __init__(self, leg: str, channel: str, source: str, began_at: datetime, ended_at: datetime) -> None:
        self.leg, self.channel, self.source = leg, channel, source
        self.began_at, self.ended_at = began_at, ended_at
        self.answered_at: datetime | None = None
        self.met_at: datetime | None = None
        self.number: str | None = None
        self.queue = False
        self.result = s.DialResult.CANCELLED
        self.agent = ""

    @property
    def recorded(self) -> bool:
        """Whether a call detail record tells of it; else it is known from queue_log alone, and its channel is not."""
        return not self.channel.endswith("-")


class LoggedStory:
    """One call, from its records and lines, written into ``script`` by ``tell``."""

    def __init__(
        self,
        script: Script,
        rows: Sequence[CdrRow],
        lines: Sequence[QueueLine],
        people: AsteriskPeople,
        names: Names,
    ) -> None:
        self._script, self._people, self._names = script, people, names
        self._rows = sorted(rows, key=lambda row: (row.started_at, row.ended_at))
        self._lines = sorted(lines, key=lambda line: line.at)
        callers = [row for row in self._rows if not row.channel.startswith("Local/") and row.app not in _REVERSED]
        self._own = [row for row in callers if row.channel == callers[0].channel]
        self._callid = self._own[0].uniqueid if self._own else self._lines[0].callid
        self._sources = {row.channel: row.uniqueid for row in callers}
        self._halves = {row.uniqueid for row in self._rows if row.channel.startswith("Local/")}
        self._handed = {line.at.replace(microsecond=0) for line in self._lines if line.event in TRANSFERS}
        self._phones: list[Phone] = []
        self.ended_by_known = False

    def tell(self) -> None:
        """Write the whole call."""
        self._begin()
        for row in self._rows:
            if row.dst_channel and not row.dst_channel.startswith("Local/") and row.app not in _REVERSED:
                self._phones.append(self._phone_of(row))
        for line in self._lines:
            if line.event in ("CONNECT", "RINGNOANSWER", "RINGCANCELED"):
                self._match(line)
        self._taken_after_transfer()
        if not self._lines:
            self._waits_by_records()
        self._hand_over()
        for phone in self._phones:
            self._tell_phone(phone)
        for line in self._lines:
            self._tell_line(line)
        self._end()

    def _add(self, at: datetime, rank: float, kind: type[s.Signal], *fields: object, again: bool = False) -> None:
        place = at.replace(microsecond=0).timestamp() + rank + (_AGAIN if again else 0)
        self._script.add(place, at, kind, *fields)

    def _begin(self) -> None:
        if self._own:
            row = self._own[0]
            moved_on = row.app == "Queue" or row.dialled == "s"  # then the number is the dialplan's, not the caller's
            from_public = self._people.role_of(row.channel) is LegRole.CUSTOMER
            dialled = row.did or ("" if from_public and moved_on else row.dialled)
            self._see(row.started_at, row.uniqueid, row.channel, row.number, row.name, dialled)
            answered = [row.answered_at for row in self._own if row.answered_at is not None]
            if answered:
                self._add(min(answered), _ANSWERED, s.LegAnswered, row.uniqueid, None)
            return
        line = self._lines[0]
        number = line.data[1] if line.event == "ENTERQUEUE" else ""
        began_at = _began(line)
        role = LegRole.AGENT if _EXTENSION.match(number) else LegRole.CUSTOMER
        self._add(began_at, _SEEN, s.LegSeen, line.callid, None, "", role, caller_number(number), None, None)

    def _see(self, at: datetime, leg: str, channel: str, number: str, name: str, dialled: str) -> None:
        role = self._people.role_of(channel)
        known: tuple[str | None, str | None] = (None, None)
        if role is LegRole.AGENT:
            known = self._people.agent_at(channel), None
        elif role is LegRole.CUSTOMER:
            known = caller_number(number), plain_name(name)
        said = dialled if dialled != "s" and role is not LegRole.VIRTUAL else None
        self._add(at, _SEEN, s.LegSeen, leg, None, channel, role, *known, said or None)

    def _phone_of(self, row: CdrRow) -> Phone:
        source = self._sources.get(row.channel, self._callid)
        phone = Phone(f"{row.uniqueid}/{row.dst_channel}", row.dst_channel, source, row.started_at, row.ended_at)
        phone.agent = self._people.agent_at(row.dst_channel)
        phone.queue = row.app == "Queue" or self._first_of_member(row)
        phone.answered_at = row.answered_at if row.disposition == "ANSWERED" else None
        if phone.queue and self._lines:
            phone.met_at, phone.answered_at = phone.answered_at, None  # queue_log knows better when
        if row.app == "Dial":
            phone.number = dialled_number(row.app_data.partition(",")[0].partition("/")[2])
        gave_up = row.app == "Dial" and row is self._rows[-1] and row.disposition == "NO ANSWER"
        waits = row.app == "Dial" and not phone.queue
        phone.result = _DISPOSITIONS.get(
            row.disposition, s.DialResult.NO_ANSWER if waits and not gave_up else s.DialResult.CANCELLED
        )
        if phone.queue:
            self._people.note_member(row.dst_channel.rpartition("-")[0])
        return phone

    def _first_of_member(self, row: CdrRow) -> bool:
        """Whether a queue called this phone through a Local channel: the first that the channel led to."""
        pair = _pair(row.channel)
        if not any(one.app == "Queue" and _pair(one.dst_channel) == pair for one in self._rows):
            return False
        return row is next(one for one in self._rows if one.channel == row.channel)

    def _match(self, line: QueueLine) -> None:
        """A line about a phone of the queue: its record is there, or the line is all that is known of it."""
        agent = agent_named(self._names, line.agent, self._people)
        rung = [
            phone
            for phone in self._phones
            if phone.recorded and phone.queue and phone.answered_at is None and phone.agent == agent
            if phone.began_at - _SECOND <= line.at <= phone.ended_at + 2 * _SECOND
        ]
        took = line.event == "CONNECT"
        rung.sort(key=lambda phone: ((phone.met_at is None) is took, abs(phone.ended_at - line.at)))
        phone = rung[0] if rung else self._unrecorded(line, agent)
        if took:
            phone.answered_at = max(line.at, phone.began_at)
        elif line.event == "RINGNOANSWER":
            phone.result = s.DialResult.NO_ANSWER

    def _taken_after_transfer(self) -> None:
        """A phone that queue_log does not know, in a record that still names the queue: the call was handed to it."""
        for phone in self._phones:
            handed = any(line.at <= phone.began_at + _SECOND for line in self._lines if line.event in TRANSFERS)
            if handed and phone.queue and phone.answered_at is None and phone.met_at is not None:
                phone.queue, phone.answered_at = False, phone.met_at

    def _unrecorded(self, line: QueueLine, agent: str) -> Phone:
        rang = whole(line.data[2] if line.event == "CONNECT" else line.data[0]) or 0
        ring_s = rang if line.event == "CONNECT" else rang / 1000
        began_at = line.at - timedelta(seconds=ring_s)
        ended_at = self._talk_end(line) if line.event == "CONNECT" else line.at
        phone = Phone(f"{line.callid}/{len(self._phones)}", f"{agent}-", self._leg_of(line), began_at, ended_at)
        phone.agent, phone.queue = agent, True
        self._phones.append(phone)
        return phone

    def _talk_end(self, connect: QueueLine) -> datetime:
        ends = (line for line in self._lines if line.at >= connect.at and line.callid == connect.callid)
        of_talk = (line.at for line in ends if line.event in COMPLETIONS and line.agent == connect.agent)
        return next(of_talk, max(self._lines[-1].at, connect.at))

    def _waits_by_records(self) -> None:
        """Without queue_log: the caller waited from his first record in a queue until a phone there was answered."""
        rows = [row for row in self._own if row.app == "Queue" and row.app_data]
        if not rows:
            return
        queue, joined_at = rows[0].app_data.partition(",")[0], rows[0].started_at
        self._add(joined_at, _SEEN + 0.01, s.QueueReached, self._callid, None, queue)
        rung = [phone for phone in self._phones if phone.queue]
        self._add(joined_at, _SEEN + 0.02, s.QueueJoined, self._callid, None, queue, None)
        taken = min((phone for phone in rung if phone.answered_at), key=lambda phone: phone.began_at, default=None)
        if taken is not None and taken.answered_at is not None:
            self._add(taken.answered_at, _TAKEN, s.QueueLeft, self._callid, None, queue)
            self._add(taken.answered_at, _TAKEN, s.AgentTook, self._callid, None, queue, taken.agent)
            return
        left_at, after = rows[-1].ended_at, self._own[self._own.index(rows[-1]) + 1 :]
        if not after:
            self._add(left_at, _GONE, s.LegKilled, self._callid, None)
        self._add(left_at, _GONE, s.QueueGaveUp, self._callid, None, queue)
        self._add(left_at, _GONE, s.QueueLeft, self._callid, None, queue)

    def _hand_over(self) -> None:
        """The customer goes from one phone to the next: a transfer that queue_log does not tell of."""
        own = sorted((one for one in self._phones if one.source == self._callid), key=lambda one: one.began_at)
        called = [one for one in own if one.answered_at is not None or not one.queue]
        for first, then in pairwise(called):
            at = first.ended_at
            of_agent = self._people.role_of(first.channel) is LegRole.AGENT
            after = then.began_at + _SECOND >= at and not then.queue
            if first.channel == then.channel or first.answered_at is None or not (of_agent and after):
                continue
            asked = next((one for one in self._phones if one.channel == then.channel and one is not then), None)
            told = any(abs(line.at - at) <= 2 * _SECOND for line in self._lines if line.event in TRANSFERS)
            if asked is not None and asked.source != self._callid:
                self._add(at, _GIVEN, s.AttendedTransferred, first.leg, asked.source, self._callid, asked.leg)
            elif not told:
                self._add(at, _GIVEN, s.BlindTransferred, first.leg, self._callid, then.agent)

    def _tell_phone(self, phone: Phone) -> None:
        again = phone.began_at.replace(microsecond=0) in self._handed
        sources = [row for row in self._rows if row.uniqueid == phone.source != self._callid]
        if sources:
            self._consult(sources[0])
        role = self._people.role_of(phone.channel) if phone.recorded else LegRole.AGENT
        number = phone.agent if role is LegRole.AGENT else None
        group = phone.source
        fields = phone.leg, group, phone.channel, role, number, None, None
        self._add(phone.began_at, _DIALLED, s.LegSeen, *fields, again=again)
        self._add(phone.began_at, _DIALLED, s.LegDialled, phone.leg, group, phone.source, phone.number, again=again)
        at_once = phone.result is s.DialResult.BUSY and phone.ended_at - phone.began_at < _SECOND
        if role is LegRole.AGENT and not at_once:
            rank = _RANG if again or not phone.queue else _JOINED + 0.01
            self._add(phone.began_at, rank, s.LegRang, phone.leg, group, again=again)
        if phone.answered_at is None:
            ended = _GONE if phone.result is s.DialResult.CANCELLED else _SEEN - 0.01
            self._add_after(phone, ended, s.DialEnded, phone.leg, None, phone.result)
            self._add_after(phone, ended, s.LegEnded, phone.leg, None, None)
            return
        self._talk(phone, again)

    def _add_after(self, phone: Phone, rank: float, kind: type[s.Signal], *fields: object) -> None:
        """At the phone's end, but not before it rang."""
        if phone.ended_at.replace(microsecond=0) <= phone.began_at.replace(microsecond=0):
            rank = _GONE + _AGAIN
        self._add(phone.ended_at, rank, kind, *fields)

    def _talk(self, phone: Phone, again: bool) -> None:
        at = phone.answered_at
        if at is None:
            return
        late = again and at.replace(microsecond=0) == phone.began_at.replace(microsecond=0)
        self._add(at, _ANSWERED, s.LegAnswered, phone.leg, None, again=late)
        self._add(at, _ANSWERED, s.DialEnded, phone.leg, None, s.DialResult.ANSWERED, again=late)
        for leg in (phone.source, phone.leg):
            self._add(at, _TOGETHER, s.BridgeEntered, leg, None, phone.leg, None, again=late)
        for leg in (phone.leg, phone.source):
            self._add(phone.ended_at, _PARTED, s.BridgeLeft, leg, None, phone.leg)
        self._add(phone.ended_at, _OVER, s.LegEnded, phone.leg, None, None)

    def _consult(self, row: CdrRow) -> None:
        """Another phone's own call: the one who has the customer asks somebody."""
        device = row.channel.rpartition("-")[0]
        has = [one for one in self._phones if one.source == self._callid and one.channel.rpartition("-")[0] == device]
        if has:
            self._add(row.started_at, _SEEN, s.LegHeld, has[0].leg, None)
        self._see(row.started_at, row.uniqueid, row.channel, row.number, row.name, row.dialled)
        if row.answered_at is not None:
            self._add(row.answered_at, _ANSWERED, s.LegAnswered, row.uniqueid, None)
        self._add(row.ended_at, _OVER, s.LegEnded, row.uniqueid, None, None)

    def _leg_of(self, line: QueueLine) -> str:
        """The channel in the queue; half of a Local channel stands for the caller behind it."""
        return self._callid if line.callid in self._halves else line.callid

    def _tell_line(self, line: QueueLine) -> None:
        again = line.at.replace(microsecond=0) in self._handed
        callid, queue = self._leg_of(line), line.queue
        if line.event == "ENTERQUEUE":
            self._add(line.at, _ENTERED, s.QueueReached, callid, None, queue, again=again)
            self._add(line.at, _ENTERED, s.QueueJoined, callid, None, queue, whole(line.data[2]), again=again)
        elif line.event == "CONNECT":
            agent = agent_named(self._names, line.agent, self._people)
            self._add(line.at, _TAKEN, s.QueueLeft, callid, None, queue, again=again)
            self._add(line.at, _TAKEN, s.AgentTook, callid, None, queue, agent, again=again)
        elif line.event in COMPLETIONS:
            self._complete(line)
        elif line.event in EXITS:
            self._leave(line)

    def _complete(self, line: QueueLine) -> None:
        agent = agent_named(self._names, line.agent, self._people)
        answered = [phone for phone in self._phones if phone.answered_at is not None]
        own = [phone for phone in answered if phone.agent == agent and phone.queue]
        if line.event == "BLINDTRANSFER" or (line.event == "TRANSFER" and own):
            for phone in own[-1:]:
                self._add(line.at, _GIVEN, s.BlindTransferred, phone.leg, self._leg_of(line), line.data[0])
        elif line.event == "COMPLETECALLER":
            self.ended_by_known = True
            self._add(line.at, _GIVEN, s.LegHungUp, self._leg_of(line), None)
        elif line.event == "COMPLETEAGENT":
            self.ended_by_known = True
            there = [phone for phone in answered if phone.source == self._callid]
            for phone in sorted(there or own, key=lambda phone: phone.ended_at)[-1:]:
                self._add(min(line.at, phone.ended_at), _GIVEN, s.LegHungUp, phone.leg, None)
        self._add(line.at, _GIVEN, s.AgentDone, self._leg_of(line), None, line.queue, agent, talk_s(line))

    def _leave(self, line: QueueLine) -> None:
        callid, queue = self._leg_of(line), line.queue
        if line.event == "ABANDON":
            self.ended_by_known = True
            self._add(line.at, _GONE, s.LegHungUp, callid, None)
        if line.event == "EXITWITHKEY":
            self._add(line.at, _GONE, s.KeyPressed, callid, None, line.data[0][:1])
        else:
            self._add(line.at, _GONE, s.QueueGaveUp, callid, None, queue)
        self._add(line.at, _GONE, s.QueueLeft, callid, None, queue)
        if line.event == "EXITEMPTY":
            self._add(line.at, _GONE, s.QueueRefused, callid, None, "empty")

    def _end(self) -> None:
        lines_end = max((line.at for line in self._lines), default=None)
        if not self._own:
            if lines_end is not None:
                self._add(lines_end, _LAST, s.LegEnded, self._callid, None, None)
            return
        last = sorted(self._own, key=lambda row: row.ended_at)[-1]
        talked = any(phone.answered_at is not None for phone in self._phones)
        if not talked and last.app not in _BY_DIALPLAN and self._people.role_of(last.channel) is LegRole.CUSTOMER:
            self.ended_by_known = True
            self._add(last.ended_at, _GONE, s.LegHungUp, self._callid, None)
        elif not talked:
            self.ended_by_known = self.ended_by_known or last.app in _BY_DIALPLAN
        cause = whole(last.app_data) if last.app == "Hangup" else 17 if last.app == "Busy" else None
        self._add(max(last.ended_at, lines_end or last.ended_at), _LAST, s.LegEnded, self._callid, None, cause)


def _began(line: QueueLine) -> datetime:
    """When the caller's channel began: its id says so, to the second."""
    seconds = line.callid.rpartition("-")[2].partition(".")[0]
    if seconds.isascii() and seconds.isdigit() and len(seconds) == 10:
        began_at = datetime.fromtimestamp(int(seconds), line.at.tzinfo)
        if timedelta() <= line.at - began_at < timedelta(hours=1):
            return began_at
    return line.at


def _pair(channel: str) -> str:
    """A Local channel's name without which half it is."""
    return channel[:-2] if channel[-2:] in (";1", ";2") else channel


def tell_from_cdr(
    script: Script, rows: Iterable[CdrRow], lines: Iterable[QueueLine], people: AsteriskPeople, names: Names
) -> bool:
    """Write the call into ``script``; whether it is known who ended it."""
    rows, lines = list(rows), list(lines)
    if not rows and not any(line.event in _BEGINNINGS for line in lines):
        return False
    story = LoggedStory(script, rows, lines, people, names)
    story.tell()
    return story.ended_by_known
