"""The scripted PBX as the link's contract sees it, and why a link with it is not up."""

from __future__ import annotations

from typing import Any

from cti.errors import OffhookError
from cti.pbx.settings import PbxSettings
from tests.cti.link_contract import until, watching
from tests.cti.scripted_pbx import SECRET, USERNAME, Fields, ScriptedPbx, message, pause_event


def settings_for(port: int, driver: str = "native", **changes: Any) -> PbxSettings:
    given: dict[str, Any] = {"secret": SECRET, "backoff_first_s": 0.01, "backoff_max_s": 0.05, **changes}
    return PbxSettings(name="hq", driver=driver, port=port, username=USERNAME, **given)


class ScriptedPeer:
    """The scripted PBX as the contract sees it."""

    def __init__(self, pbx: ScriptedPbx) -> None:
        self._pbx = pbx
        for name in ("Status", "QueueStatus"):
            pbx.answers[name] = self._list

    def settings(self, driver: str, **changes: object) -> PbxSettings:
        return settings_for(self._pbx.port, driver, **changes)

    async def pause(self, reason: str) -> None:
        await self._pbx.send(pause_event(reason))

    async def cut(self) -> None:
        self._pbx.cut()

    def logins(self) -> int:
        return len(self._pbx.asked("Login"))

    @staticmethod
    def _list(fields: Fields) -> bytes:
        mine, name = f"ActionID: {fields['ActionID']}", fields["Action"]
        response = message("Response: Success", mine, "EventList: start", "Message: will follow")
        member = message("Event: QueueMember", "Queue: support", "Name: Žofia Kováčová", mine)
        end = message(f"Event: {name}Complete", mine, "EventList: Complete", "ListItems: 1")
        return response + member + message("Event: QueueMember", "Queue: x", "ActionID: another's") + end


async def error_of(settings: PbxSettings) -> OffhookError:
    """Why the link is not up, after two attempts: it must not give up after the first."""
    async with watching(settings) as watch:
        await until(lambda: watch.link.health().attempts_failed >= 2)
        error = watch.link.last_error
        assert error is not None
        assert watch.story == []
    return error


async def error_ref(settings: PbxSettings) -> str:
    return (await error_of(settings)).ref
