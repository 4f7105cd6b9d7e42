"""Predictions for every window as rows of a table: the same columns from training and from ``evaluate``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg_live.events import F64
from ecg_live.tables import Columns, column_names, read_table, write_rows
from training.data.feature_table import Mask
from training.evaluation.metrics import Predictions
from training.evaluation.window_predictions import WindowPredictions
from training.evaluation.window_ratings import WindowRatings

PLACE_COLUMNS: Columns = {
    "model": "text",
    "dataset": "text",
    "label": "text",  # the head's name
    "protocol": "text",
    "features": "text",
    "baseline": "number",  # s
    "set": "text",
    "order": "text",
    "fold": "text",
    "subject": "text",
    "recording": "text",
    "onset": "number",  # s from the recording's first sample
    "truth": "text",
    "predicted": "text",
    "abstain": "text",
}
PART_COLUMNS = ("model", "dataset", "label", "protocol", "features", "baseline", "set", "order")  # of a row of scores
PROBABILITY_PREFIX = "p_"  # of a class's column
RATING_COLUMNS: Columns = {  # of heads that give a number; tables without such a head lack them
    "value": "number",
    "low": "number",  # ends of the interval
    "high": "number",
    "truth_value": "number",  # the rating itself; "truth" is a class
}


class NamedPredictions(NamedTuple):
    """Predictions of one row of scores, with what they are of.

    ``abstain`` are reasons (n,), empty where there is a prediction; None if all windows have one.
    """

    model: str
    dataset: str
    label: str
    windows: WindowPredictions
    abstain: Sequence[str] | None = None

    @property
    def answered(self) -> Predictions:
        """Predictions for the windows that have one."""
        found = self.windows.predictions
        return found.take(_answered(found.probability))


class NamedRatings(NamedTuple):
    """Ratings of one row of scores, with what they are of; ``abstain`` as of `NamedPredictions`."""

    model: str
    dataset: str
    label: str
    windows: WindowRatings
    abstain: Sequence[str] | None = None


def prediction_columns(classes: Iterable[str], *, ratings: bool = False) -> Columns:
    """Columns of a table: place and answer of a window, if wanted its rating, and the probability of each class."""
    numbers = RATING_COLUMNS if ratings else {}
    return {**PLACE_COLUMNS, **numbers, **{PROBABILITY_PREFIX + name: "number" for name in dict.fromkeys(classes)}}


def write_predictions(path: Path, parts: Sequence[NamedPredictions | NamedRatings]) -> None:
    """Write predictions, one row a window and row of scores.

    Parameters
    ----------
    path : Path
        The table, ``.parquet`` or ``.csv``.
    parts : sequence of NamedPredictions or NamedRatings
        What it holds; their classes may differ.

    Raises
    ------
    ConfigError, RecordingError
        It cannot be written.
    """
    classes = [name for part in parts if isinstance(part, NamedPredictions) for name in part.windows.classes]
    columns = prediction_columns(classes, ratings=any(isinstance(part, NamedRatings) for part in parts))
    write_rows(path, columns, (row for part in parts for row in _rows(part)))


def _rows(part: NamedPredictions | NamedRatings) -> Iterator[dict[str, Any]]:
    return rating_rows(part) if isinstance(part, NamedRatings) else prediction_rows(part)


def prediction_rows(part: NamedPredictions) -> Iterator[dict[str, Any]]:
    """Rows of a table of predictions; a window without one has no class and no probabilities."""
    windows = part.windows
    names = [PROBABILITY_PREFIX + name for name in windows.classes]
    answered = _answered(windows.probability)
    for i, probability in enumerate(windows.probability.tolist()):
        answer = dict(zip(names, probability, strict=True)) if answered[i] else {}
        predicted = windows.classes[int(windows.probability[i].argmax())] if answered[i] else None
        yield {**_place(part, i), "truth": windows.classes[windows.label[i]], "predicted": predicted, **answer}


def rating_rows(part: NamedRatings) -> Iterator[dict[str, Any]]:
    """Rows of a table of predictions of a head that gives a number; a window without one has only its true rating."""
    for i, (value, low, high) in enumerate(part.windows.estimate.tolist()):
        yield {**_place(part, i), "truth_value": part.windows.truth[i], "value": value, "low": low, "high": high}


def _place(part: NamedPredictions | NamedRatings, i: int) -> dict[str, Any]:
    """What window ``i`` is, and why there is no answer for it."""
    windows = part.windows
    return {
        "model": part.model,
        "dataset": part.dataset,
        "label": part.label,
        "protocol": windows.protocol,
        "features": windows.features,
        "baseline": windows.baseline,
        "set": windows.set,
        "order": windows.order,
        "fold": str(windows.fold[i]) or None,
        "subject": windows.subject[i],
        "recording": windows.recording[i],
        "onset": windows.onset[i],
        "abstain": (part.abstain[i] or None) if part.abstain else None,
    }


def _answered(probability: F64) -> Mask:
    """Which windows (n,) have probabilities (n, classes)."""
    return np.asarray(np.isfinite(probability).all(axis=1))


def read_predictions(path: Path) -> list[NamedPredictions]:
    """Predictions as `write_predictions` wrote them, one part a row of scores; heads that give a number are left out.

    Raises
    ------
    ConfigError
        pyarrow is missing.
    FormatError
        The file is missing, or is no such table.
    """
    names = [name for name in column_names(path) if name.startswith(PROBABILITY_PREFIX)]
    classes = [name.removeprefix(PROBABILITY_PREFIX) for name in names]
    table = read_table(path, prediction_columns(classes))
    keys = list(zip(*(table[name] for name in PART_COLUMNS), strict=True))
    rows: dict[tuple[Any, ...], list[int]] = {}
    for i, key in enumerate(keys):
        if table["truth"][i] is not None:
            rows.setdefault(key, []).append(i)
    return [_part(table, found, classes) for found in rows.values()]


def _part(table: Mapping[str, list[Any]], rows: Sequence[int], classes: Sequence[str]) -> NamedPredictions:
    """The part of a table that is in some rows."""
    columns = {name: [table[name][i] for i in rows] for name in PLACE_COLUMNS}
    known = {*columns["truth"], *columns["predicted"]}
    given = {name: [table[PROBABILITY_PREFIX + name][i] for i in rows] for name in classes}
    own = [name for name in classes if name in known or any(value is not None for value in given[name])]
    first = {name: values[0] for name, values in columns.items()}
    windows = WindowPredictions(
        features=first["features"],
        protocol=first["protocol"],
        baseline=first["baseline"],
        set=first["set"],
        order=first["order"],
        classes=tuple(own),
        subject=np.array(columns["subject"]),
        recording=np.array(columns["recording"]),
        onset=np.array(columns["onset"], np.float64),
        label=np.array([own.index(name) for name in columns["truth"]]),
        fold=np.array([name or "" for name in columns["fold"]]),
        probability=np.array([given[name] for name in own], np.float64).T,
    )
    abstain = tuple(reason or "" for reason in columns["abstain"])
    named = abstain if any(abstain) else None
    return NamedPredictions(first["model"], first["dataset"], first["label"], windows, named)
