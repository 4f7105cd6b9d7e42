"""Windows of a corpus with the classes of one label: what a head learns from, before there is an encoder."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np

from ecg_live.constants import Split
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.baseline import WINDOW_S
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable, Ints, Names
from training.data.rest_windows import baseline_windows, overlapping
from training.data.window_labels import WindowLabels
from training.datasets.class_order import order_remark
from training.datasets.dataset import Dataset, Rating, TrackRule
from training.datasets.labels import NO_LABEL


@dataclass(frozen=True, slots=True, eq=False)
class LabelledWindows:
    """Windows that have a label or are rest.

    Parameters
    ----------
    name : str
        The label.
    index : Ints
        Rows (m,) of the corpus.
    table : FeatureTable
        Their classes, subjects, heart rate and its variability, and resting baselines; no embedding yet.
    split : str
        How a rating became classes, ``none`` if it did not; ``named`` for a label that is no rating.
    remarks : tuple of str
        What was decided on the way.
    order_remark : str
        That the order of the classes is a guess; empty if it is known.
    """

    name: str
    index: Ints
    table: FeatureTable
    split: str
    remarks: tuple[str, ...]
    order_remark: str

    @property
    def all_remarks(self) -> tuple[str, ...]:
        """The remarks, that on the order of the classes included."""
        return (*self.remarks, self.order_remark) if self.order_remark else self.remarks

    def with_embedding(self, embedding: F64) -> FeatureTable:
        """The table with an embedding (n, 128) of all windows of the corpus."""
        return self.table.with_embedding(embedding[self.index])

    def take_subjects(self, subjects: Container[str], *, inside: bool) -> LabelledWindows:
        """The windows of these subjects, or, if not ``inside``, those of all others."""
        own = [(each in subjects) == inside for each in self.table.subject.tolist()]
        rows = np.flatnonzero(own)
        return replace(self, index=self.index[rows], table=self.table.take(rows))

    def class_names(self, windows: int) -> Names:
        """The class of each of the corpus's ``windows`` (n,), the label's name if it is a number; empty for none."""
        known = self.table.classes or (self.name,)
        names = np.full(windows, "", dtype=f"U{max(map(len, known))}")
        labelled = self.table.label != NO_LABEL
        names[self.index[labelled]] = np.array(known)[self.table.label[labelled]]
        return names


def check_label(name: str, data: Dataset, split: Split = "middle", rule: str = "inside") -> None:
    """Refuse a label that no head can learn, by its annotations alone: before windows are made.

    Parameters
    ----------
    name : str
        The label.
    data : Dataset
        Where it is from.
    split, rule : str
        How a rating becomes classes, and how annotations label windows.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    DatasetError
        If all annotations are of one class, or of one rating, or too short for a window to lie within one.
    """
    labels = WindowLabels(name, data, split)
    if labels.numbers:
        _check_ratings(name, labels)
    else:
        _check_classes(name, labels)
    spans = [data.sessions[i].annotations[j] for i, j in labels.labelled_places]
    longest = max(each.stop - each.start for each in spans)
    if rule == "inside" and longest < WINDOW_S:
        raise DatasetError(
            f"label {name}: its annotations last {longest:g} s at most; a window lasts {WINDOW_S:g} s and must lie "
            "within one",
            "join neighbouring annotations of a class, or give --set corpus.label=largest",
        )


def _check_classes(name: str, labels: WindowLabels) -> None:
    found = sorted({each for each in labels.classified.indices.tolist() if each != NO_LABEL})
    if len(found) < 2:
        only = labels.names[found[0]] if found else "no class"
        raise DatasetError(
            f"label {name}: all {len(labels.labelled_places)} annotations are of {only}; two classes are needed",
            "give recordings of another class, or split the label otherwise",
        )


def _check_ratings(name: str, labels: WindowLabels) -> None:
    found = sorted({*labels.values})
    if len(found) < 2:
        only = f"all {len(labels.values)} ratings are {found[0]}" if found else "there is no rating"
        raise DatasetError(
            f"label {name}: {only}; a rating that never changes cannot be learnt",
            "give recordings with other ratings, or leave this label out",
        )


def label_windows(
    name: str,
    corpus: Corpus,
    split: Split = "middle",
    baseline: float = 0.0,
    *,
    rule: TrackRule = "mean",
    lag: float = 0.0,
) -> LabelledWindows:
    """Find the windows that have a label.

    Parameters
    ----------
    name : str
        A label of the corpus's data set.
    corpus : Corpus
        The windows.
    split : str
        How a rating becomes classes: ``middle``, ``median`` or ``raw``, see `training.datasets.labels.classify`; or
        ``none``.
    baseline : float
        Seconds of each subject's resting baseline; 0 for none.
    rule, lag
        How a rating that changes is read, see `training.data.window_labels.WindowLabels`.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    DatasetError
        If no window has it.
    """
    data = corpus.dataset
    labels = WindowLabels(name, data, split, rule, lag)
    at = [corpus.rows[field].tolist() for field in ("session", "annotation", "start")]
    label = np.array([labels.class_at(*window) for window in zip(*at, strict=True)], np.int64)
    if not (label != NO_LABEL).any():
        raise DatasetError(f"no usable window of {data.title} has the label {name}", "look at the summary of the data")
    index = np.flatnonzero((label != NO_LABEL) | np.isfinite(corpus.rows["rest"]))
    rest = baseline_windows(corpus, baseline)
    table = FeatureTable(
        np.empty((len(index), 0)),
        np.asarray(corpus.rows["hrv"][index]),
        label[index],
        corpus.subjects[index],
        rest[index],
        overlapping(corpus.rows, rest)[index],
        corpus.recordings[index],
        np.asarray(corpus.rows["start"][index]),
        labels.names,
        np.array([labels.number_at(*window) for window in zip(*at, strict=True)])[index] if labels.numbers else None,
        (labels.meaning.low, labels.meaning.high) if isinstance(labels.meaning, Rating) else (0.0, 1.0),
        _rest_class(label, corpus),
        corpus.stimuli[index],
    )
    return LabelledWindows(
        name, index, table, labels.split, labels.classified.remarks, order_remark(name, labels.meaning)
    )


def _rest_class(label: Ints, corpus: Corpus) -> int:
    """Index of the class that most windows of rest have; the first class, the least of them, where none has one."""
    found = label[np.isfinite(corpus.rows["rest"]) & (label != NO_LABEL)]
    return int(np.bincount(found).argmax()) if len(found) else 0
