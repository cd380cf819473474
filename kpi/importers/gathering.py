"""Which lines tell one call: they come in the order of time, mixed, and leave together once the call is over.

CEL ties channels together: by their Linkedid, which may change, by the two calls of an attended transfer, and by the
phone that makes a second call while its first one waits. A line of queue_log names the caller's channel, a CDR its own
and the one it met. Only calls that are not over yet are held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from kpi.importers.lines import CdrRow, CelRow, Line, LoggedCall, QueueLine

LINGER = timedelta(seconds=10)  #: after the last channel's end: the records of a call are written last
LINGER_WITHOUT_CEL = timedelta(minutes=15)  #: a caller who left one queue may come to another
OPEN_AT_MOST = timedelta(hours=12)  #: what says nothing for so long is over, though nobody said so
_TIES = ("channel2_uniqueid", "transferee_channel_uniqueid", "transfer_target_channel_uniqueid")
_OVER = frozenset({
    "ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "COMPLETEAGENT", "COMPLETECALLER", "TRANSFER",
    "BLINDTRANSFER", "ATTENDEDTRANSFER", "AGENTDUMP", "SYSCOMPAT",
})  # fmt: skip
_OF_MEMBERS = frozenset({
    "ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL", "PENALTY", "RINGINUSE",
    "AGENTLOGIN", "AGENTCALLBACKLOGIN", "AGENTLOGOFF", "AGENTCALLBACKLOGOFF",
})  # fmt: skip
_OF_NOBODY = frozenset({"QUEUESTART", "CONFIGRELOAD"})
_SECOND = timedelta(seconds=1)


class _Group:
    """One call in the making. ``names`` are the channels it knows, ``number`` its place among the calls.

    ``looked_at`` is when it is looked at next, whether it is over.
    """

    __slots__ = (
        *("begins_at", "cdr", "cel", "ended_at", "looked_at", "names", "number", "open", "queue_log", "uniqueids"),
        "waiting",
    )

    def __init__(self, at: datetime, number: int) -> None:
        self.number = number
        self.looked_at: datetime | None = None
        self.cel: list[CelRow] = []
        self.cdr: list[CdrRow] = []
        self.queue_log: list[QueueLine] = []
        self.open: set[str] = set()
        self.uniqueids: set[str] = set()
        self.names: set[str] = set()
        self.waiting = False
        self.begins_at = self.ended_at = at

    def swallow(self, other: _Group) -> None:
        self.cel += other.cel
        self.cdr += other.cdr
        self.queue_log += other.queue_log
        self.open |= other.open
        self.uniqueids |= other.uniqueids
        self.names |= other.names
        self.waiting = self.waiting or other.waiting
        self.begins_at = min(self.begins_at, other.begins_at)
        self.ended_at = max(self.ended_at, other.ended_at)

    @property
    def over_after(self) -> datetime:
        """When it is over, unless more of it comes."""
        if not self.ended:
            return self.ended_at + OPEN_AT_MOST
        return self.ended_at + (LINGER if self.cel else LINGER_WITHOUT_CEL)

    @property
    def ended(self) -> bool:
        """Whether all that was begun is over."""
        return not self.open and not self.waiting and (bool(self.cel) or not self.cdr or self._rooted())

    def _rooted(self) -> bool:
        """Whether the record of the caller's own channel is here: it is written when he hangs up, the others before."""
        return any(
            row.uniqueid == row.linkedid or (not row.linkedid and not row.channel.startswith("Local/"))
            for row in self.cdr
        )

    def logged(self) -> LoggedCall:
        return LoggedCall(queue_log=tuple(self.queue_log), cel=tuple(self.cel), cdr=tuple(self.cdr))


class Gathering:
    """Takes lines with ``take`` and gives calls with ``over``. ``is_phone`` says whose a channel is."""

    def __init__(self, is_phone: Callable[[str], bool]) -> None:
        self._is_phone = is_phone
        self._groups: dict[int, _Group] = {}
        self._numbers = count()
        self._looks: list[tuple[datetime, int]] = []
        self._by_id: dict[str, _Group] = {}
        self._by_name: dict[str, _Group] = {}
        self._phones: dict[str, set[str]] = {}
        self._checked_at: datetime | None = None
        self.now: datetime | None = None

    def __len__(self) -> int:
        return len(self._groups)

    @staticmethod
    def is_about_member(line: QueueLine) -> bool:
        """Whether a line is about a queue's member, and no call."""
        return line.event in _OF_MEMBERS

    def take(self, line: Line) -> None:
        """One more line, not earlier than the last but for some seconds. What is about no call is passed over."""
        if isinstance(line, QueueLine) and (line.event in _OF_NOBODY or line.event in _OF_MEMBERS):
            self._restarted(line)
            return
        if isinstance(line, CelRow):
            self._take_cel(line)
        elif isinstance(line, CdrRow):
            self._take_cdr(line)
        elif isinstance(line, QueueLine):
            self._take_queue_line(line)
        at = written_at(line)
        self.now = at if self.now is None else max(self.now, at)

    def over(self) -> Iterator[LoggedCall]:
        """The calls that are over by now, in the order of their beginnings; looked for once a second of their time."""
        if self.now is None or (self._checked_at is not None and self.now - self._checked_at < _SECOND):
            return
        self._checked_at = now = self.now
        done: list[_Group] = []
        while self._looks and self._looks[0][0] < now:
            looked_at, number = heappop(self._looks)
            group = self._groups.get(number)
            if group is None or group.looked_at != looked_at:
                continue
            group.looked_at = None
            if group.over_after < now:
                done.append(group)
            else:
                self._look_later(group)
        for group in sorted(done, key=lambda group: (group.begins_at, group.number)):
            yield self._release(group)

    def _look_later(self, group: _Group) -> None:
        """Look at it when it may be over: only calls whose time has come are looked at, not all that go on."""
        over_after = group.over_after
        if group.looked_at is None or over_after < group.looked_at:
            group.looked_at = over_after
            heappush(self._looks, (over_after, group.number))

    def finished(self) -> Iterator[LoggedCall]:
        """Of what is left, the calls that have ended, though more of them might have come."""
        for group in sorted(self._groups.values(), key=lambda group: group.begins_at):
            if group.ended:
                yield self._release(group)

    def rest(self) -> Iterator[LoggedCall]:
        """All that is left, over or not."""
        for group in sorted(self._groups.values(), key=lambda group: group.begins_at):
            yield self._release(group)

    def oldest(self) -> dict[str, int]:
        """The first line still needed of queue_log, CDR and CEL, by its offset; nothing where none is."""
        groups = self._groups.values()
        queue_log = min((line.offset for group in groups for line in group.queue_log), default=None)
        cdr = min((line.offset for group in groups for line in group.cdr), default=None)
        cel = min((group.cel[0].offset for group in groups if group.cel), default=None)
        first = (("queue_log", queue_log), ("cdr", cdr), ("cel", cel))
        return {kind: offset for kind, offset in first if offset is not None}

    def _restarted(self, line: QueueLine) -> None:
        """Asterisk began anew: what was open before is over, though nobody wrote that."""
        if line.event == "QUEUESTART":
            for group in self._groups.values():
                if group.ended_at < line.at:
                    group.open.clear()
                    group.waiting = False
                    self._look_later(group)

    def _take_cel(self, row: CelRow) -> None:
        ids = [row.uniqueid, row.linkedid, *(row.extra[tie] for tie in _TIES if row.extra.get(tie))]
        group = self._tied(ids, row.at)
        group.cel.append(row)
        group.ended_at = max(group.ended_at, row.at)
        if row.event == "CHAN_START":
            group.open.add(row.uniqueid)
            self._second_call(row)
        elif row.event == "CHAN_END":
            group.open.discard(row.uniqueid)
            self._phones.get(_device(row.channel), set()).discard(row.uniqueid)
        self._look_later(self._by_id[row.uniqueid])

    def _second_call(self, row: CelRow) -> None:
        """A phone that begins a call while it has another asks somebody: it may be one call in the end."""
        device = _device(row.channel)
        if row.channel.startswith("Local/") or not self._is_phone(row.channel):
            return
        others = self._phones.setdefault(device, set())
        if row.uniqueid == row.linkedid and others:
            self._tied([row.uniqueid, *others], row.at)
        others.add(row.uniqueid)

    def _take_cdr(self, row: CdrRow) -> None:
        group = self._tied([row.uniqueid, *([row.linkedid] if row.linkedid else ())], row.started_at)
        for name in (row.channel, row.dst_channel):
            if name:
                group = self._same_channel(group, _pair(name), row)
        group.cdr.append(row)
        if not group.cel:
            group.ended_at = max(group.ended_at, row.ended_at)
        self._look_later(group)

    def _same_channel(self, group: _Group, name: str, row: CdrRow) -> _Group:
        """Records that name one channel are of one call, unless that name has been used for another since."""
        other = self._by_name.get(name)
        if other is not None and other is not group and other.ended_at + 2 * _SECOND >= row.started_at:
            group = self._join(other, group)
        self._by_name[name] = group
        group.names.add(name)
        return group

    def _take_queue_line(self, line: QueueLine) -> None:
        group = self._tied([line.callid], line.at)
        group.queue_log.append(line)
        if not group.cel:
            group.ended_at = max(group.ended_at, line.at)
            group.waiting = line.event not in _OVER
        self._look_later(group)

    def _tied(self, ids: list[str], at: datetime) -> _Group:
        """The group that all these ids are of; new if none is known."""
        group: _Group | None = None
        for one in ids:
            known = self._by_id.get(one)
            if known is not None and known is not group:
                group = known if group is None else self._join(group, known)
        if group is None:
            group = _Group(at, next(self._numbers))
            self._groups[group.number] = group
        for one in ids:
            if self._by_id.get(one) is not group:
                self._by_id[one] = group
                group.uniqueids.add(one)
        return group

    def _join(self, group: _Group, other: _Group) -> _Group:
        group.swallow(other)
        del self._groups[other.number]
        for one in other.uniqueids:
            self._by_id[one] = group
        for name in other.names:
            self._by_name[name] = group
        self._look_later(group)
        return group

    def _release(self, group: _Group) -> LoggedCall:
        del self._groups[group.number]
        for one in group.uniqueids:
            if self._by_id.get(one) is group:
                del self._by_id[one]
        for name in group.names:
            if self._by_name.get(name) is group:
                del self._by_name[name]
        for row in group.cel:
            if row.uniqueid in group.open:
                self._phones.get(_device(row.channel), set()).discard(row.uniqueid)
        return group.logged()


def written_at(line: Line) -> datetime:
    """A line's place in the order of its source; one whose time was cut to its second is as late as it can be."""
    if isinstance(line, QueueLine):
        return line.at if line.exact else line.at + _SECOND
    return line.at if isinstance(line, CelRow) else line.noted_at


def _device(channel: str) -> str:
    """The channel's name without what makes it unique."""
    return channel.rpartition("-")[0]


def _pair(channel: str) -> str:
    """A Local channel's name without which half it is."""
    return channel[:-2] if channel.startswith("Local/") and channel[-2:] in (";1", ";2") else channel
