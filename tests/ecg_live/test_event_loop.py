"""The hop from any thread to the thread of an asyncio loop."""

from __future__ import annotations

import asyncio
from threading import Thread, get_ident

import pytest

from ecg_live.event_loop import call_on_loop


def test_calls_run_on_the_loops_thread_in_their_order() -> None:
    seen: list[tuple[int, int]] = []
    told: list[bool] = []

    async def main() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            told.extend(call_on_loop(loop, lambda k: seen.append((k, get_ident())), k) for k in range(3))
            told.append(call_on_loop(loop, done.set))

        worker = Thread(target=work)
        worker.start()
        await done.wait()
        worker.join()

    asyncio.run(main())
    assert seen == [(k, get_ident()) for k in range(3)]
    assert told == [True] * 4


def test_a_loop_that_is_closed_is_no_error() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    assert not call_on_loop(loop, pytest.fail, "it ran")
