"""Features relative to each subject's running mean, in an order of the windows: by the code that runs live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from ecg_live.model.adaptive import RunningMean, relative_to_mean
from ecg_live.model.baseline import WINDOW_S
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable, Names
from training.data.window_orders import PlacedWindows, WindowOrder


@dataclass(frozen=True, slots=True, eq=False)
class EarlierWindows:
    """What was known of a subject when each window began.

    Parameters
    ----------
    total, count : F64
        Sum (n, d) of the earlier windows' features, and how many, NaN left out; rows are the table's.
    """

    total: F64
    count: F64

    def relative(self, features: F64, centre: F64) -> F64:
        """Features (n, d) relative to the running mean; ``centre`` (d,) is the population's."""
        return relative_to_mean(features, self.total, self.count, centre)


def placed_windows(table: FeatureTable) -> PlacedWindows:
    """Where a table's windows lie."""
    return PlacedWindows(table.subject, table.recording, table.onset, table.label)


def earlier_windows(features: F64, subject: Names, order: WindowOrder) -> EarlierWindows:
    """What was known of each subject before each window of ``features`` (n, d), in an order of the windows."""
    total, count = np.empty_like(features), np.empty_like(features)
    state, last = RunningMean.unknown(features.shape[1]), ""
    for row, start in zip(order.rows.tolist(), order.start.tolist(), strict=True):
        if subject[row] != last:
            state, last = RunningMean.unknown(features.shape[1]), str(subject[row])
        state = state.before(start)
        total[row], count[row] = state.total, state.count
        state = state.after(start, start + WINDOW_S, features[row])
    return EarlierWindows(total, count)


def population_centre(table: FeatureTable, inputs: FeatureKind) -> F64:
    """The mean (d,) over subjects of each one's mean, NaN left out; 0 for a feature without any value."""
    x = table.features(inputs)
    means = np.stack([_mean(x[table.subject == each]) for each in table.subjects])
    return np.nan_to_num(_mean(means))


def _mean(x: F64) -> F64:
    known = ~np.isnan(x)
    count = known.sum(axis=0)
    total = np.where(known, x, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(x.shape[1], np.nan), where=count > 0))
