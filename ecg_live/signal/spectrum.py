"""Power spectrum of a tachogram: cubic spline and Welch's method, the numbers of SciPy, whose import takes a second."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ecg_live.events import F64


def cubic_spline(x: F64, y: F64, at: F64) -> F64:
    """Values (m,) of the spline through points (n,), n of at least 4, as `scipy.interpolate.CubicSpline` gives them.

    Its third derivative is continuous at the second and the last but one point ("not a knot"; de Boor 1978).
    """
    step = np.diff(x)
    rise = np.diff(y) / step
    lower, middle, upper, right = np.empty((4, len(x)))  # an equation for the slope at each point
    lower[1:-1], middle[1:-1], upper[1:-1] = step[1:], 2 * (step[:-1] + step[1:]), step[:-1]
    right[1:-1] = 3 * (step[1:] * rise[:-1] + step[:-1] * rise[1:])
    first, last = step[0] + step[1], step[-1] + step[-2]
    middle[0], upper[0] = step[1], first
    right[0] = ((step[0] + 2 * first) * step[1] * rise[0] + step[0] ** 2 * rise[1]) / first
    lower[-1], middle[-1] = last, step[-2]
    right[-1] = (step[-1] ** 2 * rise[-2] + (2 * last + step[-1]) * step[-2] * rise[-1]) / last
    slope = _solve_tridiagonal(lower, middle, upper, right)
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    t = at - x[piece]
    bend = (slope[:-1] + slope[1:] - 2 * rise) / step
    square, cube = (rise - slope[:-1]) / step - bend, bend / step
    return np.asarray(y[piece] + t * (slope[piece] + t * (square[piece] + t * cube[piece])))


def _solve_tridiagonal(lower: F64, middle: F64, upper: F64, right: F64) -> F64:
    """Unknowns (n,) of n equations, each with its neighbours' (Thomas's algorithm): plain numbers are fastest here."""
    below, on, above, given = lower.tolist(), middle.tolist(), upper.tolist(), right.tolist()
    for k in range(1, len(on)):
        share = below[k] / on[k - 1]
        on[k] -= share * above[k - 1]
        given[k] -= share * given[k - 1]
    given[-1] /= on[-1]
    for k in range(len(on) - 2, -1, -1):
        given[k] = (given[k] - above[k] * given[k + 1]) / on[k]
    return np.array(given)


def welch(x: F64, rate: float, segment: int) -> tuple[F64, F64]:
    """Frequencies and power density of a signal (n,), as `scipy.signal.welch` gives them.

    Segments under a Hann window overlap by half, each less its mean.
    """
    window, weight, frequency = _hann(segment, rate)
    step = segment - segment // 2
    starts = range(0, len(x) - segment + 1, step)
    parts = np.stack([x[start : start + segment] - x[start : start + segment].mean() for start in starts])
    power = np.abs(np.fft.rfft(parts * window, axis=1)) ** 2 / weight
    power[:, 1 : None if segment % 2 else -1] *= 2
    return frequency, np.asarray(power.mean(axis=0))


@lru_cache(maxsize=32)  # the last minutes hold a number of samples that hardly changes
def _hann(segment: int, rate: float) -> tuple[F64, float, F64]:
    """Window (n,) of a segment, what its power is divided by, and the spectrum's frequencies."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    frequency = np.asarray(np.fft.rfftfreq(segment, 1 / rate), dtype=np.float64)
    window.setflags(write=False)
    frequency.setflags(write=False)
    return window, rate * float(np.sum(window**2)), frequency
