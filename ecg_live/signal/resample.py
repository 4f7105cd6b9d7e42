"""Any rate to 256 Hz: a rational polyphase FIR that keeps its state between chunks."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import ceil

import numpy as np
from scipy.signal import firwin

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.errors import ConfigError
from ecg_live.events import F64, Chunk

FILTER_LOBES = 10  # half the filter's length in samples of the slower rate; `scipy.signal.resample_poly`'s default
KAISER_BETA = 5.0  # the same function's default
MIN_RATE_HZ, MAX_RATE_HZ = 1.0, 100_000.0  # no ECG front end is faster
MAX_RATE_DENOMINATOR = 100_000  # of the rate as a fraction: 5e-6 Hz is closer than any crystal
# 8 MB. Where a ratio of rates needs more taps, each output takes the next earlier of the available phases, which are
# at most 75 ns apart at any rate; the errors do not accumulate.
MAX_FILTER_TAPS = 1 << 20  # taps
_MAX_PRODUCTS = 1 << 18  # products held at once


class Resampler:
    """Resample contiguous chunks to 256 Hz; output k has the stream time (segment start) + k / 256.

    The filter is that of `scipy.signal.resample_poly`. The segment's first sample is extended into the past:
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

    Notes
    -----
    Each output is the sum of its products in the order of time, as `scipy.signal.upfirdn` forms it, so that it is the
    same to the bit however the input is cut. It costs its own products alone, however odd the ratio of rates.
    """

    def __init__(self, rate: float) -> None:
        if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
            raise ConfigError(
                f"sampling rate {rate:g} Hz; it must be between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:,.0f} Hz",
                "give the true rate with --rate",
            )
        ratio = MODEL_RATE_HZ / Fraction(rate).limit_denominator(MAX_RATE_DENOMINATOR)
        self._up = ratio.numerator
        self._down = ratio.denominator
        self._half = 0 if ratio == 1 else FILTER_LOBES * max(self._up, self._down)
        self.delay = self._half / (rate * self._up)
        self._phases = _filter_phases(self._up, self._down)
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self._x: F64 = np.empty((0, 1))
        self._first: F64 = np.zeros(0)
        self._time = 0.0
        self._origin = 0  # input index of self._x[0]
        self._n_in = 0
        self._n_out = 0

    def push(self, chunk: Chunk) -> Chunk:
        """Take (n, c) samples; return the outputs with complete look-ahead, which may be none."""
        if self._n_in == 0:
            if len(chunk.samples) == 0:
                return Chunk(chunk.samples, 0, chunk.time)
            self._first, self._time = chunk.samples[0], chunk.time
            before = self._phases.shape[1]
            self._x, self._origin = np.zeros((before, chunk.samples.shape[1])), -before
        self._x = np.concatenate((self._x, chunk.samples - self._first))
        self._n_in += len(chunk.samples)
        return self._outputs_until(((self._n_in - 1) * self._up - self._half) // self._down + 1)

    def flush(self) -> Chunk:
        """Return the rest, with the last sample repeated: ceil(n * 256 / rate) outputs in all."""
        if self._n_in == 0:
            return Chunk(self._x, 0, self._time)
        after = ceil(self._half / self._up) + 1
        self._x = np.concatenate((self._x, np.repeat(self._x[-1:], after, axis=0)))
        return self._outputs_until(-(-self._n_in * self._up // self._down))

    def _outputs_until(self, end: int) -> Chunk:
        given, step = self._n_out, max(1, _MAX_PRODUCTS // self._phases.shape[1])
        parts = [self._outputs(at, min(at + step, end)) for at in range(given, end, step)]
        if parts:
            self._n_out = end
            self._trim()
        y = np.concatenate(parts) + self._first if parts else self._x[:0]
        return Chunk(y, given, self._time + given / MODEL_RATE_HZ)

    def _outputs(self, begin: int, end: int) -> F64:
        """Outputs ``begin`` to ``end``, first sample subtracted."""
        newest, phase = np.divmod(np.arange(begin, end, dtype=np.int64) * self._down + self._half, self._up)
        places, length = self._phases.shape
        count, width, stride = end - begin, self._x.shape[1], self._x.strides
        shape = (len(self._x) - length + 1, width, length)
        spans = np.ndarray(
            shape, np.float64, self._x, 0, (*stride, stride[0])
        )  # as NumPy's as_strided, at a twentieth of the cost
        rows = self._phases.take(phase * places // self._up, axis=0)
        # Summed over the first of these axes, products are added one after the other; a single column would not be.
        products = np.zeros((length, max(2, count), width))
        np.multiply(
            spans[newest + (1 - length - self._origin)],
            rows[:, None],
            out=products[:, :count].transpose(1, 2, 0),
        )
        return np.asarray(np.add.reduce(products, axis=0)[:count])

    def _trim(self) -> None:
        """Keep what the next output needs."""
        newest = (self._n_out * self._down + self._half) // self._up
        oldest = max(self._origin, newest + 1 - self._phases.shape[1])
        self._x = self._x[oldest - self._origin :]
        self._origin = oldest


@lru_cache(maxsize=8)
def _filter_phases(up: int, down: int) -> F64:
    """Taps (places, taps a place) for each place that an output may have between two inputs, by rising time."""
    if up == down:
        return np.ones((1, 1))
    lobe = Fraction(max(up, down), up)  # samples of the input
    places = min(up, int(MAX_FILTER_TAPS / (2 * FILTER_LOBES * lobe)))
    half = round(FILTER_LOBES * lobe * places)
    taps = firwin(2 * half + 1, 1 / float(lobe * places), window=("kaiser", KAISER_BETA)) * places
    length = ceil(len(taps) / places)
    phases = np.pad(taps, (0, length * places - len(taps))).reshape(length, places)
    phases = np.ascontiguousarray(phases[::-1].T)
    phases.setflags(write=False)
    return phases
