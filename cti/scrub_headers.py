"""What each header of an AMI message may hold: by this ``cti.scrub_rules`` decides how much of it is replaced.

A header that is not named here may hold anything. Sources: the XML documentation of Asterisk's events
(``core-en_US.xml``) and the recordings in ``tests/recordings``.
"""

from __future__ import annotations

import re
from enum import Enum


class Holds(Enum):
    """From the least to the most that is replaced."""

    IDS = "ids"  #: the PBX's own ids, counters, times, states: nothing
    PLAN = "plan"  #: names of the dial plan: numbers and addresses
    TEXT = "text"  #: channels, extensions, dial strings: besides, each word that is no name of the dial plan
    ANYTHING = "anything"  #: besides, runs of four digits and more that are no extension
    NAMES = "names"  #: people: each word


_PARTY = re.compile(
    r"\A(?:Dest|Source|Transferer|Transferee|OrigTransferer|SecondTransferer|TransferTarget|LocalOne|LocalTwo|Parkee|"
    r"Parker|Retriever|Chan1|Chan2|Spyer|Spyee|Effective|Orig|Second|Caller(?!ID)|Target|Swap|Replaced|Acquire|"
    r"(?:To|From)(?=Bridge))+"
)  # what stands before the name of a channel's or a bridge's header


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_IDS = names("""
    Uniqueid UniqueID Linkedid LinkedID BridgeUniqueid BridgeId BridgeID BridgeType BridgeTechnology BridgeCreator
    BridgeNumChannels BridgeVideoSourceMode ChannelState ChannelStateDesc Priority Language Privilege EventList
    ListItems Items Response Event Status State Cause Cause-txt TechCause DialStatus Type Result IsExternal
    Direction Digit DurationMs Position OriginalPosition Count HoldTime Holdtime TalkTime RingTime Wait Paused
    Penalty CallsTaken LastCall LastPause LoginTime InCall Wrapuptime Ringinuse Membership Max Calls Completed
    Abandoned ServiceLevel ServicelevelPerf ServicelevelPerf2 Weight Strategy LoggedIn Available Callers
    LongestHoldTime ParkingTimeout ParkingDuration ParkingSpace AppFile AppFunction AppLine Port CallID PriorCallID
    SessionID SessionTV EventTV Severity EventVersion Service UsingPassword Uptime LastReload Timestamp
    SequenceNumber File Line Func SSRC PT To-SSRC SentNTP SentRTP SentPackets SentOctets ReportCount RTT MES
    Duration Seconds TimeToHangup CID-CallingPres AMAFlags LocalOptimization ToneSupport Callgroup Pickupgroup
    Nativeformats Readformat Writeformat Readtrans Writetrans AsteriskVersion AMIversion Control Retries Shutdown
    Restart Module Message-Count New Old Waiting OldAccountCodeState Time Held Admin Muted UniqueId
    Id Success ContactStatus PeerStatus RoundtripUsec
""")
_PLAN = names("""
    Queue Context Application Variable MusicClass Class Parkinglot ParkingLot BridgeName PausedReason Reason
    Channeltype ChannelType ChannelDriver UserEvent Feature ApplicationName Technology DigitTimeout Conference
    App
""")
_TEXT = names("""
    Channel CallerIDNum ConnectedLineNum CallerIDani Exten Extension DNID CallerIDNumber Interface StateInterface
    Location Device Endpoint EndpointName AOR DialString DialStringName Data AppData ApplicationData ActionID Peer
    Hint Mailbox From To LocalAddress RemoteAddress AccountID Message Contact SIPDomain Forward
    URI Address
""")
_NAMES = names("CallerIDName ConnectedLineName CallerName MemberName Name CalleeName")
VOCABULARY = names("Queue Context Application Variable MusicClass Class Parkinglot")
EXTENSIONS = names("CallerIDNum ConnectedLineNum Exten Extension")
_COUNTERS = re.compile(r"\A(?:Core\w+|Report\d\w+|Highest\w+|Fraction\w+|Cumulative\w+|IAJitter|LSR|DLSR)\Z")
_MEDIA = re.compile(r"\A_*RTP(?:AUDIO|VIDEO)QOS")
_VARIABLES = re.compile(
    r"\A_*(?:DIAL(?:STATUS|EDTIME(?:_MS)?|EDPEERNAME|EDPEERNUMBER)|ANSWEREDTIME(?:_MS)?|RINGTIME(?:_MS)?|QUEUE\w*|"
    r"PROGRESSTIME(?:_MS)?|BRIDGE\w*|BLINDTRANSFER|ATTENDEDTRANSFER|SIP(?:DOMAIN|REFER\w*|TRANSFER)|ABANDONED|"
    r"HANGUPCAUSE|\w{2,11}STATUS|MEMBERINTERFACE|QEORIGINALPOS|MACRO_\w+|GOSUB_\w+|ARG\d|STACKPEEK|FORWARDERNAME)\Z"
)


def base(header: str) -> str:
    """A header's name without the party it is about.

    >>> base("DestCallerIDNum"), base("OrigTransfererChannel"), base("CallerIDName"), base("Extension")
    ('CallerIDNum', 'Channel', 'CallerIDName', 'Extension')
    """
    return _PARTY.sub("", header) or header


def holds(header: str, variable: str = "") -> Holds:
    """What the header's value may be; ``variable`` is the one a ``Value`` belongs to.

    >>> holds("Uniqueid"), holds("DestCallerIDName"), holds("CustomerId")
    (<Holds.IDS: 'ids'>, <Holds.NAMES: 'names'>, <Holds.ANYTHING: 'anything'>)
    """
    if header == "Value":
        return _value_holds(variable)
    for name in (header, base(header)):
        for names, what in ((_IDS, Holds.IDS), (_PLAN, Holds.PLAN), (_TEXT, Holds.TEXT), (_NAMES, Holds.NAMES)):
            if name in names:
                return what
    return Holds.IDS if _COUNTERS.match(header) else Holds.ANYTHING


def _value_holds(variable: str) -> Holds:
    if _MEDIA.match(variable):
        return Holds.IDS
    return Holds.TEXT if _VARIABLES.match(variable) else Holds.ANYTHING
