"""The blocks of a study's session: what was measured in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ecg_live.annotations.exclusion import touches_excluded
from ecg_live.html.markup import NO_VALUE_DASH, number, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.figure_axis import shorten
from ecg_live.recorded.report.figures import shown_classes
from ecg_live.recorded.report.heart import MAX_BLOCK_LETTERS, hrv_between
from ecg_live.recorded.report.paper import overview_table
from ecg_live.recorded.report.sentences import percent
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.statistics import distribution, set_masks, windows_between
from ecg_live.recorded.report.windows import HeadPredictions, RecordedWindows
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.results import Hrv
from ecg_live.study.marker_texts import spans

MAX_PRINTED_BLOCKS = 12
MAX_FULL_VALUES = 2  # of all heads in a row, of which there is more than the mean


class ReportBlock(NamedTuple):
    """A run of a block (s), its windows, and its heart rate variability; ``note`` if it did not run to its end."""

    name: str
    start: float
    stop: float
    windows: RecordedWindows
    hrv: Hrv
    note: str = ""


def report_blocks(session: RecordedSession, intervals: RrSeries) -> list[ReportBlock]:
    """Blocks in the order of their starts; runs of one name are numbered from the second on."""
    found = []
    for span in spans((marker.time, marker.text) for marker in session.markers):
        if span.kind != "block":
            continue
        start, stop = max(span.start, 0.0), min(session.duration if span.stop is None else span.stop, session.duration)
        note = "not closed" if span.stop is None else "" if span.complete else "broken off"
        name = f"{span.name} ({span.number})" if span.number > 1 else span.name
        if stop > start:
            inside = windows_between(session.windows, start, stop)
            inside = inside.where(~touches_excluded(inside.start, inside.stop, session.annotations.excluded))
            found.append(ReportBlock(name, start, stop, inside, hrv_between(intervals, start, stop), note))
    return sorted(found, key=lambda block: block.start)


def blocks_section(blocks: Sequence[ReportBlock]) -> Markup:
    """Make the section with the table of blocks; empty without any."""
    if not blocks:
        return Markup("")
    heads = blocks[0].windows.heads
    brief = sum(len(shown_classes(head)) for head in heads) > MAX_FULL_VALUES
    header = ["block", "at", "length", "windows", "good", "usable", "heart rate (bpm)", "RMSSD (ms)", "SDNN (ms)"]
    for head in heads:
        header += [f"{head.name}, mean"] if head.scale else [f"p of {head.classes[k]}" for k in shown_classes(head)]
        if not brief:
            header += [] if head.scale else [f"labelled {head.classes[k]}" for k in shown_classes(head)]
            header += ["answered", "set"]
    note = (
        "Means over the windows of 10 s that lie wholly in the block; heart rate of usable ones. RMSSD and SDNN are of "
        "all normal RR intervals of the block. Windows overlap: they are not independent observations."
    )
    rows = [_row(block, brief=brief) for block in blocks]
    content = overview_table("Blocks", header, rows, MAX_PRINTED_BLOCKS, "")
    return tag("section", tag("h2", "Blocks"), content, tag("p", note, class_="note"))


def _row(block: ReportBlock, *, brief: bool) -> list[str]:
    windows = block.windows
    usable = windows.where(windows.usable)
    good = int((windows.grade == "good").sum())
    name = shorten(block.name, MAX_BLOCK_LETTERS) + (f" \u2013 {block.note}" if block.note else "")
    cells = [
        name,
        clock_text(block.start),
        clock_text(block.stop - block.start),
        f"{len(windows):,}",
        percent(good, len(windows)),
        percent(len(usable), len(windows)),
        number(distribution(usable.heart_rate).mean, 1),
        number(block.hrv.rmssd, 0),
        number(block.hrv.sdnn, 0),
    ]
    return [*cells, *(cell for head in windows.heads for cell in _head_cells(head, brief=brief))]


def _head_cells(head: HeadPredictions, *, brief: bool) -> Iterator[str]:
    """A head's means over the windows of the set that answered most of them; then labels, share of answers, the set."""
    which, mask = max(set_masks(head), key=lambda each: int((each[1] & head.answered).sum()), default=("", None))
    own = head if mask is None else head.where(np.asarray(mask & head.answered))
    count = int(own.answered.sum())
    shown = shown_classes(head)
    digits = 1 if head.scale is not None else 2
    yield from (number(distribution(own.probs[:, k]).mean, digits) for k in (shown if head.scale is None else [0]))
    if brief:
        return
    if head.scale is None:
        yield from (percent(int((own.label == head.classes[k]).sum()), count) for k in shown)
    yield percent(count, len(head.label)) if len(head.label) else NO_VALUE_DASH
    yield which or NO_VALUE_DASH
