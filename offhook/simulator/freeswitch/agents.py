"""Who takes the queues' calls: the status that a person sets, the state that mod_callcenter keeps.

Status and state are two things: an agent on his break is ``On Break`` and ``Waiting``. There is no reason, and no
log-in per queue. Source: ``mod_callcenter.c`` (``cc_agent_update``).
"""

from __future__ import annotations

from collections.abc import Callable

from offhook.simulator.freeswitch.core import Core

AVAILABLE, ON_BREAK, LOGGED_OUT = "Available", "On Break", "Logged Out"
WAITING, RECEIVING, IN_CALL = "Waiting", "Receiving", "In a queue call"


class Agent:
    """One agent. ``ready_at`` is the second of virtual time from which he is called again.

    ``watchers`` are told in how many seconds he may be called, each time that he is free again.
    """

    def __init__(self, core: Core, name: str) -> None:
        self._core, self.name = core, name
        self.status, self.state = LOGGED_OUT, WAITING
        self.ready_at = 0.0
        self.watchers: list[Callable[[float], None]] = []
        self.last_bridge_start = self.last_bridge_end = self.last_offered = self.last_status_change = 0
        self.no_answers = self.calls_answered = self.talk_s = 0

    @property
    def paused(self) -> bool:
        return self.status == ON_BREAK

    @property
    def here(self) -> bool:
        """Logged in, on a break or not."""
        return self.status != LOGGED_OUT

    @property
    def idle(self) -> bool:
        """The queues may call him, as far as they know: a call outside the queues is nothing to them."""
        return self.status == AVAILABLE and self.state == WAITING and self.ready_at <= self._core.timeline.now

    def set_status(self, status: str) -> None:
        """As a command sets it."""
        self.status, self.last_status_change = status, self._core.seconds()
        pairs = (("CC-Agent", self.name), ("CC-Action", "agent-status-change"), ("CC-Agent-Status", status))
        self._core.callcenter("agent-status-change", None, *pairs)
        self._core.api("callcenter_config", f"agent set status {self.name} '{status}'")

    def set_state(self, state: str) -> None:
        self.state = state
        pairs = (("CC-Agent", self.name), ("CC-Action", "agent-state-change"), ("CC-Agent-State", state))
        self._core.callcenter("agent-state-change", None, *pairs)
        if state == WAITING:
            for watch in self.watchers:
                watch(max(0.0, self.ready_at - self._core.timeline.now) + 0.06)

    def row(self, ring_s: float, wrap_up_s: float) -> tuple[str, ...]:
        """Its line in ``callcenter_config agent list``, past the name."""
        contact = f"[leg_timeout={ring_s:.0f}]user/{self.name}@pbx.lab"
        delays = ("0", f"{wrap_up_s:.0f}", "4", "4", "2")
        numbers = (
            *(self.last_bridge_start, self.last_bridge_end, self.last_offered, self.last_status_change),
            *(self.no_answers, self.calls_answered, self.talk_s, 0, 0),
        )
        return ("single_box", "", "callback", contact, self.status, self.state, *delays, *map(str, numbers))
