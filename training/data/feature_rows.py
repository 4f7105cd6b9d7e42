"""Features of a data set's windows as rows of a table, with subjects and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ecg_live.errors import ConfigError, DatasetError, RecordingError
from ecg_live.model.baseline import WINDOW_S
from ecg_live.model.window_features import FeatureExtractor
from ecg_live.tables import ColumnKind, Columns
from training.data.corpus import BuildJob, annotation_of_window, recording_names, rest_elapsed
from training.data.windowing import session_windows
from training.datasets.dataset import Classes, Dataset

LABEL_PREFIX = "label_"  # of a label's column: a label may be called like a feature


def dataset_columns(dataset: Dataset, extractor: FeatureExtractor) -> Columns:
    """Columns of a data set's windows: place, ``rest``, a column for each label, features."""
    labels: dict[str, ColumnKind] = {
        LABEL_PREFIX + name: "text" if isinstance(meaning, Classes) else "number"
        for name, meaning in dataset.labels.items()
    }
    return {"subject": "text", "recording": "text", "onset": "number", "rest": "flag", **labels, **extractor.columns}


def dataset_rows(
    dataset: Dataset,
    extractor: FeatureExtractor,
    hop: float,
    remarks: list[str],
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[dict[str, Any]]:
    """Features of all windows, unusable ones included, in the order of the data set.

    A session's recordings are one stream, as in training. A label is that of the annotation that a window is wholly
    within.

    Parameters
    ----------
    dataset : Dataset
        The recordings and labels.
    extractor : FeatureExtractor
        Makes the features.
    hop : float
        Seconds from one window to the next.
    remarks : list of str
        Gets a line for each recording that is left out or damaged.
    report : callable
        Called with the number of sessions that are done, and of all.
    """
    names = recording_names(dataset)
    for number, session in enumerate(dataset.sessions):
        report(number, len(dataset.sessions))
        job = BuildJob(number, session, ())
        extractor.restart()
        try:
            for window, part, start in session_windows(session, hop, remarks):
                stop = start + WINDOW_S
                which = annotation_of_window(job, part, start, stop, "inside")
                labels = session.annotations[which].labels if which >= 0 else {}
                yield {
                    "subject": session.subject,
                    "recording": names[number, part],
                    "onset": start,
                    "rest": rest_elapsed(session, part, start, stop) < float("inf"),
                    **{LABEL_PREFIX + name: value for name, value in labels.items()},
                    **extractor.row(window),
                }
        except (RecordingError, ConfigError, DatasetError) as error:
            remarks.append(f"{session.subject}: left out: {error.message}")
    report(len(dataset.sessions), len(dataset.sessions))
