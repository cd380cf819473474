"""A simulated Asterisk 22: queues, agents and callers in virtual time, told over the Asterisk Manager Interface.

It speaks as the recordings in ``tests/recordings/asterisk-22`` do: the same events, the same headers in the same
order, the same escaping, Local channels with all their doubled events. It knows the truth of every call and can write
it down. One seed gives one run, byte for byte. The demo connects to it through a socket, the bench uses it as its
load.

From the bottom up:

``clockwork``   virtual time: timers, latches, processes
``channels``    a channel and a bridge as the manager shows them
``switch``      the event stream: what happens to channels and bridges, in AMI's words
``dialling``    phones rung, directly or through a pair of Local channels
``lines``       queues: members, waiting callers, who is rung when
``chain``       the bridges between a caller and the phone he talks to, and how they come apart
``plant``       one PBX: its lines, agents and what is asked of them
``calls``       what happens in one call, from a story; ``talks`` the part after somebody answered; ``placed`` the
calls agents make ``traffic``     random stories: a day's calls, a busy hour, agents' breaks ``truth``       what
really happened, in the words of the recordings' ``truth.json`` ``people``      fictional customers and agents
``answers``     the manager's answers to actions; ``server`` puts it all on a socket
``logs_of_calls`` queue_log and channel events in files, as the PBX writes them itself
"""
