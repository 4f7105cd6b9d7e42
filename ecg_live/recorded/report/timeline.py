"""One figure of the whole session: blocks, what the heads answered, heart rate, its variability, quality, markers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ecg_live.html.charts import Plot, axis_ticks, data_limits, straight_line, svg, text_at
from ecg_live.html.markup import number
from ecg_live.recorded.report.blocks import ReportBlock
from ecg_live.recorded.report.downsample import downsample_line, downsample_share
from ecg_live.recorded.report.figure_axis import (
    AXIS_LEFT_PX,
    AXIS_WIDTH_PX,
    FIGURE_WIDTH_PX,
    LETTER_WIDTH_PX,
    MAX_LANE_LETTERS,
    FigureAxis,
    filled_boxes,
    line_with_band,
    share_lane,
    shorten,
)
from ecg_live.recorded.report.figures import GRADE_COLOURS, shown_classes
from ecg_live.recorded.report.heart import HrvTrend
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.statistics import distribution, set_changes
from ecg_live.recorded.report.windows import HeadPredictions

PANEL_HEIGHT_PX, PANEL_SPACING_PX = 74.0, 9.0
BLOCK_HEIGHT_PX, LANE_HEIGHT_PX = 17.0, 12.5
MAX_HEADS = 3  # that have a panel; the details have all
MAX_TICKS = 5  # of a value axis
BLOCK_STYLES = 2  # of neighbouring blocks


def timeline_figure(
    session: RecordedSession, axis: FigureAxis, blocks: Sequence[ReportBlock], trend: HrvTrend
) -> Markup:
    """Draw the session at a glance."""
    top, parts = axis.top, axis.marker_names()
    if blocks:
        parts += _block_lane(axis, blocks, top)
        top += BLOCK_HEIGHT_PX + 5
    for head in session.windows.heads[:MAX_HEADS]:
        if head.answered.any():
            parts += _head_panel(session, head, axis, blocks, top)
            top += PANEL_HEIGHT_PX + PANEL_SPACING_PX
    parts += _line_panel(session, axis, blocks, top)
    top += PANEL_HEIGHT_PX + PANEL_SPACING_PX
    if np.isfinite(trend.rmssd).any():
        parts += _trend_panel(axis, blocks, trend, top)
        top += PANEL_HEIGHT_PX + PANEL_SPACING_PX
    for grade, colour in GRADE_COLOURS.items():
        plot = axis.panel(top, LANE_HEIGHT_PX - 2, (0, 1))
        share = downsample_share(
            session.windows.stop, np.asarray(session.windows.grade == grade), session.duration, session.hop
        )
        parts += [*share_lane(plot, grade, share, f"fill {colour}")]
        top += LANE_HEIGHT_PX + 1
    if session.gaps:
        parts += axis.gap_lane(axis.panel(top, LANE_HEIGHT_PX - 2, (0, 1)))
        top += LANE_HEIGHT_PX + 1
    names = ", ".join(block.name for block in blocks)
    rate = distribution(session.windows.heart_rate)
    description = (
        f"The session over time: {f'blocks {names}; ' if names else ''}answers of the heads; heart rate, median "
        f"{number(rate.median, 0)} bpm; RMSSD of two minutes; signal quality; gaps; markers"
    )
    return svg(FIGURE_WIDTH_PX, top + 40, description, [*parts, *axis.time_labels(top)])


def _block_lane(axis: FigureAxis, blocks: Sequence[ReportBlock], top: float) -> list[Markup]:
    """Boxes of the blocks with their names, where there is room."""
    plot = axis.panel(top, BLOCK_HEIGHT_PX, (0, 1))
    parts = [text_at("block", AXIS_LEFT_PX - 8, top + BLOCK_HEIGHT_PX - 5, "end", "small")]
    for k, block in enumerate(blocks):
        left, right = plot.x(block.start), plot.x(block.stop)
        parts.append(filled_boxes([(left, top, max(right - left, 1.0), BLOCK_HEIGHT_PX)], f"block b{k % BLOCK_STYLES}"))
        room = int((right - left - 6) / LETTER_WIDTH_PX)
        if room >= 3:
            parts.append(text_at(shorten(block.name, room), left + 4, top + BLOCK_HEIGHT_PX - 5, class_="small strong"))
    return parts


def _panel(
    axis: FigureAxis, blocks: Sequence[ReportBlock], top: float, limits: tuple[float, float], name: str, unit: str
) -> tuple[Plot, list[Markup]]:
    plot = axis.panel(top, PANEL_HEIGHT_PX, limits)
    shade = [
        filled_boxes([(plot.x(block.start), top, plot.x(block.stop) - plot.x(block.start), PANEL_HEIGHT_PX)], "shade")
        for block in blocks[::BLOCK_STYLES]
    ]
    ticks = axis_ticks(*limits, MAX_TICKS)
    grid = [straight_line(AXIS_LEFT_PX, plot.y(tick), AXIS_LEFT_PX + AXIS_WIDTH_PX, plot.y(tick)) for tick in ticks]
    texts = [text_at(f"{tick:g}", AXIS_LEFT_PX - 7, plot.y(tick) + 4, "end", "small") for tick in ticks]
    titles = [
        text_at(shorten(text, MAX_LANE_LETTERS), 0, top + PANEL_HEIGHT_PX / 2 + 13 * k, class_="small")
        for k, text in enumerate((name, unit))
    ]
    return plot, [*shade, *axis.background(plot), *grid, *texts, *titles, *axis.marker_lines(plot)]


def _head_panel(
    session: RecordedSession, head: HeadPredictions, axis: FigureAxis, blocks: Sequence[ReportBlock], top: float
) -> list[Markup]:
    """A head's probabilities or number; no line joins two sets."""
    shown = shown_classes(head)
    unit = "rating" if head.scale is not None else "p of " + ", ".join(head.classes[k] for k in shown)
    plot, parts = _panel(axis, blocks, top, head.scale or (0.0, 1.0), head.name, unit)
    stop = session.windows.stop
    for k in shown:
        for which in dict.fromkeys(head.set.tolist()):
            own = np.where(head.set == which, head.probs[:, k], np.nan)
            parts += line_with_band(plot, downsample_line(stop, own, session.duration, session.hop), k)
    columns = sorted({round(plot.x(float(stop[k]))) for k in set_changes(head)})
    return [*parts, *(straight_line(x, top, x, top + PANEL_HEIGHT_PX, "change") for x in columns)]


def _line_panel(session: RecordedSession, axis: FigureAxis, blocks: Sequence[ReportBlock], top: float) -> list[Markup]:
    """Heart rate of the windows."""
    values = session.windows.heart_rate
    plot, parts = _panel(axis, blocks, top, _limits(values.tolist()), "heart rate", "bpm")
    return [
        *parts,
        *line_with_band(plot, downsample_line(session.windows.stop, values, session.duration, session.hop), 0),
    ]


def _trend_panel(axis: FigureAxis, blocks: Sequence[ReportBlock], trend: HrvTrend, top: float) -> list[Markup]:
    plot, parts = _panel(axis, blocks, top, _limits(trend.rmssd.tolist()), "RMSSD", "ms, 2 min")
    return [*parts, plot.line(trend.time.tolist(), trend.rmssd.tolist(), 0)]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = data_limits(values)
    room = max((high - low) * 0.06, 1.0)
    return max(low - room, 0.0), high + room
