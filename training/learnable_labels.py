"""Which of the labels that were asked for a head can learn: one that cannot be learnt does not end the others."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import TypeVar

from ecg_live.errors import ConfigError, DatasetError
from training.data.corpus import Corpus
from training.data.labelled_windows import LabelledWindows, check_label, label_windows
from training.datasets.dataset import Dataset
from training.evaluation.splits import check_scorable
from training.heads.prior import check_prior
from training.progress import ProgressDisplay
from training.results import LEFT_OUT_PREFIX
from training.settings import TrainSettings

T = TypeVar("T")


def refuse_replaced_heads(bundle: Path | None, names: Sequence[str], heads: Container[str]) -> None:
    """Refuse to put a new head in the place of one of the bundle's: nobody would see that the old one is gone.

    Raises
    ------
    ConfigError
        Names the first such head.
    """
    if replaced := [name for name in names if name in heads]:
        raise ConfigError(
            f"{bundle} has a head {replaced[0]} already",
            f"make the new one a bundle of its own with --encoder {bundle}, or, in a manifest, give its column another "
            "name",
        )


def check_labels(
    names: Sequence[str], dataset: Dataset, settings: TrainSettings, display: ProgressDisplay, left_out: list[str]
) -> list[str]:
    """Names of the labels that can be learnt as far as their annotations show; remarks on others go to ``left_out``.

    Raises
    ------
    DatasetError
        If none can be learnt.
    """

    def check(name: str) -> str:
        check_label(name, dataset, settings.head.split, settings.corpus.label)
        return name

    return _of_learnable(names, check, display, left_out)


def make_scorable_windows(
    names: Sequence[str],
    corpus: Corpus,
    settings: TrainSettings,
    kept_back: Container[str],
    display: ProgressDisplay,
    left_out: list[str],
) -> list[LabelledWindows]:
    """Windows of the labels with enough of them without the subjects kept back, found before stage one.

    Raises
    ------
    DatasetError
        If no label has enough.
    ConfigError
        If ``head.prior`` does not fit the classes of a label.
    """

    def make(name: str) -> LabelledWindows:
        windows = label_windows(
            name,
            corpus,
            settings.head.split,
            settings.evaluate.baseline,
            rule=settings.corpus.rating,
            lag=settings.corpus.lag,
        )
        if windows.table.value is None:
            check_prior(settings.head.prior, name, windows.table.classes)
        table = windows.take_subjects(kept_back, inside=False).table
        try:
            check_scorable(table.take(table.scored(relative=False)), settings.evaluate)
        except DatasetError as error:
            raise DatasetError(f"label {name}: {error.message}", error.remedy) from error
        if windows.order_remark:
            display.line(f"warning: {windows.order_remark}")
        return windows

    return _of_learnable(names, make, display, left_out)


def _of_learnable(
    names: Sequence[str], make: Callable[[str], T], display: ProgressDisplay, left_out: list[str]
) -> list[T]:
    """What ``make`` gives for each label that can be learnt; warns of the others, and notes them."""
    made: list[T] = []
    refused: list[DatasetError] = []
    for name in names:
        try:
            made.append(make(name))
        except DatasetError as error:
            refused.append(error)
    if not made:
        raise refused[0]
    for each in refused:
        display.line(f"warning: {LEFT_OUT_PREFIX}{each.message}")
        left_out.append(f"{LEFT_OUT_PREFIX}{each.message}")
    return made
