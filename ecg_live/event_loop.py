"""Calls from any thread to the thread of an asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def call_on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[[*Ts], object], *args: *Ts) -> bool:
    """Schedule ``callback(*args)`` on a loop, in the order of the calls; False if it is closed."""
    try:
        loop.call_soon_threadsafe(callback, *args)
    except RuntimeError:
        if not loop.is_closed():
            raise
        return False
    return True


async def ask_thread(ask: Callable[[Callable[[T], None]], object]) -> T:
    """Await what another thread answers; an answer that comes after a timeout is dropped.

    Parameters
    ----------
    ask : callable
        Is given a callback, which takes the answer on any thread.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(found: T) -> None:
        if not answer.done():
            answer.set_result(found)

    def answered(found: T) -> None:
        call_on_loop(loop, settle, found)

    ask(answered)
    return await answer
