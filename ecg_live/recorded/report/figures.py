"""The figures of a report: rhythm and quality, predictions of heads, ECG overview, and snippets around markers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ecg_live.events import F64
from ecg_live.html.charts import Plot, axis_ticks, data_limits, straight_line, svg, text_at, vertical_text
from ecg_live.html.markup import MINUS_SIGN, number
from ecg_live.recorded.report.downsample import downsample_line, downsample_share
from ecg_live.recorded.report.ecg_overview import SNIPPET_HALF_WIDTH_S, EcgOverview, EcgSnippet
from ecg_live.recorded.report.figure_axis import (
    AXIS_LEFT_PX,
    FIGURE_WIDTH_PX,
    FigureAxis,
    filled_boxes,
    line_with_band,
    share_lane,
)
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.statistics import distribution, set_changes
from ecg_live.recorded.report.windows import HeadPredictions

PANEL_HEIGHT_PX, LANE_HEIGHT_PX, PANEL_SPACING_PX = 110.0, 15.0, 12.0
GRADE_COLOURS = {"good": "c2", "poor": "c1", "unusable": "c5"}
FRAME_PERCENTILES = (5.0, 95.0)  # of the envelope, which the ECG overview shows at least
MAX_SNIPPET_SAMPLES = 900  # drawn one by one; of more samples, lowest and highest are drawn


def rhythm_figure(session: RecordedSession, axis: FigureAxis) -> Markup:
    """Draw heart rate, RMSSD and signal quality over time."""
    windows, top, parts = session.windows, axis.top, axis.marker_names()
    for name, values in (("heart rate (bpm)", windows.heart_rate), ("RMSSD (ms)", windows.rmssd)):
        low, high = data_limits(values.tolist())
        room = max((high - low) * 0.06, 1.0)
        plot = axis.panel(top, PANEL_HEIGHT_PX, (max(low - room, 0.0), high + room))
        line = downsample_line(windows.stop, values, session.duration, session.hop)
        parts += [*axis.background(plot), *_value_axis(plot, name)]
        parts += [*axis.marker_lines(plot), *line_with_band(plot, line, 0)]
        top += PANEL_HEIGHT_PX + PANEL_SPACING_PX
    for grade, colour in GRADE_COLOURS.items():
        plot = axis.panel(top, LANE_HEIGHT_PX - 3, (0, 1))
        share = downsample_share(windows.stop, np.asarray(windows.grade == grade), session.duration, session.hop)
        parts += [*axis.background(plot), *share_lane(plot, grade, share, f"fill {colour}"), *axis.marker_lines(plot)]
        top += LANE_HEIGHT_PX
    if session.gaps:
        parts += axis.gap_lane(axis.panel(top, LANE_HEIGHT_PX - 3, (0, 1)))
        top += LANE_HEIGHT_PX
    rates, rmssd = distribution(windows.heart_rate), distribution(windows.rmssd)
    description = (
        f"Over time: heart rate, median {number(rates.median, 0)} bpm, {number(rates.low, 0)} to "
        f"{number(rates.high, 0)}; RMSSD, median {number(rmssd.median, 0)} ms; signal quality; gaps; markers"
    )
    return svg(FIGURE_WIDTH_PX, top + 40, description, [*parts, *axis.time_labels(top)])


def head_figure(session: RecordedSession, head: HeadPredictions, axis: FigureAxis) -> Markup:
    """Draw probabilities, labels and abstentions of a head over time."""
    stop, top, parts = session.windows.stop, axis.top, axis.marker_names()
    plot = axis.panel(top, PANEL_HEIGHT_PX, head.scale or (0.0, 1.0))
    what = "probability" if head.scale is None else "rating"
    parts += [*axis.background(plot), *_value_axis(plot, what), *axis.marker_lines(plot)]
    for k in shown_classes(head):
        for which in dict.fromkeys(head.set.tolist()):  # no line joins two sets, and no column mixes them
            own = np.where(head.set == which, head.probs[:, k], np.nan)
            parts += line_with_band(plot, downsample_line(stop, own, session.duration, session.hop), k)
    parts += _set_change_lines(head, stop, plot)
    top += PANEL_HEIGHT_PX + PANEL_SPACING_PX
    lanes = [(name, head.label == name, f"fill c{k % 8}") for k, name in enumerate(head.classes)]
    lanes.append(("abstained", ~head.answered, "fill c7"))
    for which, colour in (("adaptive", "fill c5"), ("personal", "fill c4")):
        if (head.set == which).any():
            lanes.append((f"{which} set", (head.set == which) & head.answered, colour))
    for name, has, class_ in lanes:
        row = axis.panel(top, LANE_HEIGHT_PX - 3, (0, 1))
        share = downsample_share(stop, np.asarray(has, dtype=np.bool_), session.duration, session.hop)
        parts += [*axis.background(row), *share_lane(row, name, share, class_), *axis.marker_lines(row)]
        top += LANE_HEIGHT_PX
    answered = float(head.answered.mean()) if len(stop) else 0.0
    description = f"{head.name} over time: {what}, label, abstentions; it answered {answered:.0%} of the windows"
    return svg(FIGURE_WIDTH_PX, top + 40, description, [*parts, *axis.time_labels(top)])


def _set_change_lines(head: HeadPredictions, stop: F64, plot: Plot) -> list[Markup]:
    """Draw vertical lines where a head changes its set."""
    columns = sorted({round(plot.x(float(stop[k]))) for k in set_changes(head)})
    return [straight_line(x, plot.top, x, plot.top + plot.height, "change") for x in columns]


def shown_classes(head: HeadPredictions) -> Sequence[int]:
    """Return the classes that have a line: of two only the second, since the first mirrors it; 0 for a number."""
    if head.scale is not None:
        return [0]
    return [1] if len(head.classes) == 2 else range(len(head.classes))


def overview_figure(ecg: EcgOverview, axis: FigureAxis) -> Markup:
    """Draw the envelope of the whole ECG."""
    envelope = ecg.envelope
    known = np.isfinite(envelope.low)
    edges = np.concatenate((envelope.low[known], envelope.high[known])) if known.any() else np.zeros(1)
    low, high = (float(np.percentile(edges, each)) for each in FRAME_PERCENTILES)
    room = max((high - low) * 0.3, 0.05)
    plot = axis.panel(axis.top, PANEL_HEIGHT_PX, (low - room, high + room))
    width = envelope.per / ecg.rate
    at = np.flatnonzero(known)
    ends = np.clip(np.stack((envelope.low[at], envelope.high[at])), *plot.ylim)
    boxes = [
        (plot.x(k * width), plot.y(top), max(plot.x(width) - AXIS_LEFT_PX, 0.6), max(plot.y(bottom) - plot.y(top), 1.2))
        for k, bottom, top in zip(at.tolist(), *ends.tolist(), strict=True)
    ]
    parts = [
        *axis.marker_names(),
        *axis.background(plot),
        *_value_axis(plot, "mV"),
        *axis.marker_lines(plot),
        filled_boxes(boxes, "fill ecg"),
    ]
    bottom = plot.top + plot.height
    description = f"ECG over time, from {edges.min():.3g} to {edges.max():.3g} mV; gaps; markers"
    return svg(FIGURE_WIDTH_PX, bottom + 40, description, [*parts, *axis.time_labels(bottom)])


def snippet_figure(snippet: EcgSnippet) -> Markup:
    """Draw ten seconds of ECG around a marker."""
    plot = Plot(46, 6, 400, 110, (-SNIPPET_HALF_WIDTH_S, SNIPPET_HALF_WIDTH_S), _padded_limits(snippet.samples))
    seconds = range(-int(SNIPPET_HALF_WIDTH_S), int(SNIPPET_HALF_WIDTH_S) + 1)
    grid = [straight_line(plot.x(second), 6, plot.x(second), 116) for second in seconds]
    texts = [text_at(f"{second}".replace("-", MINUS_SIGN), plot.x(second), 132, "middle") for second in seconds]
    x, y = _decimate(snippet.samples)
    parts = [*grid, *texts, *_value_axis(plot, "mV", 4), straight_line(plot.x(0), 6, plot.x(0), 116, "mark")]
    description = f"ECG around the marker {' '.join(snippet.text.split())}"
    return svg(466, 138, description, [*parts, plot.line(x.tolist(), y.tolist(), class_="trace")])


def _padded_limits(samples: F64) -> tuple[float, float]:
    low, high = data_limits(samples.tolist())
    room = max((high - low) * 0.05, 0.02)
    return low - room, high + room


def _decimate(samples: F64) -> tuple[F64, F64]:
    """Return times (s) and values of a curve with fewer points that looks the same."""
    count = len(samples)
    at = np.linspace(-SNIPPET_HALF_WIDTH_S, SNIPPET_HALF_WIDTH_S, count, endpoint=False)
    if count <= MAX_SNIPPET_SAMPLES:
        return at, samples
    size = -(-count // (MAX_SNIPPET_SAMPLES // 2))
    edges = np.arange(0, count, size)
    pairs = np.stack((np.fmin.reduceat(samples, edges), np.fmax.reduceat(samples, edges)), axis=1)
    return np.repeat(at[edges], 2), pairs.ravel()


def _value_axis(plot: Plot, name: str, max_ticks: int = 5) -> list[Markup]:
    """Draw grid, labels and name of a vertical axis."""
    marks = axis_ticks(*plot.ylim, max_ticks)
    lines = [straight_line(plot.left, plot.y(mark), plot.left + plot.width, plot.y(mark)) for mark in marks]
    texts = [text_at(f"{mark:g}".replace("-", MINUS_SIGN), plot.left - 7, plot.y(mark) + 4, "end") for mark in marks]
    return [*lines, *texts, vertical_text(name, plot.left - 58 if plot.left > 60 else 8, plot.top + plot.height / 2)]
