"""Ready plans: the demo's company, and one of any size for the bench."""

from __future__ import annotations

from cti.model import Party
from offhook.simulator.lines import LinePlan
from offhook.simulator.people import AGENTS
from offhook.simulator.plant import SitePlan

COMPANY = Party("+390221000100", "Azienda Demo")
MENU = "+390221000300"
RING_ALL_MOST = 6  # a ring-all queue of hundreds is nobody's plan, and one call would be thousands of events

DEMO = SitePlan(
    lines=(
        LinePlan(
            name="sales",
            exten="100",
            did="+390221000100",
            strategy="linear",
            ring_s=9.0,
            wrap_up_s=6.0,
            max_wait_s=90.0,
        ),
        LinePlan(
            name="support",
            exten="200",
            did="+390221000200",
            exit_key=True,
            local_members=True,
            ring_s=15.0,
            wrap_up_s=8.0,
        ),
        LinePlan(name="billing", exten="400", did="+390221000400", strategy="leastrecent", ring_s=12.0, wrap_up_s=5.0),
        LinePlan(name="orders", exten="500", did="+390221000500", ring_s=15.0, wrap_up_s=4.0, exit_key=True),
    ),
    agents=AGENTS,
    staff={
        "sales": ("101", "102", "106", "107", "108", "109"),
        "support": ("103", "104", "105", "110", "111", "112"),
        "billing": ("113", "114", "115", "116", "117"),
        "orders": ("116", "117", "118", "119", "120"),
    },
    direct={f"+390221000{agent}": agent for agent in AGENTS},
    menu=MENU,
    menu_keys={"1": "sales", "2": "support", "3": "billing"},
    company=COMPANY,
)


def site(agents: int, queues: int) -> SitePlan:
    """A plan with so many agents (from 1001 on), spread over so many queues of all kinds.

    Each third queue rings all its members through Local channels, at most six of them; the others ring one at a time.
    """
    extensions = [str(1001 + number) for number in range(agents)]
    names = list(AGENTS.values())
    staff = {f"queue{number}": tuple(extensions[number::queues]) for number in range(queues)}
    lines = tuple(_line(number) for number in range(queues))
    for number, (queue, members) in enumerate(staff.items()):
        if number % 3 == 0:
            staff[queue] = members[:RING_ALL_MOST]
    return SitePlan(
        lines=lines,
        agents={agent: f"{names[number % len(names)]} {agent}" for number, agent in enumerate(extensions)},
        staff=staff,
        direct={f"+39022200{agent}": agent for agent in extensions},
        menu=MENU,
        menu_keys={str(1 + number): f"queue{number}" for number in range(min(queues, 9))},
        company=COMPANY,
    )


def _line(number: int) -> LinePlan:
    strategy = ("ringall", "leastrecent", "linear")[number % 3]
    return LinePlan(
        name=f"queue{number}",
        exten=str(70_000 + number),
        did=f"+39022101{number:04d}",
        strategy=strategy,
        ring_s=12.0,
        wrap_up_s=2.0,
        local_members=strategy == "ringall",
    )
