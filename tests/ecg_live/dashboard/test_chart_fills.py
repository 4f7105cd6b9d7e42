"""Fills of charts: the same pixels as Qt's own, at any ratio of the screen."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6 import QtCore, QtGui
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.chart_fills import draw_band, fill_columns, hatch_brush, shade_columns
from ecg_live.dashboard.ecg_grid import painter_on

AREA = QtCore.QRectF(20.3, 7.6, 150, 40.7)
SPANS = [(20.3, 31.9), (40.2, 41.1), (50.5, 90.49), (60, 70), (165.5, 170.3)]
MANY = [*SPANS[:3], *((100 + 5.7 * k, 102.3 + 5.7 * k) for k in range(11)), SPANS[4]]  # side by side
RATIOS = (1.0, 1.5, 2.0)


class Canvas:
    """A picture on a tinted ground."""

    def __init__(self, ratio: float) -> None:
        self.pixmap = QtGui.QPixmap(round(200 * ratio), round(60 * ratio))
        self.pixmap.setDevicePixelRatio(ratio)
        self.pixmap.fill(QtGui.QColor("#f4f0e8"))

    @property
    def pixels(self) -> np.ndarray:
        """Red, green and blue (rows, columns, 3)."""
        image = self.pixmap.toImage().convertToFormat(QtGui.QImage.Format.Format_RGB32)
        memory = image.constBits()
        assert memory is not None
        memory.setsize(image.sizeInBytes())
        return np.frombuffer(memory.asstring(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)


def colour(name: str, opacity: float) -> QtGui.QColor:
    found = QtGui.QColor(name)
    found.setAlphaF(opacity)
    return found


@pytest.mark.parametrize("ratio", RATIOS)
def test_hatching_is_that_of_qt(qtbot: QtBot, ratio: float) -> None:
    canvases = Canvas(ratio), Canvas(ratio)
    tint = colour("#c8a020", 0.55)
    for canvas, brush in zip(
        canvases, (hatch_brush(tint, ratio), QtGui.QBrush(tint, QtCore.Qt.BrushStyle.BDiagPattern)), strict=True
    ):
        with painter_on(canvas.pixmap) as painter:
            for left, right in SPANS:
                painter.fillRect(QtCore.QRectF(left, AREA.top(), right - left, AREA.height()), brush)
    assert (canvases[0].pixels != Canvas(ratio).pixels).any()
    np.testing.assert_array_equal(canvases[0].pixels, canvases[1].pixels)


@pytest.mark.parametrize("ratio", RATIOS)
def test_columns_are_those_of_rectangles_one_over_the_other(qtbot: QtBot, ratio: float) -> None:
    rectangles, columns = Canvas(ratio), Canvas(ratio)
    names = ("red", "blue", "green")
    named = [(*ends, colour(names[k % 3], 0.2)) for k, ends in enumerate([*SPANS, *MANY[3:-1]])]
    with painter_on(rectangles.pixmap) as painter:
        for left, right, tint in named:
            painter.fillRect(QtCore.QRectF(left, AREA.top(), right - left, AREA.height()), tint)
    with painter_on(columns.pixmap) as painter:
        fill_columns(painter, AREA, named)
        fill_columns(painter, AREA, [])
    assert np.abs(rectangles.pixels - columns.pixels).max() <= 1  # rounded once more where two lie on each other
    np.testing.assert_array_equal(rectangles.pixels[:, : round(50 * ratio)], columns.pixels[:, : round(50 * ratio)])


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("spans", [MANY, MANY[:3]], ids=len)
def test_columns_of_one_colour_are_those_of_rectangles(
    qtbot: QtBot, ratio: float, spans: list[tuple[float, float]]
) -> None:
    rectangles, columns = Canvas(ratio), Canvas(ratio)
    lefts, rights = np.array(spans).T
    with painter_on(rectangles.pixmap) as painter:
        for left, right in spans:
            painter.fillRect(QtCore.QRectF(left, AREA.top(), right - left, AREA.height()), colour("blue", 0.4))
    with painter_on(columns.pixmap) as painter:
        shade_columns(painter, AREA, lefts, rights, colour("blue", 0.4))
        shade_columns(painter, AREA, lefts[:0], rights[:0], colour("red", 1.0))
    np.testing.assert_array_equal(rectangles.pixels, columns.pixels)


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_band_reaches_from_the_least_to_the_largest_of_each_entry(qtbot: QtBot, ratio: float) -> None:
    canvas = Canvas(ratio)
    x = np.array([30.0, 32.0, 34.0, 36.0, 60.0])
    above, below = np.array([10.0, 12.0, np.nan, 20.0, 30.0]), np.array([20.0, 40.0, np.nan, 20.5, 34.0])
    with painter_on(canvas.pixmap) as painter:
        draw_band(painter, x, below, above, 2.0, QtGui.QColor("black"))
    tinted = (canvas.pixels != Canvas(ratio).pixels).any(axis=2)
    for at, top, bottom in ((30, 10, 20), (32, 12, 40), (60, 30, 34)):
        rows = np.flatnonzero(tinted[:, round(at * ratio)]) / ratio
        np.testing.assert_allclose((rows[0], rows[-1] + 1 / ratio), (top, bottom), atol=0.51 / ratio)
    columns = np.flatnonzero(tinted.any(axis=0)) / ratio
    np.testing.assert_allclose((columns[0], columns[-1] + 1 / ratio), (29, 61), atol=0.51 / ratio)
    assert not tinted[:, round(34 * ratio) : round(58 * ratio)].any()  # unknown, and less than a pixel
    assert len(np.unique(canvas.pixels[tinted], axis=0)) == 1  # nothing is tinted twice
