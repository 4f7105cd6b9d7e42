"""Labels, badges, panels and the scrollable body that the parts of the window are made of."""

from __future__ import annotations

from html import escape

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import set_style_property
from ecg_live.presentation.status import Tone
from ecg_live.text import sanitize

PANEL_MARGINS_PX = (12, 8, 12, 8)
COMPACT_MARGINS_PX = (10, 3, 10, 3)


def text_label(name: str, size: int, *, bold: bool = False, muted: bool = False) -> QtWidgets.QLabel:
    """Make a label.

    Parameters
    ----------
    name : str
        Accessible name.
    size : int
        Font size, points.
    bold, muted : bool
        Weight, and whether the text has the muted colour.
    """
    label = QtWidgets.QLabel()
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    style_text(label, size, bold=bold)
    label.setAccessibleName(name)
    label.setProperty("muted", muted)
    return label


def tooltip_html(*lines: str) -> str:
    """Escape lines for a tool tip, which would interpret a name that looks like HTML."""
    return f"<qt>{'<br>'.join(escape(sanitize(line)) for line in lines)}</qt>" if any(lines) else ""


class ElidedLabel(QtWidgets.QLabel):
    """A line that is elided if it does not fit; the tool tip has the full text."""

    def __init__(self, name: str, size: int, *, bold: bool = False) -> None:
        super().__init__()
        self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.setAccessibleName(name)
        self.setMinimumWidth(40)
        self._bold = bold
        self.set_size(size)

    def set_size(self, size: int) -> None:
        """Set the font size, points."""
        style_text(self, size, bold=self._bold)

    def show_text(self, text: str) -> None:
        """Show ``text``."""
        self.setText(sanitize(text))
        self.setToolTip(tooltip_html(text))

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return a narrow size: the text is elided."""
        return QtCore.QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw the text, elided to the width."""
        with painter_on(self) as painter:
            text = self.fontMetrics().elidedText(self.text(), QtCore.Qt.TextElideMode.ElideRight, self.width())
            painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.WindowText))
            painter.drawText(self.rect(), self.alignment(), text)


class Badge(QtWidgets.QLabel):
    """A state in one or two words, on the colour of its tone."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("pill")
        self.setAccessibleName(name)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Maximum, QtWidgets.QSizePolicy.Policy.Maximum)
        style_text(self, 9, bold=True)

    def show_state(self, tone: Tone, word: str) -> None:
        """Show a state."""
        self.setText(word)
        set_style_property(self, "tone", tone)


class Panel(QtWidgets.QFrame):
    """A framed part of the window."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName(name)


class ScrollableBody(QtWidgets.QScrollArea):
    """Holds the parts of the window; they scroll on a screen that is too small for them."""

    def __init__(self, body: QtWidgets.QWidget) -> None:
        super().__init__()
        self.setAccessibleName("Window")
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setWidget(body)
        if (inside := self.viewport()) is not None:
            inside.setObjectName("shelf")
            inside.setAccessibleName("Parts of the window")

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Pass all keys on to the window."""
        if event is not None:
            event.ignore()
