"""Start Qt, show the window, and keep it drawing until it is closed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType

from pyqtgraph.Qt import QtCore, QtWidgets

from ecg_live.types import Clock, View

from .window import MainWindow

FRAME = 33  # ms: 30 frames a second


def request_quit(code: int = 0) -> None:
    """Close the dashboard from a Python signal handler; it then returns ``code``. Without a dashboard nothing happens.

    Python runs such handlers between two frames, because the timer comes back to the interpreter.
    """
    app = QtCore.QCoreApplication.instance()
    if app is not None:
        QtCore.QTimer.singleShot(0, lambda: app.exit(code))  # later: the loop may not have begun


class _Failure:
    """Keeps the first exception that reaches Qt, which would end the process, and leaves the event loop."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def keep(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        self.error = self.error or error
        request_quit(1)


def run_dashboard(
    view: View,
    *,
    title: str,
    model: str,
    over: Callable[[], bool] = lambda: False,
    on_first_frame: Callable[[], None] | None = None,
    clock: Clock = time.monotonic,
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

    Returns
    -------
    int
        Exit code: 0, or what `request_quit` was given.

    Raises
    ------
    BaseException
        Whatever went wrong while drawing, ``KeyboardInterrupt`` included, after the window is closed.
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    failure, former = _Failure(), sys.excepthook
    sys.excepthook = failure.keep
    try:
        window = MainWindow(view, title=title, model=model, clock=clock)
        if on_first_frame is not None:
            window.sweep.first_painted.connect(on_first_frame)
        timer = QtCore.QTimer()
        timer.timeout.connect(lambda: window.end() if over() else window.refresh())
        timer.start(FRAME)
        window.refresh()
        window.show()
        code = app.exec()
        timer.stop()
        window.end()
    finally:
        sys.excepthook = former
        view.stop()
    if failure.error is not None:
        raise failure.error
    return code
