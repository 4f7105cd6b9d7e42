"""The trace in a tile: a sweep without grid, which scales itself; a bar shows the scale."""

from __future__ import annotations

import math

import numpy as np
from PyQt6 import QtCore, QtGui

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.ecg_grid import PX_PER_MM, PaperScale, painter_on
from ecg_live.dashboard.ecg_trace import SweepView
from ecg_live.dashboard.theme import Palette
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.trace_history import TraceHistory

ZERO_SHARE = 0.64  # of the height, from the top: most leads have their R wave upwards
ROOM_SHARE = 0.92  # of the height above zero, or below, that the signal may take
SHOWN_S = 6.0  # that a tile shows at least, where it is wide enough for a readable beat
MIN_PX_PER_S, MAX_PX_PER_S = 44.0, 125.0  # 125 px/s is the main window's 25 mm/s
PX_PER_MV = (1.0, 2.5, 5.0, 10.0, 16.0, 25.0, 40.0, 64.0, 100.0, 160.0, 250.0, 400.0)
BARS_MV = (10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1)
BAR_SHARE = 0.6  # of the height that the bar takes at most
LOOKED_BACK_S = 5  # of signal that decides the gain
WIDEN_BELOW = 0.45  # of the room: a signal that takes less gets a larger gain
TURN_RATIO = 1.5  # of the waves below zero to those above, for a lead that is upside down
BAR_MARGIN_PX = 42
BAR_X_PX = 34


class TileSweep(SweepView):
    """A `SweepView` for a small place.

    Parameters
    ----------
    history, palette, markers, note
        As those of `SweepView`.
    """

    margin_px = BAR_MARGIN_PX
    shows_times = False

    def __init__(self, history: TraceHistory, palette: Palette, markers: MarkerLog, note: str = "") -> None:
        super().__init__(history, palette, markers, note)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # the tile has them
        self.setMinimumSize(120, 36)
        self._downwards = False  # whether the R wave is

    @property
    def zero_px(self) -> int:
        """Height of 0 mV, from the top."""
        return round(self.height() * (1 - ZERO_SHARE if self._downwards else ZERO_SHARE))

    def fit_width(self) -> None:
        """Choose the time scale for the width; to be called when the width has changed."""
        per_second = min(MAX_PX_PER_S, max(MIN_PX_PER_S, (self.width() - self.margin_px) / SHOWN_S))
        speed = per_second / PX_PER_MM
        if not math.isclose(speed, self.scale.speed):
            self.restyle(scale=PaperScale(speed, self.scale.gain))

    def fit_gain(self) -> None:
        """Choose gain and place of zero; they change if the newest seconds are cut off, small, or upside down."""
        extremes = self._extremes()
        if extremes is None:
            return
        highest, lowest = extremes
        turned = -lowest > highest * (1 / TURN_RATIO if self._downwards else TURN_RATIO)
        above = self.height() * ((1 - ZERO_SHARE) if turned else ZERO_SHARE) * ROOM_SHARE
        room = max(highest / above, -lowest / (self.height() * ROOM_SHARE - above), 1e-6)  # mV per pixel
        if turned == self._downwards and WIDEN_BELOW <= room * self.scale.height <= 1:
            return
        gain = max((each for each in PX_PER_MV if each * room <= 1), default=PX_PER_MV[0]) / (10 * PX_PER_MM)
        if turned != self._downwards or not math.isclose(gain, self.scale.gain):
            self._downwards = turned
            self.restyle(scale=PaperScale(self.scale.speed, gain))

    def _extremes(self) -> tuple[float, float] | None:
        """Highest and lowest value (mV) of most of the newest seconds; None without a whole one."""
        stop = self._history.stop
        newest = self._history.read(stop - LOOKED_BACK_S * MODEL_RATE_HZ, stop).reshape(LOOKED_BACK_S, MODEL_RATE_HZ)
        whole = newest[np.isfinite(newest).all(axis=1)]
        return (float(np.median(whole.max(axis=1))), float(np.median(whole.min(axis=1)))) if len(whole) else None

    def draw_paper(self, size: QtCore.QSize) -> QtGui.QPixmap:
        """Draw a line each second, and a bar with its height in mV."""
        pixmap = QtGui.QPixmap(size)
        pixmap.fill(QtGui.QColor(self._palette.paper))
        if pixmap.isNull():
            return pixmap
        with painter_on(pixmap) as painter:
            painter.scale(self._ratio, self._ratio)
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.minor), 1))
            step = self.scale.step * MODEL_RATE_HZ
            for second in range(int((self.width() - self.margin_px) / step) + 1):
                x = round(self.margin_px + second * step)
                painter.drawLine(x, 0, x, self.height())
            if not self._note:
                self._draw_bar(painter)
        return pixmap

    def _draw_bar(self, painter: QtGui.QPainter) -> None:
        fitting = [each for each in BARS_MV if each * self.scale.height <= BAR_SHARE * self.height()]
        millivolts = max(fitting, default=BARS_MV[-1])
        bottom, top = self.zero_px, self.zero_px - round(millivolts * self.scale.height)
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.muted), 1.5))
        painter.drawLine(BAR_X_PX, bottom, BAR_X_PX, top)
        for y in (bottom, top):
            painter.drawLine(BAR_X_PX - 3, y, BAR_X_PX, y)
        font = painter.font()
        font.setPointSize(7)
        painter.setFont(font)
        area = QtCore.QRectF(0, (top + bottom) / 2 - 14, BAR_X_PX - 6, 28)
        middle = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignRight
        painter.drawText(area, middle.value, f"{millivolts:g}\nmV")

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Redraw in the new size."""
        super().resizeEvent(event)
        self.fit_width()
        self.fit_gain()
