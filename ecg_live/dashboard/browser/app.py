"""Run the browser of recorded sessions, or the window that compares two."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.app import FrameErrors, delete_windows
from ecg_live.text import sanitize

POLL_INTERVAL_MS = 100

W = TypeVar("W", bound=QtWidgets.QMainWindow)


def run_window(make: Callable[[], W], refresh: Callable[[W], object]) -> int:
    """Show a window until it is closed; return the exit code, or that of `ecg_live.dashboard.app.request_quit`.

    Parameters
    ----------
    make : callable
        Makes the window, once Qt runs.
    refresh : callable
        Called with the window ten times a second.

    Raises
    ------
    DrawingError
        It failed time and again.
    BaseException
        Any other exception that is no error, such as ``KeyboardInterrupt``.
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    others = set(QtWidgets.QApplication.topLevelWidgets())
    window = make()
    failures = FrameErrors(lambda text: _warn(window, text), time.monotonic)
    previous_hook, sys.excepthook = sys.excepthook, failures.handle
    try:
        timer = QtCore.QTimer()
        timer.timeout.connect(lambda: refresh(window))
        timer.start(POLL_INTERVAL_MS)
        window.show()
        code = app.exec()
        timer.stop()
        window.close()
    finally:
        sys.excepthook = previous_hook
        delete_windows(others)
    if (error := failures.gave_up or failures.error) is not None:
        raise error
    return code


def _warn(window: QtWidgets.QMainWindow, text: str) -> None:
    """Show what went wrong in a line below the window, which goes on."""
    if (bar := window.statusBar()) is not None:
        bar.showMessage(sanitize(text))
