"""Annotations too short for a window, such as a rating every two seconds, joined to one that holds a track."""

from __future__ import annotations

from collections.abc import Sequence

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from training.datasets.dataset import Annotation, LabelTrack

WINDOW_S = WINDOW_SAMPLES / MODEL_RATE_HZ
MAX_SEAM_S = 1e-3  # between two annotations that follow each other: times are rounded in tables


def join_short_annotations(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Annotations in order of time, with runs of short ones that follow each other without a break as one each.

    Rest and other times are not joined, nor are parts, nor stimuli.
    """
    runs: list[list[Annotation]] = []
    for each in annotations:
        if runs and _follows(runs[-1][-1], each):
            runs[-1].append(each)
        else:
            runs.append([each])
    return [run[0] if len(run) == 1 else _joined(run) for run in runs]


def _follows(before: Annotation, after: Annotation) -> bool:
    """Whether two annotations are short, and follow each other."""
    short = max(each.stop - each.start for each in (before, after)) < WINDOW_S
    alike = (before.part, before.rest, before.stimulus) == (after.part, after.rest, after.stimulus)
    plain = not any(isinstance(value, LabelTrack) for each in (before, after) for value in each.labels.values())
    return short and alike and plain and abs(after.start - before.stop) < MAX_SEAM_S


def _joined(run: Sequence[Annotation]) -> Annotation:
    first, last = run[0], run[-1]
    times = tuple(each.start for each in run)
    labels = {}
    for name in dict.fromkeys(name for each in run for name in each.labels):
        values = (each.labels.get(name) for each in run)
        labels[name] = LabelTrack(times, tuple(v for v in values if not isinstance(v, LabelTrack)), last.stop)
    return Annotation(first.part, first.start, last.stop, labels, first.rest, first.stimulus)
