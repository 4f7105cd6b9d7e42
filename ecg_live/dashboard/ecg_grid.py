"""ECG paper: scale, grid, calibration pulse and the line of the trace.

Small boxes are 1 mm, large ones 5 mm: at 25 mm/s and 10 mm/mV 0.04 s x 0.1 mV and 0.2 s x 0.5 mV
(AHA recommendations for the standardization of the electrocardiogram, Kligfield et al. 2007).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PyQt6 import QtCore, QtGui

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.theme import Palette
from ecg_live.mask_runs import mask_runs

PX_PER_MM = 5  # of paper, not of the screen: screens report their size unreliably, so the grid shows the scale
PULSE_MARGIN_PX = 10 * PX_PER_MM  # left of the trace, for the calibration pulse
PAPER_SPEEDS_MM_S = (6.25, 12.5, 25.0, 50.0)
PAPER_GAINS = (0.25, 0.5, 1.0, 2.0, 4.0)  # times 10 mm/mV
TRACE_WIDTH_PX = 1.5
MAX_STROKE_SAMPLES = 64  # one long antialiased stroke costs six times as much (measured)

Points = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class PaperScale:
    """Paper ``speed`` in mm/s and ``gain`` as a multiple of 10 mm/mV."""

    speed: float = 25.0
    gain: float = 1.0

    @property
    def step(self) -> float:
        """Pixels from one sample to the next."""
        return self.speed * PX_PER_MM / MODEL_RATE_HZ

    @property
    def height(self) -> float:
        """Pixels per millivolt."""
        return 10 * self.gain * PX_PER_MM

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


def draw_grid(size: QtCore.QSize, ratio: float, scale: PaperScale, palette: Palette) -> QtGui.QPixmap:
    """Draw grid, scale and a calibration pulse of 1 mV, 5 mm wide.

    Parameters
    ----------
    size : QSize
        Size in device pixels.
    ratio : float
        Device pixels per pixel.
    scale : PaperScale
    palette : Palette
    """
    pixmap = QtGui.QPixmap(size)
    pixmap.fill(QtGui.QColor(palette.paper))
    with painter_on(pixmap) as painter:
        painter.scale(ratio, ratio)
        width, height = size.width() / ratio, size.height() / ratio
        middle = round(height / 2)
        for colour, each in ((palette.minor, PX_PER_MM), (palette.major, 5 * PX_PER_MM)):
            painter.setPen(QtGui.QPen(QtGui.QColor(colour), 0))
            for x in range(PULSE_MARGIN_PX % each, int(width) + 1, each):
                painter.drawLine(x, 0, x, int(height))
            for y in range(middle % each, int(height) + 1, each):
                painter.drawLine(0, y, int(width), y)
        _draw_pulse(painter, middle, scale, palette)
        painter.setPen(QtGui.QColor(palette.muted))
        painter.drawText(QtCore.QRectF(8, 5, width, 20), 0, scale.label)
    return pixmap


def _draw_pulse(painter: QtGui.QPainter, middle: int, scale: PaperScale, palette: Palette) -> None:
    painter.setPen(QtGui.QPen(QtGui.QColor(palette.muted), TRACE_WIDTH_PX))
    top, left, right = middle - scale.height, PULSE_MARGIN_PX - 8 * PX_PER_MM, PULSE_MARGIN_PX - 3 * PX_PER_MM
    corners = [
        (left - PX_PER_MM, middle),
        (left, middle),
        (left, top),
        (right, top),
        (right, middle),
        (right + PX_PER_MM, middle),
    ]
    painter.drawPolyline(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in corners]))


def draw_line(painter: QtGui.QPainter, x: Points, y: Points) -> None:
    """Draw a line through the points, broken at NaN; a single point between two NaN is a dot."""
    for start, stop in mask_runs(np.isfinite(y)).tolist():
        points = [QtCore.QPointF(*at) for at in zip(x[start:stop].tolist(), y[start:stop].tolist(), strict=True)]
        if len(points) == 1:
            painter.drawPoint(points[0])
        for low, high in pairwise([*range(0, len(points) - 1, MAX_STROKE_SAMPLES), len(points) - 1]):
            painter.drawPolyline(QtGui.QPolygonF(points[low : high + 1]))
