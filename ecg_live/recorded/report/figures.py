"""The pictures of a session's report: rhythm and quality, what heads said, the ECG from afar and near."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecg_live.events import F64
from ecg_live.html.charts import Plot, limits, picture, rule, ticks, upwards, write
from ecg_live.html.markup import MINUS, Html, number
from ecg_live.recorded.report.downsample import line, share
from ecg_live.recorded.report.ecg_overview import BESIDE, Snippet, Trace
from ecg_live.recorded.report.figure_axis import LEFT, WHOLE, Axis, drawn, filled, lane
from ecg_live.recorded.report.session import Recorded
from ecg_live.recorded.report.statistics import changes, spread
from ecg_live.recorded.report.windows import Answers

PANEL, LANE, SPACE = 110.0, 15.0, 12.0  # heights, in pixels
GRADES = {"good": "c2", "poor": "c1", "unusable": "c5"}
FRAME = (5.0, 95.0)  # percentiles of the columns' ends that the picture of the whole ECG shows at least
SAMPLES = 900  # of a close look that are drawn one by one; more become lowest and highest


def rhythm(session: Recorded, axis: Axis) -> Html:
    """Heart rate, RMSSD and signal quality over time."""
    windows, top, parts = session.windows, axis.top, axis.names()
    for name, values in (("heart rate (bpm)", windows.heart_rate), ("RMSSD (ms)", windows.rmssd)):
        low, high = limits(values.tolist())
        room = max((high - low) * 0.06, 1.0)
        plot = axis.panel(top, PANEL, (max(low - room, 0.0), high + room))
        found = line(windows.stop, values, session.duration, session.hop)
        parts += [*axis.behind(plot), *_scale(plot, name), *axis.marks(plot), *drawn(plot, found, 0)]
        top += PANEL + SPACE
    for grade, colour in GRADES.items():
        plot = axis.panel(top, LANE - 3, (0, 1))
        strip = share(windows.stop, np.asarray(windows.grade == grade), session.duration, session.hop)
        parts += [*axis.behind(plot), *lane(plot, grade, strip, f"fill {colour}"), *axis.marks(plot)]
        top += LANE
    if session.gaps:
        parts += axis.gap_lane(axis.panel(top, LANE - 3, (0, 1)))
        top += LANE
    rates, rmssd = spread(windows.heart_rate), spread(windows.rmssd)
    words = (
        f"Over time: heart rate, median {number(rates.median, 0)} bpm, {number(rates.low, 0)} to "
        f"{number(rates.high, 0)}; RMSSD, median {number(rmssd.median, 0)} ms; signal quality; gaps; markers"
    )
    return picture(WHOLE, top + 40, words, [*parts, *axis.below(top)])


def answers(session: Recorded, head: Answers, axis: Axis) -> Html:
    """A head's probabilities over time, its labels, and where it abstained."""
    stop, top, parts = session.windows.stop, axis.top, axis.names()
    plot = axis.panel(top, PANEL, (0.0, 1.0))
    parts += [*axis.behind(plot), *_scale(plot, "probability"), *axis.marks(plot)]
    for k in shown_classes(head):
        for which in dict.fromkeys(head.set.tolist()):  # no line joins two sets, and no column is of both
            own = np.where(head.set == which, head.probs[:, k], np.nan)
            parts += drawn(plot, line(stop, own, session.duration, session.hop), k)
    parts += _changes(head, stop, plot)
    top += PANEL + SPACE
    strips = [(name, head.label == name, f"fill c{k % 8}") for k, name in enumerate(head.classes)]
    strips.append(("abstained", ~head.answered, "fill c7"))
    if (head.set == "personal").any():
        strips.append(("personal set", (head.set == "personal") & head.answered, "fill c4"))
    for name, has, class_ in strips:
        row = axis.panel(top, LANE - 3, (0, 1))
        found = share(stop, np.asarray(has, dtype=np.bool_), session.duration, session.hop)
        parts += [*axis.behind(row), *lane(row, name, found, class_), *axis.marks(row)]
        top += LANE
    said = float(head.answered.mean()) if len(stop) else 0.0
    words = f"{head.name} over time: probability, label, abstentions; it answered {said:.0%} of the windows"
    return picture(WHOLE, top + 40, words, [*parts, *axis.below(top)])


def _changes(head: Answers, stop: F64, plot: Plot) -> list[Html]:
    """Upright lines where a head goes over to another set."""
    columns = sorted({round(plot.x(float(stop[k]))) for k in changes(head)})
    return [rule(x, plot.top, x, plot.top + plot.height, "change") for x in columns]


def shown_classes(head: Answers) -> Sequence[int]:
    """Classes that get a line: of two the second, since the first is what is left of one."""
    return [1] if len(head.classes) == 2 else range(len(head.classes))


def overview(trace: Trace, axis: Axis) -> Html:
    """The whole ECG: lowest and highest sample of each column."""
    seen = trace.envelope
    known = np.isfinite(seen.low)
    edges = np.concatenate((seen.low[known], seen.high[known])) if known.any() else np.zeros(1)
    low, high = (float(np.percentile(edges, each)) for each in FRAME)
    room = max((high - low) * 0.3, 0.05)
    plot = axis.panel(axis.top, PANEL, (low - room, high + room))
    width = seen.per / trace.rate
    at = np.flatnonzero(known)
    ends = np.clip(np.stack((seen.low[at], seen.high[at])), *plot.ylim)
    boxes = [
        (plot.x(k * width), plot.y(top), max(plot.x(width) - LEFT, 0.6), max(plot.y(bottom) - plot.y(top), 1.2))
        for k, bottom, top in zip(at.tolist(), *ends.tolist(), strict=True)
    ]
    parts = [*axis.names(), *axis.behind(plot), *_scale(plot, "mV"), *axis.marks(plot), filled(boxes, "fill ecg")]
    bottom = plot.top + plot.height
    words = f"ECG over time, from {edges.min():.3g} to {edges.max():.3g} mV; gaps; markers"
    return picture(WHOLE, bottom + 40, words, [*parts, *axis.below(bottom)])


def closeup(snippet: Snippet) -> Html:
    """Ten seconds of ECG, the marker in the middle."""
    plot = Plot(46, 6, 400, 110, (-BESIDE, BESIDE), _framed(snippet.samples))
    seconds = range(-int(BESIDE), int(BESIDE) + 1)
    grid = [rule(plot.x(second), 6, plot.x(second), 116) for second in seconds]
    texts = [write(f"{second}".replace("-", MINUS), plot.x(second), 132, "middle") for second in seconds]
    x, y = _drawable(snippet.samples)
    parts = [*grid, *texts, *_scale(plot, "mV", 4), rule(plot.x(0), 6, plot.x(0), 116, "mark")]
    words = f"ECG around the marker {' '.join(snippet.text.split())}"
    return picture(466, 138, words, [*parts, plot.line(x.tolist(), y.tolist(), class_="trace")])


def _framed(samples: F64) -> tuple[float, float]:
    low, high = limits(samples.tolist())
    room = max((high - low) * 0.05, 0.02)
    return low - room, high + room


def _drawable(samples: F64) -> tuple[F64, F64]:
    """Places (s) and values of a curve that looks the same and has fewer points."""
    count = len(samples)
    at = np.linspace(-BESIDE, BESIDE, count, endpoint=False)
    if count <= SAMPLES:
        return at, samples
    size = -(-count // (SAMPLES // 2))
    edges = np.arange(0, count, size)
    pairs = np.stack((np.fmin.reduceat(samples, edges), np.fmax.reduceat(samples, edges)), axis=1)
    return np.repeat(at[edges], 2), pairs.ravel()


def _scale(plot: Plot, name: str, most: int = 5) -> list[Html]:
    """Numbers and name of an upright axis."""
    marks = ticks(*plot.ylim, most)
    lines = [rule(plot.left, plot.y(mark), plot.left + plot.width, plot.y(mark)) for mark in marks]
    texts = [write(f"{mark:g}".replace("-", MINUS), plot.left - 7, plot.y(mark) + 4, "end") for mark in marks]
    return [*lines, *texts, upwards(name, plot.left - 58 if plot.left > 60 else 8, plot.top + plot.height / 2)]
