"""Figures of a latency test, and what they do not hold. Independent of Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ecg_live.presentation.formatting import number_text

MORE_DIGITS_BELOW_S = 0.01
NOT_MEASURED_TEXT = (
    "Not in these figures: what the device, its filters and its radio need before a sample reaches this computer; what "
    "the desktop's compositor and the screen need after a sample is painted (10 to 50 ms; only --flash sees it); what "
    "a stimulus program needs from its command to light or sound."
)


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """Delays of one kind, in s: ``count`` of them, with their median, 95th percentile and largest."""

    measure: str
    count: int
    median: float
    p95: float
    largest: float
    note: str = ""


def latency_figures(measure: str, delays: Sequence[float], note: str = "") -> LatencyFigures:
    """Sum up delays (s); those that are not finite are left out.

    Parameters
    ----------
    measure : str
        What was measured, in a few words.
    delays : sequence of float
    note : str
        What the figures hold, or why there are none.
    """
    known = np.array([delay for delay in delays if isfinite(delay)])
    if not len(known):
        return LatencyFigures(measure, 0, float("nan"), float("nan"), float("nan"), note)
    median, p95 = (float(each) for each in np.percentile(known, (50, 95)))
    return LatencyFigures(measure, len(known), median, p95, float(known.max()), note)


def latency_rows(figures: Sequence[LatencyFigures]) -> Iterator[str]:
    """A table in ms, a line for each measure."""
    rows: list[tuple[str, ...]] = [("ms", "median", "p95", "max", "n", "")]
    for each in figures:
        values = (_milliseconds(value) for value in (each.median, each.p95, each.largest))
        rows.append((each.measure, *values, str(each.count), each.note))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells, note in rows:
        right = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:-1], strict=True))
        yield f"{name.ljust(widths[0])}  {right}  {note}".rstrip()


def latency_fields(figures: LatencyFigures) -> dict[str, Any]:
    """Fields of the JSON line, delays in s; null where there is none."""
    return {
        "type": "latency",
        "measure": figures.measure,
        "n": figures.count,
        "median": figures.median,
        "p95": figures.p95,
        "max": figures.largest,
        "note": figures.note,
    }


def latency_sentence(figures: LatencyFigures) -> str:
    """The figures in one line, for the session's events."""
    if not figures.count:
        return f"latency of {figures.measure}: not measured" + (f" ({figures.note})" if figures.note else "")
    values = (_milliseconds(value) for value in (figures.median, figures.p95, figures.largest))
    median, p95, largest = values
    return f"latency of {figures.measure}: median {median} ms, p95 {p95} ms, max {largest} ms, n {figures.count}"


def _milliseconds(seconds: float) -> str:
    """Three digits, or two decimals."""
    return number_text(seconds, 1 if seconds >= MORE_DIGITS_BELOW_S else 2, 1000)
