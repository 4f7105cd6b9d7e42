"""The report's figures, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ecg_live.html.charts import (
    COLOUR_CLASSES,
    Plot,
    axis_ticks,
    data_limits,
    dot,
    straight_line,
    svg,
    text_at,
    vertical_text,
)
from ecg_live.html.markup import NO_VALUE_DASH, number, tag, with_interval
from training.report.sentences import FEATURE_NAMES, LOSO
from training.results import ExampleWindow, LabelResult, MapPoint, PretextLog, ResultRow

WINDOW_RATE_HZ = 256
DOT_STYLES = ("full c0", "open c1", "open c2")  # of the first, second and third row in a figure
MAX_CURVE_POINTS = 300  # more are averaged
ROW_HEIGHT_PX, PICTURE_WIDTH_PX = 22.0, 920.0


def auroc_overview(label: LabelResult) -> Markup:
    """AUROC of every row with its interval, one below the other: leave-one-subject-out only."""
    rows = [row for row in label.rows if row.protocol == LOSO and is_score(row.scores.auroc)]
    edges = [edge for row in rows for edge in row.interval.get("auroc", ())]
    low, _ = data_limits([*edges, *(row.scores.auroc or 0 for row in rows)], 0.45)
    plot = Plot(290, 10, 450, ROW_HEIGHT_PX * len(rows), (math.floor(low * 10) / 10, 1.0), (len(rows), 0))
    marks = axis_ticks(*plot.xlim, 8)
    parts = [
        *plot.axes("AUROC", "", marks, []),
        straight_line(plot.x(0.5), 10, plot.x(0.5), 10 + plot.height, "chance"),
    ]
    for i, row in enumerate(rows):
        y = plot.y(i + 0.5)
        used = row.features in _features_in_use(label, row)
        low_high, auroc = row.interval.get("auroc"), row.scores.auroc or 0.0
        colour = "c0" if used else "c7"
        if low_high and all(map(math.isfinite, low_high)):
            parts.append(straight_line(plot.x(low_high[0]), y, plot.x(low_high[1]), y, f"line {colour}"))
        parts.append(dot(plot.x(auroc), y, 4.5, f"{'full' if used else 'open'} {colour}"))
        strong = "strong" if used else None
        parts.append(
            text_at(
                f"{FEATURE_NAMES.get(row.features, row.features)}, {_baseline_text(row)}", 278, y + 4, "end", strong
            )
        )
        parts.append(text_at(with_interval(auroc, low_high), 752, y + 4, "start", strong))
    return svg(
        PICTURE_WIDTH_PX, ROW_HEIGHT_PX * len(rows) + 52, f"AUROC of each kind of features for {label.name}", parts
    )


def is_score(value: float | None) -> bool:
    """Whether a score is defined: neither None nor NaN nor infinite."""
    return value is not None and math.isfinite(value)


def subject_aurocs(rows: Sequence[ResultRow]) -> Markup:
    """AUROC of each subject in several rows; sorted by the first row's."""
    aurocs = [{one: scores.auroc for one, scores in row.per_subject.items()} for row in rows]
    order = sorted(aurocs[0], key=lambda one: (aurocs[0][one] if is_score(aurocs[0][one]) else 2.0, one))
    low, _ = data_limits((auroc for each in aurocs for auroc in each.values() if auroc is not None), 0.4)
    wide = max(90.0, min(PICTURE_WIDTH_PX - 70, 34.0 * len(order)))
    plot = Plot(56, 10, wide, 210, (-0.5, len(order) - 0.5), (math.floor(low * 10) / 10, 1))
    parts = plot.axes("", "AUROC", [], axis_ticks(*plot.ylim, 8))
    parts.append(straight_line(plot.left, plot.y(0.5), plot.left + wide, plot.y(0.5), "chance"))
    for i, one in enumerate(order):
        if i % math.ceil(len(order) * 9 / wide) == 0:  # 9 pixels a name
            parts.append(vertical_text(_short_name(one), plot.x(i) + 4, 228, "end", "small"))
        for kind in reversed(range(len(rows))):
            auroc = aurocs[kind].get(one)
            if auroc is not None and is_score(auroc):
                tooltip = f"{one}: {number(auroc)} ({FEATURE_NAMES.get(rows[kind].features, rows[kind].features)})"
                parts.append(dot(plot.x(i), plot.y(auroc), (4.6, 3.6, 2.6)[kind], DOT_STYLES[kind], tooltip))
            elif kind == 0:
                parts.append(text_at(NO_VALUE_DASH, plot.x(i), 216, "middle", "dim"))
    longest = max((len(_short_name(one)) for one in order), default=0)
    return svg(plot.left + plot.width + 14, 236 + 6.2 * longest, "AUROC of each subject", parts)


def reliability_diagram(row: ResultRow) -> Markup:
    """Reliability diagram: accuracy against mean confidence, dot size by number of windows."""
    plot = Plot(56, 14, 250, 250, (0, 1), (0, 1))
    marks = axis_ticks(0, 1)
    most = max((windows for *_, windows in row.reliability), default=1)
    bins = [each for each in row.reliability if all(map(math.isfinite, each))]
    dots = [
        dot(plot.x(sure), plot.y(right), 3 + 7 * math.sqrt(windows / most), "open c0", f"{windows} windows")
        for sure, right, windows in bins
    ]
    parts = [
        *plot.axes("mean confidence", "share right", marks, marks),
        straight_line(plot.x(0), plot.y(0), plot.x(1), plot.y(1), "chance"),
        plot.line([sure for sure, *_ in bins], [right for _, right, _ in bins]),
        *dots,
    ]
    return svg(322, 312, "Reliability diagram: share of right answers by confidence", parts)


def risk_coverage_plot(curves: Sequence[Sequence[tuple[float, float]]]) -> Markup:
    """Share of wrong labels by the share of windows, the surest ones, that get a label."""
    highest = max((risk for curve in curves for _, risk in curve if math.isfinite(risk)), default=1.0)
    plot = Plot(56, 14, 250, 250, (0, 1), (0, max(0.1, math.ceil(highest * 10) / 10)))
    drawn = [
        plot.line([share for share, _ in curve], [risk for _, risk in curve], style)
        for style, curve in enumerate(curves)
    ]
    axes = plot.axes("share of windows with a label", "share wrong", axis_ticks(0, 1), axis_ticks(*plot.ylim))
    return svg(322, 312, "Share of wrong labels among the surest windows", [*axes, *drawn])


def training_curves(log: PretextLog, lines: Mapping[str, Sequence[float]], name: str, *, share: bool) -> Markup:
    """Training curves by step.

    Parameters
    ----------
    log : PretextLog
        Gives the steps, and the accuracy of always saying no.
    lines : mapping
        Values at each step by the curve's name.
    name : str
        Of the vertical axis.
    share : bool
        Values are accuracies: the axis goes from that of always saying no to 1.
    """
    values = [value for line in lines.values() for value in _thin(line)]
    ylim = (data_limits(values, log.always_no_accuracy - 0.02)[0], 1.0) if share else data_limits(values, 0.0)
    steps = _thin(log.steps)
    plot = Plot(56, 10, 330, 210, data_limits(steps), ylim)
    y = plot.y(log.always_no_accuracy)
    chance = [straight_line(plot.left, y, plot.left + plot.width, y, "chance")] if share else []
    drawn = [plot.line(steps, _thin(line), i) for i, line in enumerate(lines.values())]
    axes = plot.axes("step", name, axis_ticks(*plot.xlim, 5), axis_ticks(*ylim))
    return svg(402, 268, f"{name} by step of training", [*axes, *chance, *drawn])


def map_picture(points: Sequence[MapPoint], *, by_subject: bool) -> Markup:
    """The embedding map, coloured by label or by subject."""
    x, y = (data_limits(getattr(point, axis) for point in points) for axis in "xy")
    plot = Plot(8, 8, 356, 300, x, y)
    groups: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        groups.setdefault(point.subject if by_subject else point.label, []).append((point.x, point.y))
    drawn = [
        plot.cloud(
            groups[name],
            name,
            class_="cloud" if by_subject else label_style(i),
            style=subject_colour(i, len(groups)) if by_subject else None,
        )
        for i, name in enumerate(sorted(groups))
    ]
    frame = tag("rect", x=2, y=2, width=368, height=312, class_="grid")
    what = "subject" if by_subject else "label"
    return svg(372, 316, f"Map of {len(points)} windows, coloured by {what}", [frame, *drawn])


def subject_colour(i: int, n: int) -> str:
    """CSS style of colour i of n distinct ones, readable on light and on dark."""
    return f"color:hsl({360 * i / n:.0f} {(85, 45)[i % 2]}% {(46, 58)[i // 2 % 2]}%)"


def label_style(i: int) -> str:
    """CSS class of a label's dots: labels differ in shape and in colour."""
    return f"cloud c{i % COLOUR_CLASSES}" + (" square" if i % 2 else "")


def window_trace(one: ExampleWindow) -> Markup:
    """A window as a trace, with a line a second."""
    seconds = max(len(one.samples) / WINDOW_RATE_HZ, 1 / WINDOW_RATE_HZ)
    low, high = data_limits(one.samples)
    plot = Plot(4, 4, PICTURE_WIDTH_PX - 8, 92, (0, seconds), (low, high))
    grid = [straight_line(plot.x(second), 0, plot.x(second), 100) for second in range(math.ceil(seconds) + 1)]
    trace = plot.line([i / WINDOW_RATE_HZ for i in range(len(one.samples))], one.samples, class_="trace")
    return svg(PICTURE_WIDTH_PX, 100, f"ECG window: {one.caption}", [*grid, trace])


def legend_dot(look: str) -> Markup:
    """A dot for a legend."""
    return svg(30, 10, "", [dot(15, 5, 4, look)])


def legend_map_dot(name: str, **attributes: object) -> Markup:
    """A dot of the embedding map for a legend."""
    return svg(30, 10, "", [Plot(0, 0, 30, 10, (0, 1), (0, 1)).cloud([(0.5, 0.5)], name, **attributes)])


def _thin(values: Sequence[float]) -> list[float]:
    """Means of neighbours, at most `MAX_CURVE_POINTS` of them."""
    size = math.ceil(len(values) / MAX_CURVE_POINTS) or 1
    parts = [values[i : i + size] for i in range(0, len(values), size)]
    return [sum(part) / len(part) for part in parts]


def _features_in_use(label: LabelResult, row: ResultRow) -> set[str]:
    """Features of the bundle's set that this row is about."""
    return {features for name, features in label.chosen.items() if name == row.set}


def _baseline_text(row: ResultRow) -> str:
    if row.set == "adaptive":
        return row.baseline_text
    return f"{row.baseline:g} s of rest" if row.baseline else "no baseline"


def _short_name(name: str) -> str:
    return name if len(name) <= 12 else f"{name[:11]}\u2026"
