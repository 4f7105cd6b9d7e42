"""What heads learn from: features, labels and wearers of windows, and each wearer's baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.baseline import MIN_BASELINE_WINDOWS, baseline_normalise, within_subject_std
from ecg_live.model.features import FeatureKind, combine_features

Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """Windows of many people.

    Parameters
    ----------
    embedding, hrv : F64
        Features (n, 128) and (n, 3); heart rate and its variability may be NaN, an embedding may not.
    label : Ints
        Index of the class (n,); -1 for rest that has no label, and is here for the baseline only.
    subject : Names
        Whose window it is (n,).
    rest : Mask
        Whether it is part of its wearer's baseline (n,).
    near : Mask
        Whether it is, or overlaps what is (n,).
    classes : tuple of str
        What the labels mean.

    Raises
    ------
    DatasetError
        If an embedding is no number.
    """

    embedding: F64
    hrv: F64
    label: Ints
    subject: Names
    rest: Mask
    near: Mask
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        bad = ~np.isfinite(self.embedding).all(axis=1)
        if bad.any():
            raise DatasetError(
                f"the embeddings of {bad.sum()} windows are no numbers, the first of {self.subject[bad][0]}",
                "look at that recording, or at the encoder",
            )

    def __len__(self) -> int:
        return len(self.label)

    @property
    def people(self) -> tuple[str, ...]:
        """All wearers, sorted."""
        return tuple(np.unique(self.subject).tolist())

    def take(self, rows: Mask | Ints) -> FeatureTable:
        """Some of the windows."""
        return FeatureTable(
            self.embedding[rows],
            self.hrv[rows],
            self.label[rows],
            self.subject[rows],
            self.rest[rows],
            self.near[rows],
            self.classes,
        )

    def with_embedding(self, embedding: F64) -> FeatureTable:
        """The same windows with another encoder's embedding."""
        return replace(self, embedding=embedding)

    def features(self, inputs: FeatureKind) -> F64:
        """Features (n, d) for a head with these inputs."""
        return combine_features(self.embedding, self.hrv, inputs)

    def scored(self, *, relative: bool) -> Mask:
        """Which windows heads learn from and are scored on: those with a label.

        Heads that normalise by a baseline leave out windows that share a sample with it, and subjects with fewer than
        three windows of it: they have none, as live.
        """
        labelled = self.label >= 0
        if not relative:
            return labelled
        counts = {who: int(self.rest[self.subject == who].sum()) for who in self.people}
        enough = np.array([counts[who] >= MIN_BASELINE_WINDOWS for who in self.subject.tolist()], np.bool_)
        return np.asarray(labelled & ~self.near & enough)

    def spread(self, inputs: FeatureKind) -> F64:
        """How far the features (d,) of one person deviate at rest."""
        return within_subject_std(self.features(inputs), self.subject, self.rest)

    def relative(self, inputs: FeatureKind, spread: F64) -> F64:
        """Features (n, d) relative to each wearer's own baseline; NaN for those who have none."""
        x = self.features(inputs)
        out = np.full_like(x, np.nan)
        for who in self.people:
            own = self.subject == who
            if (own & self.rest).any():
                out[own] = baseline_normalise(x[own], x[own & self.rest], spread)
        return out
