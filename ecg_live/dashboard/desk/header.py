"""The line above the pages: name of the program, ids of the session to come, intended use, colours."""

from __future__ import annotations

from PyQt6 import QtWidgets

from ecg_live.dashboard.status_row import RESEARCH_USE_TEXT
from ecg_live.dashboard.widgets import text_label


class DeskHeader(QtWidgets.QWidget):
    """Shows the ids while there is something to measure; its button changes the colours."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Title of the desk")
        self.ids = text_label("Participant and session", 13, muted=True)
        self.theme_button = QtWidgets.QPushButton()
        self.theme_button.setFlat(True)
        title = text_label("Name of the program", 16, bold=True)
        title.setText("ecg-live")
        tag = text_label(RESEARCH_USE_TEXT, 9, muted=True)
        tag.setText(RESEARCH_USE_TEXT)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(title)
        row.addWidget(self.ids)
        row.addStretch(1)
        row.addWidget(tag)
        row.addWidget(self.theme_button)

    def name_button(self, *, dark: bool) -> None:
        """Name the button by the colours that it brings: dark ones, or light ones."""
        self.theme_button.setText("Dark" if dark else "Light")
        self.theme_button.setAccessibleName(f"Change to {self.theme_button.text().lower()} colours")
