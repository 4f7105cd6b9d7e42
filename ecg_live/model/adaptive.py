"""A wearer's running mean since the session's start, and features relative to it: one code, live and in training.

What differs most between wearers is their level: of heart rate, of its variability, of the embedding. The mean over
what was seen of a wearer so far takes the level away without a resting baseline. While little is known it is held to
the population's mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Self

import numpy as np

from ecg_live.events import F64
from ecg_live.model.baseline import TIME_TOLERANCE_S, WINDOW_S
from ecg_live.model.features import HRV_SIZE, FeatureKind, input_size

# Both were chosen on eegmat, by scores of 21 subjects in four orders of their windows (docs/pages/model.md).
POPULATION_WINDOWS = 2.0  # weight of the population's mean
MIN_EARLIER_WINDOWS = 1  # before the first answer
MAX_KEPT_WINDOWS = 30  # weight of an earlier session: five minutes of this one count as much
FEATURES = input_size("both")  # with an embedding of 128


def relative_to_mean(features: F64, total: F64, count: F64, centre: F64) -> F64:
    """Features (n, d) minus the mean of the wearer's earlier windows, these features, and the population's mean.

    Parameters
    ----------
    features : F64
        Of windows (n, d); NaN stays NaN.
    total, count : F64
        Sum of the earlier windows' features and how many these are, NaN left out: (n, d) or (d,).
    centre : F64
        The population's mean (d,), which counts as much as `POPULATION_WINDOWS` windows.
    """
    mean = (POPULATION_WINDOWS * centre + total + features) / (POPULATION_WINDOWS + count + 1.0)
    return np.asarray(features - mean)


def columns(inputs: FeatureKind) -> slice:
    """Which of a running mean's features a head with these inputs takes."""
    embedding, hrv = slice(-HRV_SIZE), slice(-HRV_SIZE, None)
    return {"embedding": embedding, "hrv": hrv, "both": slice(None)}[inputs]


@dataclass(frozen=True, slots=True, eq=False)
class RunningMean:
    """What is known of a wearer's level, immutable: each window makes the next one.

    Usable windows count that do not overlap one that counts already, so that it means the same at any hop; each counts
    for windows that begin when it has ended. It is kept over gaps.

    Parameters
    ----------
    total, count : F64
        Sum (d,) of the features of windows that count, and how many (d,), NaN left out.
    pending : F64, optional
        Features (d,) of the newest window that counts, while windows overlap it.
    last : float
        Where that window stops, in s of the windows' axis.
    """

    total: F64
    count: F64
    pending: F64 | None = None
    last: float = -inf

    @classmethod
    def unknown(cls, size: int = FEATURES) -> Self:
        """Nothing is known of the wearer."""
        return cls(np.zeros(size), np.zeros(size))

    def before(self, start: float) -> Self:
        """What is known when a window begins at ``start`` (s)."""
        if self.pending is None or self.last > start + TIME_TOLERANCE_S:
            return self
        known = ~np.isnan(self.pending)
        return replace(
            self, total=self.total + np.where(known, self.pending, 0.0), count=self.count + known, pending=None
        )

    def after(self, start: float, stop: float, features: F64, *, usable: bool = True) -> Self:
        """What is known after a window with these ``features`` (d,), from ``start`` to ``stop`` (s)."""
        now = self.before(start)
        if not usable or now.pending is not None:
            return now
        return replace(now, pending=features, last=stop)

    def windows(self, inputs: FeatureKind) -> int:
        """How many windows count for a head with these inputs."""
        return int(self.count[columns(inputs)].min())

    def seconds_left(self, stop: float, inputs: FeatureKind) -> float:
        """Seconds from ``stop`` (s), where a window stops, to the first answer if all windows to come are usable."""
        missing = MIN_EARLIER_WINDOWS - self.windows(inputs) - (self.pending is not None)
        begin = self.last if self.pending is not None else stop  # of the next window that counts
        return max(0.0, begin + (missing + 1) * WINDOW_S - stop)

    def kept(self) -> Self:
        """For another session of the wearer: on no time axis, and with the weight of `MAX_KEPT_WINDOWS` at most."""
        done = self.before(inf)
        share = np.minimum(1.0, MAX_KEPT_WINDOWS / np.maximum(done.count, 1.0))
        return replace(done, total=done.total * share, count=done.count * share, last=-inf)

    def to_plain(self) -> dict[str, Any]:
        """As JSON holds it; `from_plain` makes the same of it, to the bit."""
        pending = None if self.pending is None else [each if math.isfinite(each) else None for each in self.pending]
        last = self.last if math.isfinite(self.last) else None
        return {"total": self.total.tolist(), "count": self.count.tolist(), "pending": pending, "last": last}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The running mean that `to_plain` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            Something is missing or not a number, or the shapes do not fit each other.
        """
        total, count = (np.array(plain[name], dtype=np.float64) for name in ("total", "count"))
        pending = None if plain["pending"] is None else np.array(plain["pending"], dtype=np.float64)
        last = -inf if plain["last"] is None else float(plain["last"])
        shapes = {total.shape, count.shape, total.shape if pending is None else pending.shape}
        if len(shapes) > 1 or total.ndim != 1 or not np.isfinite(total).all() or not (count >= 0).all():
            raise ValueError(f"sums of {total.shape}, counts of {count.shape}")
        return cls(total, count, pending, last)
