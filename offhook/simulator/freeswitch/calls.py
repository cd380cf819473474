"""One call from its first ring on: the way in by queue, menu or direct number. What agents then do is in ``talks``."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from cti.model import Party
from offhook.simulator.clockwork import Latch, Process, Wait
from offhook.simulator.freeswitch import births
from offhook.simulator.freeswitch.callcenter import Offer, Queue, Visit
from offhook.simulator.freeswitch.legs import Leg
from offhook.simulator.stories import Act, Story
from offhook.simulator.truth import CallTruth

if TYPE_CHECKING:
    from offhook.simulator.freeswitch.plant import FreeswitchPlant

Steps = Generator[Wait, None, bool]  # gives True when somebody answered and the call goes on
MENU_EXTEN, KEY_S = "ivr", 0.1
LAST_MESSAGE_S = {"timeout": 1.4, "exit_key": 3.0}
AFTER = {"timeout": "after_TIMEOUT", "exit_key": "after_EXIT_WITH_KEY"}
DIRECT_RING_S = 20.0
CONNECT_S, BUSY_S = 0.05, 0.03


class CallRun:
    """One call under way: its story, its legs, its truth. ``killed`` is set by a ``uuid_kill``.

    ``near`` is the leg with which it began, ``far`` the one that it is connected with; ``served`` is the queue that
    delivered it, with its books, as long as the agent's leg is there.
    """

    def __init__(self, plant: FreeswitchPlant, story: Story, near: Leg, truth: CallTruth) -> None:
        self.plant, self.story, self.near, self.truth = plant, story, near, truth
        self.core = plant.core  # the one that it began in: a PBX that comes back has another
        self.far: Leg | None = None
        self.served: tuple[Queue, Visit, Offer] | None = None
        self.killed = Latch()
        self.acts: Iterator[Act] = iter(story.acts)

    @property
    def now(self) -> float:
        return self.plant.timeline.now

    @property
    def up(self) -> bool:
        """The caller's leg was answered."""
        return self.near.times.answered > 0

    @property
    def unspeakable(self) -> bool:
        """FreeSWITCH cannot build an INVITE with this caller's name: two quotes are too many for it."""
        return (self.near.original.name or "").count('"') > 1

    def picks_up(self, agent: str) -> float | None:
        return self.story.answers[agent] if agent in self.story.answers else self.plant.picks_up(agent)

    def over(self, ended_by: str, outcome: str) -> None:
        """The call has ended; ``outcome`` counts where nobody had answered."""
        self.truth.end(self.now, ended_by, outcome)
        self.plant.forget(self)

    def end_near(self, cause: str = "NORMAL_CLEARING", *, by_caller: bool = False) -> None:
        """The caller's leg ends while nobody is connected with it."""
        if by_caller:
            cause, how = (cause, "recv_bye") if self.up else ("ORIGINATOR_CANCEL", "recv_cancel")
        else:
            how = "send_bye" if self.up else "send_refuse"
        self.core.end(self.near, how, cause)

    def talks_with(self, agent: str, far: Leg) -> None:
        self.far = far
        self.truth.talk_began(agent, self.now)


def inbound(plant: FreeswitchPlant, story: Story) -> Process:
    """A caller from the public: a queue's number, the menu's, or an agent's own."""
    leg = plant.core.begin(births.from_trunk(plant.core, story.party, story.to))
    run = plant.begin(story, leg, "inbound", _as_told(story.party))
    queue = plant.line_of(story.to)
    if queue is None and story.kind == "direct":
        agent = plant.agent_of(story.to)
        plant.core.route(leg, agent)
        answered = yield from rung_by_dial(run, agent, DIRECT_RING_S)
    else:
        answered = yield from _by_queue(run, queue)
    if answered:
        yield from plant.talks(run)


def _as_told(party: Party) -> Party:
    """The caller as the truth tells him: an anonymous one has neither number nor name."""
    return Party() if party.number in (None, "anonymous") else party


def _by_queue(run: CallRun, queue: Queue | None) -> Steps:
    if queue is None:
        run.core.route(run.near, MENU_EXTEN)
        run.core.answer(run.near)
        queue = yield from _menu(run)
        if queue is None:
            return False
    run.core.route(run.near, queue.plan.exten)
    return (yield from in_queue(run, queue))


def _menu(run: CallRun) -> Generator[Wait, None, Queue | None]:
    """The queue that the caller chose by key; None when he hung up."""
    story, key_after = run.story, run.story.menu_key_after_s
    yield Wait(run.killed, seconds=story.menu_patience_s if key_after is None else key_after)
    if run.killed.is_set or key_after is None:
        run.end_near(by_caller=not run.killed.is_set)
        run.over("pbx" if run.killed.is_set else "customer", "failed" if run.killed.is_set else "ivr_hangup")
        return None
    yield Wait(seconds=KEY_S)
    run.core.key(run.near, story.menu_key)
    run.core.route(run.near, f"ivr_{story.menu_key}")
    return run.plant.lines[run.plant.plan.menu_keys[story.menu_key]]


def in_queue(run: CallRun, queue: Queue) -> Steps:
    """The caller waits in ``queue``. True when an agent answered."""
    if queue.asks_first and not _somebody_there(run, queue):
        run.end_near("NORMAL_CLEARING" if run.up else "NO_ROUTE_DESTINATION")
        run.over("pbx", "refused")
        return False
    if not run.up:
        run.core.early(run.near)
        run.core.answer(run.near)
    visit = queue.join(run, run.near)
    run.truth.stay_began(queue.plan.name, run.now)
    yield from _waits(run, queue, visit)
    if visit.ended is None:
        _gives_up(run, queue, visit)
        return False
    if visit.ended == "answered" and visit.taken:
        yield Wait(seconds=CONNECT_S)
        run.truth.stay_ended("answered", run.now, visit.taken.agent.name)
        queue.connect(visit, visit.taken)
        run.served = queue, visit, visit.taken
        run.talks_with(visit.taken.agent.name, visit.taken.leg)
        return True
    yield from _sent_away(run, visit.ended)
    return False


def _somebody_there(run: CallRun, queue: Queue) -> bool:
    for status, there in (("Available", lambda agent: not agent.paused), ("'On Break'", lambda agent: agent.paused)):
        run.core.api("callcenter_config", f"queue count agents {queue.plan.name} {status}")
        if any(there(agent) for agent in queue.members.values()):
            return True
    return False


def _waits(run: CallRun, queue: Queue, visit: Visit) -> Process:
    """Until it is settled, or the caller has no more patience: then ``ended`` is None still."""
    story = run.story
    key_after = story.exit_key_after_s if queue.plan.exit_key else None
    presses = key_after is not None and key_after < story.patience_s
    yield Wait(visit.settled, run.killed, seconds=key_after if presses else story.patience_s)
    if presses and not visit.settled.is_set and not run.killed.is_set:
        run.core.key(run.near, "1")
        queue.leave(visit, "EXIT_WITH_KEY")


def _gives_up(run: CallRun, queue: Queue, visit: Visit) -> None:
    """The caller hangs up, or is hung up, while he waits."""
    run.truth.stay_ended("abandoned", run.now)
    run.core.hangup(run.near)
    queue.leave(visit, "BREAK_OUT")
    run.core.complete(run.near, "send_bye" if run.killed.is_set else "recv_bye")
    run.core.destroy(run.near)
    run.over("pbx" if run.killed.is_set else "customer", "failed" if run.killed.is_set else "abandoned")


def _sent_away(run: CallRun, ended: str) -> Process:
    """The dialplan says a last word and hangs up."""
    if ended == "refused":
        run.truth.refused()
    else:
        run.truth.stay_ended(ended, run.now)
    run.core.route(run.near, AFTER.get(ended, "after_NO_AGENT_TIMEOUT"))
    yield Wait(run.killed, seconds=LAST_MESSAGE_S.get(ended, 0.0))
    run.end_near()
    run.over("pbx", ended)


def rung_by_dial(run: CallRun, agent: str, ring_s: float) -> Steps:
    """The caller's dialplan calls one agent. True when he answered; otherwise the call is over."""
    core, near = run.core, run.near
    busy = core.phones[agent] > 0
    phone = core.begin(births.to_phone(core, agent, near.caller, near))
    if busy:
        yield Wait(seconds=BUSY_S)
        core.end(phone, "recv_refuse", "USER_BUSY")
        run.end_near("USER_BUSY")
        run.over("pbx", "busy")
        return False
    core.rings(phone)
    if not run.up:
        core.rings(near)
    run.truth.ring_began(agent, None, run.now)
    return (yield from _until_answered(run, agent, phone, ring_s))


def _until_answered(run: CallRun, agent: str, phone: Leg, ring_s: float) -> Steps:
    core, patience_s, after = run.core, run.story.patience_s, run.picks_up(agent)
    answers = after is not None and after <= min(ring_s, patience_s)
    yield Wait(run.killed, seconds=after if answers else min(ring_s, patience_s))
    if run.killed.is_set or not (answers or ring_s <= patience_s):
        run.truth.ring_ended(agent, "cancelled", run.now)
        run.end_near(by_caller=not run.killed.is_set)
        core.end(phone, "send_cancel", "ORIGINATOR_CANCEL")
        run.over("pbx" if run.killed.is_set else "customer", "failed" if run.killed.is_set else "abandoned")
        return False
    run.truth.ring_ended(agent, "answered" if answers else "missed", run.now)
    if answers:
        connect(run, phone)
        run.talks_with(agent, phone)
        return True
    core.end(phone, "send_cancel", "NO_ANSWER")
    run.end_near()
    run.over("pbx", "no_answer")
    return False


def connect(run: CallRun, phone: Leg) -> None:
    """The phone that the dialplan called answers; so does the caller's leg, if it was not up."""
    run.core.answer(phone)
    if not run.up:
        run.core.answer(run.near)
    run.core.bridge(run.near, phone)
