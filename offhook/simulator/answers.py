"""The manager's answers to actions: the PBX's present as lists, and the few orders that it obeys.

Forms as in ``tests/recordings/asterisk-22/X01/late``. Log-in and log-off belong to the connection, see ``server``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from offhook.simulator.channels import Channel, shown
from offhook.simulator.lines import Line, Visit
from offhook.simulator.plant import Plant
from offhook.simulator.stories import HangUp, Story, Talk

Fields = dict[str, str]
VERSION = "22.10.1"
_CLICK_TALK_S = 20.0


class Answers:
    """Answers for one plant. ``answer`` gives the text of the response and of the list that follows it."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self._actions: dict[str, Callable[[Fields], str]] = {
            "ping": self._ping,
            "queuestatus": self._queue_status,
            "queuesummary": self._queue_summary,
            "coreshowchannels": self._core_show_channels,
            "status": self._status,
            "bridgelist": self._bridge_list,
            "parkedcalls": self._parked_calls,
            "devicestatelist": self._device_states,
            "corestatus": self._core_status,
            "coresettings": self._core_settings,
            "events": lambda fields: _response(fields, "Success", "Events: " + fields.get("eventmask", "on")),
            "originate": self._originate,
            "hangup": self._hangup,
            "queuepause": self._queue_pause,
            "queueadd": self._queue_add,
            "queueremove": self._queue_remove,
        }

    def answer(self, fields: Fields) -> str:
        """``fields`` by lower-case name."""
        action = fields.get("action", "")
        known = self._actions.get(action.lower())
        if known is None:
            hint = "Use Action: ListCommands to show available commands."
            return _response(fields, "Error", f"Invalid/unknown command: {action}. {hint}")
        return known(fields)

    # the present

    def _ping(self, fields: Fields) -> str:
        now = self.plant.now().timestamp()
        return f"Response: Success\r\n{_action_id(fields)}Ping: Pong\r\nTimestamp: {now:.6f}\r\n\r\n"

    def _queue_status(self, fields: Fields) -> str:
        entries: list[str] = []
        for line in self._lines(fields):
            entries.append(_event("QueueParams", self._params(line), fields))
            entries += [
                _event("QueueMember", member.snapshot(), fields)
                for member in line.members.values()
                if fields.get("member", member.interface) == member.interface
            ]
            entries += [_event("QueueEntry", self._entry(line, visit), fields) for visit in line.waiting]
        return _list(fields, "Queue status will follow", "QueueStatusComplete", entries)

    def _lines(self, fields: Fields) -> Iterable[Line]:
        wanted = fields.get("queue")
        return [line for name, line in self.plant.lines.items() if wanted in (None, "", name)]

    def _params(self, line: Line) -> str:
        done = max(1, line.completed)
        return (
            f"Queue: {line.plan.name}\r\nMax: 0\r\nStrategy: {line.plan.strategy}\r\nCalls: {len(line.waiting)}\r\n"
            f"Holdtime: {line.hold_s // done}\r\nTalkTime: {line.talk_s // done}\r\nCompleted: {line.completed}\r\n"
            f"Abandoned: {line.abandoned}\r\nServiceLevel: 0\r\nServicelevelPerf: 0.0\r\nServicelevelPerf2: 0.0\r\n"
            "Weight: 0\r\n"
        )

    def _entry(self, line: Line, visit: Visit) -> str:
        number, name = shown(visit.channel.caller, "unknown")
        connected_number, connected_name = shown(visit.channel.connected, "unknown")
        return (
            f"Queue: {line.plan.name}\r\nPosition: {visit.position}\r\nChannel: {visit.channel.name}\r\n"
            f"Uniqueid: {visit.channel.unique_id}\r\nCallerIDNum: {number}\r\nCallerIDName: {name}\r\n"
            f"ConnectedLineNum: {connected_number}\r\nConnectedLineName: {connected_name}\r\n"
            f"Wait: {int(self.plant.timeline.now - visit.joined_at)}\r\nPriority: 0\r\n"
        )

    def _queue_summary(self, fields: Fields) -> str:
        entries = [_event("QueueSummary", self._summary(line), fields) for line in self._lines(fields)]
        return _list(fields, "Queue summary will follow", "QueueSummaryComplete", entries)

    def _summary(self, line: Line) -> str:
        now, done = self.plant.timeline.now, max(1, line.completed)
        free = sum(1 for member in line.members.values() if member.status == 1 and not member.paused)
        longest = max((int(now - visit.joined_at) for visit in line.waiting), default=0)
        return (
            f"Queue: {line.plan.name}\r\nLoggedIn: {len(line.members)}\r\nAvailable: {free}\r\n"
            f"Callers: {len(line.waiting)}\r\nHoldTime: {line.hold_s // done}\r\nTalkTime: {line.talk_s // done}\r\n"
            f"LongestHoldTime: {longest}\r\n"
        )

    def _core_show_channels(self, fields: Fields) -> str:
        entries = [
            f"Event: CoreShowChannel\r\n{_action_id(fields)}{channel.block()}{self._application(channel)}"
            f"Duration: {timedelta(seconds=self._age(channel))!s:0>8}\r\nBridgeId: {_bridge(channel)}\r\n\r\n"
            for channel in self.plant.switch.channels.values()
        ]
        return _list(fields, "Channels will follow", "CoreShowChannelsComplete", entries)

    def _application(self, channel: Channel) -> str:
        return f"Application: {channel.application}\r\nApplicationData: {channel.data}\r\n"

    def _age(self, channel: Channel) -> int:
        return int(self.plant.timeline.now - channel.started_at)

    def _status(self, fields: Fields) -> str:
        wanted = fields.get("channel") or None
        channels = [each for each in self.plant.switch.channels.values() if wanted in (None, each.name)]
        entries = [_event("Status", self._channel_status(channel), fields) for channel in channels]
        items = f"Items: {len(entries)}\r\n"
        return _list(fields, "Channel status will follow", "StatusComplete", entries, items)

    def _channel_status(self, channel: Channel) -> str:
        number, name = shown(channel.connected)
        return (
            f"Privilege: Call\r\n{channel.block()}Type: {channel.name.partition('/')[0]}\r\nDNID: {channel.dialled}\r\n"
            f"EffectiveConnectedLineNum: {number}\r\nEffectiveConnectedLineName: {name}\r\nTimeToHangup: 0\r\n"
            f"BridgeID: {_bridge(channel)}\r\nApplication: {channel.application}\r\nData: {channel.data}\r\n"
            "Nativeformats: (alaw)\r\nReadformat: alaw\r\nReadtrans: \r\nWriteformat: alaw\r\nWritetrans: \r\n"
            f"Callgroup: 0\r\nPickupgroup: 0\r\nSeconds: {self._age(channel)}\r\n"
        )

    def _bridge_list(self, fields: Fields) -> str:
        entries = [
            f"Event: BridgeListItem\r\n{_action_id(fields)}{bridge.block()}\r\n"
            for bridge in self.plant.switch.bridges.values()
        ]
        return _list(fields, "Bridge listing will follow", "BridgeListComplete", entries)

    def _parked_calls(self, fields: Fields) -> str:
        parking = self.plant.parking
        entries = [f"Event: ParkedCall\r\n{_action_id(fields)}{parking.block(space)}\r\n" for space in parking.parked]
        total = f"Total: {len(entries)}\r\n"
        return _list(fields, "Parked calls will follow", "ParkedCallsComplete", entries, total)

    def _device_states(self, fields: Fields) -> str:
        entries = [
            f"Event: DeviceStateChange\r\n{_action_id(fields)}Device: {device}\r\nState: {state}\r\n\r\n"
            for device, state in self.plant.switch.devices.items()
            if not device.startswith("Local/")
        ]
        return _list(fields, "Device State Changes will follow", "DeviceStateListComplete", entries)

    def _core_status(self, fields: Fields) -> str:
        began = self.plant.started_at
        day, hour = f"{began:%Y-%m-%d}", f"{began:%H:%M:%S}"
        return (
            f"Response: Success\r\n{_action_id(fields)}CoreStartupDate: {day}\r\nCoreStartupTime: {hour}\r\n"
            f"CoreReloadDate: {day}\r\nCoreReloadTime: {hour}\r\n"
            f"CoreCurrentCalls: {len(self.plant.switch.channels)}\r\n"
            f"CoreProcessedCalls: {self.plant.switch.calls_processed}\r\n\r\n"
        )

    def _core_settings(self, fields: Fields) -> str:
        return (
            f"Response: Success\r\n{_action_id(fields)}AMIversion: 11.0.0\r\nAsteriskVersion: {VERSION}\r\n"
            "SystemName: \r\nCoreMaxCalls: 0\r\nCoreMaxLoadAvg: 0.000000\r\nCoreRunUser: \r\nCoreRunGroup: \r\n"
            "CoreMaxFilehandles: 0\r\nCoreRealTimeEnabled: No\r\nCoreCDRenabled: Yes\r\nCoreHTTPenabled: No\r\n"
            "SoundsSearchCustomDir: No\r\n\r\n"
        )

    # orders

    def _originate(self, fields: Fields) -> str:
        """Click-to-dial: the agent's phone, then ``9`` and the public number."""
        agent, exten = fields.get("channel", "").removeprefix("PJSIP/"), fields.get("exten", "")
        if agent not in self.plant.plan.agents:
            return _response(fields, "Error", "Channel not specified")
        if not exten.startswith("9") or not exten.isdigit() or not self.plant.is_free(agent):
            return _response(fields, "Error", "Originate failed")
        rng = self.plant.rng
        story = Story(
            kind="click",
            agent=agent,
            to="+" + exten[1:],
            far_answers_after_s=rng.uniform(2.0, 9.0),
            acts=(Talk(seconds=_CLICK_TALK_S * rng.lognormvariate(0.0, 0.6)), HangUp()),
        )
        self.plant.click(story, fields.get("actionid", ""))
        return _response(fields, "Success", "Originate successfully queued")

    def _hangup(self, fields: Fields) -> str:
        if self.plant.kill(fields.get("channel", "")):
            return _response(fields, "Success", "Channel Hungup")
        return _response(fields, "Error", "No such channel")

    def _queue_pause(self, fields: Fields) -> str:
        agent, queue = _agent(fields), fields.get("queue") or None
        lines = [line for line in self._queues_of(agent) if queue in (None, line.plan.name)]
        if not lines:
            return _response(fields, "Error", "Interface not found")
        paused = fields.get("paused", "").lower() in ("1", "true", "yes", "on")
        self.plant.pause(agent, paused, fields.get("reason", "") if paused else "", queue)
        return _response(fields, "Success", f"Interface {'paused' if paused else 'unpaused'} successfully")

    def _queue_add(self, fields: Fields) -> str:
        agent, queue = _agent(fields), fields.get("queue", "")
        if agent not in self.plant.plan.agents or queue not in self.plant.lines:
            return _response(fields, "Error", "Unable to add interface to queue: No such queue")
        if self.plant.lines[queue] in self._queues_of(agent):
            return _response(fields, "Error", "Unable to add interface: Already there")
        self.plant.log_in(agent, queue)
        return _response(fields, "Success", "Added interface to queue")

    def _queue_remove(self, fields: Fields) -> str:
        agent, queue = _agent(fields), fields.get("queue", "")
        if queue not in self.plant.lines or self.plant.lines[queue] not in self._queues_of(agent):
            return _response(fields, "Error", "Unable to remove interface: Not there")
        self.plant.log_out(agent, queue)
        return _response(fields, "Success", "Removed interface from queue")

    def _queues_of(self, agent: str) -> list[Line]:
        return self.plant.queues_of(agent) if agent in self.plant.plan.agents else []


def _agent(fields: Fields) -> str:
    return fields.get("interface", "").partition("/")[2].partition("@")[0]


def _bridge(channel: Channel) -> str:
    return channel.bridge.unique_id if channel.bridge else ""


def _action_id(fields: Fields) -> str:
    return f"ActionID: {fields['actionid']}\r\n" if fields.get("actionid") else ""


def _response(fields: Fields, response: str, message: str) -> str:
    return f"Response: {response}\r\n{_action_id(fields)}Message: {message}\r\n\r\n"


def _event(name: str, body: str, fields: Fields) -> str:
    return f"Event: {name}\r\n{body}{_action_id(fields)}\r\n"


def _list(fields: Fields, message: str, complete: str, entries: list[str], more: str = "") -> str:
    begin = f"Response: Success\r\n{_action_id(fields)}EventList: start\r\nMessage: {message}\r\n\r\n"
    end = f"Event: {complete}\r\n{_action_id(fields)}EventList: Complete\r\nListItems: {len(entries)}\r\n{more}\r\n"
    return begin + "".join(entries) + end
