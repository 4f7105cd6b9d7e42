"""Windows of a corpus with the classes of one label: what a head learns from, before there is an encoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.constants import Split
from ecg_live.errors import ConfigError, DatasetError
from ecg_live.events import F64
from ecg_live.model.baseline import WINDOW_S
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable, Ints, Names
from training.data.rest_windows import baseline_windows, overlapping
from training.datasets.class_order import order_remark
from training.datasets.dataset import Dataset, Rating
from training.datasets.labels import NO_LABEL, Classified, classify


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
        How a rating became classes; ``named`` for a label that is no rating.
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

    def class_names(self, windows: int) -> Names:
        """The class of each of the corpus's ``windows`` (n,), empty where it has none."""
        names = np.full(windows, "", dtype=f"U{max(map(len, self.table.classes))}")
        labelled = self.table.label != NO_LABEL
        names[self.index[labelled]] = np.array(self.table.classes)[self.table.label[labelled]]
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
        If all annotations are of one class, or too short for a window to lie within one.
    """
    places, classes = _classify_annotations(name, data, split)
    given = [place for place, each in zip(places, classes.indices.tolist(), strict=True) if each != NO_LABEL]
    found = sorted({each for each in classes.indices.tolist() if each != NO_LABEL})
    if len(found) < 2:
        only = classes.names[found[0]] if found else "no class"
        raise DatasetError(
            f"label {name}: all {len(given)} annotations are of {only}; two classes are needed",
            "give recordings of another class, or split the label otherwise",
        )
    annotations = [data.sessions[i].annotations[j] for i, j in given]
    longest = max(each.stop - each.start for each in annotations)
    if rule == "inside" and longest < WINDOW_S:
        raise DatasetError(
            f"label {name}: its annotations last {longest:g} s at most; a window lasts {WINDOW_S:g} s and must lie "
            "within one",
            "join neighbouring annotations of a class, or give --set corpus.label=largest",
        )


def _classify_annotations(name: str, data: Dataset, split: Split) -> tuple[list[tuple[int, int]], Classified]:
    """All annotations, by index of session and of annotation, and their classes."""
    if name not in data.labels:
        known = ", ".join(data.labels) or "none"
        raise ConfigError(f"{data.name} has no label {name}; its labels are {known}", "choose one with --label")
    places = [(i, j) for i, session in enumerate(data.sessions) for j in range(len(session.annotations))]
    values = [data.sessions[i].annotations[j].labels.get(name) for i, j in places]
    subjects = [data.sessions[i].subject for i, _ in places]
    return places, classify(values, subjects, data.labels[name], split)


def label_windows(name: str, corpus: Corpus, split: Split = "middle", baseline: float = 0.0) -> LabelledWindows:
    """Find the windows that have a label.

    Parameters
    ----------
    name : str
        A label of the corpus's data set.
    corpus : Corpus
        The windows.
    split : str
        How a rating becomes classes: ``middle``, ``median`` or ``raw``, see `training.datasets.labels.classify`.
    baseline : float
        Seconds of each subject's resting baseline; 0 for none.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    DatasetError
        If no window has it.
    """
    data = corpus.dataset
    places, classes = _classify_annotations(name, data, split)
    class_of = dict(zip(places, classes.indices.tolist(), strict=True))
    pairs = zip(corpus.rows["session"].tolist(), corpus.rows["annotation"].tolist(), strict=True)
    label = np.array([class_of.get(pair, NO_LABEL) for pair in pairs], np.int64)
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
        classes.names,
    )
    used = split if isinstance(data.labels[name], Rating) else "named"
    return LabelledWindows(name, index, table, used, classes.remarks, order_remark(name, data.labels[name]))
