"""Start Qt, show the window, and keep it drawing until it is closed."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from pyqtgraph.Qt import QtCore, QtWidgets

from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.dashboard.window import MainWindow
from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock
from ecg_live.protocols import View

FRAME_INTERVAL_MS = 33  # ms: 30 frames a second
MAX_DROPPED_FRAMES = 30  # frames within `DROPPED_FRAMES_PERIOD_S` that cannot be drawn before the window gives up
DROPPED_FRAMES_PERIOD_S = 20.0  # s: parts that are drawn four times a second give up within it as well


class DrawingError(EcgLiveError):
    """The window gave up; the session behind it runs on, and is the caller's to end."""


def request_quit(code: int = 0) -> None:
    """Close the dashboard from a Python signal handler; it then returns ``code``. Without a dashboard nothing happens.

    Python runs such handlers between two frames, because the timer comes back to the interpreter.
    """
    app = QtCore.QCoreApplication.instance()
    if app is not None:
        QtCore.QTimer.singleShot(0, lambda: app.exit(code))  # later: the loop may not have begun


class _FrameErrors:
    """Takes exceptions that reach Qt, which would end the process: each costs a frame, many within a while the window.

    No exception is kept with its frames, which may hold a painter. What is none of ours (Ctrl-C) leaves the event loop.

    Parameters
    ----------
    tell : callable
        Is told of the first dropped frame of a kind.
    clock : Clock
    """

    def __init__(self, tell: Callable[[str], object], clock: Clock) -> None:
        self._tell, self._clock = tell, clock
        self._dropped: deque[float] = deque(maxlen=MAX_DROPPED_FRAMES)
        self._told: set[str] = set()
        self.error: BaseException | None = None
        self.gave_up: DrawingError | None = None

    def keep(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            self.error = self.error or error
            request_quit(1)
            return
        what = f"{kind.__name__}: {error}"
        now = self._clock()
        self._dropped.append(now)
        if (
            len(self._dropped) == MAX_DROPPED_FRAMES
            and now - self._dropped[0] <= DROPPED_FRAMES_PERIOD_S
            and self.gave_up is None
        ):
            remedy = "run again with --debug and report it, or with --headless"
            self.gave_up = DrawingError(
                f"{MAX_DROPPED_FRAMES} frames of the dashboard could not be drawn: {what}", remedy
            )
            self.gave_up.add_note("".join(traceback.format_exception(kind, error, trace)))
            request_quit(1)
        elif kind.__name__ not in self._told:
            self._told.add(kind.__name__)
            self._tell(f"A frame could not be drawn and was left out: {what}")


def run_dashboard(
    view: View,
    *,
    title: str,
    model: str,
    over: Callable[[], bool] = lambda: False,
    on_first_frame: Callable[[], None] | None = None,
    clock: Clock = time.monotonic,
    memory: Path | None = None,
) -> int:
    """Show a session until the window is closed, then ask the session to stop.

    Parameters
    ----------
    view : View
        The session to show.
    title, model : str
        What is running, and on which model.
    over : callable
        Asked at every frame; the window closes by itself once it says True.
    on_first_frame : callable, optional
        Called once, when the first frame is on the screen.
    clock : Clock
        That of the session.
    memory : Path, optional
        File that remembers size, colours and scale from one session to the next.

    Returns
    -------
    int
        Exit code: 0, or what `request_quit` was given.

    Raises
    ------
    DrawingError
        Too many frames could not be drawn. The session was not asked to stop: a recording goes on.
    BaseException
        Whatever else ended the event loop, ``KeyboardInterrupt`` for one, after the window is closed.
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    former = sys.excepthook
    try:
        window = MainWindow(view, title=title, model=model, clock=clock, memory=PreferenceStore(memory))
        failures = _FrameErrors(window.warn, clock)
        sys.excepthook = failures.keep
        if on_first_frame is not None:
            window.sweep.first_painted.connect(on_first_frame)
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
        view.stop()
        raise
    finally:
        sys.excepthook = former
    if failures.gave_up is not None:
        raise failures.gave_up
    view.stop()
    if failures.error is not None:
        raise failures.error
    return code
