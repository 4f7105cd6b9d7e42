"""A notice in one line, with what to do and perhaps a button."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import text_label
from ecg_live.presentation.status import Tone
from ecg_live.text import sanitize


class Notice(QtWidgets.QFrame):
    """A text on the colour of its tone; hidden while there is none.

    Parameters
    ----------
    name : str
        Accessible name.
    action : str
        Text of its button; no button without one.
    """

    triggered = QtCore.pyqtSignal()

    def __init__(self, name: str, action: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._label = text_label(f"{name}: in words", 10)
        self._label.setWordWrap(True)
        self.button = QtWidgets.QPushButton(action)
        self.button.setAccessibleName(f"{action}: {name}")
        self.button.clicked.connect(self.triggered)
        self.button.setVisible(bool(action))
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self._label, 1)
        row.addWidget(self.button)
        self.hide()

    @property
    def text(self) -> str:
        """The text shown, or empty."""
        return "" if self.isHidden() else self._label.text()

    def show_text(self, text: str, tone: Tone = "fault") -> None:
        """Show a text, of one line or several, or hide the notice without one."""
        text = "\n".join(sanitize(line) for line in text.split("\n"))
        if text != self._label.text():
            self._label.setText(text)
            self.setAccessibleDescription(text)
        set_style_property(self, "tone", tone)
        self.setVisible(bool(text))
