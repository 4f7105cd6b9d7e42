"""The class, or the number, that a data set's annotations give any of its windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, nan

import numpy as np

from ecg_live.constants import Split
from ecg_live.errors import ConfigError
from ecg_live.model.baseline import WINDOW_S
from training.datasets.dataset import Dataset, LabelTrack, LabelValue, Rating, TrackRule
from training.datasets.labels import LOW_HIGH, NO_LABEL, Classified, classify

Place = tuple[int, int]  # index of a session, and of one of its annotations


class WindowLabels:
    """One label of a data set.

    Parameters
    ----------
    name : str
        The label.
    data : Dataset
        Where it is from.
    split : str
        How a rating becomes classes, see `training.datasets.labels.classify`; ``none``: it stays a number.
    rule : str
        What a rating that changes is within a window: its ``mean``, or the ``majority``.
    lag : float
        Seconds by which such a rating comes later than what it is about.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    """

    def __init__(
        self, name: str, data: Dataset, split: Split = "middle", rule: TrackRule = "mean", lag: float = 0.0
    ) -> None:
        if name not in data.labels:
            known = ", ".join(data.labels) or "none"
            raise ConfigError(f"{data.name} has no label {name}; its labels are {known}", "choose one with --label")
        self._name, self._data, self._rule, self._lag = name, data, rule, lag
        self.meaning = data.labels[name]
        self.split = split if isinstance(self.meaning, Rating) else "named"
        self.numbers = self.split == "none"
        given = [(place, value) for place in places(data) for value in self._plain_values(place)]
        self.given = tuple(place for place, _ in given)  # once for each value of a track
        self.values = tuple(value for _, value in given)
        subjects = [data.sessions[i].subject for i, _ in self.given]
        self.classified = self._classify(subjects, split)
        self._class_of = dict(zip(self.given, self.classified.indices.tolist(), strict=True))
        self._limits = self._track_limits(subjects)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes; none where the label stays a number."""
        return self.classified.names

    @property
    def labelled_places(self) -> list[Place]:
        """Annotations that have a class or a number, each once."""
        pairs = zip(self.given, self.classified.indices.tolist(), strict=True)
        return list(dict.fromkeys(place for place, index in pairs if index != NO_LABEL))

    def class_at(self, session: int, annotation: int, start: float) -> int:
        """Class of the window from ``start`` s of its part within an annotation; -1 for none, 0 for any number."""
        value = self.value_at(session, annotation, start)
        if value is None:
            return NO_LABEL
        if self.numbers:
            return 0
        if not isinstance(self._raw(session, annotation), LabelTrack):
            index: int = self._class_of[session, annotation]
            return index
        if isinstance(value, str) or self.split == "raw":
            name = value if isinstance(value, str) else f"{np.floor(value + 0.5):g}"
            return self.names.index(name) if name in self.names else NO_LABEL
        limit = self._limits.get(self._data.sessions[session].subject, nan)
        return int(value > limit) if isfinite(limit) else NO_LABEL

    def number_at(self, session: int, annotation: int, start: float) -> float:
        """Rating of a window; NaN for none."""
        value = self.value_at(session, annotation, start)
        return nan if value is None or isinstance(value, str) else float(value)

    def value_at(self, session: int, annotation: int, start: float) -> float | str | None:
        """Rating or name of a window; None where its annotation has none, or ``annotation`` is -1."""
        value = self._raw(session, annotation)
        if isinstance(value, LabelTrack):
            return value.within(start + self._lag, start + self._lag + WINDOW_S, self._rule)
        return value

    def _raw(self, session: int, annotation: int) -> LabelValue | None:
        return None if annotation < 0 else self._data.sessions[session].annotations[annotation].labels.get(self._name)

    def _plain_values(self, place: Place) -> Iterator[float | str]:
        """The value of an annotation, or all of its track."""
        value = self._raw(*place)
        if isinstance(value, LabelTrack):
            yield from (each for each in value.values if each is not None)
        elif value is not None:
            yield value

    def _classify(self, subjects: list[str], split: Split) -> Classified:
        if self.numbers:
            return Classified(np.zeros(len(self.values), np.int64), (), ())
        return classify(self.values, subjects, self.meaning, split)

    def _track_limits(self, subjects: list[str]) -> Mapping[str, float]:
        """Above which rating a window of a track is high, by subject; NaN for one who is left out."""
        if self.names != LOW_HIGH or not isinstance(self.meaning, Rating):
            return {}
        if self.split == "middle":
            return dict.fromkeys(subjects, (self.meaning.low + self.meaning.high) / 2)
        own: dict[str, list[float]] = {}
        for subject, value in zip(subjects, self.values, strict=True):
            own.setdefault(subject, []).append(float(value))
        return {subject: float(np.median(each)) if np.ptp(each) else nan for subject, each in own.items()}


def places(data: Dataset) -> list[Place]:
    """All annotations of a data set."""
    return [(i, j) for i, session in enumerate(data.sessions) for j in range(len(session.annotations))]
