"""FreeSWITCH's record of one leg as a document: what mod_json_cdr and mod_xml_cdr write, what FusionPBX keeps.

All three hold the same: the channel's variables, the applications that were run (``app_log``), and the stretches of its
way (``callflow``), newest first. They differ in spelling: JSON has lists in named members, XML repeats elements and
percent-encodes the variables, FusionPBX's JSON is that XML as PHP's SimpleXML turns it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from kpi.importers.lines import BadLineError, CdrLeg, Peer, Profile, Step

MAX_RECORD_BYTES = 1 << 22
_KEPT_IN_WORDS = """
    direction channel_name uuid context user_name sip_auth_username dialed_user sip_gateway_name caller_id_name
    caller_id_number destination_number sip_req_user sip_to_user sip_hangup_disposition hangup_cause
    hangup_cause_q850 start_uepoch start_epoch answer_uepoch answer_epoch bridge_uepoch bridge_epoch end_uepoch
    end_epoch progress_uepoch progress_epoch progress_media_uepoch progress_media_epoch hold_accum_seconds
    hold_accum_usec hold_events cc_side cc_queue cc_agent cc_agent_uuid cc_member_uuid cc_member_session_uuid
    cc_queue_joined_epoch cc_queue_answered_epoch cc_queue_terminated_epoch cc_queue_canceled_epoch cc_cause
    cc_cancel_reason cc_exit_key bridge_uuid last_bridge_to signal_bond bleg_uuid originating_leg_uuid
    originator transfer_history transfer_to transfer_destination transfer_disposition
    other_loopback_leg_uuid originated_legs originate_causes originate_disposition caller_destination
    fifo_bridge_uuid fifo_name fifo_target fifo_status fifo_caller_exit_key current_application_data
    loopback_leg last_app last_arg
"""
KEPT = frozenset(_KEPT_IN_WORDS.split())
_HISTORY = re.compile(r"(\d{9,10}):[^:|]*:([a-z_]+):(.*)\Z", re.DOTALL)
_HOLD = re.compile(r"\{(\d{15,17}),(\d{15,17})\}")
_MANY, _BETWEEN = "ARRAY::", "|:"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JSON = msgspec.json.Decoder(dict[str, Any])
_SECOND_US = 1_000_000
_LATEST_US = 7_000_000_000 * _SECOND_US


def parse_json_record(raw: bytes, offset: int = 0, kind: str = "json_cdr") -> CdrLeg:
    """A file that mod_json_cdr wrote.

    Raises:
        BadLineError: it is none.
    """
    try:
        return leg_of(_JSON.decode(raw), kind, offset)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadLineError("it is no JSON object") from None


def leg_of(document: Mapping[str, Any], kind: str, offset: int = 0) -> CdrLeg:
    """The leg that a document tells of.

    Raises:
        BadLineError: it lacks the leg's id or its times.
    """
    variables = _variables(_mapping(document.get("variables")))
    flows = [flow for flow in _many(document.get("callflow")) if isinstance(flow, Mapping)]
    profiles = tuple(_profile(flow) for flow in reversed(flows))
    holds = tuple(_holds(document))
    steps = tuple(_steps(_mapping(document.get("app_log"))))
    return leg_from(variables, kind, offset, profiles, steps, holds)


def leg_from(
    variables: Mapping[str, str],
    kind: str,
    offset: int,
    profiles: tuple[Profile, ...] = (),
    steps: tuple[Step, ...] = (),
    holds: tuple[tuple[int, int], ...] = (),
) -> CdrLeg:
    """The same, out of its parts; where there are no profiles they are made out of ``transfer_history``.

    Raises:
        BadLineError: it lacks the leg's id or its times.
    """
    uuid = variables.get("uuid", "")
    began_us, ended_us = instant_us(variables, "start"), instant_us(variables, "end")
    if not uuid or len(uuid) > 255:
        raise BadLineError("it has no uuid")
    if not began_us or not ended_us:
        raise BadLineError("it does not say when the leg began and ended")
    ended_us = max(ended_us, began_us)
    return CdrLeg(
        noted_at=_EPOCH + timedelta(microseconds=ended_us),
        began_us=began_us,
        ended_us=ended_us,
        kind=kind,
        uuid=uuid,
        variables={name: value for name, value in variables.items() if name in KEPT and value},
        profiles=profiles or tuple(_profiles_out_of(variables, began_us)),
        steps=steps,
        holds=holds or tuple(_held(variables)),
        exact=bool(profiles),
        offset=offset,
    )


def instant_us(variables: Mapping[str, str], name: str) -> int:
    """When that was (``start``, ``answer``, ``bridge``, ``end``...), in microseconds since 1970; 0 if it was not."""
    exact = number(variables.get(f"{name}_uepoch"))
    return exact or number(variables.get(f"{name}_epoch")) * _SECOND_US


def number(value: Any) -> int:
    """A whole number not less than 0; 0 for what is none, or no instant of this world."""
    text = "" if value is None else str(value)
    known = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    return known if known < _LATEST_US else 0


def many(value: str | None) -> list[str]:
    """The values of a variable that may be repeated."""
    if not value:
        return []
    return value.removeprefix(_MANY).split(_BETWEEN) if value.startswith(_MANY) else [value]


def history(variables: Mapping[str, str]) -> list[tuple[int, str, str]]:
    """``transfer_history``: when (microseconds, of whole seconds), how (``bl_xfer``, ``uuid_br``...), where to."""
    found = (_HISTORY.match(one) for one in many(variables.get("transfer_history")))
    return [(int(match[1]) * _SECOND_US, match[2], match[3]) for match in found if match]


def _variables(given: Mapping[str, Any]) -> dict[str, str]:
    """As texts, decoded where they were percent-encoded: ``start_stamp`` tells, there is a space in it."""
    texts = {name: _joined(value) for name, value in given.items() if name in KEPT or name == "start_stamp"}
    if "%20" not in texts.get("start_stamp", ""):
        return texts
    return {name: unquote(value, errors="replace") for name, value in texts.items()}


def _joined(value: Any) -> str:
    if isinstance(value, list):
        texts = [str(one) for one in value if isinstance(one, str | int)]
        return texts[0] if len(texts) == 1 else _MANY + _BETWEEN.join(texts)
    return str(value) if isinstance(value, str | int | float) else ""


def _profile(flow: Mapping[str, Any]) -> Profile:
    caller, times = _mapping(flow.get("caller_profile")), _mapping(flow.get("times"))
    return Profile(
        destination=_joined(caller.get("destination_number")),
        context=_joined(caller.get("context")),
        number=_joined(caller.get("caller_id_number")),
        name=_joined(caller.get("caller_id_name")),
        created_us=number(times.get("profile_created_time")),
        progress_us=number(times.get("progress_time")) or number(times.get("progress_media_time")),
        answered_us=number(times.get("answered_time")),
        bridged_us=number(times.get("bridged_time")),
        transferred_us=number(times.get("transfer_time")),
        peers=tuple(_peers(caller)),
    )


def _peers(caller: Mapping[str, Any]) -> Iterable[Peer]:
    """The legs called on behalf of this one, or on whose behalf it was called."""
    for side in ("originator", "originatee"):
        inner = _mapping(caller.get(side))
        for name in (f"{side}_caller_profiles", f"{side}_caller_profile"):
            for one in _many(inner.get(name)):
                other = _mapping(one)
                if uuid := _joined(other.get("uuid")):
                    yield Peer(uuid, _joined(other.get("destination_number")), _joined(other.get("chan_name")))


def _steps(log: Mapping[str, Any]) -> Iterable[Step]:
    for one in [*_many(log.get("applications")), *_many(log.get("application"))]:
        step = _attributes(_mapping(one))
        if at_us := number(step.get("app_stamp")):
            yield Step(_joined(step.get("app_name")), _joined(step.get("app_data")), at_us)


def _held(variables: Mapping[str, str]) -> Iterable[tuple[int, int]]:
    for match in _HOLD.finditer(variables.get("hold_events", "")):
        yield int(match[1]), int(match[2])


def _holds(document: Mapping[str, Any]) -> Iterable[tuple[int, int]]:
    for one in _many(_mapping(document.get("hold-record")).get("hold")):
        hold = _attributes(_mapping(one))
        if begin := number(hold.get("on")):
            yield begin, number(hold.get("off"))


def _profiles_out_of(variables: Mapping[str, str], began_us: int) -> list[Profile]:
    """The stretches as ``transfer_history`` has them, each since a whole second; the last bridge is known exactly."""
    number, name = variables.get("caller_id_number", ""), variables.get("caller_id_name", "")
    caller = Profile(number=number, name=name, created_us=began_us)
    last = variables.get("destination_number", "")
    entries = [one for one in history(variables) if one[1] in ("bl_xfer", "uuid_br")]
    names = ("sip_req_user", "sip_to_user", "caller_destination")
    first = next((variables[name] for name in names if variables.get(name)), "" if entries else last)
    context = variables.get("context", "") if not entries else ""
    profiles = [replace(caller, destination=first or last, context=context)]
    for at_us, way, where in entries:
        at_us = max(at_us, profiles[-1].created_us)
        profiles[-1] = replace(profiles[-1], transferred_us=at_us)
        if way == "bl_xfer":
            profiles.append(replace(caller, destination=where.partition("/")[0], created_us=at_us))
        else:
            goes_on = replace(caller, destination=profiles[-1].destination, created_us=at_us)
            profiles.append(replace(goes_on, bridged_us=at_us, peers=(Peer(where),)))
    profiles[0] = replace(profiles[0], progress_us=_rang_us(variables), answered_us=instant_us(variables, "answer"))
    bridged_us, met = _bridged_us(variables), _met(variables)
    if bridged_us and met and bridged_us + _SECOND_US > profiles[-1].created_us:
        profiles[-1] = replace(profiles[-1], bridged_us=bridged_us, peers=(Peer(met),))
    return profiles


def _bridged_us(variables: Mapping[str, str]) -> int:
    """When the leg was connected last; where that is not told, when the queue or the phone answered."""
    exact = instant_us(variables, "bridge")
    if exact or "bridge_uepoch" in variables:
        return exact
    taken_us = number(variables.get("cc_queue_answered_epoch")) * _SECOND_US
    return taken_us or instant_us(variables, "answer")


def _rang_us(variables: Mapping[str, str]) -> int:
    return instant_us(variables, "progress") or instant_us(variables, "progress_media")


def _met(variables: Mapping[str, str]) -> str:
    """The leg that this one was connected with last."""
    names: Sequence[str] = ("last_bridge_to", "bridge_uuid", "bleg_uuid")
    return next((variables[name] for name in names if variables.get(name)), "")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _attributes(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(item.get("@attributes")) or item
