"""Labels for the end of each annotation only: of what a subject reports afterwards, the last seconds weigh most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

from training.datasets.dataset import Annotation, Dataset, LabelTrack


def label_last(data: Dataset, seconds: float) -> Dataset:
    """The data set with each label that does not change applied to the last ``seconds`` of its annotation.

    What comes before keeps its rest and its labels that change; 0 leaves all as it is, as does an annotation without a
    known end.
    """
    if not seconds:
        return data
    sessions = (
        replace(session, annotations=tuple(part for each in session.annotations for part in _parts(each, seconds)))
        for session in data.sessions
    )
    return replace(data, sessions=tuple(sessions))


def _parts(annotation: Annotation, seconds: float) -> Iterator[Annotation]:
    start, stop = annotation.stop - seconds, annotation.stop
    fixed = any(not isinstance(value, LabelTrack) for value in annotation.labels.values())
    if not fixed or not isfinite(stop) or start <= annotation.start:
        yield annotation
        return
    changing = {name: value for name, value in annotation.labels.items() if isinstance(value, LabelTrack)}
    if annotation.rest or changing:
        yield replace(annotation, stop=start, labels=changing)
    yield replace(annotation, start=start)
