"""Run the dashboard: start Qt, show the window, and redraw it until it is closed."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from PyQt6 import QtCore, QtWidgets, sip

from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.dashboard.window import MainWindow
from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock
from ecg_live.protocols import View

FRAME_INTERVAL_MS = 33
MAX_DROPPED_FRAMES = 30  # within `DROPPED_FRAMES_PERIOD_S`, before the window gives up
DROPPED_FRAMES_PERIOD_S = 20.0  # long enough for parts that are drawn four times a second


class DrawingError(EcgLiveError):
    """The window gave up drawing; the session goes on, and the caller ends it."""


def request_quit(code: int = 0) -> None:
    """Close the dashboard, which then returns ``code``; do nothing if there is none.

    Signal handlers may call it: Python runs them between two frames, when the timer returns to the interpreter.
    """
    app = QtCore.QCoreApplication.instance()
    if app is not None:
        QtCore.QTimer.singleShot(0, lambda: app.exit(code))  # later: the loop may not have begun


class FrameErrors:
    """Handles exceptions that reach Qt and would end the process.

    Each one drops a frame, `MAX_DROPPED_FRAMES` close together close the window. No exception is kept with its stack
    frames, which may hold a painter. Exceptions that are no errors (Ctrl-C) end the event loop.

    Parameters
    ----------
    warn : callable
        Called with a message at the first dropped frame for each type of exception.
    clock : Clock
    """

    def __init__(self, warn: Callable[[str], object], clock: Clock) -> None:
        self._warn = warn
        self._clock = clock
        self._dropped: deque[float] = deque(maxlen=MAX_DROPPED_FRAMES)
        self._reported: set[str] = set()
        self.error: BaseException | None = None
        self.gave_up: DrawingError | None = None

    def handle(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Handle an exception; has the signature of `sys.excepthook`."""
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
        elif kind.__name__ not in self._reported:
            self._reported.add(kind.__name__)
            self._warn(f"A frame could not be drawn and was left out: {what}")


def run_dashboard(
    view: View,
    *,
    title: str,
    model: str,
    source: str = "",
    over: Callable[[], bool] = lambda: False,
    on_first_frame: Callable[[], None] | None = None,
    clock: Clock = time.monotonic,
    memory: Path | None = None,
    on_window: Callable[[MainWindow], object] | None = None,
    make_window: Callable[..., MainWindow] = MainWindow,
) -> int:
    """Show a session until the window is closed, then stop the session.

    Parameters
    ----------
    view : View
        The session.
    title : str
        Who is measured: participant and session.
    model, source : str
        Names of the session's model and of what is shown.
    over : callable
        Polled at every frame; the window closes once it returns True.
    on_first_frame : callable, optional
        Called once the first frame is on the screen.
    clock : Clock
        The session's clock.
    memory : Path, optional
        File that remembers size, colours and scale between sessions.
    on_window : callable, optional
        Called with the window once it is shown.
    make_window : callable
        Makes the window, with the parameters of `MainWindow`.

    Returns
    -------
    int
        Exit code: 0, or that of `request_quit`.

    Raises
    ------
    DrawingError
        Too many frames could not be drawn. The session is not stopped: a recording goes on.
    BaseException
        Any other exception that ended the event loop, such as ``KeyboardInterrupt``, after the window is closed.
    """

    def make() -> MainWindow:
        store = PreferenceStore(memory)
        return make_window(view, title=title, model=model, source=source, clock=clock, memory=store)

    return run_until_closed(make, view.stop, over=over, on_first_frame=on_first_frame, clock=clock, on_window=on_window)


class DrawnWindow(Protocol):
    """A window of one session or of several, as `run_until_closed` shows it."""

    @property
    def first_painted(self) -> QtCore.pyqtBoundSignal:
        """Emitted once the first frame is on the screen."""

    def refresh(self) -> None:
        """Draw one frame."""

    def warn(self, text: str) -> None:
        """Show a warning about the window itself."""

    def show(self) -> None:
        """Show it on the screen."""

    def end(self) -> None:
        """Close it without a question."""


W = TypeVar("W", bound=DrawnWindow)


def delete_windows(others: set[QtWidgets.QWidget]) -> None:
    """Delete all windows but ``others`` here and now.

    A window is a cycle of references: left to the garbage collector, it would go in whatever thread that runs in next,
    and Qt ends the process when that is not its own.
    """
    found = QtWidgets.QApplication.topLevelWidgets()
    alone = [window for window in found if window not in others and window.parentWidget() is None]
    del found  # those with a parent, such as a combo box's list, are gone with it
    for window in alone:
        sip.delete(window)


def run_until_closed(
    make: Callable[[], W],
    stop: Callable[[], object],
    *,
    over: Callable[[], bool],
    on_first_frame: Callable[[], None] | None,
    clock: Clock,
    on_window: Callable[[W], object] | None = None,
) -> int:
    """Show a window until it is closed, then stop what it shows; as `run_dashboard`, for any window of sessions.

    Parameters
    ----------
    make : callable
        Makes the window, once Qt is there.
    stop : callable
        Stops what it shows.
    over, on_first_frame, clock, on_window
        As those of `run_dashboard`.
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    previous_hook, others = sys.excepthook, set(QtWidgets.QApplication.topLevelWidgets())
    try:
        window = make()
        failures = FrameErrors(window.warn, clock)
        sys.excepthook = failures.handle
        if on_first_frame is not None:
            window.first_painted.connect(on_first_frame)
        timer = QtCore.QTimer()
        timer.timeout.connect(lambda: window.end() if over() else window.refresh())
        timer.start(FRAME_INTERVAL_MS)
        QtCore.QTimer.singleShot(0, window.refresh)
        window.show()
        if on_window is not None:
            on_window(window)
        code = app.exec()
        timer.stop()
        if failures.gave_up is None:  # one that gave up is deleted below, and what it shows goes on
            window.end()
    except BaseException:
        stop()
        raise
    finally:
        sys.excepthook = previous_hook
        delete_windows(others)
    if failures.gave_up is not None:
        raise failures.gave_up
    stop()
    if failures.error is not None:
        raise failures.error
    return code
