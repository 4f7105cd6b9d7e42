"""Run the window of several wearers: start Qt, show it, and redraw it until it is closed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ecg_live.dashboard.app import run_until_closed
from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.events import Clock
from ecg_live.protocols import SynchronyView, View


def run_tiles(
    wearers: Sequence[tuple[str, View]],
    *,
    title: str,
    model: str,
    synchrony: SynchronyView | None = None,
    over: Callable[[], bool] = lambda: False,
    on_first_frame: Callable[[], None] | None = None,
    clock: Clock = time.monotonic,
    memory: Path | None = None,
) -> int:
    """Show several sessions until the window is closed, then stop them.

    Parameters
    ----------
    wearers : sequence of (str, View)
        Name and session of each.
    title, model : str
        Names of the sessions and of their model.
    synchrony : SynchronyView, optional
        Of the wearers.
    over : callable
        Polled at every frame; the window closes once it returns True.
    on_first_frame : callable, optional
        Called once the first frame is on the screen.
    clock : Clock
        The sessions' clock.
    memory : Path, optional
        File that remembers the colours.

    Returns
    -------
    int
        Exit code: 0, or that of `ecg_live.dashboard.app.request_quit`.

    Raises
    ------
    DrawingError
        Too many frames could not be drawn. The sessions are not stopped: recordings go on.
    BaseException
        Any other exception that ended the event loop, such as ``KeyboardInterrupt``, after the window is closed.
    """

    def make() -> TilesWindow:
        return TilesWindow(wearers, title=title, model=model, synchrony=synchrony, clock=clock, memory=memory)

    return run_until_closed(make, lambda: _stop(wearers), over=over, on_first_frame=on_first_frame, clock=clock)


def _stop(wearers: Sequence[tuple[str, View]]) -> None:
    for _, view in wearers:
        view.stop()
