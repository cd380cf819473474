"""What each header of a FreeSWITCH event may hold, each variable, and each column of its answers.

One that is not named here may hold anything. Sources: ``switch_channel.c`` (``switch_channel_event_set_basic_data``),
``switch_caller.c``, ``mod_callcenter.c`` and the recordings in ``tests/recordings/freeswitch``.
"""

from __future__ import annotations

import re
from functools import cache

from cti.scrub_headers import Holds, names

_PARTY = re.compile(r"\A(?:caller|other-leg|callee|cc-member|cc|orig|variable)-(?=.)")
_VARIABLE = "variable_"
_NAMES = re.compile(r"(?:(?:cid|callee|caller_id|callee_id|id|caller)[-_]name|[-_]display|valet_announce_name)\Z")
_IDS = re.compile(
    r"\A(?:event-.*|channel-(?:state|call-state|read|write|hit).*|rtp_.*|.*_media_flow|.*codec.*|hangup[-_].*|.*_cause|"
    r".*_tag|"
    r".*_disposition|privacy-.*|screen-bit|max_forwards|playback_.*|dtmf-duration|dtmf-source|dtmf_type|"
    r".*(?:uuid|uuids|unique-id|[-_]time-s|fifo_target|epoch|stamp|m?u?sec|[-_]time|timestamp|sequence|accum.*|duration|length|[-_]port|[-_]count|"
    r"[-_]index|[-_]state|[-_]status|[-_]rate|[-_]leg|_ms|_us))\Z"
)
_ID_NAMES = names("""
    unique-id bridge-a-unique-id bridge-b-unique-id content-type content-length answer-state call-direction direction
    logical-direction count state status type strategy action cc-action cc-cause cc-cancel-reason cause cancel-reason
    side cc_side cc_cause cc_cancel_reason cc_agent_bridged cc_agent_found cc_agent_type callstate created row_count
    signal_bond originator originate_signal_bond last_bridge_to last_bridge_role bridge_to uuid_bridge transfer_to
    hold_events hold-accum last-hold session_id originate_causes reply-text up-time freeswitch-version session-count
    max-sessions idle-cpu heartbeat-interval selection agent-system dtmf-digit is_outbound digits_dialed
    sip_term_cause sip_term_status sip_cseq sip_reason sip_privacy sip_via_protocol endpoint_disposition
    wrap-up-time reject-delay-time busy-delay-time no-answer-delay-time score level position rank base_score
    skill_score abandoned-calls system joined_epoch rejoined_epoch bridge_epoch abandoned_epoch
    last_bridge_start last_bridge_end last_offered_call last_status_change no_answer_count calls_answered talk_time
    ready_time max_no_answer wrap_up_time reject_delay_time busy_delay_time no_answer_delay_time serving_agent
    serving_system instance_id time_base_score tier_rules_apply tier_rule_wait_second
    tier_rule_wait_multiply_level tier_rule_no_agent_no_wait discard_abandoned_after abandoned_resume_allowed
    max_wait_time max_wait_time_with_no_agent max_wait_time_with_no_agent_time_reached
    calls_abandoned ring_progressively_delay skip_agents_with_external_calls agent_no_answer_status
    answer-epoch logical_direction callee_direction action-type presence-calls other-type agent-type cc-agent-type
    application-response event_type alt_event_type presence-calling-file presence-calling-function sip_allow
    dialstatus playback-file-type fifo-action cc-agent-type cc-selection login bridge-type
""")
_PLAN = names("""
    cc-queue queue cc_queue context user_context force_transfer_context initial_context application current_application
    last_app api-command job-command dialplan initial_dialplan source caller_profile_source sofia_profile_name
    recovery_profile_name sip_profile_name sip_gateway_name valet-extension valet-lot-name valet_lot_extension
    cc_exit_key cc_exit_keys fifo-name fifo_name conference_name conference-name fifo_caller_exit_key
    hangup_phrase sip_hangup_phrase record_template moh_sound announce_sound
    event-calling-file proto secure profile-name
""")
_TEXT = re.compile(
    r"\A(?:name|dest|initial_dest|ani|initial_ani|rdnis|dnis|agent|cc-agent|cc_agent|username|contact|location|"
    r"presence.*|sip_.*|dialed_.*|transfer.*|destination.*|originated_legs|last_arg|caller_id|ip_addr|"
    r".*(?:number|_num|[-_]user|_user_name|_uri|_url|_host|[-_]data|[-_]arg|argument|extension|_alias|alias|channel|"
    r"channel[-_]name|user_name|_domain|domain_name|realm|_destination|network[-_]addr))\Z"
)
_VOCABULARY = names("""
    cc-queue queue cc_queue fifo-name fifo_name
    context user_context force_transfer_context application current_application last_app
    sofia_profile_name recovery_profile_name sip_profile_name sip_gateway_name
""")
_EXTENSIONS = re.compile(r".*(?:number|_num|username|[-_]user|user_name|agent|ani|dest|extension|dnis|rdnis)\Z")


def base(header: str) -> str:
    """A header's name in small letters, without the party or ``variable_`` before it.

    >>> base("Other-Leg-Caller-ID-Name"), base("variable_sip_from_display"), base("CC-Queue")
    ('caller-id-name', 'sip_from_display', 'cc-queue')
    """
    name = header.lower()
    if name.startswith(_VARIABLE):
        return name.removeprefix(_VARIABLE)
    return name if name in _ID_NAMES or name in _PLAN else _PARTY.sub("", name)


@cache
def holds(header: str) -> Holds:
    """What the header's value may be.

    >>> holds("Unique-ID"), holds("Caller-Caller-ID-Name"), holds("Channel-Name"), holds("variable_crm_note")
    (<Holds.IDS: 'ids'>, <Holds.NAMES: 'names'>, <Holds.TEXT: 'text'>, <Holds.ANYTHING: 'anything'>)
    """
    name = base(header)
    if _NAMES.search(name):
        return Holds.NAMES
    if name in _PLAN:
        return Holds.PLAN
    if name in _ID_NAMES or _IDS.match(name):
        return Holds.IDS
    return Holds.TEXT if _TEXT.match(name) else Holds.ANYTHING


@cache
def is_vocabulary(header: str) -> bool:
    """Whether the header's words are names of the dial plan."""
    return base(header) in _VOCABULARY


@cache
def is_extension(header: str) -> bool:
    """Whether a short number in this header is an extension."""
    return _EXTENSIONS.match(base(header)) is not None
