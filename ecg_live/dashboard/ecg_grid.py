"""ECG paper: scale, grid, axis in mV, calibration pulse and the line of the trace.

Small boxes are 1 mm, large ones 5 mm: at 25 mm/s and 10 mm/mV 0.04 s x 0.1 mV and 0.2 s x 0.5 mV
(AHA recommendations for the standardization of the electrocardiogram, Kligfield et al. 2007).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt
from PyQt6 import QtCore, QtGui

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.theme import Palette
from ecg_live.mask_runs import mask_runs

PX_PER_MM = 5  # of paper, not of the screen: screens report their size unreliably, so the grid shows the scale
PULSE_MARGIN_PX = 18 * PX_PER_MM  # left of the trace, for the axis and the calibration pulse
PAPER_SPEEDS_MM_S = (6.25, 12.5, 25.0, 50.0)
PAPER_GAINS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # times 10 mm/mV
AXIS_STEPS_MV = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
TRACE_WIDTH_PX = 1.5
MAX_STROKE_SAMPLES = 64  # one long antialiased stroke costs six times as much (measured)

Points = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class PaperScale:
    """Paper ``speed`` in mm/s and ``gain`` as a multiple of 10 mm/mV; 0 mV lies ``shift`` mm below the middle."""

    speed: float = 25.0
    gain: float = 1.0
    shift: int = 0

    @property
    def step(self) -> float:
        """Pixels from one sample to the next."""
        return self.speed * PX_PER_MM / MODEL_RATE_HZ

    @property
    def height(self) -> float:
        """Pixels per millivolt."""
        return 10 * self.gain * PX_PER_MM

    def zero(self, height: float) -> int:
        """Return the pixel of 0 mV from the top of a strip of ``height`` px."""
        return round(height / 2) + self.shift * PX_PER_MM

    @property
    def label(self) -> str:
        """The scale as ECG paper states it."""
        return f"{self.speed:g} mm/s   {10 * self.gain:g} mm/mV"


@contextmanager
def painter_on(device: QtGui.QPaintDevice) -> Iterator[QtGui.QPainter]:
    """Yield a painter and end it in any case: a painter that stays open crashes Qt."""
    painter = QtGui.QPainter(device)
    try:
        yield painter
    finally:
        painter.end()


def draw_grid(
    size: QtCore.QSize, ratio: float, scale: PaperScale, palette: Palette, font: QtGui.QFont | None = None
) -> QtGui.QPixmap:
    """Draw grid, axis, scale and a calibration pulse of 1 mV, 5 mm wide, where it fits.

    Parameters
    ----------
    size : QSize
        Size in device pixels.
    ratio : float
        Device pixels per pixel.
    scale : PaperScale
    palette : Palette
    font : QFont, optional
        Of the texts.
    """
    pixmap = QtGui.QPixmap(size)
    pixmap.fill(QtGui.QColor(palette.paper))
    with painter_on(pixmap) as painter:
        painter.scale(ratio, ratio)
        width, height = size.width() / ratio, size.height() / ratio
        zero = scale.zero(height)
        painter.setFont(font or painter.font())
        for colour, each in ((palette.minor, PX_PER_MM), (palette.major, 5 * PX_PER_MM)):
            painter.setPen(QtGui.QPen(QtGui.QColor(colour), 0))
            for x in range(PULSE_MARGIN_PX % each, int(width) + 1, each):
                painter.drawLine(x, 0, x, int(height))
            for y in range(zero % each, int(height) + 1, each):
                painter.drawLine(0, y, int(width), y)
        row = painter.fontMetrics().height()
        beside_axis = _axis_width(painter) < PULSE_MARGIN_PX - 9 * PX_PER_MM
        if beside_axis and zero - scale.height > row and zero < height - row:
            _draw_pulse(painter, zero, scale, palette)
        painter.setPen(QtGui.QColor(palette.muted))
        _draw_axis(painter, height, scale)
        right = QtCore.Qt.AlignmentFlag.AlignRight.value
        painter.drawText(QtCore.QRectF(0, 4, width - 8, row), right, scale.label)
    return pixmap


def axis_step(scale: PaperScale, room: float) -> float:
    """Return the mV between two labels of the axis that are at least ``room`` px apart."""
    return next((step for step in AXIS_STEPS_MV if step * scale.height >= room), AXIS_STEPS_MV[-1])


def _axis_width(painter: QtGui.QPainter) -> int:
    return painter.fontMetrics().horizontalAdvance("-0.05")


def _draw_axis(painter: QtGui.QPainter, height: float, scale: PaperScale) -> None:
    """Write the mV beside the grid, from the top to the bottom, with the unit at the top."""
    row = painter.fontMetrics().height()
    wide = _axis_width(painter)
    step = axis_step(scale, 2 * row)
    beside = (QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter).value
    zero = scale.zero(height)
    painter.drawText(QtCore.QRectF(0, 2, wide + 2, row), beside, "mV")
    first, last = ((zero - y) / (step * scale.height) for y in (height - row, 2.2 * row))
    for number in range(math.ceil(first), math.floor(last) + 1):
        y = zero - number * step * scale.height
        painter.drawText(QtCore.QRectF(0, y - row / 2, wide, row), beside, f"{number * step:g}")
        painter.drawLine(QtCore.QLineF(wide + 2, y, wide + 5, y))


def _draw_pulse(painter: QtGui.QPainter, zero: int, scale: PaperScale, palette: Palette) -> None:
    painter.setPen(QtGui.QPen(QtGui.QColor(palette.muted), TRACE_WIDTH_PX))
    top, left, right = zero - scale.height, PULSE_MARGIN_PX - 8 * PX_PER_MM, PULSE_MARGIN_PX - 3 * PX_PER_MM
    corners = [
        (left - PX_PER_MM, zero),
        (left, zero),
        (left, top),
        (right, top),
        (right, zero),
        (right + PX_PER_MM, zero),
    ]
    painter.drawPolyline(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in corners]))


def polygon(x: Points, y: Points) -> QtGui.QPolygonF:
    """Return the points (n,) as Qt takes them, without an object for each."""
    points = QtGui.QPolygonF()
    points.fill(QtCore.QPointF(), len(x))
    memory = points.data()
    if len(x) and memory is not None:
        memory.setsize(16 * len(x))  # two doubles each
        corners = np.frombuffer(cast("memoryview", memory), np.float64).reshape(-1, 2)
        corners[:, 0], corners[:, 1] = x, y
    return points


def draw_line(painter: QtGui.QPainter, x: Points, y: Points) -> None:
    """Draw a line through the points, broken at NaN; a single point between two NaN is a dot."""
    for start, stop in mask_runs(np.isfinite(y)).tolist():
        if stop - start == 1:
            painter.drawPoint(QtCore.QPointF(float(x[start]), float(y[start])))
        for low, high in pairwise([*range(start, stop - 1, MAX_STROKE_SAMPLES), stop - 1]):
            painter.drawPolyline(polygon(x[low : high + 1], y[low : high + 1]))
