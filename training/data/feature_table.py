"""What heads learn from: features, labels and subjects of windows, and each subject's resting baseline."""

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
    """Labelled windows of several subjects, one a row.

    Parameters
    ----------
    embedding, hrv : F64
        Features (n, 128) and (n, 3); heart rate and its variability may be NaN, an embedding may not. The embedding has
        no column before there is an encoder.
    label : Ints
        Index of the class (n,); -1 for rest without a label, which serves the baseline only.
    subject : Names
        Subject of each window (n,).
    rest : Mask
        Whether it is part of its subject's baseline (n,).
    overlaps_rest : Mask
        Whether it is part of the baseline or shares a sample with it (n,).
    recording : Names
        The recording (n,) that it was cut from.
    onset : F64
        Where it begins (n,), in s of that recording.
    classes : tuple of str
        Names of the classes; none where the label is a number.
    value : F64, optional
        The label of each window (n,) where it is a number, NaN for none; ``label`` is 0 or -1 then.
    scale : tuple of float
        The least and the largest number that such a label can be.
    rest_class : int
        Index of the class of rest.
    stimuli : Names, optional
        What the subject saw, heard or did in each window (n,); empty where nothing is known, and without it.

    Raises
    ------
    DatasetError
        If an embedding is NaN or infinite.
    """

    embedding: F64
    hrv: F64
    label: Ints
    subject: Names
    rest: Mask
    overlaps_rest: Mask
    recording: Names
    onset: F64
    classes: tuple[str, ...]
    value: F64 | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    rest_class: int = 0
    stimuli: Names | None = None

    def __post_init__(self) -> None:
        bad = ~np.isfinite(self.embedding).all(axis=1)
        if bad.any():
            raise DatasetError(
                f"the embeddings of {bad.sum()} windows are NaN or infinite, the first of {self.subject[bad][0]}",
                "look at that recording, or at the encoder",
            )

    def __len__(self) -> int:
        return len(self.label)

    @property
    def ratings(self) -> F64:
        """The label of each window (n,) where it is a number, NaN for none.

        Raises
        ------
        ValueError
            The label is no number.
        """
        if self.value is None:
            raise ValueError(f"the label has the classes {', '.join(self.classes)}, expected a number")
        return self.value

    @property
    def stimulus(self) -> Names:
        """The stimulus of each window (n,); empty where there is none."""
        return np.full(len(self), "", dtype="U1") if self.stimuli is None else self.stimuli

    @property
    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        return tuple(np.unique(self.subject).tolist())

    def take(self, rows: Mask | Ints) -> FeatureTable:
        """Some of the windows."""
        return FeatureTable(
            self.embedding[rows],
            self.hrv[rows],
            self.label[rows],
            self.subject[rows],
            self.rest[rows],
            self.overlaps_rest[rows],
            self.recording[rows],
            self.onset[rows],
            self.classes,
            None if self.value is None else self.value[rows],
            self.scale,
            self.rest_class,
            None if self.stimuli is None else self.stimuli[rows],
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
        three windows of it: they have no baseline, as live.
        """
        labelled = self.label >= 0
        if not relative:
            return labelled
        counts = {name: int(self.rest[self.subject == name].sum()) for name in self.subjects}
        enough = np.array([counts[name] >= MIN_BASELINE_WINDOWS for name in self.subject.tolist()], np.bool_)
        return np.asarray(labelled & ~self.overlaps_rest & enough)

    def within_subject_std(self, inputs: FeatureKind) -> F64:
        """Standard deviation of the features (d,) within one subject at rest."""
        return within_subject_std(self.features(inputs), self.subject, self.rest)

    def baseline_normalised(self, inputs: FeatureKind, std: F64) -> F64:
        """Features (n, d) minus the mean of the subject's baseline, over ``std`` (d,); NaN without a baseline."""
        x = self.features(inputs)
        out = np.full_like(x, np.nan)
        for name in self.subjects:
            own = self.subject == name
            if (own & self.rest).any():
                out[own] = baseline_normalise(x[own], x[own & self.rest], std)
        return out
