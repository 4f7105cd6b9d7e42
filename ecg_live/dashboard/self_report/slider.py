"""Affect sliders: a continuous value for each item, unset until it is touched."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.self_report.field import TEXT_PT, AnswerRow, Look, RowsField
from ecg_live.dashboard.self_report.manikin import draw_manikin
from ecg_live.dashboard.self_report.point_row import draw_ends, draw_focus_ring, draw_line, fitting_font, line_height
from ecg_live.events import AFFECT_DIMENSIONS
from ecg_live.study.asking import answer_scale, asked_items, scale_ends
from ecg_live.study.plan import SelfReport

Key = QtCore.Qt.Key
FINE_STEP, COARSE_STEP = 0.05, 0.25  # of the keys, on a scale from -1 to 1
VALUE_DECIMALS = 2
_KEY_STEPS = {
    Key.Key_Left: -FINE_STEP,
    Key.Key_Down: -FINE_STEP,
    Key.Key_Right: FINE_STEP,
    Key.Key_Up: FINE_STEP,
    Key.Key_PageDown: -COARSE_STEP,
    Key.Key_PageUp: COARSE_STEP,
}
_FACE_PX = 92
_HANDLE_PX = 15
_GAP_PX = 26
_TRACK_PX = 8


class SliderRow(AnswerRow):
    """A track with a handle that appears with the first touch, so that the middle is no answer by itself.

    Parameters
    ----------
    item : str
    ends : (str, str)
        Words for both ends.
    scale : (float, float)
    look : Look
    """

    def __init__(self, item: str, ends: tuple[str, str], scale: tuple[float, float], look: Look) -> None:
        super().__init__(item, ends, look)
        self.value: float | None = None
        self._scale = scale
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self._describe()

    def sizeHint(self) -> QtCore.QSize:
        """Return the size of the track, with faces and words."""
        return QtCore.QSize(900, self._words_height() + max(self._face(), 3 * _HANDLE_PX) + 22)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the narrowest size."""
        return QtCore.QSize(420, self.sizeHint().height())

    def move_to(self, value: float) -> None:
        """Set the value."""
        low, high = self._scale
        self.value = round(min(max(value, low), high), VALUE_DECIMALS) + 0.0
        self._describe()
        self.update()
        self.answered.emit()

    def track(self) -> QtCore.QRectF:
        """Return the place of the track."""
        side = self._face() + _GAP_PX if self._face() else 24
        middle = self._words_height() + (self.height() - self._words_height()) / 2
        return QtCore.QRectF(side, middle - _TRACK_PX / 2, self.width() - 2 * side, _TRACK_PX)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Move by the arrows and the page keys, from the middle at first; pass other keys on."""
        if event is None:
            return
        low, high = self._scale
        key = event.key()
        if key in _KEY_STEPS:
            now = (low + high) / 2 if self.value is None else self.value
            self.move_to(now + _KEY_STEPS[Key(key)] * (high - low) / 2)
        elif key in {Key.Key_Home, Key.Key_End}:
            self.move_to(low if key == Key.Key_Home else high)
        else:
            event.ignore()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Move to the mouse."""
        if event is not None:
            self._follow(event)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Follow the mouse while its button is down."""
        if event is not None and event.buttons() & QtCore.Qt.MouseButton.LeftButton:
            self._follow(event)

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw words, faces, track and handle."""
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            track = self.track()
            words = QtCore.QRectF(0, 4, self.width(), self._words_height()).adjusted(14, 0, -14, 0)
            self._draw_words(painter, words)
            self._draw_faces(painter)
            self._draw_track(painter, track)
            if self.hasFocus():
                draw_focus_ring(painter, QtCore.QRectF(self.rect()), self.look)

    def _draw_words(self, painter: QtGui.QPainter, place: QtCore.QRectF) -> None:
        """Write the words for both ends, below the item where no face shows it."""
        if not self._face():
            line = place.height() / 2
            item = QtCore.QRectF(place.left(), place.top(), place.width(), line)
            font = fitting_font([self.item], place.width(), self.look, bold=True)
            painter.setPen(QtGui.QColor(self.look.palette.text))
            draw_line(painter, item, self.item, font, QtCore.Qt.AlignmentFlag.AlignHCenter)
            place = item.translated(0, line)
        draw_ends(painter, place, self.ends, self.look)

    def _draw_track(self, painter: QtGui.QPainter, track: QtCore.QRectF) -> None:
        muted = QtGui.QColor(self.look.palette.muted)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(muted)
        painter.drawRoundedRect(track, _TRACK_PX / 2, _TRACK_PX / 2)
        painter.drawRect(QtCore.QRectF(track.center().x() - 1.5, track.center().y() - 14, 3, 28))
        if self.value is not None:
            low, high = self._scale
            at = QtCore.QPointF(track.left() + (self.value - low) / (high - low) * track.width(), track.center().y())
            painter.setPen(QtGui.QPen(QtGui.QColor(self.look.palette.card), 3))
            painter.setBrush(self.look.accent)
            painter.drawEllipse(at, _HANDLE_PX, _HANDLE_PX)

    def _draw_faces(self, painter: QtGui.QPainter) -> None:
        size = self._face()
        if not size:
            return
        top = self.track().center().y() - size / 2
        for left, level in ((10.0, 0.0), (self.width() - size - 10.0, 1.0)):
            draw_manikin(painter, QtCore.QRectF(left, top, size, size), self.item, level, self.look)

    def _face(self) -> int:
        """Size (px) of the faces at both ends; 0 for an item of no known dimension."""
        return round(_FACE_PX * self.look.font_scale) if self.item in AFFECT_DIMENSIONS else 0

    def _words_height(self) -> int:
        return (1 if self._face() else 2) * (line_height(self.look, TEXT_PT) + 8)

    def _follow(self, event: QtGui.QMouseEvent) -> None:
        track, (low, high) = self.track(), self._scale
        self.move_to(low + (event.position().x() - track.left()) / max(track.width(), 1.0) * (high - low))

    def _describe(self) -> None:
        low, high = self._scale
        words = f", {self.ends[0]} to {self.ends[1]}" if any(self.ends) else ""
        answer = "no answer" if self.value is None else f"{self.value:g}"
        self.setAccessibleDescription(f"{answer} of {low:g} to {high:g}{words}")


class SliderField(RowsField[SliderRow]):
    """A slider for each item."""

    def __init__(self, report: SelfReport, look: Look) -> None:
        scale = answer_scale(report) or (0.0, 1.0)
        super().__init__(
            report, look, [SliderRow(item, scale_ends(report, item), scale, look) for item in asked_items(report)]
        )
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(24)
        column.addStretch(1)
        for row in self.rows:
            column.addWidget(row)
        column.addStretch(1)
