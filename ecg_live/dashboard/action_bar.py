"""The buttons beside the title: each triggers the action of its key, whose name it shows."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6 import QtCore, QtGui, QtWidgets


class ActionButton(QtWidgets.QPushButton):
    """Triggers an action; its text ends with the action's key.

    Parameters
    ----------
    text : str
    action : QAction
    """

    def __init__(self, text: str, action: QtGui.QAction) -> None:
        super().__init__()
        self._action = action
        self.setAccessibleDescription(action.text())
        self.setToolTip(action.text())
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(True)  # Enter presses the button with the focus, as Space does
        self.clicked.connect(action.trigger)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Change what the button says; its key stays."""
        self.setText(f"{text}  ({self._action.shortcut().toString()})")
        self.setAccessibleName(text)


class ActionBar(QtWidgets.QWidget):
    """Record, baseline, marker and sound.

    Parameters
    ----------
    actions : mapping of str to QAction
        Those of `ecg_live.dashboard.keys.add_key_actions`.
    """

    def __init__(self, actions: Mapping[str, QtGui.QAction]) -> None:
        super().__init__()
        self.setAccessibleName("Actions")
        self.record = ActionButton("Record", actions["record"])
        self.baseline = ActionButton("Baseline", actions["baseline"])
        self.marker = ActionButton("Marker", actions["marker"])
        self.sound = ActionButton("Mute", actions["sound"])
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for button in (self.record, self.baseline, self.marker, self.sound):
            row.addWidget(button)

    def show_recording(self, *, recording: bool, able: bool) -> None:
        """Say what the button of the recording does now."""
        self.record.setEnabled(able or recording)
        text = "Stop" if recording else "Record"
        if self.record.accessibleName() != text:
            self.record.show_text(text)

    def show_muted(self, *, muted: bool) -> None:
        """Say what the button of the sound does now."""
        self.sound.show_text("Unmute" if muted else "Mute")
