"""Train/test splits: by subject, groups of subjects, stimulus or window; and checks that there is enough to split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import StratifiedKFold

from ecg_live.errors import DatasetError
from training.data.feature_table import FeatureTable, Mask
from training.datasets.labels import NO_LABEL
from training.settings import EvaluateSettings

MIN_SUBJECTS = 3  # one is left out, and of the others one is held out to calibrate


def fold_masks(examples: FeatureTable, settings: EvaluateSettings, seed: int) -> dict[str, Mask]:
    """Test windows (n,) of each fold by the fold's name: the subject or stimulus left out, or else ``"1 of 5"``."""
    labelled = examples.take(examples.label >= 0)
    if settings.protocol == "loso":
        return {subject: examples.subject == subject for subject in labelled.subjects}
    if settings.protocol == "groupkfold":
        groups = _subject_groups(labelled.subjects, settings.folds, seed)
        return {f"{i} of {len(groups)}": np.isin(examples.subject, group) for i, group in enumerate(groups, 1)}
    if settings.protocol == "leave-one-stimulus-out":
        return {name: examples.stimulus == name for name in np.unique(labelled.stimulus).tolist()}
    folds = StratifiedKFold(settings.folds, shuffle=True, random_state=seed)
    rows = np.flatnonzero(examples.label >= 0)
    split = folds.split(np.zeros((len(rows), 1)), examples.label[rows])
    masks = [np.isin(np.arange(len(examples)), rows[test]) for _, test in split]
    return {f"{number} of {len(masks)}": mask for number, mask in enumerate(masks, 1)}


def _subject_groups(subjects: Sequence[str], folds: int, seed: int) -> list[list[str]]:
    """Subjects drawn into groups whose sizes differ by one at most."""
    drawn = np.random.default_rng(seed).permutation(np.array(subjects))
    return [sorted(group.tolist()) for group in np.array_split(drawn, folds)]


def check_scorable(examples: FeatureTable, settings: EvaluateSettings) -> None:
    """Refuse what cannot be scored.

    Raises
    ------
    DatasetError
        If there are too few classes, windows of a class, or subjects: the message states which.
    """
    if examples.value is not None:
        _check_ratings(examples, settings)
        return
    counts = np.bincount(examples.label, minlength=len(examples.classes))
    if (counts > 0).sum() < 2:
        present = [name for name, count in zip(examples.classes, counts, strict=True) if count]
        raise DatasetError(
            f"all {len(examples)} windows are of {' '.join(present) or 'no class'}; two classes are needed",
            "give recordings of another class, or split the label otherwise",
        )
    smallest = examples.classes[int(counts.argmin())]
    if not counts.all():
        raise DatasetError(f"no window is of class {smallest}", "leave that class out, or give recordings")
    _check_groups(examples, settings)
    if settings.protocol == "kfold" and not 2 <= settings.folds <= counts.min():
        raise DatasetError(
            f"{settings.folds} folds; the smallest class, {smallest}, has {counts.min()} windows, and two folds are "
            "the fewest",
            "set evaluate.folds to a number between them",
        )


def _check_ratings(examples: FeatureTable, settings: EvaluateSettings) -> None:
    value = examples.ratings
    if not len(value) or np.ptp(value) == 0:
        found = f"all {len(value)} windows are rated {value[0]:g}" if len(value) else "no window is rated"
        raise DatasetError(
            f"{found}; a rating that never changes cannot be learnt",
            "give recordings with other ratings, or leave this label out",
        )
    _check_groups(examples, settings)
    if settings.protocol == "kfold" and not 2 <= settings.folds <= len(examples):
        raise DatasetError(
            f"{settings.folds} folds; there are {len(examples)} windows, and two folds are the fewest",
            "set evaluate.folds to a number between them",
        )


def _check_groups(examples: FeatureTable, settings: EvaluateSettings) -> None:
    """Refuse too few subjects or stimuli to leave some out."""
    subjects = len(examples.subjects)
    if settings.protocol in {"loso", "groupkfold"} and subjects < MIN_SUBJECTS:
        raise DatasetError(
            f"{subjects} subjects; leaving some out needs {MIN_SUBJECTS}",
            "give recordings of more subjects, or --protocol kfold",
        )
    if settings.protocol == "groupkfold" and not 2 <= settings.folds <= subjects:
        raise DatasetError(
            f"{settings.folds} groups of {subjects} subjects; two groups are the fewest, and each needs a subject",
            "set evaluate.folds to a number between them",
        )
    if settings.protocol == "leave-one-stimulus-out":
        _check_stimuli(examples)


def _check_stimuli(examples: FeatureTable) -> None:
    without = int((examples.stimulus == "").sum())
    if without:
        raise DatasetError(
            f"{without} of {len(examples)} windows are of annotations without a stimulus; leave-one-stimulus-out needs "
            "one for each",
            "add a column stimulus to the manifest, or choose another --protocol",
        )
    stimuli = np.unique(examples.stimulus)
    if len(stimuli) < 2:
        raise DatasetError(
            f"all windows are of the stimulus {stimuli[0]}; leaving one out needs two", "choose another --protocol"
        )


def untrainable_classes(examples: FeatureTable, tests: dict[str, Mask]) -> list[str]:
    """One remark for each class that only one fold's test windows have, so that its head cannot learn it."""
    remarks: list[str] = []
    for name, test in tests.items() if examples.value is None else ():
        lacking = sorted({*examples.label.tolist()} - {*examples.label[~test].tolist(), NO_LABEL})
        remarks += [f"only {name} has {examples.classes[each]}: no fold can get it right" for each in lacking]
    return remarks
