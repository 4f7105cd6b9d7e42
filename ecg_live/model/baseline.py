"""A wearer's resting baseline, and features relative to it: one code, live and in training."""

from __future__ import annotations

from math import inf
from typing import Self

import numpy as np
import numpy.typing as npt

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F64
from ecg_live.model.features import HRV_SIZE, FeatureKind, combine_features
from ecg_live.results import Window

PRIOR_WINDOWS = 5  # weight of the training subjects' deviation
MIN_BASELINE_WINDOWS = 3
MIN_FEATURE_SD = 1e-6  # for a feature that did not vary in training
WINDOW_S = WINDOW_SAMPLES / MODEL_RATE_HZ
TIME_TOLERANCE_S = 0.5 / MODEL_RATE_HZ  # times closer than this belong to one sample


def within_subject_std(features: F64, subject: npt.NDArray[np.generic], rest: npt.NDArray[np.bool_]) -> F64:
    """Standard deviation (d,) of features (n, d) at ``rest`` (n,) within a subject, averaged over subjects (n,).

    NaN is left out, and so is a subject with fewer than two values; 0 for a feature without any.
    """
    each = [np.empty((0, features.shape[1]))]
    for one in np.unique(subject[rest]):
        n, _, variance = _moments(features[(subject == one) & rest])
        each.append(np.where(n > 1, np.sqrt(variance), np.nan)[None])
    return np.nan_to_num(_moments(np.concatenate(each))[1])


def baseline_normalise(features: F64, baseline: F64, spread: F64) -> F64:
    """Features (n, d) minus the mean of a wearer's ``baseline`` (m, d), in units of the wearer's deviation there.

    A few windows estimate a deviation badly: its variance is averaged with that of the training subjects (``spread``,
    (d,)), which counts as much as `PRIOR_WINDOWS` windows. NaN is left out of the baseline; a feature that has no other
    value there becomes NaN.
    """
    n, mean, variance = _moments(baseline)
    prior = np.maximum(spread, MIN_FEATURE_SD) ** 2
    return np.asarray((features - mean) / np.sqrt((PRIOR_WINDOWS * prior + n * variance) / (PRIOR_WINDOWS + n)))


class BaselineWindows:
    """Which windows make up a baseline, and when it is complete.

    It begins with the first usable window and takes those that end within ``seconds`` from its start: usable ones that
    do not overlap, so that their number and deviation mean the same live, in training, and at any hop. A baseline with
    fewer than three of them goes on until it has three.

    Parameters
    ----------
    seconds : float
        Of rest.
    since : float
        When the rest began, in s of the windows' axis: a window that starts before holds something else.
    """

    def __init__(self, seconds: float, since: float = -inf) -> None:
        self._seconds = seconds
        self.seconds_left = seconds
        self._since = since
        self._end = float("nan")  # s at which the rest is over
        self._last = float("nan")  # s at which the last window of the baseline stops
        self._taken = 0
        self.complete = False

    def take(self, start: float, stop: float, *, usable: bool = True) -> bool:
        """Note the next window (s) of an incomplete baseline; return whether it is part of it."""
        if start < self._since - TIME_TOLERANCE_S:
            self.seconds_left = self._since + self._seconds - stop
            return False
        if usable and not self._taken:
            self._end, self._last = start + self._seconds, start
        wanted = self._taken < MIN_BASELINE_WINDOWS or stop <= self._end + TIME_TOLERANCE_S
        taken = usable and wanted and start >= self._last - TIME_TOLERANCE_S
        if taken:
            self._taken += 1
            self._last = stop
        self.complete = self._taken >= MIN_BASELINE_WINDOWS and stop >= self._end - TIME_TOLERANCE_S
        self.seconds_left = self._left(stop, usable=usable)
        return taken

    def _left(self, stop: float, *, usable: bool) -> float:
        """Seconds to go if from now on all windows are usable."""
        if not self._taken:
            return self._seconds
        missing = (MIN_BASELINE_WINDOWS - self._taken) * WINDOW_S
        begin = self._last if usable else stop  # of the next that may count
        return max(self._end - stop, begin + missing - stop if missing > 0 else 0.0)


class Baseline(BaselineWindows):
    """A wearer's resting baseline, collected window by window."""

    def __init__(self, seconds: float, since: float = -inf) -> None:
        super().__init__(seconds, since)
        self._embeddings: list[F64] = []
        self._hrv: list[F64] = []

    @classmethod
    def known(cls, embeddings: F64, hrv: F64) -> Self:
        """A baseline that is complete: features (m, e) and (m, 3) of its windows.

        Raises
        ------
        ValueError
            They are not of that shape, or fewer than three.
        """
        if (
            embeddings.ndim != 2
            or len(embeddings) != len(hrv)
            or hrv.shape[1:] != (HRV_SIZE,)
            or len(hrv) < MIN_BASELINE_WINDOWS
        ):
            raise ValueError(
                f"features of {embeddings.shape} and {hrv.shape}, expected at least {MIN_BASELINE_WINDOWS} windows"
            )
        made = cls(0.0)
        made._embeddings, made._hrv, made.complete = [embeddings], list(hrv[:, None]), True
        return made

    @property
    def embeddings(self) -> F64:
        """The encoder's features (m, 128) of the baseline's windows."""
        return np.concatenate(self._embeddings)

    @property
    def hrv(self) -> F64:
        """Heart rate and its variability (m, 3) of the baseline's windows."""
        return np.concatenate(self._hrv)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self._hrv)

    def add_window(self, window: Window, embedding: F64, hrv: F64, *, usable: bool) -> None:
        """Add the next window of an incomplete baseline, if it is part of it.

        Parameters
        ----------
        window : Window
        embedding, hrv : ndarray
            Its features (1, 128) and (1, 3).
        usable : bool
            Its signal is good enough for a prediction.
        """
        if self.take(window.start, window.stop, usable=usable):
            self._embeddings.append(embedding)
            self._hrv.append(hrv)

    def features(self, inputs: FeatureKind) -> F64:
        """Features (m, d) of the baseline's windows, for a head with these inputs."""
        return combine_features(self.embeddings, self.hrv, inputs)


def _moments(x: F64) -> tuple[npt.NDArray[np.int64], F64, F64]:
    """How many values, mean and variance of each column (n, d), NaN left out; NaN where there are none."""
    known = ~np.isnan(x)
    n = known.sum(axis=0)

    def average(values: F64) -> F64:
        total = np.where(known, values, 0.0).sum(axis=0)
        return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))

    mean = average(x)
    return n, mean, average((x - mean) ** 2)
