"""The session in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ecg_live.html.markup import count, number
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.blocks import ReportBlock
from ecg_live.recorded.report.figures import shown_classes
from ecg_live.recorded.report.sentences import percent
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.statistics import count_losses, distribution, set_masks, usable_coverage
from ecg_live.recorded.report.windows import HeadPredictions
from ecg_live.results import Hrv

MAX_NAMED_BLOCKS = 4  # with a value each


def summary_line(session: RecordedSession, blocks: Sequence[ReportBlock], hrv: Hrv) -> str:
    """How long, how usable, what was lost, the heart, and what the heads answered; then whether the file is whole."""
    clauses = [
        _length(session, blocks),
        *_signal(session),
        *_heart(session, hrv),
        *_heads(session, blocks),
        _files(session),
    ]
    return "; ".join(clauses) + "."


def _length(session: RecordedSession, blocks: Sequence[ReportBlock]) -> str:
    what = "ECG" if session.ecg else "a strap's heart rate, no ECG"
    length = f"{clock_text(session.duration)} of {what}"
    if not blocks:
        return length
    complete = sum(not block.note for block in blocks)
    ran = "complete" if complete == len(blocks) else f"{complete} of them complete"
    return f"{length} in {count(len(blocks), 'block')}, {ran}"


def _signal(session: RecordedSession) -> Iterator[str]:
    windows, losses = session.windows, count_losses(session)
    if not len(windows):
        yield "no window of 10 s was complete, so that there is nothing to assess"
    else:
        yield f"{percent(usable_coverage(windows, session.duration))} of the time usable"
    if session.ecg:
        yield f"{percent(losses.share)} of samples lost" if losses.lost else "no sample lost"


def _heart(session: RecordedSession, hrv: Hrv) -> Iterator[str]:
    rate = distribution(session.windows.heart_rate)
    if rate.number:
        rmssd = f", RMSSD {number(hrv.rmssd, 0)} ms" if hrv.rmssd is not None else ""
        yield f"heart rate {number(rate.median, 0)} bpm ({number(rate.low, 0)} to {number(rate.high, 0)}){rmssd}"
    elif len(session.windows):
        yield "no reliable heart rate"


def _heads(session: RecordedSession, blocks: Sequence[ReportBlock]) -> Iterator[str]:
    for head in session.windows.heads if len(session.windows) else ():
        if not head.answered.any():
            yield f"{head.name} never answered"
            continue
        named = blocks if 0 < len(blocks) <= MAX_NAMED_BLOCKS else ()
        parts = [(block.name, own) for block in named for own in block.windows.heads if own.name == head.name]
        values = [(name, text) for name, own in parts if (text := _answer(own))]
        if not values:
            sets = [(which, _answer(head.where(mask))) for which, mask in set_masks(head)]
            values = [(f"answers ({which} set)", text) for which, text in sets if text]
        shown = "" if head.scale else f"{head.classes[shown_classes(head)[0]]} in "
        joint = "in" if head.scale else "of"
        yield f"{head.name}: {shown}" + ", ".join(f"{text} {joint} {where}" for where, text in values)


def _answer(head: HeadPredictions) -> str:
    """Mean of a number, or how often the label of the first shown class was given; empty without an answer."""
    if not head.answered.any():
        return ""
    if head.scale is not None:
        return f"{number(distribution(head.probs[:, 0]).mean, 1)} of {head.scale[1]:g}"
    labelled = head.label == head.classes[shown_classes(head)[0]]
    return percent(int(np.sum(labelled)), int(head.answered.sum()))


def _files(session: RecordedSession) -> str:
    checks = [file.checked for file in session.files]
    what = "file" if len(checks) == 1 else f"{len(checks)} files"
    if not all(each.sound for each in checks):
        return f"{what} DAMAGED"
    return f"{what} whole" if all(each.closed for each in checks) else f"{what} not closed"
