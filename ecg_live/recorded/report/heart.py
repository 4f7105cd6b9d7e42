"""Heart rate variability of the parts of a session, in its report."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ecg_live.events import F64
from ecg_live.html.markup import number, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.figure_axis import shorten
from ecg_live.recorded.report.paper import overview_table
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.results import Hrv
from ecg_live.signal.hrv import MIN_LF_S, MIN_TIME_DOMAIN_S, compute_hrv

TREND_SPAN_S = MIN_LF_S  # that a point of the trend looks back, as on the screen
TREND_STEP_S, TREND_POINTS = 5.0, 400  # from one point to the next at least; points at most, about
MAX_SEARCHED_S = 4 * 3600.0  # of a file without RR intervals, whose ECG is searched: about a minute
PIECE_S = 300.0  # into which a session without blocks is cut (the standard length: Task Force 1996)
MAX_BLOCK_LETTERS = 28
MAX_PRINTED_PARTS = 12


class HrvPart(NamedTuple):
    """A stretch of the session (s) with its heart rate variability."""

    name: str
    start: float
    stop: float
    hrv: Hrv


class HrvTrend(NamedTuple):
    """RMSSD and SDNN (ms) of the two minutes before each time (s); NaN where there is none. All (n,)."""

    time: F64
    rmssd: F64
    sdnn: F64


def hrv_between(series: RrSeries, start: float, stop: float) -> Hrv:
    """Heart rate variability of a stretch (s), or why there is none."""
    first, last = np.searchsorted(series.stop, (start, stop))
    part = slice(int(first), int(last) + 1)
    if not stop > start:
        return Hrv(0.0, 0, 0.0, 0, reason="it has no length", spectrum_reason="it has no length")
    return compute_hrv(series.stop[part], series.rr[part], series.normal[part], (start, stop))


def hrv_trend(series: RrSeries, duration: float) -> HrvTrend:
    """The course of RMSSD and SDNN."""
    step = max(TREND_STEP_S, duration / TREND_POINTS)
    times = np.arange(TREND_SPAN_S, duration, step)
    found = [hrv_between(series, time - TREND_SPAN_S, time) for time in times.tolist()]
    columns = ([getattr(each, name) for each in found] for name in ("rmssd", "sdnn"))
    rmssd, sdnn = (np.array([np.nan if value is None else value for value in column]) for column in columns)
    return HrvTrend(times, rmssd, sdnn)


def pieces(series: RrSeries, duration: float) -> list[HrvPart]:
    """Five minutes after five minutes of a session without blocks, and the rest if it is a minute."""
    starts = [k * PIECE_S for k in range(max(1, ceil(duration / PIECE_S)))]
    spans = [(start, min(start + PIECE_S, duration)) for start in starts]
    spans = [span for k, span in enumerate(spans) if not k or span[1] - span[0] >= MIN_TIME_DOMAIN_S]
    return [HrvPart("", start, stop, hrv_between(series, start, stop)) for start, stop in spans]


def hrv_section(parts: Sequence[HrvPart], series: RrSeries) -> Markup:
    """Make the section on heart rate variability."""
    if not len(series):
        text = "No RR intervals: the recording has none, and no stretch of 10 s has plausible heartbeats."
        return tag("section", tag("h2", "Heart rate variability"), tag("p", text))
    abnormal = int((~series.normal).sum())
    note = (
        f"{len(series):,} RR intervals, {abnormal:,} of them ectopic or artefact, which are left out. "
        f"{'' if series.recorded else 'Found again in the recorded ECG. '}"
        "No value over less than 60 s (LF: 120 s), or where normal intervals cover less than 80 %."
    )
    named = any(part.name for part in parts)
    header = (
        "block" if named else "from", "length", "RR used", "left out", "SDNN (ms)", "RMSSD (ms)", "pNN50 (%)",
        "LF (ms\u00b2)", "HF (ms\u00b2)", "LF/HF", "SD1/SD2 (ms)", "remark",
    )  # fmt: skip
    rows = [_row(part, named=named) for part in parts]
    content = overview_table("Heart rate variability", header, rows, MAX_PRINTED_PARTS, "text-last")
    return tag("section", tag("h2", "Heart rate variability"), content, tag("p", note, class_="note"))


def _row(part: HrvPart, *, named: bool) -> list[str]:
    hrv = part.hrv
    poincare = f"{number(hrv.sd1, 0)}/{number(hrv.sd2, 0)}" if hrv.sd1 is not None else number(None)
    reason = hrv.reason or hrv.spectrum_reason or ""
    return [
        shorten(part.name, MAX_BLOCK_LETTERS) if named else clock_text(part.start),
        f"{part.stop - part.start:.0f} s",
        f"{hrv.intervals:,}",
        f"{hrv.ectopic:,}",
        number(hrv.sdnn, 0),
        number(hrv.rmssd, 0),
        number(hrv.pnn50, 0),
        number(hrv.lf, 0),
        number(hrv.hf, 0),
        number(hrv.lf_hf, 2),
        poincare,
        reason,
    ]
