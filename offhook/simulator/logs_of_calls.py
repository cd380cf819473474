"""What a simulated Asterisk writes itself beside what it tells its manager: queue_log and channel events, in files.

Whoever missed the events of a while finds the calls there, as at a real PBX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cti.wire.ami import AmiWire
from offhook.simulator import channel_log, queue_log
from offhook.simulator.channel_log import ChannelLog
from offhook.simulator.plant import Plant, SitePlan, Temper
from offhook.simulator.queue_log import QueueLog


class LogsOfCalls:
    """Writes ``queue_log`` and ``cel.csv`` in ``folder`` as it is told the manager's bytes; both exist at once."""

    def __init__(self, plan: SitePlan, folder: Path) -> None:
        queues = {line.exten: f"{line.name},,,,{line.max_wait_s:.0f}" for line in plan.lines}
        self.queue_log, self.cel = folder / "queue_log", folder / "cel.csv"
        self._queue_log, self._channels = QueueLog(), ChannelLog(queues)
        self._wire = AmiWire(channel_log.NAMES | queue_log.NAMES)
        self._wire.resume(0)
        for path in (self.queue_log, self.cel):
            path.touch()

    def take(self, at: datetime, data: bytes) -> None:
        """What the manager tells at one moment, whole events; it is in the files on return."""
        moment = [(frame.name, dict(frame.items())) for frame in self._wire.feed(data)]
        self._queue_log.take(at, moment)
        self._channels.take(at, moment)
        for path, lines in ((self.queue_log, self._queue_log.lines), (self.cel, self._channels.rows)):
            if lines:
                with path.open("a", encoding="utf-8") as file:
                    file.writelines(lines)
                lines.clear()


class LoggedPlant(Plant):
    """A plant that writes its logs into ``folder``. ``clock`` gives their times; without it they are the plant's."""

    def __init__(
        self,
        plan: SitePlan,
        folder: Path,
        *,
        seed: int,
        started_at: datetime,
        temper: Temper | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(plan, seed=seed, started_at=started_at, temper=temper)
        self.logs = LogsOfCalls(plan, folder)
        self._clock = clock

    def advance(self, until: float) -> Iterator[tuple[datetime, bytes]]:
        """As of any plant; what it gives is in the logs."""
        for at, data in super().advance(until):
            self.logs.take(self._clock() if self._clock is not None else at.astimezone(UTC), data)
            yield at, data
