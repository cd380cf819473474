"""One call from its first ring on: the way in by queue, menu or direct number. What agents then do is in ``talks``."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from cti.model import Party
from offhook.simulator.chain import Chain
from offhook.simulator.channels import RING, UP, Channel, sip_name
from offhook.simulator.clockwork import Latch, Process, Wait
from offhook.simulator.dialling import answers, dial, refuses, rings
from offhook.simulator.lines import Line
from offhook.simulator.stories import Act, Story
from offhook.simulator.switch import TRUNK
from offhook.simulator.truth import CallTruth

if TYPE_CHECKING:
    from offhook.simulator.plant import Plant

Steps = Generator[Wait, None, bool]  # gives True when somebody answered and the call goes on
MEDIA_S = 0.5  # Answer() waits for the first audio
MESSAGE_S = 2.8
EXIT_MESSAGE_S = 5.7
DIRECT_RING_S = 20.0


class CallRun:
    """One call under way: its story, its channels, its truth. ``killed`` is set by an administrator's Hangup."""

    def __init__(self, plant: Plant, story: Story, chain: Chain) -> None:
        self.plant, self.story, self.chain = plant, story, chain
        self.killed = Latch()
        self.acts: Iterator[Act] = iter(story.acts)
        chain.picks_up = self._picks_up

    @property
    def truth(self) -> CallTruth:
        return self.chain.truth

    @property
    def now(self) -> float:
        return self.plant.timeline.now

    def _picks_up(self, agent: str) -> float | None:
        return self.story.answers[agent] if agent in self.story.answers else self.plant.picks_up(agent)

    def over(self, ended_by: str, outcome: str) -> None:
        """The call has ended; ``outcome`` counts where nobody had answered."""
        self.truth.end(self.now, ended_by, outcome)
        self.plant.forget(self)

    def caller_hangs_up(self, outcome: str, cause: int = 16, tech: int | None = None) -> None:
        """The caller goes while nobody talks with him."""
        self.chain.caller_hangs_up(cause, tech)
        self.over("customer", outcome)

    def cut(self) -> None:
        """The PBX ends the call in mid-talk."""
        self.chain.killed()
        self.over("pbx", "failed")


def inbound(plant: Plant, story: Story) -> Process:
    """A caller from the public: a queue's number, the menu's, or an agent's own."""
    switch = plant.switch
    trunk = switch.new_channel(TRUNK, RING, from_sip(story.party), "from-trunk", story.to)
    trunk.dialled = story.to
    run = plant.begin(story, trunk, "inbound", _as_told(story.party))
    line = plant.line_of(story.to)
    if line is None and story.kind == "direct":
        answered = yield from _direct(run, trunk)
    else:
        answered = yield from _answered_by_pbx(run, trunk, line)
    if answered:
        yield from plant.talks(run)


def from_sip(party: Party) -> Party:
    """A public caller as the PBX holds him: a quoted display name keeps SIP's backslashes."""
    return Party(party.number, sip_name(party.name) if party.name else None)


def _as_told(party: Party) -> Party:
    """The caller as the truth tells him: an anonymous one has neither number nor name."""
    return Party() if party.number in (None, "anonymous") else party


def _answered_by_pbx(run: CallRun, trunk: Channel, line: Line | None) -> Steps:
    switch = run.plant.switch
    if line is None:
        trunk.place("ivr", "s")
        trunk.application, trunk.data = "BackGround", "demo-congrats"
        switch.set_state(trunk, UP)
        line = yield from _menu(run, trunk)
        if line is None:
            return False
    else:
        switch.set_state(trunk, UP)
        yield Wait(run.killed, seconds=MEDIA_S)
    trunk.place("queues", line.plan.exten)
    return (yield from in_queue(run, line))


def _menu(run: CallRun, trunk: Channel) -> Generator[Wait, None, Line | None]:
    """The queue that the caller chose by key; None when he hung up."""
    story, switch = run.story, run.plant.switch
    key_after = story.menu_key_after_s
    yield Wait(run.killed, seconds=story.menu_patience_s if key_after is None else key_after)
    trunk.place("ivr", "s", 2)
    if run.killed.is_set or key_after is None:
        run.cut() if run.killed.is_set else run.caller_hangs_up("ivr_hangup")
        return None
    switch.digit_begin(trunk, story.menu_key)
    yield Wait(seconds=0.1)
    switch.digit_end(trunk, story.menu_key)
    return run.plant.lines[run.plant.plan.menu_keys[story.menu_key]]


def in_queue(run: CallRun, line: Line) -> Steps:
    """The open end of the call waits in ``line``. True when a member answered."""
    chain, story = run.chain, run.story
    if not line.open:
        return refused(run)
    visit = line.join(chain)
    run.truth.stay_began(line.plan.name, run.now)
    chain.withdraw = lambda: line.give_up(visit)
    key_after = story.exit_key_after_s if line.plan.exit_key else None
    yield Wait(visit.settled, run.killed, seconds=min(story.patience_s, key_after or story.patience_s))
    if not visit.settled.is_set and key_after is not None and key_after < story.patience_s and not run.killed.is_set:
        chain.key_begins("1")
        yield Wait(visit.settled, seconds=0.1)
        chain.key_ends("1")
        if not visit.settled.is_set:
            line.leave_by_key(visit)
    if visit.ended is None:
        _gives_up(run)
        return False
    chain.withdraw = None
    run.truth.stay_ended(visit.ended, run.now, visit.agent)
    if visit.ended == "answered":
        run.truth.talk_began(str(visit.agent), run.now)
        return True
    yield from _last_message(run, visit.ended)
    return False


def _gives_up(run: CallRun) -> None:
    run.truth.stay_ended("abandoned", run.now)
    if run.killed.is_set:
        run.cut()
    else:
        run.caller_hangs_up("abandoned")


def refused(run: CallRun) -> bool:
    """The queue has nobody: the caller never waits there."""
    end = run.chain.open_end
    end.place(end.context, end.exten, 5)
    run.chain.end_open(17, 486)
    run.over("pbx", "refused")
    return False


def _last_message(run: CallRun, ended: str) -> Process:
    end = run.chain.open_end
    yield Wait(run.killed, seconds=MESSAGE_S if ended == "timeout" else EXIT_MESSAGE_S)
    if ended == "exit_key":
        end.place("queue-exit", "1", 2)
    run.chain.end_open()
    run.over("pbx", ended)


def _direct(run: CallRun, trunk: Channel) -> Steps:
    """An agent's own number: the PBX does not answer before he does."""
    agent = run.plant.agent_of(run.story.to)
    return (yield from rung_by_dial(run, agent, DIRECT_RING_S, trunk.state))


def rung_by_dial(run: CallRun, agent: str, ring_s: float, state: str = UP) -> Steps:
    """The open end's dialplan dials one agent. True when he answered; otherwise the call is over."""
    switch, chain, plant = run.plant.switch, run.chain, run.plant
    near, free = chain.open_end, plant.is_free(agent)
    phone = dial(switch, near, plant.person(agent))
    yield Wait(seconds=0.004)
    if not free:
        refuses(switch, near, phone)
        _dialplan_ends(run, _BUSY)
        return False
    rings(switch, near, phone)
    run.truth.ring_began(agent, None, run.now)
    chain.ringing = phone
    after = chain.picks_up(agent)
    answered = after is not None and after <= min(ring_s, run.story.patience_s)
    yield Wait(run.killed, seconds=after if answered else min(ring_s, run.story.patience_s))
    if run.killed.is_set or not (answered or ring_s <= run.story.patience_s):
        run.truth.ring_ended(agent, "cancelled", run.now)
        run.cut() if run.killed.is_set else run.caller_hangs_up("abandoned", tech=None if state == UP else 487)
        return False
    chain.ringing = None
    run.truth.ring_ended(agent, "answered" if answered else "missed", run.now)
    if answered:
        chain.connected(phone, answers(switch, near, phone))
        run.truth.talk_began(agent, run.now)
        return True
    switch.dial_end(near, phone, "NOANSWER")
    switch.hangup(phone, 0)
    _dialplan_ends(run, _NO_ANSWER)
    return False


Ending = tuple[str, int, int, int]  # outcome, priority in the dialplan, cause, SIP code
_NO_ANSWER: Ending = ("no_answer", 3, 19, 480)
_BUSY: Ending = ("busy", 4, 17, 486)


def _dialplan_ends(run: CallRun, ending: Ending) -> None:
    outcome, priority, cause, tech = ending
    end = run.chain.open_end
    end.place(end.context, end.exten, priority)
    run.chain.end_open(cause, tech)
    run.over("pbx", outcome)
