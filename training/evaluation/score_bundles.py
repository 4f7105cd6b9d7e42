"""Score several bundles on several data sets, and compare the bundles with each other on the same windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from ecg_live.errors import ConfigError
from ecg_live.model.bundle import Bundle, load_bundle
from training.datasets import open_dataset
from training.evaluation.paired_tests import PairedTest, compare_pairs, corrected
from training.evaluation.prediction_table import NamedPredictions, NamedRatings
from training.evaluation.score_bundle import score_loaded
from training.evaluation.window_predictions import WindowPredictions
from training.progress import ProgressDisplay
from training.setting_limits import check_setting
from training.settings import EvaluateSettings


class Comparison(NamedTuple):
    """A paired test, and of what: data set, head and set."""

    dataset: str
    head: str
    set: str
    test: PairedTest


class Evaluations(NamedTuple):
    """Scores of each bundle on each data set that it has a head for, comparisons, predictions, and remarks."""

    summaries: tuple[dict[str, Any], ...]
    comparisons: tuple[Comparison, ...]
    predictions: tuple[NamedPredictions, ...]
    remarks: tuple[str, ...]
    ratings: tuple[NamedRatings, ...] = ()


def score_bundles(
    models: Sequence[Path], datasets: Sequence[tuple[str, Path]], baseline: float, show: ProgressDisplay
) -> Evaluations:
    """Score every bundle on every data set; bundles with a head of the same name are compared by paired tests.

    A bundle that has no head for a data set's labels is left out there, with a remark.

    Parameters
    ----------
    models : sequence of Path
        The bundles.
    datasets : sequence of (str, Path)
        Names and folders.
    baseline : float
        Seconds of resting baseline; 0 for none.
    show : ProgressDisplay
        Shows how many subjects are done.

    Raises
    ------
    EcgLiveError
        If a bundle or data set cannot be read, none of them have a label in common, heads of the same name have other
        classes, or the baseline cannot be.
    """
    check_setting("evaluate.baseline", baseline)
    bundles = {name: load_bundle(path) for name, path in zip(_names(models), models, strict=True)}
    _check_classes(bundles)
    summaries: list[dict[str, Any]] = []
    comparisons: list[Comparison] = []
    predictions: list[NamedPredictions] = []
    ratings: list[NamedRatings] = []
    remarks: list[str] = []
    for label, (dataset, folder) in zip(_dataset_names(datasets), datasets, strict=True):
        data = open_dataset(dataset, folder)
        scored: list[NamedPredictions] = []
        for name, bundle in bundles.items():
            if not set(bundle.card.heads) & set(data.labels):
                remarks.append(
                    f"{name} answers {', '.join(bundle.card.heads)}; {label} has labels {', '.join(data.labels)}"
                )
                continue
            found = score_loaded(bundle, name, data, baseline, show)
            summaries.append(found.summary | {"dataset": label})
            scored += [part._replace(dataset=label) for part in found.predictions]
            ratings += [part._replace(dataset=label) for part in found.ratings]
        comparisons += _comparisons(label, scored)
        predictions += scored
    if not summaries:
        raise ConfigError(remarks[0], "choose a model and a data set that have one in common")
    tests = corrected([each.test for each in comparisons])
    compared = (each._replace(test=test) for each, test in zip(comparisons, tests, strict=True))
    return Evaluations(tuple(summaries), tuple(compared), tuple(predictions), tuple(remarks), tuple(ratings))


def _names(models: Sequence[Path]) -> list[str]:
    """Names of the bundles' files; their paths where two are called the same."""
    if len({path.resolve() for path in models}) < len(models):
        raise ConfigError("the same bundle is given twice", "name each once")
    names = [path.name for path in models]
    return [path.name if names.count(path.name) == 1 else str(path) for path in models]


def _dataset_names(datasets: Sequence[tuple[str, Path]]) -> list[str]:
    """Names of the data sets; with their folder or manifest where two are called the same."""
    names = [name for name, _ in datasets]
    return [name if names.count(name) == 1 else f"{name} {folder}" for name, folder in datasets]


def _check_classes(bundles: Mapping[str, Bundle]) -> None:
    """Refuse heads of the same name that answer with other classes: their scores would not be of the same question."""
    for (first, one), (second, other) in combinations(bundles.items(), 2):
        for head in sorted(set(one.card.heads) & set(other.card.heads)):
            ours, theirs = one.card.heads[head].classes, other.card.heads[head].classes
            if ours != theirs:
                raise ConfigError(
                    f"head {head} has the classes {', '.join(ours)} in {first} and {', '.join(theirs)} in {second}",
                    "compare bundles whose heads have the same classes",
                )


def _comparisons(dataset: str, scored: Sequence[NamedPredictions]) -> list[Comparison]:
    """Paired tests of all bundles with the same head and set on a data set."""
    groups: dict[tuple[str, str], dict[str, WindowPredictions]] = {}
    for part in scored:
        groups.setdefault((part.label, part.windows.set), {})[part.model] = part.windows
    draws = EvaluateSettings().draws
    return [
        Comparison(dataset, head, which, test)
        for (head, which), models in groups.items()
        for test in compare_pairs(models, draws)
    ]
