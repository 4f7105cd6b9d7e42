"""Any rate to 256 Hz: a rational polyphase FIR that keeps its state between chunks."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
from scipy.signal import firwin, upfirdn

from ecg_live.errors import ConfigError
from ecg_live.types import F64, RATE, Chunk

LOBES = 10  # half filter length in samples of the slower rate; `scipy.signal.resample_poly`'s default
BETA = 5.0  # Kaiser window; the same function's default
SLOWEST, FASTEST = 1.0, 100_000.0  # Hz; no ECG front end is faster
LARGEST_DENOMINATOR = 1000  # of the rate as a fraction
# Relative error of the rate as a fraction; crystals are some 20e-6 off. The filter has 20 x denominator x rate taps and
# is gone through at every push: 999.412 Hz as 16990/17 costs what 1000 Hz costs, as 968430/969 it cost 16 times that.
MAX_RATE_ERROR = 1e-6


class Resampler:
    """Resample contiguous chunks to 256 Hz; output k lies at raw time (segment start) + k / 256.

    The filter is that of `scipy.signal.resample_poly`. The segment's first sample is taken as having lasted for ever:
    it is subtracted before and added after the filter, which also keeps an electrode's offset out of the stop-band
    ripple (300 mV would leave 0.3 mV of it, measured).

    Parameters
    ----------
    rate : float
        Input rate in Hz.

    Raises
    ------
    ConfigError
        If ``rate`` is not between 1 Hz and 100 kHz.
    """

    def __init__(self, rate: float) -> None:
        if not SLOWEST <= rate <= FASTEST:
            raise ConfigError(
                f"sampling rate {rate:g} Hz; it must be between {SLOWEST:g} and {FASTEST:,.0f} Hz",
                "give the true rate with --rate",
            )
        ratio = RATE / simplest(rate)
        self._up, self._down = ratio.numerator, ratio.denominator
        self._identity = ratio == 1
        fastest = max(self._up, self._down)
        self._half = 0 if self._identity else LOBES * fastest
        self.delay = self._half / (rate * self._up)
        pad = -self._half % self._down  # so that outputs fall on whole steps of the polyphase filter
        taps = firwin(2 * self._half + 1, 1 / fastest, window=("kaiser", BETA)) if not self._identity else np.ones(1)
        self._taps: F64 = np.concatenate((np.zeros(pad), taps * self._up))
        self._lag = (self._half + pad) // self._down
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self._x: F64 = np.empty((0, 1))
        self._first: F64 = np.zeros(0)
        self._time = 0.0
        self._origin = 0  # input index of self._x[0], always a multiple of `down`
        self._taken = self._given = 0

    def push(self, chunk: Chunk) -> Chunk:
        """Take (n, c) samples; give those outputs whose whole look-ahead is there."""
        if self._taken == 0:
            if len(chunk.samples) == 0:
                return Chunk(chunk.samples, 0, chunk.time)
            self._x, self._first, self._time = chunk.samples[:0], chunk.samples[0], chunk.time
        self._x = np.concatenate((self._x, chunk.samples - self._first))
        self._taken += len(chunk.samples)
        return self._give(((self._taken - 1) * self._up - self._half) // self._down + 1)

    def flush(self) -> Chunk:
        """Give the rest, the last sample taken as lasting for ever: ceil(n * 256 / rate) outputs in all."""
        if self._taken == 0:
            return Chunk(self._x, 0, self._time)
        after = ceil(self._half / self._up) + 1
        self._x = np.concatenate((self._x, np.repeat(self._x[-1:], after, axis=0)))
        return self._give(-(-self._taken * self._up // self._down))

    def _give(self, end: int) -> Chunk:
        given, end = self._given, max(end, self._given)
        if end > given:
            ahead = self._lag - self._origin * self._up // self._down
            y = upfirdn(self._taps, self._x, self._up, self._down, axis=0)[given + ahead : end + ahead] + self._first
            self._given = end
            self._trim()
        else:
            y = self._x[:0]
        return Chunk(y, given, self._time + given / RATE)

    def _trim(self) -> None:
        """Keep what the next output needs."""
        needed = max(0, -(-(self._given * self._down - self._half) // self._up))
        origin = needed // self._down * self._down
        self._x = self._x[origin - self._origin :]
        self._origin = origin


def simplest(rate: float) -> Fraction:
    """Give the fraction of the smallest denominator that is within `MAX_RATE_ERROR` of a rate (Hz)."""
    exact = Fraction(rate)
    for denominator in range(1, LARGEST_DENOMINATOR):
        near = exact.limit_denominator(denominator)
        if abs(near / exact - 1) <= MAX_RATE_ERROR:
            return near
    return exact.limit_denominator(LARGEST_DENOMINATOR)
