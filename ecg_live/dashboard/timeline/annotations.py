"""Markers, baselines, blocks and intervals on a chart, whatever it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6 import QtCore, QtGui

from ecg_live.dashboard.chart_fills import fill_columns
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline, TimelineKind, TimelineMarker, TimelineSpan
from ecg_live.text import sanitize

SPAN_OPACITY: dict[TimelineKind, float] = {"baseline": 0.20, "block": 0.10, "interval": 0.14, "excluded": 0.45}
TEXT_GAP_PX = 3
MIN_TEXT_PX = 18  # with less room a text is left out

NAMES_GAP_PX = 10  # between the names of two spans

ToX = Callable[[float], float]  # from stream time (s) to pixels
NamedArea = tuple[float, float, str]  # left and right end (px) of a span, and its name


def draw_spans(
    painter: QtGui.QPainter,
    plot: QtCore.QRectF,
    to_x: ToX,
    timeline: SessionTimeline,
    palette: Palette,
    *,
    names: bool = False,
) -> None:
    """Tint the spans in the area of a chart, on request with their names at the bottom."""
    named: list[NamedArea] = []
    columns: list[tuple[float, float, QtGui.QColor]] = []
    for span in timeline.spans:
        area = span_area(plot, to_x, span, timeline.now)
        if area is None:
            continue
        colour = QtGui.QColor(span_colour(span.kind, palette))
        colour.setAlphaF(SPAN_OPACITY[span.kind])
        columns.append((area.left(), area.right(), colour))
        named.append((area.left(), area.right(), span.name))
    fill_columns(painter, plot, columns)
    painter.setPen(QtGui.QColor(palette.text))
    for left, text in place_names(painter.fontMetrics(), named) if names else ():
        painter.drawText(QtCore.QPointF(left, plot.bottom() - TEXT_GAP_PX), text)


def span_area(plot: QtCore.QRectF, to_x: ToX, span: TimelineSpan, now: float) -> QtCore.QRectF | None:
    """Return what of a chart a span covers; None if it is outside."""
    left, right = max(plot.left(), to_x(span.start)), min(plot.right(), to_x(now if span.stop is None else span.stop))
    return QtCore.QRectF(left, plot.top(), right - left, plot.height()) if right > left else None


def span_colour(kind: TimelineKind, palette: Palette) -> str:
    """Colour of a kind of span."""
    colours: dict[TimelineKind, str] = {
        "baseline": palette.classes[2],
        "block": palette.classes[0],
        "interval": palette.marker,
        "excluded": palette.hatch,
    }
    return colours[kind]


def draw_markers(
    painter: QtGui.QPainter,
    plot: QtCore.QRectF,
    to_x: ToX,
    markers: Sequence[TimelineMarker],
    palette: Palette,
    *,
    texts: bool = False,
) -> None:
    """Draw a line at each marker, on request with its text at the top, elided to the room before the next.

    Of markers closer together than a pixel one is drawn.
    """
    inside = [(to_x(marker.at), marker.text) for marker in markers]
    inside = [(x, text) for x, text in inside if plot.left() <= x <= plot.right()]
    painter.setPen(QtGui.QPen(QtGui.QColor(palette.marker), 1))  # dashes would cost ten times as much
    drawn = {round(x): text for x, text in inside}
    if drawn:
        painter.drawLines(*(QtCore.QLineF(x, plot.top(), x, plot.bottom()) for x in drawn))
    if texts:
        painter.setPen(QtGui.QColor(palette.text))
        baseline = plot.top() + painter.fontMetrics().ascent()
        for left, text in place_texts(painter.fontMetrics(), list(drawn.items()), plot.left(), plot.right()):
            painter.drawText(QtCore.QPointF(left, baseline), text)


def place_texts(
    metrics: QtGui.QFontMetrics, marks: Sequence[tuple[float, str]], left: float, right: float
) -> list[tuple[float, str]]:
    """Place a text beside each mark: at its right, or at its left where there is more room, elided if it must be.

    Parameters
    ----------
    metrics : QFontMetrics
    marks : sequence of (float, str)
        Pixels and texts, from left to right.
    left, right : float
        Ends of the room, pixels.

    Returns
    -------
    list of (float, str)
        Left edge and text of those that have room.
    """
    placed: list[tuple[float, str]] = []
    taken = left
    for index, (x, text) in enumerate(marks):
        clean = sanitize(text)
        need = metrics.horizontalAdvance(clean)
        after = (marks[index + 1][0] if index + 1 < len(marks) else right) - x - 2 * TEXT_GAP_PX
        before = x - taken - 2 * TEXT_GAP_PX
        if need > after and (need <= before or before > after):
            clean, start = _elided(metrics, clean, before), x - TEXT_GAP_PX - min(need, before)
        else:
            clean, start = _elided(metrics, clean, after), x + TEXT_GAP_PX
        if clean:
            placed.append((start, clean))
        taken = max(x, start + metrics.horizontalAdvance(clean)) if clean else x
    return placed


def place_names(metrics: QtGui.QFontMetrics, spans: Sequence[NamedArea]) -> list[tuple[float, str]]:
    """Place the name of each span inside it, beside those before it where they overlap, elided if it must be.

    Returns
    -------
    list of (float, str)
        Left edge (px) and text of those that have room.
    """
    placed: list[tuple[float, str]] = []
    taken: list[tuple[float, float]] = []  # pixels of the texts, with the gap before and after
    for left, right, name in spans:
        start = left + TEXT_GAP_PX
        for first, last in sorted(taken):
            if first < start < last:
                start = last
        room = min([right - TEXT_GAP_PX, *(first for first, _ in taken if first >= start)]) - start
        text = _elided(metrics, sanitize(name), room)
        if text:
            placed.append((start, text))
            taken.append((start - NAMES_GAP_PX, start + metrics.horizontalAdvance(text) + NAMES_GAP_PX))
    return placed


def _elided(metrics: QtGui.QFontMetrics, text: str, room: float) -> str:
    """Return a text shortened to the room, or nothing where hardly a letter fits."""
    wide = metrics.horizontalAdvance(text)
    if room < min(wide, MIN_TEXT_PX):
        return ""
    if wide <= int(room):
        return text
    return metrics.elidedText(text, QtCore.Qt.TextElideMode.ElideRight, int(room))
