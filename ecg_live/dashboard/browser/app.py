"""Run the browser of recorded sessions, or the window that compares two."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from PyQt6 import QtCore, QtWidgets

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
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    window = make()
    timer = QtCore.QTimer()
    timer.timeout.connect(lambda: refresh(window))
    timer.start(POLL_INTERVAL_MS)
    window.show()
    code = app.exec()
    timer.stop()
    window.close()
    return code
