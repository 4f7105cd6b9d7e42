"""Cards, tiles for numbers, tags for states, and labels that give way when there is no room."""

from __future__ import annotations

from html import escape
from typing import ClassVar

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.theme import set_style_property
from ecg_live.presentation.formatting import NO_VALUE
from ecg_live.presentation.status import Tone
from ecg_live.text import sanitize

PANEL_MARGINS_PX = (12, 8, 12, 8)
COMPACT_MARGINS_PX = (10, 3, 10, 3)


def text_label(name: str, size: int, *, bold: bool = False, muted: bool = False) -> QtWidgets.QLabel:
    """Make a label with an accessible name; ``size`` in points."""
    label = QtWidgets.QLabel()
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    style_text(label, size, bold=bold)
    label.setAccessibleName(name)
    label.setProperty("muted", muted)
    return label


def style_text(widget: QtWidgets.QWidget, size: int, *, bold: bool = False) -> None:
    """Set a widget's type size (points) and weight."""
    font = widget.font()
    font.setPointSize(size)
    font.setBold(bold)
    widget.setFont(font)


def tooltip_html(*lines: str) -> str:
    """Write lines for a tool tip, which would take a device's or a marker's name for HTML where it looks like that."""
    return f"<qt>{'<br>'.join(escape(sanitize(line)) for line in lines)}</qt>" if any(lines) else ""


class ElidedLabel(QtWidgets.QLabel):
    """A line that ends in an ellipsis where it does not fit; the whole of it is in the tool tip."""

    def __init__(self, name: str, size: int, *, bold: bool = False) -> None:
        super().__init__()
        self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.setAccessibleName(name)
        self.setMinimumWidth(40)
        style_text(self, size, bold=bold)

    def show_text(self, text: str) -> None:
        """Show ``text``."""
        self.setText(sanitize(text))
        self.setToolTip(tooltip_html(text))

    def minimumSizeHint(self) -> QtCore.QSize:
        """Narrow: the line gives way."""
        return QtCore.QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw as much of the line as fits."""
        with painter_on(self) as painter:
            text = self.fontMetrics().elidedText(self.text(), QtCore.Qt.TextElideMode.ElideRight, self.width())
            painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.WindowText))
            painter.drawText(self.rect(), self.alignment(), text)


class Badge(QtWidgets.QLabel):
    """A state in one or two words on its colour."""

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
    """Holds the window's parts, which can be reached by scrolling on a screen that is too small for them."""

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
        """Leave all keys to the window."""
        if event is not None:
            event.ignore()


class ValueTile(Panel):
    """One number with its caption, unit and a line below it; in a ``compact`` one all stand side by side."""

    def __init__(self, caption: str, unit: str = "", *, size: int = 20, compact: int = 12) -> None:
        super().__init__(caption)
        self._sizes = {False: size, True: compact}
        self._caption = text_label(f"{caption} caption", 9, muted=True)
        self._caption.setText(caption)
        self._value = text_label(caption, size, bold=True)
        self._unit = text_label(f"{caption} unit", 10, muted=True)
        self._unit.setText(unit)
        self._note = text_label(f"{caption} note", 9, muted=True)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._value, 0, QtCore.Qt.AlignmentFlag.AlignBaseline)
        row.addWidget(self._unit, 1, QtCore.Qt.AlignmentFlag.AlignBaseline)
        self._box = QtWidgets.QBoxLayout(QtWidgets.QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(*PANEL_MARGINS_PX)
        self._box.setSpacing(1)
        self._box.addWidget(self._caption)
        self._box.addLayout(row)
        self._box.addWidget(self._note)
        self._box.addStretch(1)

    def set_compact(self, *, compact: bool) -> None:
        """Lay caption and number side by side, without the line below."""
        direction = QtWidgets.QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if compact else direction.TopToBottom)
        self._box.setContentsMargins(*(COMPACT_MARGINS_PX if compact else PANEL_MARGINS_PX))
        self._box.setSpacing(10 if compact else 1)
        self._note.setVisible(not compact)
        style_text(self._value, self._sizes[compact], bold=True)

    @property
    def value(self) -> str:
        """The text of the number."""
        return self._value.text()

    @property
    def note(self) -> str:
        """The text below."""
        return self._note.text()

    @property
    def dim(self) -> bool:
        """Whether the number looks old."""
        return bool(self._value.property("muted"))

    def show_value(self, value: str, note: str = "", *, dim: bool = False) -> None:
        """Show a number; ``dim`` when it is not live."""
        self._value.setText(value)
        self._note.setText(note)
        set_style_property(self._value, "muted", dim or value == NO_VALUE)
        self.setAccessibleDescription(f"{value} {self._unit.text()} {note}".strip())


class RowTile(Panel):
    """A caption and a number side by side."""

    def __init__(self, caption: str) -> None:
        super().__init__(caption)
        left = text_label(f"{caption} caption", 9, muted=True)
        left.setText(caption)
        self._value = text_label(caption, 11, bold=True)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(PANEL_MARGINS_PX[0], 5, PANEL_MARGINS_PX[2], 5)
        row.addWidget(left, 1)
        row.addWidget(self._value)

    @property
    def value(self) -> str:
        """The text of the number."""
        return self._value.text()

    @property
    def dim(self) -> bool:
        """Whether the number looks old."""
        return bool(self._value.property("muted"))

    def show_value(self, value: str, *, dim: bool) -> None:
        """Show a number; ``dim`` when it is not live."""
        self._value.setText(value)
        set_style_property(self._value, "muted", dim)
        self.setAccessibleDescription(value)


class QualityTile(Panel):
    """The grade of the signal as a badge, with the reasons."""

    TONES: ClassVar[dict[str, Tone]] = {"good": "live", "poor": "warn", "unusable": "unusable"}

    def __init__(self) -> None:
        super().__init__("Signal quality")
        caption = text_label("Signal quality caption", 9, muted=True)
        caption.setText("Signal quality")
        self.badge = Badge("Signal quality grade")
        self.reasons = text_label("Signal quality reasons", 9)
        self.reasons.setWordWrap(True)
        self.reasons.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(*PANEL_MARGINS_PX)
        self._column.setSpacing(5)
        self._column.addWidget(caption)
        self._column.addWidget(self.badge)
        self._column.addWidget(self.reasons, 1)

    def set_compact(self, *, compact: bool) -> None:
        """Draw the parts closer together."""
        self._column.setContentsMargins(*(COMPACT_MARGINS_PX if compact else PANEL_MARGINS_PX))
        self._column.setSpacing(1 if compact else 5)

    def show_grade(self, grade: str, reasons: tuple[str, ...], *, dim: bool) -> None:
        """Show a grade; ``dim`` when it is not live."""
        tone: Tone = "neutral" if dim else self.TONES.get(grade, "neutral")
        self.badge.show_state(tone, grade.upper())
        self.reasons.setText("; ".join(reasons))
        self.reasons.setToolTip("\n".join(reasons))
        set_style_property(self.reasons, "muted", dim)
