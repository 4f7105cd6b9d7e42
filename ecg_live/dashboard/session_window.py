"""What the windows of one session and of several have in common: keys, full screen, and the end."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.keys import focus_keeps_key


class SessionWindow(QtWidgets.QMainWindow):
    """A window with actions for keys, whose closing may first ask."""

    def __init__(self) -> None:
        super().__init__()
        self._closing = False  # without a question

    def event(self, event: QtCore.QEvent | None) -> bool:
        """Let the control with the focus have the keys that it handles itself, before they trigger an action."""
        if (
            isinstance(event, QtGui.QKeyEvent)
            and event.type() == QtCore.QEvent.Type.ShortcutOverride
            and focus_keeps_key(self.focusWidget(), event)
        ):
            event.accept()
            return True
        return super().event(event)

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        self.setWindowState(self.windowState() ^ QtCore.Qt.WindowState.WindowFullScreen)

    def end(self) -> None:
        """Close without a question."""
        self._closing = True
        self.close()
