"""How long an Asterisk leaves its agents in peace after a call: ``wrapuptime``, of which it tells only a member's own.

Source: ``apps/app_queue.c`` (``get_wrapuptime``): a member's own wrap-up goes before the queue's. ``QueueMember`` and
``QueueMemberStatus`` have the first as ``Wrapuptime``, 0 when there is none; no event and no list has the second.
"""

from __future__ import annotations

from collections.abc import Mapping


class WrapUps:
    """The wrap-ups of members, in seconds; ``queues`` are those of the queues, as the settings tell them."""

    def __init__(self, queues: Mapping[str, float] | None = None) -> None:
        self._queues = dict(queues or {})
        self._told: dict[tuple[str, str], float] = {}

    def of(self, queue: str, own: int | None) -> float:
        """What a member of ``queue`` has, who has ``own`` for himself (0 or None: none)."""
        return float(own or self._queues.get(queue, 0.0))

    def tell(self, queue: str, agent: str, seconds: float) -> bool:
        """Note that the agent's wrap-up there is told; True when it is another than was told last."""
        place = queue, agent
        if self._told.get(place, 0.0) == seconds:
            return False
        self._told[place] = seconds
        return True
