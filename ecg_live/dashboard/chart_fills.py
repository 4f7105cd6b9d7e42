"""Fills of charts at a cost that hardly grows with how much they show.

Qt fills each rectangle row by row: a hundred narrow ones as high as a chart cost as much as the chart many times over,
and its own hatching three times as much as the same from a picture (measured).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt
from PyQt6 import QtCore, QtGui

HATCH_TILE_PX = 256, 64  # a multiple of Qt's pattern of 8 x 8
RANGE_OPACITY = 0.25
FEW_COLUMNS = 8  # up to which rectangles cost less
_FORMAT = QtGui.QImage.Format.Format_ARGB32_Premultiplied

Pixels = npt.NDArray[np.floating]
Columns = Sequence[tuple[float, float, QtGui.QColor]]  # left and right end (px), and colour


def device_ratio(painter: QtGui.QPainter) -> float:
    """Device pixels per pixel of what is painted on."""
    device = painter.device()
    return 1.0 if device is None else device.devicePixelRatioF()


def hatch_brush(colour: QtGui.QColor, ratio: float) -> QtGui.QBrush:
    """Return Qt's own hatching (``BDiagPattern``) from a picture; ``ratio`` is device pixels per pixel."""
    brush = QtGui.QBrush(_hatch_tile(colour.rgba()))
    brush.setTransform(QtGui.QTransform.fromScale(1 / ratio, 1 / ratio))
    return brush


@lru_cache(maxsize=16)
def _hatch_tile(rgba: int) -> QtGui.QImage:
    tile = QtGui.QImage(*HATCH_TILE_PX, _FORMAT)
    tile.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(tile)
    painter.fillRect(tile.rect(), QtGui.QBrush(QtGui.QColor.fromRgba(rgba), QtCore.Qt.BrushStyle.BDiagPattern))
    painter.end()
    return tile


def fill_columns(painter: QtGui.QPainter, area: QtCore.QRectF, columns: Columns) -> None:
    """Fill columns as high as an area, each from its left to its right end (px), over those before it."""
    if len(columns) <= FEW_COLUMNS:
        for left, right, colour in columns:
            painter.fillRect(QtCore.QRectF(left, area.top(), right - left, area.height()), colour)
        return
    ratio = device_ratio(painter)
    row = _row(area, ratio)
    row.setDevicePixelRatio(ratio)
    columns_painter = QtGui.QPainter(row)
    for left, right, colour in columns:
        columns_painter.fillRect(QtCore.QRectF(left, 0, right - left, 1), colour)
    columns_painter.end()
    row.setDevicePixelRatio(1.0)
    _repeat(painter, area, row)


def shade_columns(
    painter: QtGui.QPainter, area: QtCore.QRectF, lefts: Pixels, rights: Pixels, colour: QtGui.QColor
) -> None:
    """Fill columns as `fill_columns` does, all in one colour; they do not overlap."""
    if len(lefts) <= FEW_COLUMNS:
        fill_columns(painter, area, [(*ends, colour) for ends in zip(lefts.tolist(), rights.tolist(), strict=True)])
        return
    ratio = device_ratio(painter)
    row = _row(area, ratio)
    edges = np.zeros(row.width() + 1, np.int64)
    for ends, step in ((lefts, 1), (rights, -1)):
        np.add.at(edges, np.clip(np.floor(ends * ratio + 0.5).astype(np.int64), 0, row.width()), step)  # as Qt rounds
    _pixels_of(row)[:] = np.where(np.cumsum(edges[:-1]) > 0, _premultiplied(colour, colour.alphaF()), np.uint32(0))
    _repeat(painter, area, row)


def _row(area: QtCore.QRectF, ratio: float) -> QtGui.QImage:
    """Return a row of device pixels, as far as the right end of an area."""
    row = QtGui.QImage(max(1, math.ceil(area.right() * ratio)), 1, _FORMAT)
    row.fill(QtCore.Qt.GlobalColor.transparent)
    return row


def _repeat(painter: QtGui.QPainter, area: QtCore.QRectF, row: QtGui.QImage) -> None:
    """Fill an area with a row of device pixels."""
    brush = QtGui.QBrush(row)
    brush.setTransform(QtGui.QTransform.fromScale(1 / device_ratio(painter), 1 / device_ratio(painter)))
    painter.fillRect(area, brush)


def draw_band(
    painter: QtGui.QPainter,
    x: Pixels,
    below: Pixels,
    above: Pixels,
    width: float,
    colour: QtGui.QColor,
) -> None:
    """Tint from minimum to maximum of each entry that spans more than a pixel.

    Parameters
    ----------
    painter : QPainter
    x, below, above : ndarray (n,)
        Middle, lower and upper end of each entry, px; from left to right, NaN where there is none.
    width : float
        Of an entry, px.
    colour : QColor
        Of the line that the band belongs to.
    """
    wide = np.flatnonzero(np.abs(below - above) > 1.0)
    if not len(wide):
        return
    ratio = device_ratio(painter)
    left, top = math.floor(x[wide[0]] - width / 2), math.floor(float(above[wide].min()))
    right, bottom = math.ceil(x[wide[-1]] + width / 2), math.ceil(float(below[wide].max()))
    size = math.ceil((right - left) * ratio), math.ceil((bottom - top) * ratio)
    firsts = np.floor((x[wide] - width / 2 - left) * ratio + 0.5).astype(np.int64)
    lasts = np.maximum(np.floor((x[wide] + width / 2 - left) * ratio + 0.5).astype(np.int64), firsts + 1)
    highest, lowest = np.zeros(size[0]), np.zeros(size[0])  # device pixels of each column, from the top
    counts = np.minimum(lasts, size[0]) - firsts
    places = np.repeat(firsts, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    highest[places] = np.repeat((above[wide] - top) * ratio, counts)
    lowest[places] = np.repeat((below[wide] - top) * ratio, counts)
    rows = np.arange(size[1])[:, None] + 0.5
    image = _image_of((rows >= highest) & (rows < lowest), colour)
    image.setDevicePixelRatio(ratio)
    painter.drawImage(QtCore.QPointF(left, top), image)


def _image_of(mask: npt.NDArray[np.bool_], colour: QtGui.QColor) -> QtGui.QImage:
    """Picture of a mask (rows, columns) in a colour, as transparent as bands are."""
    image = QtGui.QImage(mask.shape[1], mask.shape[0], _FORMAT)
    np.multiply(mask, _premultiplied(colour, RANGE_OPACITY), out=_pixels_of(image))
    return image


def _pixels_of(image: QtGui.QImage) -> npt.NDArray[np.uint32]:
    """Pixels of a picture (rows, columns), to be written to."""
    memory = image.bits()
    assert memory is not None  # noqa: S101 - of a picture that is not empty
    memory.setsize(image.sizeInBytes())
    return np.frombuffer(cast("memoryview", memory), np.uint32).reshape(image.height(), image.width())


def _premultiplied(colour: QtGui.QColor, opacity: float) -> np.uint32:
    """Pixel of a colour."""
    tint = QtGui.QColor(colour)
    tint.setAlphaF(opacity)
    return np.uint32(QtGui.qPremultiply(tint.rgba()))
