"""The timeline: lanes of the whole session on one axis, drawn once into a picture until something is new."""

from __future__ import annotations

import math

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import CONTRAST, Palette
from ecg_live.dashboard.timeline.annotations import draw_markers, draw_spans
from ecg_live.dashboard.timeline.lanes import Lane, LanePart, lanes_of
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.timeline.visible_range import VisibleRange, tick_step
from ecg_live.presentation.formatting import clock_text

TEXT_PT = 8
LANE_GAP_PX = 4
MIN_LANE_ROWS = 0.75  # height of a lane with a curve, in rows of text
RIGHT_MARGIN_PX = 8
CLICK_PX = 4  # by which the mouse may move in a click
ZOOM_STEP = 1.25  # of a notch of the wheel, or of a key
PAN_SHARE = 0.1  # of what is shown, by an arrow key
_Key = QtCore.Qt.Key


class TimelineView(QtWidgets.QWidget):
    """Draws a session's lanes; wheel and keys zoom and move, dragging moves, a double click follows again.

    Parameters
    ----------
    timeline : SessionTimeline
    palette : Palette
    """

    range_changed = QtCore.pyqtSignal()
    place_chosen = QtCore.pyqtSignal(float)  # stream time (s) at which the user clicked

    def __init__(self, timeline: SessionTimeline, palette: Palette) -> None:
        super().__init__()
        self._timeline = timeline
        self._palette = palette
        self._canvas = QtGui.QPixmap()
        self._drawn: tuple[object, ...] = ()  # what the canvas shows
        self._dragged: float | None = None  # x (px) to which the mouse has dragged
        self._clicked = False  # pressed, and not dragged since
        self.visible = VisibleRange()
        self.redraws = 0
        self.setAccessibleName("Timeline of the session")
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_OpaquePaintEvent)
        style_text(self, TEXT_PT)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the size at which every lane can be told from the next."""
        lanes, row = lanes_of(self._timeline), self.fontMetrics().height() + 1
        heights = sum(row * (MIN_LANE_ROWS if lane.stretch else 1) for lane in lanes)
        return QtCore.QSize(240, math.ceil(heights) + LANE_GAP_PX * (len(lanes) - 1) + row + 6)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    @property
    def timeline(self) -> SessionTimeline:
        """What is drawn."""
        return self._timeline

    def show_timeline(self, timeline: SessionTimeline) -> None:
        """Draw another session, or the same at other times."""
        self._timeline = timeline
        self._drawn = ()
        self.show_new()

    def show_new(self) -> None:
        """Draw again if something is new where it can be seen."""
        self.visible.advance(self._timeline.now)
        if self._state() != self._drawn:
            self.update()

    def _state(self) -> tuple[object, ...]:
        """What a picture depends on: it is redrawn once the newest is a pixel further."""
        start, stop = self.visible.limits
        pixel = (stop - start) / max(1, self.width())
        newest = math.floor(min(self._timeline.now, stop) / pixel)
        shown = (math.floor(start / pixel), math.floor(stop / pixel), pixel if not self.visible.whole else 0)
        look = (self.size(), self.devicePixelRatioF(), self._palette.name, self.font().pointSizeF())
        return (self._timeline.revision, newest, shown, look)

    @property
    def plot(self) -> QtCore.QRectF:
        """The area of all lanes (px)."""
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("Mental load 0000") + 20
        bottom = metrics.height() + 4
        return QtCore.QRectF(left, 2, self.width() - left - RIGHT_MARGIN_PX, self.height() - bottom - 2)

    def lanes(self) -> list[tuple[Lane, QtCore.QRectF]]:
        """Return the lanes with their areas (px), from top to bottom."""
        lanes, plot = lanes_of(self._timeline), self.plot
        line = self.fontMetrics().height() + 1
        stretches = sum(lane.stretch for lane in lanes)
        fixed = sum(line for lane in lanes if not lane.stretch) + LANE_GAP_PX * (len(lanes) - 1)
        each = max(MIN_LANE_ROWS * line, (plot.height() - fixed) / max(1, stretches))
        placed, top = [], plot.top()
        for lane in lanes:
            height = lane.stretch * each if lane.stretch else line
            placed.append((lane, QtCore.QRectF(plot.left(), top, plot.width(), height)))
            top += height + LANE_GAP_PX
        return placed

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Copy the picture, which is drawn anew if anything changed."""
        state = self._state()
        if state != self._drawn:
            self._draw()
            self._drawn = state  # not before: a picture that fails is tried again
        with painter_on(self) as painter:
            painter.drawPixmap(0, 0, self._canvas)
            self._draw_cursor(painter)
            if self.hasFocus():
                painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.classes[0]), 2))
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _draw_cursor(self, painter: QtGui.QPainter) -> None:
        """Draw a line at the place in a session that is played back."""
        cursor, (start, stop) = self._timeline.cursor, self.visible.limits
        if cursor is None or not start <= cursor <= stop:
            return
        plot = self.plot
        x = plot.left() + (cursor - start) / (stop - start) * plot.width()
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.text), 2))
        painter.drawLine(QtCore.QLineF(x, plot.top(), x, plot.bottom() + 3))

    def _draw(self) -> None:
        self.redraws += 1
        ratio = self.devicePixelRatioF()
        self._canvas = QtGui.QPixmap(math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
        self._canvas.setDevicePixelRatio(ratio)
        self._canvas.fill(QtGui.QColor(self._palette.card))
        with painter_on(self._canvas) as painter:
            painter.setFont(self.font())
            start, stop = self.visible.limits
            whole = LanePart(self.plot, start, stop, self._timeline, self._palette)
            self._draw_times(painter, whole)
            draw_spans(painter, whole.area, whole.x, self._timeline, self._palette)
            draw_markers(painter, whole.area, whole.x, self._timeline.markers, self._palette)
            for lane, area in self.lanes():
                self._draw_lane(painter, lane, LanePart(area, start, stop, self._timeline, self._palette))
        self.setAccessibleDescription(
            f"{clock_text(start)} to {clock_text(stop)}, {len(self._timeline.markers)} markers"
            f"{', following' if self.visible.following else ''}"
        )

    def _draw_lane(self, painter: QtGui.QPainter, lane: Lane, part: LanePart) -> None:
        """Draw a lane, with its name and the ends of its axis at the left."""
        area, metrics = part.area, painter.fontMetrics()
        low, high = lane.axis(part)
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.save()
        painter.setClipRect(area.adjusted(0, -1, 0, 1))
        lane.draw(painter, part)
        painter.restore()
        row = metrics.height()
        painter.setPen(QtGui.QColor(self._palette.muted))
        right = QtCore.Qt.AlignmentFlag.AlignRight.value
        if area.height() >= 2 * row:
            painter.drawText(QtCore.QRectF(0, area.top(), area.left() - 5, row), right, high)
            painter.drawText(QtCore.QRectF(0, area.bottom() - row, area.left() - 5, row), right, low)
        painter.setPen(QtGui.QColor(self._palette.text))
        room = int(area.left()) - (metrics.horizontalAdvance("0000") if low else 0) - 10
        name = metrics.elidedText(lane.name, QtCore.Qt.TextElideMode.ElideRight, room)
        painter.drawText(QtCore.QPointF(6, area.center().y() + metrics.ascent() / 2 - 1), name)

    def _draw_times(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw the axis of time below the lanes, with a faint line at each label."""
        wide = painter.fontMetrics().horizontalAdvance("0:00:00 ")
        step = tick_step(part.stop - part.start, part.area.width() / (1.5 * wide))
        centre = QtCore.Qt.AlignmentFlag.AlignHCenter.value
        grid = QtGui.QColor(self._palette.shade if self._palette is CONTRAST else self._palette.border)
        for at in range(math.ceil(part.start / step) * step, math.floor(part.stop) + 1, step):
            x = part.x(at)
            painter.setPen(grid)
            painter.drawLine(QtCore.QLineF(x, part.area.top(), x, part.area.bottom() + 3))
            painter.setPen(QtGui.QColor(self._palette.muted))
            left = min(max(x - wide / 2, part.area.left() - wide / 2), self.width() - wide)
            below = QtCore.QRectF(left, part.area.bottom() + 3, wide, painter.fontMetrics().height())
            painter.drawText(below, centre, clock_text(at))

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Show ``factor`` times as many seconds."""
        self.visible.zoom(factor, at)
        self._moved()

    def pan(self, seconds: float) -> None:
        """Move to later times, or to earlier ones."""
        self.visible.pan(seconds)
        self._moved()

    def follow(self) -> None:
        """Show the newest from now on."""
        self.visible.follow()
        self._moved()

    def show_all(self) -> None:
        """Show the whole session."""
        self.visible.show_all()
        self._moved()

    def _moved(self) -> None:
        self.update()
        self.range_changed.emit()

    def time_at(self, x: float) -> float:
        """Return the stream time (s) at a pixel."""
        start, stop = self.visible.limits
        return start + (x - self.plot.left()) / max(1.0, self.plot.width()) * (stop - start)

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Zoom about the mouse; with Shift, or sideways, move."""
        if event is None:
            return
        delta, start_stop = event.angleDelta(), self.visible.limits
        span = start_stop[1] - start_stop[0]
        if event.modifiers() & QtCore.Qt.KeyboardModifier.ShiftModifier or not delta.y():
            notches = (delta.x() or delta.y()) / 120
            self.pan(-notches * PAN_SHARE * span)
        else:
            self.zoom(ZOOM_STEP ** (-delta.y() / 120), self.time_at(event.position().x()))
        event.accept()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Begin to drag."""
        if event is not None and event.button() == QtCore.Qt.MouseButton.LeftButton:
            self._dragged = event.position().x()
            self._clicked = True

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Move with the mouse."""
        if event is not None and self._dragged is not None:
            self._clicked = self._clicked and abs(event.position().x() - self._dragged) < CLICK_PX
            if self._clicked:
                return
            before, self._dragged = self._dragged, event.position().x()
            self.pan(self.time_at(before) - self.time_at(self._dragged))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """End of a drag, or a click."""
        if event is not None and self._clicked and event.position().x() >= self.plot.left():
            self.place_chosen.emit(self.time_at(event.position().x()))
        self._dragged, self._clicked = None, False

    def mouseDoubleClickEvent(self, _event: QtGui.QMouseEvent | None) -> None:
        """Follow again."""
        self.follow()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Move by arrows and pages, zoom by plus and minus."""
        if event is None:
            return
        start, stop = self.visible.limits
        pans = {_Key.Key_Left: -PAN_SHARE, _Key.Key_Right: PAN_SHARE, _Key.Key_PageUp: -1.0, _Key.Key_PageDown: 1.0}
        zooms = {_Key.Key_Plus: 1 / ZOOM_STEP, _Key.Key_Equal: 1 / ZOOM_STEP, _Key.Key_Minus: ZOOM_STEP}
        key = _Key(event.key())
        if key in pans:
            self.pan(pans[key] * (stop - start))
        elif key in zooms:
            self.zoom(zooms[key])
        elif key == _Key.Key_Home:
            self.pan(-start)
        elif key == _Key.Key_End:
            self.follow()
        else:
            super().keyPressEvent(event)
