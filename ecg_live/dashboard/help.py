"""The keys of the dashboard, and the dialog that lists them."""

from __future__ import annotations

from pyqtgraph.Qt import QtCore, QtWidgets

from ecg_live.dashboard.widgets import text_label

KEYS = (
    ("Space", "Pause the trace, or go on; samples and numbers never stop"),
    ("L", "Back to the newest of the trace"),
    ("M", "Marker at this moment: write its text, Enter marks, Escape cancels"),
    ("1 to 9", "Marker with that number as its text"),
    ("B", "Begin a resting baseline; asks if one is running"),
    ("R", "Record, or stop recording; stopping asks"),
    ("Left, Right", "While paused: one second back, forward (also mouse wheel)"),
    ("Page Up, Page Down", "While paused: one page back, forward"),
    ("Home, End", "While paused: oldest, newest"),
    ("+, -  or  Up, Down", "Gain"),
    ("], [", "Paper speed"),
    ("T", "Light or dark"),
    ("F, F11", "Full screen; Escape leaves it"),
    ("Tab, Enter", "Next control; press it"),
    ("?, F1", "This list"),
    ("Q, Ctrl+W", "Quit"),
)


class HelpDialog(QtWidgets.QDialog):
    """Lists the keys; Escape closes it."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAccessibleName("Keys")
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(7)
        for row, (keys, action) in enumerate(KEYS):
            for column, text in enumerate((keys, action)):
                label = text_label(text, 10, bold=column == 0)
                label.setText(text)
                grid.addWidget(label, row, column)
        close = QtWidgets.QPushButton("Close")
        close.setAccessibleName("Close")
        close.clicked.connect(self.accept)
        grid.addWidget(close, len(KEYS), 1, QtCore.Qt.AlignmentFlag.AlignRight)
