"""Many values over time as few: no more columns than a picture can show, and nothing is bridged over."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64
from ecg_live.recorded.report.windows import Mask

MAX_COLUMNS = 395  # of a picture 790 pixels wide
MAX_NEIGHBOUR_HOPS = 1.6  # hops between two windows that are not neighbours


class DownsampledLine(NamedTuple):
    """Points of a line, NaN where it breaks; each is the median of ``width`` s, between ``low`` and ``high``.

    ``width`` is 0 where every point is a window.
    """

    at: F64
    middle: F64
    low: F64
    high: F64
    width: float


class DownsampledShare(NamedTuple):
    """Which share of the windows has something, from ``start`` to ``stop`` (s) each."""

    start: F64
    stop: F64
    share: F64


def column_duration(count: int, duration: float) -> float:
    """How many seconds a column stands for; 0 where each of the windows has room of its own."""
    return duration / MAX_COLUMNS if count > 2 * MAX_COLUMNS and duration > 0 else 0.0


def downsample_line(stop: F64, values: F64, duration: float, hop: float) -> DownsampledLine:
    """Make a line of the values (n,) of windows that end at ``stop`` (n,), in order."""
    width = column_duration(len(stop), duration)
    if not width:
        cut = np.flatnonzero(np.diff(stop) > MAX_NEIGHBOUR_HOPS * hop) + 1
        at, middle = (np.insert(each, cut, np.nan) for each in (stop, values))
        return DownsampledLine(at, middle, middle, middle, 0.0)
    edges = np.searchsorted(stop, np.arange(MAX_COLUMNS + 1) * width)
    found = np.full((3, MAX_COLUMNS), np.nan)
    for k, (begin, end) in enumerate(pairwise(edges)):
        known = values[begin:end][np.isfinite(values[begin:end])]
        if len(known):
            found[:, k] = np.median(known), known.min(), known.max()
    return DownsampledLine(
        np.asarray((np.arange(MAX_COLUMNS) + 0.5) * width, dtype=np.float64), found[0], found[1], found[2], width
    )


def downsample_share(stop: F64, has: Mask, duration: float, hop: float) -> DownsampledShare:
    """How often ``has`` (n,) is true of the windows that end at ``stop`` (n,), in order."""
    width = column_duration(len(stop), duration)
    if not width:
        return DownsampledShare(np.maximum(stop - hop, 0), stop, np.where(has, 1.0, 0.0))
    edges = np.searchsorted(stop, np.arange(MAX_COLUMNS + 1) * width)
    count = np.diff(edges)
    summed = np.diff(np.concatenate(([0], np.cumsum(has)))[edges])
    begin = np.asarray(np.arange(MAX_COLUMNS) * width, dtype=np.float64)
    return DownsampledShare(begin, begin + width, np.where(count > 0, summed / np.maximum(count, 1), 0.0))
