"""The manikins of a SAM, drawn from a level between 0 and 1: a round figure of our own design.

What they show follows Bradley and Lang 1994, J. Behav. Ther. Exp. Psychiatry 25:49: the face for valence, a burst in
the chest for arousal, the figure's size for dominance.
"""

from __future__ import annotations

from math import cos, pi, sin

from PyQt6 import QtCore, QtGui

from ecg_live.dashboard.self_report.field import Look

HEAD_RADIUS = 0.26  # of the figure's height, as all lengths below
HEAD_CENTRE = 0.28
SHOULDER_TOP, SHOULDER_WIDTH = 0.56, 0.74
SMALLEST_FIGURE = 0.34  # of the largest
MAX_BURST, BURST_SPIKES = 0.2, 11
LINE_WIDTH = 0.022


def draw_manikin(painter: QtGui.QPainter, place: QtCore.QRectF, dimension: str, level: float, look: Look) -> None:
    """Draw the manikin of a dimension in the middle of a place, standing on its lower edge.

    Parameters
    ----------
    painter : QPainter
    place : QRectF
    dimension : str
        ``valence``, ``arousal`` or ``dominance``.
    level : float
        From 0 (unpleasant, calm, controlled) to 1.
    look : Look
    """
    height = min(place.width(), place.height())
    if dimension == "dominance":
        height *= SMALLEST_FIGURE + (1 - SMALLEST_FIGURE) * level
    painter.save()
    painter.translate(place.center().x(), place.bottom() - height)
    painter.scale(height, height)
    ink = QtGui.QColor(look.palette.text)
    painter.setPen(_pen(ink))
    painter.setBrush(QtGui.QColor(look.palette.card))
    painter.drawPath(_torso())
    painter.drawEllipse(QtCore.QPointF(0, HEAD_CENTRE), HEAD_RADIUS, HEAD_RADIUS)
    if dimension == "arousal":
        _draw_burst(painter, level, look.accent)
        _draw_eyes(painter, ink, 0.05 + 0.95 * level)
        _draw_mouth(painter, ink, 0.0, 0.6 * level)
    elif dimension == "valence":
        _draw_eyes(painter, ink, 0.55)
        _draw_brows(painter, ink, 2 * level - 1)
        _draw_mouth(painter, ink, 2 * level - 1, 0.0)
    else:
        _draw_eyes(painter, ink, 0.55)
        _draw_mouth(painter, ink, 0.0, 0.0)
    painter.restore()


def _pen(ink: QtGui.QColor, width: float = LINE_WIDTH) -> QtGui.QPen:
    pen = QtGui.QPen(ink, width)
    pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(QtCore.Qt.PenJoinStyle.RoundJoin)
    return pen


def _torso() -> QtGui.QPainterPath:
    """Shoulders and chest, down to the lower edge."""
    half = SHOULDER_WIDTH / 2
    path = QtGui.QPainterPath(QtCore.QPointF(-half, 1.0))
    path.cubicTo(-half, SHOULDER_TOP + 0.1, -half * 0.75, SHOULDER_TOP, 0, SHOULDER_TOP)
    path.cubicTo(half * 0.75, SHOULDER_TOP, half, SHOULDER_TOP + 0.1, half, 1.0)
    path.closeSubpath()
    return path


def _draw_eyes(painter: QtGui.QPainter, ink: QtGui.QColor, opened: float) -> None:
    """Eyes from closed (0) to wide open (1)."""
    painter.setPen(_pen(ink))
    for side in (-1, 1):
        at = QtCore.QPointF(side * 0.095, HEAD_CENTRE - 0.035)
        if opened < 0.2:
            painter.drawLine(at - QtCore.QPointF(0.04, 0), at + QtCore.QPointF(0.04, 0))
            continue
        size = 0.02 + 0.035 * opened
        painter.setBrush(QtCore.Qt.BrushStyle.NoBrush if opened > 0.6 else ink)
        painter.drawEllipse(at, size * 0.85, size)
        if opened > 0.6:
            painter.setBrush(ink)
            painter.drawEllipse(at, 0.014, 0.014)


def _draw_brows(painter: QtGui.QPainter, ink: QtGui.QColor, valence: float) -> None:
    """Brows that rise towards the middle with displeasure (-1), and lie in a bow with pleasure (1)."""
    painter.setPen(_pen(ink))
    painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
    for side in (-1, 1):
        outer = QtCore.QPointF(side * 0.155, HEAD_CENTRE - 0.1 - 0.03 * min(valence, 0.0))
        inner = QtCore.QPointF(side * 0.05, HEAD_CENTRE - 0.1 + 0.045 * min(valence, 0.0))
        path = QtGui.QPainterPath(outer)
        path.quadTo(QtCore.QPointF(side * 0.1, HEAD_CENTRE - 0.115 - 0.035 * max(valence, 0.0)), inner)
        painter.drawPath(path)


def _draw_mouth(painter: QtGui.QPainter, ink: QtGui.QColor, smile: float, opened: float) -> None:
    """A mouth from a frown (-1) to a smile (1), or an open one."""
    painter.setPen(_pen(ink))
    centre = HEAD_CENTRE + 0.115
    if opened > 0.1:
        painter.setBrush(ink)
        painter.drawEllipse(QtCore.QPointF(0, centre), 0.05, 0.075 * opened)
        return
    painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
    corner = centre - 0.05 * smile
    path = QtGui.QPainterPath(QtCore.QPointF(-0.11, corner))
    path.quadTo(QtCore.QPointF(0, centre + 0.105 * smile), QtCore.QPointF(0.11, corner))
    painter.drawPath(path)


def _draw_burst(painter: QtGui.QPainter, level: float, colour: QtGui.QColor) -> None:
    """A burst in the chest, from a dot to a large star."""
    centre = QtCore.QPointF(0, 0.79)
    outer = 0.03 + (MAX_BURST - 0.03) * level
    inner = outer * (1 - 0.5 * level)
    points = []
    for k in range(2 * BURST_SPIKES):
        radius, angle = (outer, inner)[k % 2], pi * k / BURST_SPIKES - pi / 2
        points.append(centre + QtCore.QPointF(radius * cos(angle), radius * sin(angle)))
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QtGui.QPolygonF(points))
