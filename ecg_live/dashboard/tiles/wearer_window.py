"""The full view of one of several wearers: the main window, whose closing ends nothing."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.window import MainWindow


class WearerWindow(MainWindow):
    """A main window beside that of all wearers; the session, and a recording, go on without it."""

    closed = QtCore.pyqtSignal()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Close without a question, and leave the session running."""
        self._save_preferences()
        QtWidgets.QMainWindow.closeEvent(self, event)
        self.closed.emit()
