"""A page over all recordings: how good the signal is, which files are worst, what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

from markupsafe import Markup

from ecg_live.html.charts import Plot, axis_ticks, svg
from ecg_live.html.document import document
from ecg_live.html.markup import NO_VALUE_DASH, collapsible, table, tag
from ecg_live.presentation.formatting import clock_text

Row = Mapping[str, Any]
PAGE_TITLE = "Scores of a set of recordings"
MAX_WORST_FILES = 25
MAX_ERRORS = 200
HISTOGRAM_BIN_BPM = 5
GRADES = ("good", "poor", "unusable")
WIDTH, HEIGHT = 640.0, 220.0


def score_page(rows: Sequence[Row], options: Mapping[str, str]) -> str:
    """The page, from the rows of the table of files and the options of the run."""
    scored = [row for row in rows if row.get("windows")]
    faulty = [row for row in rows if row.get("error")]
    content = [
        tag("h1", PAGE_TITLE),
        tag("p", _headline(rows, scored, faulty), class_="headline"),
        tag("h2", "Signal"),
        _grades(scored),
        tag("h2", "Heart rate"),
        _heart_rates(scored),
        tag("h2", "Recordings with the least usable signal"),
        _worst(scored),
        *([tag("h2", "Recordings that could not be read, or not to their end"), _errors(faulty)] if faulty else []),
        collapsible("Options", table("What the numbers depend on", ("option", "value"), map(list, options.items()))),
    ]
    return document(PAGE_TITLE, content, "ecg_live.recorded.report")


def _headline(rows: Sequence[Row], scored: Sequence[Row], faulty: Sequence[Row]) -> str:
    windows = sum(row["windows"] for row in scored)
    abstained = sum(row.get("abstained", 0) for row in scored)
    seconds = sum(row.get("seconds", 0.0) for row in scored)
    return (
        f"{len(scored)} of {len(rows)} recordings, {clock_text(seconds)} of signal, {windows:,} windows; "
        f"all heads abstained in {_share(abstained, windows)} of them; {len(faulty)} recordings have an error."
    )


def _grades(scored: Sequence[Row]) -> Markup:
    total = sum(row["windows"] for row in scored)
    rows = []
    for grade in GRADES:
        count = sum(row.get(grade, 0) for row in scored)
        files = sum(bool(row.get(grade, 0) * 2 > row["windows"]) for row in scored)
        rows.append([grade, f"{count:,}", _share(count, total), str(files)])
    return table("Quality of the windows", ("grade", "windows", "share", "recordings that are mostly so"), rows)


def _heart_rates(scored: Sequence[Row]) -> Markup:
    """Histogram of the recordings' median heart rates."""
    rates = [float(row["heart_rate"]) for row in scored if row.get("heart_rate") is not None]
    if not rates:
        return tag("p", "No recording has a heart rate.")
    low = floor(min(rates) / HISTOGRAM_BIN_BPM) * HISTOGRAM_BIN_BPM
    high = ceil((max(rates) + 1e-9) / HISTOGRAM_BIN_BPM) * HISTOGRAM_BIN_BPM
    edges = list(range(low, high + HISTOGRAM_BIN_BPM, HISTOGRAM_BIN_BPM))
    counts = [sum(edge <= rate < edge + HISTOGRAM_BIN_BPM for rate in rates) for edge in edges]
    plot = Plot(60, 10, WIDTH - 80, HEIGHT - 60, (low, edges[-1]), (0, max(counts)))
    xs = [x for edge in edges for x in (edge, edge)]
    ys = [0, *(y for count in counts[:-1] for y in (count, count)), 0]
    axes = plot.axes("median heart rate (bpm)", "recordings", axis_ticks(low, edges[-1]), axis_ticks(0, max(counts), 4))
    description = f"Median heart rates of {len(rates)} recordings, {min(rates):.0f} to {max(rates):.0f} bpm"
    return tag("figure", svg(WIDTH, HEIGHT, description, [*axes, plot.line(xs, ys)]))


def _worst(scored: Sequence[Row]) -> Markup:
    order = sorted(scored, key=lambda row: (-row.get("unusable", 0) / row["windows"], -row.get("poor", 0)))
    rows = [
        [
            str(row["recording"]),
            clock_text(row.get("seconds", 0.0)),
            _share(row.get("unusable", 0), row["windows"]),
            _share(row.get("poor", 0), row["windows"]),
            f"{row.get('lost', 0):,}",
        ]
        for row in order[:MAX_WORST_FILES]
    ]
    caption = f"{len(rows)} of {len(scored)}"
    return table(caption, ("recording", "length", "unusable", "poor", "samples lost"), rows)


def _errors(faulty: Sequence[Row]) -> Markup:
    rows = [[str(row["recording"]), str(row.get("windows") or 0), str(row["error"])] for row in faulty[:MAX_ERRORS]]
    return table(f"{len(rows)} of {len(faulty)}", ("recording", "windows before it", "error"), rows, "words")


def _share(part: float, whole: float) -> str:
    return NO_VALUE_DASH if not whole else f"{100 * part / whole:.1f} %"
