"""The affect grid: valence across, arousal upwards; one answer by a click, or a continuous rating with the button."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.self_report.field import TEXT_PT, AnswerField, Look
from ecg_live.dashboard.self_report.point_row import draw_focus_ring, line_height
from ecg_live.dashboard.self_report.slider import FINE_STEP, VALUE_DECIMALS
from ecg_live.dashboard.widgets import text_label
from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE
from ecg_live.study.asking import scale_ends
from ecg_live.study.plan import SelfReport
from ecg_live.text import sanitize

Key = QtCore.Qt.Key
RATING_INTERVAL_MS = 50  # of a continuous rating: 20 Hz
_KEY_STEPS = {
    Key.Key_Left: (-FINE_STEP, 0.0),
    Key.Key_Right: (FINE_STEP, 0.0),
    Key.Key_Down: (0.0, -FINE_STEP),
    Key.Key_Up: (0.0, FINE_STEP),
}
_POINT_PX = 14
HALO_ALPHA = 90  # of 255
RATING_HINT = "Hold the mouse button down while you rate."
_LINES = 9  # of the grid, with both edges


class AffectPlane(QtWidgets.QWidget):
    """A square of valence and arousal with the point that was chosen.

    Attributes
    ----------
    moved : signal
        The point was set or moved.
    pressed, released : signal
        The mouse button went down on the square, and up again.
    """

    moved = QtCore.pyqtSignal()
    pressed = QtCore.pyqtSignal()
    released = QtCore.pyqtSignal()

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__()
        self.look = look
        self.point: tuple[float, float] | None = None
        self.rated = False  # the point is being recorded: it has a halo
        self._ends = {item: scale_ends(report, item) for item in AFFECT_DIMENSIONS}
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Valence and arousal")
        self.setMinimumSize(320, 280)
        self._describe()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        self.look = look
        self.update()

    def move_to(self, valence: float, arousal: float) -> None:
        """Set the point, at the edge if it lies beyond."""
        low, high = AFFECT_SCALE
        valence, arousal = (round(min(max(each, low), high), VALUE_DECIMALS) + 0.0 for each in (valence, arousal))
        self.point = valence, arousal
        self._describe()
        self.update()
        self.moved.emit()

    def square(self) -> QtCore.QRectF:
        """Return the place of the square, between the words."""
        line = line_height(self.look) + 10
        sides = [self._word_width(word) for word in self._ends["valence"]]
        room = QtCore.QRectF(self.rect()).adjusted(max(sides), line, -max(sides), -line)
        side = max(60.0, min(room.width(), room.height()))
        square = QtCore.QRectF(0, 0, side, side)
        square.moveCenter(room.center())
        return square

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Move by the arrows, from the middle at first; pass other keys on."""
        if event is None:
            return
        if event.key() in _KEY_STEPS:
            across, up = _KEY_STEPS[Key(event.key())]
            valence, arousal = self.point or (0.0, 0.0)
            self.move_to(valence + across, arousal + up)
        elif event.key() == Key.Key_Home:
            self.move_to(0.0, 0.0)
        else:
            event.ignore()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Set the point where the mouse is; beside the square nothing happens."""
        if event is not None and self.square().adjusted(-8, -8, 8, 8).contains(event.position()):
            self._follow(event)
            self.pressed.emit()

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Follow the mouse while its button is down, also beyond the square."""
        if event is not None and event.buttons() & QtCore.Qt.MouseButton.LeftButton and self.point is not None:
            self._follow(event)

    def mouseReleaseEvent(self, _event: QtGui.QMouseEvent | None) -> None:
        """Let the point stay."""
        self.released.emit()

    def focusOutEvent(self, event: QtGui.QFocusEvent | None) -> None:
        """End a rating."""
        super().focusOutEvent(event)
        self.released.emit()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw grid, words and point."""
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            square = self.square()
            self._draw_grid(painter, square)
            self._draw_words(painter, square)
            if self.hasFocus():
                draw_focus_ring(painter, square.adjusted(-6, -6, 6, 6), self.look)
            if self.point is not None and self.rated:
                halo = QtGui.QColor(self.look.accent)
                halo.setAlpha(HALO_ALPHA)
                painter.setPen(QtCore.Qt.PenStyle.NoPen)
                painter.setBrush(halo)
                painter.drawEllipse(self._place(square, *self.point), 2 * _POINT_PX, 2 * _POINT_PX)
            if self.point is not None:
                painter.setPen(QtGui.QPen(QtGui.QColor(self.look.palette.card), 3))
                painter.setBrush(self.look.accent)
                painter.drawEllipse(self._place(square, *self.point), _POINT_PX, _POINT_PX)

    def _draw_grid(self, painter: QtGui.QPainter, square: QtCore.QRectF) -> None:
        palette = self.look.palette
        painter.fillRect(square, QtGui.QColor(palette.card))
        for k in range(_LINES):
            middle = k == _LINES // 2
            painter.setPen(QtGui.QPen(QtGui.QColor(palette.muted if middle else palette.border), 2 if middle else 1))
            at = k / (_LINES - 1)
            x, y = square.left() + at * square.width(), square.top() + at * square.height()
            painter.drawLine(QtCore.QPointF(x, square.top()), QtCore.QPointF(x, square.bottom()))
            painter.drawLine(QtCore.QPointF(square.left(), y), QtCore.QPointF(square.right(), y))

    def _draw_words(self, painter: QtGui.QPainter, square: QtCore.QRectF) -> None:
        painter.setFont(self.look.font(TEXT_PT))
        painter.setPen(QtGui.QColor(self.look.palette.text))
        align = QtCore.Qt.AlignmentFlag
        line = line_height(self.look) + 4.0
        unpleasant, pleasant = self._ends["valence"]
        calm, excited = self._ends["arousal"]
        wide = max(self._word_width(unpleasant), self._word_width(pleasant))
        middle = square.center().y() - line / 2
        left = QtCore.QRectF(square.left() - wide, middle, wide - 14, line)
        right = QtCore.QRectF(square.right() + 14, middle, wide - 14, line)
        painter.drawText(left, align.AlignRight | align.AlignVCenter, unpleasant)
        painter.drawText(right, align.AlignLeft | align.AlignVCenter, pleasant)
        above = QtCore.QRectF(square.left() - wide, square.top() - line - 6, square.width() + 2 * wide, line)
        painter.drawText(above, align.AlignCenter, excited)
        painter.drawText(above.translated(0, square.height() + line + 12), align.AlignCenter, calm)

    def _word_width(self, word: str) -> float:
        return QtGui.QFontMetricsF(self.look.font(TEXT_PT)).horizontalAdvance(word) + 24

    def _place(self, square: QtCore.QRectF, valence: float, arousal: float) -> QtCore.QPointF:
        low, high = AFFECT_SCALE
        across, up = (valence - low) / (high - low), (arousal - low) / (high - low)
        return QtCore.QPointF(square.left() + across * square.width(), square.bottom() - up * square.height())

    def _follow(self, event: QtGui.QMouseEvent) -> None:
        square, (low, high) = self.square(), AFFECT_SCALE
        across = (event.position().x() - square.left()) / square.width()
        up = (square.bottom() - event.position().y()) / square.height()
        self.move_to(low + across * (high - low), low + up * (high - low))

    def _describe(self) -> None:
        (unpleasant, pleasant), (calm, excited) = self._ends["valence"], self._ends["arousal"]
        where = "no answer" if self.point is None else f"valence {self.point[0]:g}, arousal {self.point[1]:g}"
        self.setAccessibleDescription(f"{where}; {unpleasant} to {pleasant}, {calm} to {excited}; arrow keys move it")


class PlaneField(AnswerField):
    """One answer on the affect grid."""

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__(report, look)
        self.plane = AffectPlane(report, look)
        self.plane.moved.connect(self.changed)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plane)

    def values(self) -> tuple[tuple[str, float | None], ...]:
        """Return valence and arousal."""
        return tuple(zip(AFFECT_DIMENSIONS, self.plane.point or (None, None), strict=True))

    def begin(self) -> None:
        """Give the keyboard to the grid."""
        self.plane.setFocus()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        super().show_look(look)
        self.plane.show_look(look)


class ContinuousRating(QtWidgets.QWidget):
    """The affect grid during a block: a sample every 50 ms while the button is down, and one at each arrow key.

    Attributes
    ----------
    rated : signal of (float, float)
        Valence and arousal now.
    """

    rated = QtCore.pyqtSignal(float, float)

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__()
        self.question = text_label("What is rated", TEXT_PT)
        self.question.setText(sanitize(report.question) or RATING_HINT)
        self.question.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.plane = AffectPlane(report, look)
        self.setAccessibleName(f"Continuous rating {report.name}")
        self._timer = QtCore.QTimer(self)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.setInterval(RATING_INTERVAL_MS)
        self._timer.timeout.connect(self._rate)
        self.plane.pressed.connect(self._begin)
        self.plane.moved.connect(self._rate_by_key)
        self.plane.released.connect(self._end)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.question)
        column.addWidget(self.plane, 1)
        self.show_look(look)

    @property
    def rating(self) -> bool:
        """Whether the button is down."""
        return self._timer.isActive()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        self.question.setFont(look.font(TEXT_PT))
        self.plane.show_look(look)

    def hideEvent(self, event: QtGui.QHideEvent | None) -> None:
        """End a rating with its block."""
        super().hideEvent(event)
        self._timer.stop()

    def _begin(self) -> None:
        self.plane.rated = True
        self._rate()
        self._timer.start()

    def _rate_by_key(self) -> None:
        if not self.rating and not QtWidgets.QApplication.mouseButtons() & QtCore.Qt.MouseButton.LeftButton:
            self._rate()

    def _end(self) -> None:
        if self.rating:
            self._timer.stop()
            self._rate()
        self.plane.rated = False
        self.plane.update()

    def _rate(self) -> None:
        if self.plane.point is not None:
            self.rated.emit(*self.plane.point)
