"""A simulated FreeSWITCH: queues of mod_callcenter, agents and callers in virtual time, told over the event socket.

It speaks as the recordings in ``tests/recordings/freeswitch`` do: the same events of a call-centre listener in the same
order for each leg, the same headers. Stories, traffic, people and truth are those of the simulated Asterisk; what a
call becomes is told in FreeSWITCH's way. One seed gives one run, byte for byte.

From the bottom up:

``telling``     one event as bytes, plain or JSON; ``threads`` which events swap places on their way
``legs``        a channel as the event socket shows it; ``births`` each kind of leg as it is made
``core``        the event stream: what happens to legs, in FreeSWITCH's words
``agents``      who takes calls: status (Available, On Break, Logged Out) and state
``callcenter``  queues: waiting callers, who is rung when
``calls``       what happens in one call, from a story; ``talks`` the part after somebody answered, ``handovers`` how a
caller is sent on, ``placed`` the calls agents make
``past``        a month of history in FreeSWITCH's names
``plant``       one PBX: ``FreeswitchPlant``, with the same face as ``offhook.simulator.plant.Plant``
``answers``     what ``api`` commands answer; ``session`` one client's conversation; ``server`` puts it all on a socket

Use, with a set number of calls (``Rush`` does the same for both simulated PBXs)::

    plant = FreeswitchPlant(DEMO, seed=3, started_at=datetime.now(UTC))
    plant.staff_logs_in()
    rush = Rush(plant, public, calls=200, seconds=60.0, seed=3)
    async with FreeswitchServer(plant, "ClueCon", speed=1.0) as server:
        ...                       # follow 127.0.0.1, server.port, password "ClueCon"
        rush.begin()              # the calls begin, spread over 60 seconds of the plant's time
        server.cut()              # all connections end, as when a network fails
        server.skip(30.0)         # 30 seconds of the plant's time pass at once
        while not rush.over:      # all calls that came have ended
            ...
    plant.truth.calls             # what really happened: offhook.simulator.truth.CallTruth, call_id = uniqueid

Faults, all on ``FreeswitchServer``: ``cut()`` ends the connections; ``refusing = True`` hangs up on who connects
(``half_open = True``: accepts, and never greets); ``stop_reading = True`` answers nothing more; ``mute(seconds)`` lets
so many seconds of the plant's time pass that no client hears of; ``drop_next(count)`` loses so many events;
``lose_listeners()`` ends the listeners as FreeSWITCH does after too many lost events; ``restart()`` is a PBX that went
down with all its calls and came back with another Core-UUID.
"""
