"""Downsample values over time to the columns of a picture, without bridging gaps."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64
from ecg_live.recorded.report.windows import Mask

MAX_COLUMNS = 395  # of a picture 790 pixels wide
MAX_NEIGHBOUR_HOPS = 1.6  # a larger distance between two windows breaks the line


class DownsampledLine(NamedTuple):
    """A line with a band; NaN where it breaks.

    Attributes
    ----------
    at : ndarray (n,)
        Times, s.
    middle, low, high : ndarray (n,)
        Median, lowest and highest value of the windows in a column.
    width : float
        Duration of a column, s; 0 if each point is a window.
    """

    at: F64
    middle: F64
    low: F64
    high: F64
    width: float


class DownsampledShare(NamedTuple):
    """The ``share`` of windows for which a condition holds, from ``start`` to ``stop`` (s); shape (n,) each."""

    start: F64
    stop: F64
    share: F64


def column_duration(count: int, duration: float) -> float:
    """Return the duration (s) of a column; 0 if there is room for each window."""
    return duration / MAX_COLUMNS if count > 2 * MAX_COLUMNS and duration > 0 else 0.0


def downsample_line(stop: F64, values: F64, duration: float, hop: float) -> DownsampledLine:
    """Downsample the values of windows to a line.

    Parameters
    ----------
    stop : ndarray (n,)
        Ends of the windows in ascending order, s.
    values : ndarray (n,)
    duration : float
        Duration of the recording, s.
    hop : float
        Interval between windows, s.
    """
    width = column_duration(len(stop), duration)
    if not width:
        cut = np.flatnonzero(np.diff(stop) > MAX_NEIGHBOUR_HOPS * hop) + 1
        at, middle = np.insert(stop, cut, np.nan), np.insert(values, cut, np.nan)
        return DownsampledLine(at, middle, middle, middle, 0.0)
    edges = np.searchsorted(stop, np.arange(MAX_COLUMNS + 1) * width)
    middle, low, high = (np.full(MAX_COLUMNS, np.nan) for _ in range(3))
    for k, (begin, end) in enumerate(pairwise(edges)):
        finite = values[begin:end][np.isfinite(values[begin:end])]
        if len(finite):
            middle[k], low[k], high[k] = np.median(finite), finite.min(), finite.max()
    centres = np.asarray((np.arange(MAX_COLUMNS) + 0.5) * width, dtype=np.float64)
    return DownsampledLine(centres, middle, low, high, width)


def downsample_share(stop: F64, has: Mask, duration: float, hop: float) -> DownsampledShare:
    """Return how often a condition holds.

    Parameters
    ----------
    stop : ndarray (n,)
        Ends of the windows in ascending order, s.
    has : ndarray (n,)
        Whether the condition holds for a window.
    duration : float
        Duration of the recording, s.
    hop : float
        Interval between windows, s.
    """
    width = column_duration(len(stop), duration)
    if not width:
        return DownsampledShare(np.maximum(stop - hop, 0), stop, np.where(has, 1.0, 0.0))
    edges = np.searchsorted(stop, np.arange(MAX_COLUMNS + 1) * width)
    count = np.diff(edges)
    summed = np.diff(np.concatenate(([0], np.cumsum(has)))[edges])
    begin = np.asarray(np.arange(MAX_COLUMNS) * width, dtype=np.float64)
    return DownsampledShare(begin, begin + width, np.where(count > 0, summed / np.maximum(count, 1), 0.0))
