"""Started by a test in a process of its own, to be killed: records a recording into the database, told in lines.

``killed_recorder.py URL FOLDER OFFSET [LINES]`` publishes the events from that byte on and prints how many calls are
stored; after so many lines it publishes no more and waits to be killed, while the recorder goes on with what it has.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cti.feed import Feed
from kpi.recorder import Recorder
from kpi.store import Store
from offhook.database import make_engine
from offhook.replay import replay


async def until_it_keeps_up(recorder: Recorder) -> None:
    await asyncio.sleep(0)
    while recorder.backlog > 40:  # noqa: ASYNC110  it has nobody to tell
        await asyncio.sleep(0.001)


async def main(url: str, folder: str, offset: str, lines: str = "") -> None:
    engine = make_engine(url)
    feed = Feed()
    recorder = Recorder(feed.follow("recorder", 100_000), Store(engine), batch_entries=20, batch_wait_s=0.001)
    task = asyncio.create_task(recorder.run())
    told = printed = 0
    for event in replay(Path(folder)):
        if event.origin.offset < int(offset):
            continue
        feed.publish(event)
        await until_it_keeps_up(recorder)
        if recorder.stored > told:
            told = recorder.stored
            print(told, flush=True)
            printed += 1
        if lines and printed >= int(lines):
            await asyncio.Event().wait()
    await recorder.close()
    await task
    print("done", flush=True)
    await engine.dispose()


asyncio.run(main(*sys.argv[1:]))
