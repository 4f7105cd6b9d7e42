"""Signals without a heart: noise, hum, drift, muscles, electrodes that come loose. All at 256 Hz, in mV."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.signal import butter, sosfiltfilt

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64

Rng = np.random.Generator


def _band(rng: Rng, n: int, low: float, high: float) -> F64:
    """Gaussian noise of a band (Hz) with a standard deviation of 1."""
    if low == 0:
        sos = butter(2, high, "lowpass", fs=MODEL_RATE_HZ, output="sos")
    else:
        sos = butter(2, (low, high), "bandpass", fs=MODEL_RATE_HZ, output="sos")
    x = sosfiltfilt(sos, rng.normal(size=n))
    return np.asarray(x / x.std())


def _between(rng: Rng, least: float, most: float) -> float:
    """A size, as likely between 1 and 2 as between 10 and 20."""
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _front_end(rng: Rng, n: int) -> F64:
    return rng.normal(size=n) * _between(rng, 0.001, 0.03)


def _moments(rng: Rng, n: int, mean: float) -> list[int]:
    """Samples at random, so many seconds apart in the mean."""
    steps = rng.exponential(mean * MODEL_RATE_HZ, size=2 * round(n / (mean * MODEL_RATE_HZ)) + 20) + 10
    return [int(at) for at in np.cumsum(steps) if at < n]


def white(rng: Rng, n: int) -> F64:
    return rng.normal(size=n) * _between(rng, 0.003, 1)


def pink(rng: Rng, n: int) -> F64:
    hz = np.maximum(np.fft.rfftfreq(n, 1 / MODEL_RATE_HZ), MODEL_RATE_HZ / n)
    spectrum = (rng.normal(size=len(hz)) + 1j * rng.normal(size=len(hz))) / hz ** rng.uniform(0.5, 1)
    x = np.fft.irfft(spectrum, n)
    return np.asarray(x / x.std() * _between(rng, 0.01, 1))


def random_walk(rng: Rng, n: int) -> F64:
    x = np.cumsum(rng.normal(size=n))
    return np.asarray(x / x.std() * _between(rng, 0.1, 10))


def drift(rng: Rng, n: int) -> F64:
    return _band(rng, n, 0, rng.uniform(0.1, 1)) * _between(rng, 0.1, 15) + _front_end(rng, n)


def sway(rng: Rng, n: int) -> F64:
    """A sine between 0.1 and 3 Hz whose height and rate are never quite the same."""
    phase = np.cumsum(rng.uniform(0.1, 3) * (1 + 0.1 * _band(rng, n, 0, 0.3))) / MODEL_RATE_HZ
    height = _between(rng, 0.1, 10) * (1 + 0.3 * _band(rng, n, 0, 0.3))
    return np.asarray(height * np.sin(2 * np.pi * phase) + _front_end(rng, n))


def muscle(rng: Rng, n: int) -> F64:
    return _band(rng, n, 20, 110) * np.maximum(1 + 0.5 * _band(rng, n, 0, 1), 0) * _between(rng, 0.03, 1)


def muscle_bursts(rng: Rng, n: int) -> F64:
    size = np.zeros(n)
    for at in _moments(rng, n, rng.uniform(0.4, 1.8)):
        burst = size[at : at + int(rng.uniform(0.05, 0.8) * MODEL_RATE_HZ)]
        burst += rng.uniform(0.3, 1) * np.hanning(len(burst))
    return np.asarray(size * _band(rng, n, 15, 110) * _between(rng, 0.1, 2) + _front_end(rng, n))


def steps_of_a_walker(rng: Rng, n: int) -> F64:
    """Bursts in step with a movement, as regular as a heart."""
    hz, width = rng.uniform(0.6, 2.5), rng.uniform(0.03, 0.12)
    phase = np.cumsum(hz * (1 + 0.05 * _band(rng, n, 0, 0.3))) / MODEL_RATE_HZ
    size = np.exp(-((((phase + 0.5) % 1 - 0.5) / hz / width) ** 2) / 2)
    return np.asarray(size * _band(rng, n, 15, 110) * _between(rng, 0.1, 2) + _front_end(rng, n))


def hum(rng: Rng, n: int) -> F64:
    angle = 2 * np.pi * rng.choice([50, 60]) * np.arange(n) / MODEL_RATE_HZ
    size = _between(rng, 0.03, 10) * (1 + rng.uniform(0, 0.5) * _band(rng, n, 0, 1))
    wander = _band(rng, n, 0, 0.5) * rng.uniform(0, 1)
    return np.asarray(size * (np.sin(angle) + 0.2 * np.sin(2 * angle + 1)) + wander + _front_end(rng, n))


def pops(rng: Rng, n: int) -> F64:
    """An electrode that jumps and comes back, each time alike."""
    x, lasts, turns = np.zeros(n), rng.uniform(0.02, 0.5), bool(rng.random() < 0.5)
    for at in _moments(rng, n, rng.uniform(0.4, 3)):
        sign = rng.choice([-1, 1]) if turns else 1
        x[at:] += sign * rng.uniform(0.3, 1) * np.exp(-np.arange(n - at) / MODEL_RATE_HZ / lasts)
    return x * _between(rng, 0.1, 3) + _front_end(rng, n)


def jumps(rng: Rng, n: int) -> F64:
    """An electrode that jumps and stays."""
    x = np.zeros(n)
    for at in _moments(rng, n, rng.uniform(0.5, 3)):
        x[at:] += rng.normal() * 0.7
    return x + _front_end(rng, n)


def flat_line(rng: Rng, n: int) -> F64:
    """The last bit of a converter."""
    return np.asarray(np.round(rng.normal(size=n) * 0.6) * _between(rng, 0.0003, 0.01))


def electrode_off(rng: Rng, n: int) -> F64:
    """An electrode in the air: hum, wander and now and then a jump."""
    return hum(rng, n) + drift(rng, n) + jumps(rng, n) * rng.uniform(0, 1)


def without_its_phases(x: F64, rng: Rng) -> F64:
    """Noise with the spectrum of an ECG (n,)."""
    spectrum = np.abs(np.fft.rfft(x - x.mean()))
    return np.fft.irfft(spectrum * np.exp(2j * np.pi * rng.random(len(spectrum))), len(x))


KINDS: Mapping[str, Callable[[Rng, int], F64]] = {
    made.__name__: made
    for made in (
        white, pink, random_walk, drift, sway, muscle, muscle_bursts, steps_of_a_walker, hum, pops, jumps, flat_line,
        electrode_off,
    )
}  # fmt: skip
