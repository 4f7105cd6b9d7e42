"""What the heads of a bundle should have said: the class, or the number, of a data set's windows."""

from __future__ import annotations

from math import isnan, nan
from typing import Any

from ecg_live.errors import ConfigError
from ecg_live.model.card import HeadCard
from ecg_live.results import HeadResult
from training.data.window_labels import WindowLabels
from training.datasets.dataset import Dataset, Rating
from training.datasets.labels import NO_LABEL
from training.evaluation.bootstrap import interval
from training.evaluation.prediction_table import NamedRatings
from training.evaluation.regression_metrics import bootstrap_regression, regression_scores
from training.settings import EvaluateSettings


class HeadTarget:
    """The truth of one head, split as it learnt it.

    Raises
    ------
    ConfigError
        If the data set's label is of other classes, or is no number where the head gives one.
    """

    def __init__(self, head: str, card: HeadCard, data: Dataset) -> None:
        meaning = data.labels[head]
        if card.scale and not isinstance(meaning, Rating):
            raise ConfigError(
                f"head {head} gives a number; {data.name} has the classes {', '.join(meaning.names)}",
                "choose another data set",
            )
        self.numbers = bool(card.scale)
        self._labels = WindowLabels(head, data, card.split)
        if not set(self._labels.names) <= set(card.classes):
            raise ConfigError(
                f"head {head} has the classes {', '.join(card.classes)}; {data.name} has "
                f"{', '.join(self._labels.names)}",
                "choose another data set",
            )
        self._index = [card.classes.index(name) for name in self._labels.names]

    def truth(self, annotation: tuple[int, int], onset: float) -> float | None:
        """The class's index, or the number, of the window from ``onset`` s on; None where it has no label."""
        if self.numbers:
            value = self._labels.number_at(*annotation, onset)
            return None if isnan(value) else value
        found = self._labels.class_at(*annotation, onset)
        return None if found == NO_LABEL else self._index[found]


def estimate_of(result: HeadResult) -> tuple[float, float, float]:
    """Rating and both ends of its interval; NaN where the head abstains."""
    if result.value is None or result.interval is None:
        return (nan, nan, nan)
    return (result.value, *result.interval)


def rating_row(part: NamedRatings) -> dict[str, Any]:
    """A row of scores of one set of a head that gives a number, over the windows that it answered."""
    table = part.windows.predictions
    scores, draws = regression_scores(table), bootstrap_regression(table, EvaluateSettings().draws)
    return {
        "head": part.label,
        "set": part.windows.set,
        "rmse": scores.rmse,
        "interval": interval(draws["rmse"]),
        "ccc": scores.ccc,
        "within": scores.within,
        "coverage": scores.coverage,
        "width": scores.width,
        "windows": scores.windows,
        "people": scores.people,
        "abstained": len(part.windows) - scores.windows,
    }
