"""Power spectrum of a tachogram: cubic spline and Welch's method, the numbers of SciPy, whose import takes a second."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64


def cubic_spline(x: F64, y: F64, at: F64) -> F64:
    """Values (m,) of the spline through points (n,), n of at least 4, as `scipy.interpolate.CubicSpline` gives them.

    Its third derivative is continuous at the second and the last but one point ("not a knot"; de Boor 1978).
    """
    step, rise = np.diff(x), np.diff(y) / np.diff(x)
    system, right = np.zeros((len(x), len(x))), np.zeros(len(x))
    inner = np.arange(1, len(x) - 1)  # one equation for the slope at each point
    system[inner, inner - 1], system[inner, inner + 1] = step[1:], step[:-1]
    system[inner, inner] = 2 * (step[:-1] + step[1:])
    right[1:-1] = 3 * (step[1:] * rise[:-1] + step[:-1] * rise[1:])
    system[0, :2] = step[1], step[0] + step[1]
    right[0] = ((step[0] + 2 * system[0, 1]) * step[1] * rise[0] + step[0] ** 2 * rise[1]) / system[0, 1]
    system[-1, -2:] = step[-1] + step[-2], step[-2]
    right[-1] = (step[-1] ** 2 * rise[-2] + (2 * system[-1, -2] + step[-1]) * step[-2] * rise[-1]) / system[-1, -2]
    slope = np.linalg.solve(system, right)
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    t = at - x[piece]
    bend = (slope[:-1] + slope[1:] - 2 * rise) / step
    square, cube = (rise - slope[:-1]) / step - bend, bend / step
    return np.asarray(y[piece] + t * (slope[piece] + t * (square[piece] + t * cube[piece])))


def welch(x: F64, rate: float, segment: int) -> tuple[F64, F64]:
    """Frequencies and power density of a signal (n,), as `scipy.signal.welch` gives them.

    Segments under a Hann window overlap by half, each less its mean.
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    step = segment - segment // 2
    starts = range(0, len(x) - segment + 1, step)
    parts = np.stack([x[start : start + segment] - x[start : start + segment].mean() for start in starts])
    power = np.abs(np.fft.rfft(parts * window, axis=1)) ** 2 / (rate * np.sum(window**2))
    power[:, 1 : None if segment % 2 else -1] *= 2
    return np.asarray(np.fft.rfftfreq(segment, 1 / rate), dtype=np.float64), np.asarray(power.mean(axis=0))
