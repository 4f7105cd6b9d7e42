"""Flush held samples once nothing has been received for a while: they must not wait for the next connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_FLUSH_AFTER_S = 0.5  # without data


class FlushTimer:
    """Calls a function after silence; lives on the event loop that restarts it."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def restart(self, flush: Callable[[], object]) -> None:
        """Call ``flush`` unless something else is received in time."""
        self.cancel()
        self._timer = asyncio.get_running_loop().call_later(_FLUSH_AFTER_S, flush)

    def cancel(self) -> None:
        """Call nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
