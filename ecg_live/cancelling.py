"""Ends what waits on another thread, once nobody wants its result: whoever waits there asks for it at each turn."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar


class SearchCancelled(Exception):
    """Nobody waits for the result any more."""


def _never() -> bool:
    return False


_CANCELLED: ContextVar[Callable[[], bool]] = ContextVar("cancelled", default=_never)


def let_cancel(cancelled: Callable[[], bool]) -> None:
    """Have `check_cancelled` ask this function on this thread from now on."""
    _CANCELLED.set(cancelled)


def check_cancelled() -> None:
    """Return if the result is still wanted; elsewhere than on a thread of `let_cancel` it always is.

    Raises
    ------
    SearchCancelled
        It is not.
    """
    if _CANCELLED.get()():
        raise SearchCancelled
