"""The ECG trace: a sweep that paints only new samples, and still pages while paused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.ecg_grid import PULSE_MARGIN_PX, TRACE_WIDTH_PX, PaperScale, draw_grid, draw_line, painter_on
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import Palette
from ecg_live.presentation.formatting import clock_text
from ecg_live.presentation.markers import MarkerLog, PlacedMarker
from ecg_live.presentation.trace_history import TraceHistory

TEXT_PT = 9
ERASED_SAMPLES = MODEL_RATE_HZ // 4  # ahead of the sweep: 0.25 s
STALE_VEIL_ALPHA = 150  # of 255: opacity of the paper over a trace that is not current
MAX_COORDINATE_PX = 1e4  # limit for extreme values, outside of the screen and inside Qt's range


class SweepView(QtWidgets.QWidget):
    """Draws a `TraceHistory`: `advance` paints the samples since the last call, `show_page` a still page.

    The canvas is in device pixels, so that nothing is resampled on a screen of high density.

    Parameters
    ----------
    history : TraceHistory
    palette : Palette
    markers : MarkerLog
    note : str
        Text instead of the trace, for a device without ECG.
    """

    margin_px = PULSE_MARGIN_PX  # left of the trace
    shows_times = True  # below the trace, while it sweeps
    first_painted = QtCore.pyqtSignal()
    paint_ended = QtCore.pyqtSignal()
    scrolled = QtCore.pyqtSignal(int)  # notches of the mouse wheel, positive = back in time

    def __init__(self, history: TraceHistory, palette: Palette, markers: MarkerLog, note: str = "") -> None:
        super().__init__()
        self._history = history
        self._palette = palette
        self._markers = markers
        self._note = note
        self._ratio = 1.0  # device pixels per pixel
        self._letters = 0.0  # points of the texts on the paper
        self.scale = PaperScale()
        self._paper = QtGui.QPixmap()
        self._canvas = self._paper
        self._drawn = 0  # next sample to draw
        self._page: int | None = None  # sample after the page shown, None while sweeping
        self._painted = False
        self._dim = False
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 160)
        self.setAccessibleName(note or "ECG trace")
        style_text(self, TEXT_PT)

    @property
    def span(self) -> int:
        """Samples that fit into the width."""
        return max(2 * ERASED_SAMPLES, math.floor((self.width() - self.margin_px) / self.scale.step))

    @property
    def page(self) -> int | None:
        """Index after the last sample of the page shown while paused, else None."""
        return self._page

    @property
    def drawn(self) -> int:
        """Index after the last sample drawn."""
        return self._drawn

    def restyle(self, scale: PaperScale | None = None, palette: Palette | None = None) -> None:
        """Change scale or colours, and redraw."""
        self.scale = scale or self.scale
        self._palette = palette or self._palette
        self.setAccessibleDescription(self.scale.label)
        self.rebuild()

    def rebuild(self) -> None:
        """Redraw paper and trace, for a new size, scale or colour."""
        self._ratio, self._letters = self.devicePixelRatioF(), self.font().pointSizeF()
        size = QtCore.QSize(math.ceil(self.width() * self._ratio), math.ceil(self.height() * self._ratio))
        self._paper = self.draw_paper(size)
        self._redraw()

    def draw_paper(self, size: QtCore.QSize) -> QtGui.QPixmap:
        """Draw what lies below the trace, ``size`` in device pixels."""
        return draw_grid(size, self._ratio, self.scale, self._palette, self.font())

    @property
    def zero_px(self) -> int:
        """Height of 0 mV, from the top."""
        return self.scale.zero(self.height())

    def show_page(self, stop: int) -> None:
        """Show a still page of the samples before ``stop``."""
        self._page = stop
        self._redraw()

    @property
    def dim(self) -> bool:
        """Whether the trace is dimmed; a still page never is."""
        return self._dim and self._page is None

    def show_dim(self, *, dim: bool) -> None:
        """Dim the trace if its newest samples are not current."""
        if dim != self._dim:
            self._dim = dim
            self.update()

    def resume(self) -> None:
        """Resume the sweep from the newest sample."""
        self._page = None
        self._redraw()

    @property
    def view(self) -> tuple[int, int]:
        """Index of the first sample on the screen, and the index after the last."""
        stop = self._drawn if self._page is None else self._page
        return stop - self.span + (ERASED_SAMPLES if self._page is None else 0), stop

    def labels(self) -> tuple[tuple[float, str], ...]:
        """Return x position (pixels) and text of the markers on the screen, from left to right."""
        start, stop = self.view
        places = self._markers.between(start, stop)
        return tuple(sorted(((self._x(at - self._origin(at)) / self._ratio, text) for at, text in places)))

    def show_marker(self, marker: PlacedMarker) -> None:
        """Draw the line of a marker at a sample that is drawn already; later ones are drawn with their samples."""
        start, stop = self.view
        if not start <= marker.at < stop or self._canvas.isNull():
            return
        with self._canvas_painter() as painter:
            self._draw_markers(painter, marker.at, marker.at + 1, self._origin(marker.at))
        self.update()

    def advance(self) -> None:
        """Paint the samples since the last call, and nothing else."""
        new = self._history.stop - self._drawn
        if self._page is not None or new <= 0 or self._canvas.isNull():
            return
        if new >= self.span - ERASED_SAMPLES:
            self._redraw()
            return
        since, self._drawn = self._drawn, self._history.stop  # set first: samples that fail to draw are not tried again
        with self._canvas_painter() as painter:
            for start, stop in self._split_at_wrap(since + ERASED_SAMPLES, self._drawn + ERASED_SAMPLES):
                self._erase(painter, start, stop)
            for start, stop in self._split_at_wrap(since, self._drawn):
                self._draw_samples(painter, start, stop, start // self.span * self.span)

    @contextmanager
    def _canvas_painter(self) -> Iterator[QtGui.QPainter]:
        """Yield a painter on the canvas, with the pen of the trace."""
        with painter_on(self._canvas) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.trace), TRACE_WIDTH_PX * self._ratio))
            yield painter

    def _origin(self, at: int) -> int:
        """Return the sample at the left edge of the page or sweep that shows sample ``at``."""
        return at // self.span * self.span if self._page is None else self._page - self.span

    def _redraw(self) -> None:
        self._canvas = self._paper.copy()
        self._drawn = self._history.stop
        self.update()
        if self._canvas.isNull():
            return
        with self._canvas_painter() as painter:
            if self._note:
                self._draw_note(painter)
            elif self._page is None:
                for start, stop in self._split_at_wrap(max(0, self._drawn - self.span + ERASED_SAMPLES), self._drawn):
                    self._draw_samples(painter, start, stop, start // self.span * self.span)
            else:
                self._draw_samples(painter, self._page - self.span, self._page, self._page - self.span)
                self._draw_time_axis(painter, self._page - self.span)

    def _draw_note(self, painter: QtGui.QPainter) -> None:
        painter.scale(self._ratio, self._ratio)
        painter.setPen(QtGui.QColor(self._palette.muted))
        painter.drawText(self.rect(), QtCore.Qt.AlignmentFlag.AlignCenter.value, self._note)

    def _split_at_wrap(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Split ``start .. stop`` where the sweep begins again at the left."""
        cuts = range((start // self.span + 1) * self.span, stop, self.span)
        return list(zip([start, *cuts], [*cuts, stop], strict=True)) if stop > start else []

    def _x(self, samples: int) -> float:
        return (self.margin_px + samples * self.scale.step) * self._ratio

    def _erase(self, painter: QtGui.QPainter, start: int, stop: int) -> None:
        """Restore the paper at samples ``start .. stop`` of one sweep, as far as the edge at either end."""
        first = start % self.span
        left = math.floor(self._x(first - 1) if first else (self.margin_px - TRACE_WIDTH_PX) * self._ratio)
        last = first + stop - start
        right = self._canvas.width() if last >= self.span else math.ceil(self._x(last))
        strip = QtCore.QRect(left, 0, right - left, self._canvas.height())
        painter.drawPixmap(strip.topLeft(), self._paper, strip)
        self._update_area(strip)

    def _draw_samples(self, painter: QtGui.QPainter, start: int, stop: int, origin: int) -> None:
        """Draw samples ``start .. stop``, joined to the one before, with sample ``origin`` at the left edge."""
        self._draw_markers(painter, start, stop, origin)
        start = max(origin, start - 1)
        values = self._history.read(start, stop).astype(np.float64)
        values[np.isinf(values)] = np.nan
        x = (self.margin_px + np.arange(start - origin, stop - origin) * self.scale.step) * self._ratio
        draw_line(
            painter,
            x,
            np.clip((self.zero_px - values * self.scale.height) * self._ratio, -MAX_COORDINATE_PX, MAX_COORDINATE_PX),
        )
        if self._page is None and self.shows_times:
            self._draw_seconds(painter, start, stop, origin)
        left, right = math.floor(self._x(start - origin - 1)), math.ceil(self._x(stop - origin + 1))
        self._update_area(QtCore.QRect(left, 0, right - left, self._canvas.height()))

    def _draw_markers(self, painter: QtGui.QPainter, start: int, stop: int, origin: int) -> None:
        """Draw the lines of the markers at samples ``start .. stop``."""
        places = self._markers.between(start, stop)
        if not places:
            return
        trace_pen = painter.pen()
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.marker), self._ratio, QtCore.Qt.PenStyle.DashLine))
        for at, _ in places:
            x = self._x(at - origin)
            painter.drawLine(QtCore.QLineF(x, 0, x, self._canvas.height()))
        painter.setPen(trace_pen)

    def _draw_seconds(self, painter: QtGui.QPainter, start: int, stop: int, origin: int) -> None:
        """Write the time at every whole second of the samples that has room for it, left of its tick.

        What lies at the right of a tick is erased before the sweep reaches it.
        """
        first, last = -(-start // MODEL_RATE_HZ), (stop - 1) // MODEL_RATE_HZ
        if last < first:
            return
        wide, row = self.fontMetrics().horizontalAdvance("0:00:00") + 4, self.fontMetrics().height()
        every = math.ceil(1.3 * wide / (self.scale.step * MODEL_RATE_HZ))
        painter.save()
        painter.scale(self._ratio, self._ratio)
        painter.setFont(self.font())
        painter.setPen(QtGui.QColor(self._palette.muted))
        for second in range(first, last + 1):
            x = self.margin_px + (second * MODEL_RATE_HZ - origin) * self.scale.step
            painter.drawLine(QtCore.QLineF(x, self.height() - 4, x, self.height()))
            if second % every == 0 and x - wide > self.margin_px:
                area = QtCore.QRectF(x - wide, self.height() - row, wide - 2, row)
                painter.drawText(area, QtCore.Qt.AlignmentFlag.AlignRight.value, clock_text(second))
                self.update(area.toAlignedRect())
        painter.restore()

    def _draw_time_axis(self, painter: QtGui.QPainter, origin: int) -> None:
        """Draw the times below a still page, every second that has room for it."""
        painter.scale(self._ratio, self._ratio)
        painter.setFont(self.font())
        painter.setPen(QtGui.QColor(self._palette.muted))
        wide = self.fontMetrics().horizontalAdvance("0:00:00 ")
        every = math.ceil(1.3 * wide / (self.scale.step * MODEL_RATE_HZ))
        for second in range(max(0, math.ceil(origin / MODEL_RATE_HZ)), (origin + self.span) // MODEL_RATE_HZ + 1):
            x = self.margin_px + (second * MODEL_RATE_HZ - origin) * self.scale.step
            if second % every == 0 and x < self.width() - wide:
                painter.drawLine(QtCore.QLineF(x, self.height() - 14, x, self.height()))
                painter.drawText(QtCore.QPointF(x + 4, self.height() - 4), clock_text(second))

    def _update_area(self, strip: QtCore.QRect) -> None:
        left, right = math.floor(strip.left() / self._ratio) - 1, math.ceil((strip.right() + 1) / self._ratio) + 1
        self.update(left, 0, right - left, self.height())

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Copy the changed part of the canvas."""
        if self._ratio != self.devicePixelRatioF() or self._letters != self.font().pointSizeF():
            self.rebuild()
        with painter_on(self) as painter:
            painter.scale(1 / self._ratio, 1 / self._ratio)
            painter.drawPixmap(0, 0, self._canvas)
            if self.dim:
                veil = QtGui.QColor(self._palette.paper)
                veil.setAlpha(STALE_VEIL_ALPHA)
                painter.fillRect(self._canvas.rect(), veil)
        if not self._painted:
            self._painted = True
            self.first_painted.emit()
        self.paint_ended.emit()

    def resizeEvent(self, _event: QtGui.QResizeEvent | None) -> None:
        """Redraw in the new size."""
        self.rebuild()

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Signal that the user scrolls to an earlier or later page."""
        if event is not None and event.angleDelta().y():
            self.scrolled.emit(1 if event.angleDelta().y() > 0 else -1)
