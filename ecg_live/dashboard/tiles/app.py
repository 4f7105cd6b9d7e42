"""Run the window of several wearers: start Qt, show it, and redraw it until it is closed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.app import FRAME_INTERVAL_MS, FrameErrors
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
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    previous_hook = sys.excepthook
    try:
        window = TilesWindow(wearers, title=title, model=model, synchrony=synchrony, clock=clock, memory=memory)
        failures = FrameErrors(window.warn, clock)
        sys.excepthook = failures.handle
        if on_first_frame is not None:
            window.tiles[0].sweep.first_painted.connect(on_first_frame)
        timer = QtCore.QTimer()
        timer.timeout.connect(lambda: window.end() if over() else window.refresh())
        timer.start(FRAME_INTERVAL_MS)
        QtCore.QTimer.singleShot(0, window.refresh)
        window.show()
        code = app.exec()
        timer.stop()
        if failures.gave_up is None:
            window.end()
        else:
            window.leave()
    except BaseException:
        _stop(wearers)
        raise
    finally:
        sys.excepthook = previous_hook
    if failures.gave_up is not None:
        raise failures.gave_up
    _stop(wearers)
    if failures.error is not None:
        raise failures.error
    return code


def _stop(wearers: Sequence[tuple[str, View]]) -> None:
    for _, view in wearers:
        view.stop()
