"""The tables of a session's report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import nan

import numpy as np
from markupsafe import Markup

from ecg_live.html.markup import NO_VALUE_DASH, collapsible, count, join, number, table, tag
from ecg_live.presentation.formatting import NO_VALUE, clock_text
from ecg_live.recorded.report.figure_axis import shorten
from ecg_live.recorded.report.figures import GRADE_COLOURS, shown_classes
from ecg_live.recorded.report.sentences import percent, time_text
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.statistics import (
    Distribution,
    MarkerInterval,
    count_losses,
    distribution,
    marker_intervals,
    rank_reasons,
    set_masks,
)
from ecg_live.recorded.report.windows import HeadPredictions, RecordedWindows

MAX_TABLE_ROWS = 300  # the recording has all of them
MAX_NAME_LETTERS = 44
MAX_UNFOLDED_ROWS = 25  # a longer table is collapsed


def signal_table(session: RecordedSession) -> Markup:
    """Make the table of samples and gaps; empty without ECG."""
    if session.ecg is None:
        return Markup("")
    losses, bridged = count_losses(session), sum(gap.bridged for gap in session.gaps)
    longest = max((gap.stop - gap.start for gap in session.gaps), default=0.0)
    rows = [
        ["samples", f"{losses.samples:,}"],
        ["missing", f"{losses.missing:,} ({percent(losses.missing, losses.samples + losses.missing)})"],
        ["invalid (NaN)", f"{losses.invalid:,}"],
        ["gaps", f"{len(session.gaps)}, {bridged} of them bridged" if session.gaps else "none"],
        ["longest gap", f"{longest:.3f} s" if session.gaps else NO_VALUE_DASH],
    ]
    return table("Signal", ("samples and gaps", "in this recording"), rows)


def rhythm_table(windows: RecordedWindows) -> Markup:
    """Make the table of heart rate and RMSSD over all windows."""
    rows = [
        _distribution_row("heart rate (bpm)", distribution(windows.heart_rate)),
        _distribution_row("RMSSD (ms)", distribution(windows.rmssd)),
    ]
    header = ("of windows", "windows", "mean", "median", "lowest", "highest")
    return table("Heart rate and its variability", header, rows)


def grade_table(windows: RecordedWindows) -> Markup:
    """Make the table of grades."""
    counts = {grade: int((windows.grade == grade).sum()) for grade in GRADE_COLOURS}
    rows = [[grade, f"{number:,}", percent(number, len(windows))] for grade, number in counts.items()]
    return table("Signal quality", ("grade", "windows", "share"), rows)


def reason_table(windows: RecordedWindows) -> Markup:
    """Make the table of reasons why windows are poor or unusable."""
    return _reason_counts(
        "Why windows are not good (one may have several reasons)", rank_reasons(windows.reasons), len(windows)
    )


def head_table(head: HeadPredictions) -> Markup:
    """Make the tables of a head's answers by set, and of its reasons for abstaining."""
    if head.scale is not None:
        return join((_rating_table(head, head.scale), _abstentions(head)))
    header = ["set", "windows", "answered"]
    header += [f"{what} {name}" for what in ("mean p of", "labelled") for name in head.classes]
    rows = []
    for name, mask in set_masks(head):
        of_set = head.where(mask)
        answered = int(of_set.answered.sum())
        means = [number(_mean_probability(of_set, k)) for k in range(len(head.classes))]
        labels = [percent(int((of_set.label == each).sum()), answered) for each in head.classes]
        rows.append([name, f"{mask.sum():,}", percent(answered, int(mask.sum())), *means, *labels])
    answers = table("Answers; labels as a share of the windows answered", header, rows)
    return join((answers, _abstentions(head)))


def _rating_table(head: HeadPredictions, scale: tuple[float, float]) -> Markup:
    """Make the table of a number's distribution by set."""
    rows = []
    for name, mask in set_masks(head):
        of_set = head.where(mask)
        found = distribution(of_set.probs[:, 0])
        answered = percent(int(of_set.answered.sum()), int(mask.sum()))
        width = number(float(np.mean(np.diff(of_set.probs[of_set.answered, 1:], axis=1))) if found.number else nan, 2)
        values = (number(each, 2) for each in (found.mean, found.median, found.low, found.high))
        rows.append([name, f"{mask.sum():,}", answered, *values, width])
    header = ("set", "windows", "answered", "mean", "median", "lowest", "highest", "mean width of the 80 % interval")
    return table(f"Answers, on a scale of {scale[0]:g} to {scale[1]:g}", header, rows)


def _abstentions(head: HeadPredictions) -> Markup:
    return _reason_counts("Why it abstained", rank_reasons(head.abstain, "\n"), len(head.abstain))


def interval_table(session: RecordedSession) -> Markup:
    """Make the section with a row for each interval between markers."""
    intervals = marker_intervals(session)
    if not intervals:
        return Markup("")
    split = any(interval.set for interval in intervals)
    header = ["from", "at", "length", *(["set"] if split else []), "windows", "usable", "heart rate", "RMSSD"]
    several = len(session.windows.heads) > 1
    for head in session.windows.heads:
        header += [f"{head.name} (mean)"] if head.scale else [f"p of {head.classes[k]}" for k in shown_classes(head)]
        header.append(f"{head.name} abstained" if several else "abstained")
    note = "Means of the windows of 10 s that begin and end between two markers; RMSSD is the median."
    if split:
        note += " Intervals are split where a head changes to another set: results of two sets do not compare."
    if session.annotations.excluded:
        note += " Excluded stretches are left out."
    rows = [_interval_row(interval, split=split) for interval in intervals]
    title = tag("h2", "Intervals between markers")
    return tag("section", title, tag("p", note, class_="note"), _long_table("Intervals between markers", header, rows))


def marker_table(session: RecordedSession) -> Markup:
    """Make the table of markers."""
    clocks = any(marker.clock for marker in session.markers)
    header = ["number", "time", *(["clock"] if clocks else []), "marker"]
    rows = [
        [
            str(k),
            time_text(marker.time),
            *([f"{marker.clock:%H:%M:%S}" if marker.clock else NO_VALUE_DASH] if clocks else []),
            marker.text,
        ]
        for k, marker in enumerate(session.markers, 1)
    ]
    return _long_table("Markers", header, rows, "words") if rows else tag("p", "No markers.")


def gap_table(session: RecordedSession) -> Markup:
    """Make the table of gaps."""
    rows = [
        [
            time_text(gap.start),
            time_text(gap.stop),
            f"{gap.stop - gap.start:.3f}",
            f"{gap.lost:,}",
            "bridged" if gap.bridged else "open",
            gap.cause,
        ]
        for gap in session.gaps
    ]
    header = ("from", "to", "length (s)", "samples lost", "kind", "cause")
    return _long_table("Gaps", header, rows, "text-last") if rows else tag("p", "No gaps.")


def event_table(session: RecordedSession) -> Markup:
    """Make the table of events of session and device."""
    rows = []
    for each in session.events:
        repeats = f" ({count(each.times, 'time')}, until {clock_text(each.until)})" if each.times > 1 else ""
        rows.append([clock_text(each.time) if each.time >= 0 else "before", each.kind, each.text + repeats])
    return _long_table("Events", ("time", "kind", "text"), rows, "words") if rows else tag("p", "No events.")


def _long_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], class_: str = "") -> Markup:
    """Make a table that is collapsed if it is long, and truncated at `MAX_TABLE_ROWS`.

    Parameters
    ----------
    caption : str
    header : sequence of str
    rows : sequence of sequence of str
    class_ : str
        Class in the style sheet.
    """
    truncated = len(rows) > MAX_TABLE_ROWS
    remark = f"; the first {MAX_TABLE_ROWS:,} of {len(rows):,}, all are in the recording" if truncated else ""
    content = table(caption + remark, header, rows[:MAX_TABLE_ROWS], class_)
    return collapsible(f"{caption}: {len(rows):,}", content) if len(rows) > MAX_UNFOLDED_ROWS else content


def _reason_counts(caption: str, reasons: Sequence[tuple[str, int]], windows: int) -> Markup:
    if not reasons:
        return Markup("")
    rows = [[reason, f"{number:,}", percent(number, windows)] for reason, number in reasons[:MAX_TABLE_ROWS]]
    return table(caption, ("reason", "windows", "share"), rows)


def _distribution_row(name: str, found: Distribution) -> list[str]:
    return [name, f"{found.number:,}", *(number(each, 1) for each in (found.mean, found.median, found.low, found.high))]


def _interval_row(interval: MarkerInterval, *, split: bool) -> list[str]:
    windows = interval.windows
    rate, rmssd = distribution(windows.heart_rate).mean, distribution(windows.rmssd).median
    usable = percent(int(windows.usable.sum()), len(windows))
    cells = [
        shorten(interval.name, MAX_NAME_LETTERS),
        time_text(interval.start),
        f"{interval.stop - interval.start:.1f} s",
        *([interval.set or NO_VALUE_DASH] if split else []),
        f"{len(windows):,}",
        usable,
    ]
    return [*cells, number(rate, 1), number(rmssd, 1), *(cell for head in windows.heads for cell in _head_cells(head))]


def _head_cells(head: HeadPredictions) -> Iterator[str]:
    yield from (number(_mean_probability(head, k), 2) for k in shown_classes(head))
    yield percent(int((~head.answered).sum()), len(head.label)) if len(head.label) else NO_VALUE


def _mean_probability(head: HeadPredictions, k: int) -> float:
    """Return the mean probability of a class over the windows answered."""
    probs = head.probs[:, k][np.isfinite(head.probs[:, k])]
    return float(probs.mean()) if len(probs) else float("nan")
