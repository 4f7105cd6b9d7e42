"""Widgets over the trace: transient messages, the field for a marker's text, and questions."""

from __future__ import annotations

import math
from collections.abc import Callable

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import text_label
from ecg_live.presentation.status import Tone
from ecg_live.text import sanitize

MESSAGE_DURATION_S = 4.0
TOP_OFFSET_PX = 8  # below the upper edge of the trace
MAX_MARKER_CHARACTERS = 200


class Toast(QtWidgets.QFrame):
    """One short message; the next replaces it."""

    def __init__(self, host: QtWidgets.QWidget) -> None:
        super().__init__(host)
        self.setAccessibleName("Message")
        self._label = text_label("Message in words", 10, bold=True)
        self._until = -math.inf
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(14, 5, 14, 5)
        row.addWidget(self._label)
        self.hide()
        host.installEventFilter(self)

    def eventFilter(  # noqa: N802 - as Qt names it
        self, watched: QtCore.QObject | None, event: QtCore.QEvent | None
    ) -> bool:
        """Stay in the middle when the parent changes its size."""
        if event is not None and event.type() == QtCore.QEvent.Type.Resize and self.isVisible():
            _float_over_parent(self)
        return super().eventFilter(watched, event)

    @property
    def text(self) -> str:
        """The message shown, or empty."""
        return self._label.text() if self.isVisible() else ""

    def show_message(self, tone: Tone, text: str, now: float) -> None:
        """Show a message from ``now`` (s) on."""
        room = max(80, (self.parentWidget() or self).width() - 60)
        text = sanitize(text)
        short = self.fontMetrics().elidedText(text, QtCore.Qt.TextElideMode.ElideRight, room)
        self._label.setText(short)
        self.setAccessibleDescription(text)
        set_style_property(self, "tone", tone)
        self._until = now + MESSAGE_DURATION_S
        self.show()
        _float_over_parent(self)

    def hide_when_due(self, now: float) -> None:
        """Hide the message after `MESSAGE_DURATION_S`."""
        if self.isVisible() and now >= self._until:
            self.hide()


class MarkerField(QtWidgets.QFrame):
    """Field for the text of a marker that already has its time: Enter confirms, Escape cancels."""

    confirmed = QtCore.pyqtSignal(str)
    cancelled = QtCore.pyqtSignal()

    def __init__(self, host: QtWidgets.QWidget) -> None:
        super().__init__(host)
        self.setObjectName("card")
        self.setAccessibleName("New marker")
        self._label = text_label("Time of the marker", 10)
        self.line = QtWidgets.QLineEdit()
        self.line.setAccessibleName("Text of the marker")
        self.line.setPlaceholderText("Text; Enter marks, Esc cancels")
        self.line.setMaxLength(MAX_MARKER_CHARACTERS)
        self.line.setMinimumWidth(240)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(self._label)
        row.addWidget(self.line)
        self.line.returnPressed.connect(lambda: self.confirmed.emit(self.line.text().strip()))
        self.hide()

    def open_for(self, when: str) -> None:
        """Open the field for a marker at this time, given as text."""
        self._label.setText(f"Marker at {when}")
        self.line.clear()
        self.show()
        _float_over_parent(self)
        self.line.setFocus()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Cancel on Escape; pass other keys on to the window."""
        if event is not None and event.key() == QtCore.Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)


class ConfirmDialog(QtWidgets.QDialog):
    """Asks before an action that cannot be undone.

    Escape rejects. Enter presses the button with the focus, at first the one that rejects.

    Parameters
    ----------
    parent : QWidget
    text : str
        The question.
    yes, no : str
        Texts of the buttons.
    then : callable
        Called if the answer is yes.
    """

    def __init__(self, parent: QtWidgets.QWidget, text: str, yes: str, no: str, then: Callable[[], object]) -> None:
        super().__init__(parent)
        self.setWindowTitle(yes)
        self.setAccessibleName(text)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        label = text_label("Question", 11)
        label.setText(text)
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setVerticalSpacing(16)
        grid.addWidget(label, 0, 0, 1, 2)
        self.yes = QtWidgets.QPushButton(yes)
        self.no = QtWidgets.QPushButton(no)
        for column, (button, slot) in enumerate(((self.yes, self.accept), (self.no, self.reject))):
            button.setAccessibleName(button.text())
            button.setAutoDefault(True)  # the default follows the focus
            button.clicked.connect(slot)
            grid.addWidget(button, 1, column)
        self.no.setDefault(True)
        self.no.setFocus()
        self.accepted.connect(then)


def _float_over_parent(widget: QtWidgets.QWidget) -> None:
    """Move a widget to the middle of its parent's upper edge, above all others."""
    widget.adjustSize()
    host = widget.parentWidget()
    if host is not None:
        widget.move(max(0, (host.width() - widget.width()) // 2), TOP_OFFSET_PX)
    widget.raise_()
