"""Run the desk: one Qt application for the start page and for the sessions that it begins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.desk.memory import DeskMemory
from ecg_live.dashboard.desk.window import RELEASE_PATIENCE_S, DeskWindow
from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.presentation.desk import error_line
from ecg_live.preview_items import SessionPlan
from ecg_live.protocols import DeskServices

FRAME_INTERVAL_MS = 33
ICON = Path(__file__).with_name("ecg-live.svg")


class Desk:
    """The start page, shown before and after each session.

    Parameters
    ----------
    services : DeskServices
    memory : Path, optional
        File that remembers choices, size and colours.
    stopped : callable
        Polled; returns True after Ctrl-C.
    """

    def __init__(
        self, services: DeskServices, memory: Path | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
        QtWidgets.QApplication.setStyle("Fusion")
        QtWidgets.QApplication.setApplicationName("ecg-live")
        QtGui.QGuiApplication.setDesktopFileName("ecg-live")  # the entry of `install-desktop`
        QtWidgets.QApplication.setWindowIcon(QtGui.QIcon(str(ICON)))
        self._stopped = stopped
        self.window = DeskWindow(services, DeskMemory(memory), PreferenceStore(memory))

    def choose(self) -> SessionPlan | None:
        """Show the start page until a session is chosen; None if the window is closed, or after Ctrl-C."""
        loop = QtCore.QEventLoop()
        chosen: list[SessionPlan | None] = []

        def decide(plan: SessionPlan | None) -> None:
            chosen.append(plan)
            loop.quit()

        self.window.decided.connect(decide)
        timer = QtCore.QTimer()
        timer.timeout.connect(lambda: self.window.close() if self._stopped() else self.window.refresh())
        before, sys.excepthook = sys.excepthook, self._report
        try:
            self.window.open()
            timer.start(FRAME_INTERVAL_MS)
            loop.exec()
        finally:
            timer.stop()
            sys.excepthook = before
            self.window.decided.disconnect(decide)
            self.window.previews.wait(RELEASE_PATIENCE_S)  # a device that is not stopped stays on
        return chosen[-1] if chosen else None

    def hide(self) -> None:
        """Hide the start page: a session's window is there."""
        self.window.hide()

    def show_message(self, text: str) -> None:
        """Show a message above the start page."""
        self.window.show_message(text)

    def show_error(self, error: Exception) -> None:
        """Show what went wrong, and what to do about it."""
        self.window.show_message(error_line(getattr(error, "message", str(error)), getattr(error, "remedy", "")))

    def _report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Show an exception that reached Qt, which would end the process."""
        if not isinstance(error, Exception):
            self.window.close()
            return
        if sys.stderr is not None:
            sys.__excepthook__(kind, error, trace)
        self.window.show_message(f"Unexpected {kind.__name__}: {error}: please report it")
