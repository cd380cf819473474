"""People talk: what passes between the far side's actions in a test is the time of the conversation itself."""

from __future__ import annotations

from time import sleep


def talk_for(seconds: float) -> None:
    """Let the people of the scene talk for so long."""
    sleep(seconds)  # the moment of what is said: it is measured, not waited for
