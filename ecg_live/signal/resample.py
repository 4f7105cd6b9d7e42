"""Any rate to 256 Hz: a rational polyphase FIR that keeps its state between chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import ceil

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, MODEL_RATE_HZ
from ecg_live.errors import ConfigError
from ecg_live.events import F64, Chunk

FILTER_LOBES = 10  # half the filter's length in samples of the slower rate; `scipy.signal.resample_poly`'s default
KAISER_BETA = 5.0  # the same function's default
MIN_RATE_HZ, MAX_RATE_HZ = 1.0, 100_000.0  # no ECG front end is faster
MAX_RATE_DENOMINATOR = 100_000  # of the rate as a fraction: 5e-6 Hz is closer than any crystal
# 8 MB. Where a ratio of rates needs more taps, each output takes the next earlier of the available phases, which are
# at most 75 ns apart at any rate; the errors do not accumulate.
MAX_FILTER_TAPS = 1 << 20  # taps
_MAX_PRODUCTS = 1 << 15  # held at once: 256 kB stay in a core's own cache


@dataclass(slots=True)
class ResamplerState:
    """State of a segment: inputs ``x`` (n, c), the first of them number ``origin``, less the segment's ``first`` (c,).

    ``time`` is the session clock of the segment's first sample; so many samples came (``n_in``) and went (``n_out``).
    """

    x: F64 = field(default_factory=lambda: np.empty((0, 1)))
    first: F64 = field(default_factory=lambda: np.zeros(0))
    time: float = 0.0
    origin: int = 0
    n_in: int = 0
    n_out: int = 0


class Resampler:
    """Resample contiguous chunks to 256 Hz; output k has the stream time (segment start) + k / 256.

    The filter is that of `scipy.signal.resample_poly`. The segment's first sample is extended into the past:
    it is subtracted before and added after the filter, which also keeps an electrode's offset out of the stop-band
    ripple (300 mV would leave 0.3 mV of it, measured).

    Parameters
    ----------
    rate : float
        Input rate in Hz.
    to : float
        Output rate in Hz, where it is another one.
    batched : bool
        The input that completes a second of output gives no more than that; what it completes beyond comes with the
        next one. Seconds of many wearers then begin alike.

    Raises
    ------
    ConfigError
        If ``rate`` is not between 1 Hz and 100 kHz.

    Notes
    -----
    Each output is the sum of its products in the order of time, as `scipy.signal.upfirdn` forms it, so that it is the
    same to the bit however the input is cut. It costs its own products alone, however odd the ratio of rates.
    """

    def __init__(self, rate: float, *, to: float = MODEL_RATE_HZ, batched: bool = False) -> None:
        if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
            raise ConfigError(
                f"sampling rate {rate:g} Hz; it must be between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:,.0f} Hz",
                "give the true rate with --rate",
            )
        self._to = to
        ratio = Fraction(to).limit_denominator(MAX_RATE_DENOMINATOR) / Fraction(rate).limit_denominator(
            MAX_RATE_DENOMINATOR
        )
        self.up = ratio.numerator
        self.down = ratio.denominator
        self.half = 0 if ratio == 1 else FILTER_LOBES * max(self.up, self.down)
        self.delay = self.half / (rate * self.up)
        self.phases = _filter_phases(self.up, self.down)
        self._batched = batched
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self.state = ResamplerState()

    def inputs_for(self, outputs: int) -> int:
        """How many samples of a segment its first ``outputs`` outputs need."""
        return -(-(self.half + (outputs - 1) * self.down) // self.up) + 1

    def push(self, chunk: Chunk) -> Chunk:
        """Take (n, c) samples; return the outputs with complete look-ahead, which may be none."""
        s = self.state
        if s.n_in == 0:
            if len(chunk.samples) == 0:
                return Chunk(chunk.samples, 0, chunk.time)
            s.first, s.time = chunk.samples[0], chunk.time
            before = self.phases.shape[1]
            s.x, s.origin = np.zeros((before, chunk.samples.shape[1])), -before
        s.x = np.concatenate((s.x, chunk.samples - s.first))
        s.n_in += len(chunk.samples)
        end = ((s.n_in - 1) * self.up - self.half) // self.down + 1
        second = end // BLOCK_SAMPLES * BLOCK_SAMPLES
        return self._outputs_until(second if self._batched and s.n_in == self.inputs_for(second) else end)

    def flush(self) -> Chunk:
        """Return the rest, with the last sample repeated: ceil(n * 256 / rate) outputs in all."""
        s = self.state
        if s.n_in == 0:
            return Chunk(s.x, 0, s.time)
        after = ceil(self.half / self.up) + 1
        s.x = np.concatenate((s.x, np.repeat(s.x[-1:], after, axis=0)))
        return self._outputs_until(-(-s.n_in * self.up // self.down))

    def _outputs_until(self, end: int) -> Chunk:
        s = self.state
        given, step = s.n_out, max(1, _MAX_PRODUCTS // self.phases.shape[1])
        parts = [self._outputs(at, min(at + step, end)) for at in range(given, end, step)]
        if parts:
            s.n_out = end
            self._trim()
        y = np.concatenate(parts) + s.first if parts else s.x[:0]
        return Chunk(y, given, s.time + given / self._to)

    def _outputs(self, begin: int, end: int) -> F64:
        """Outputs ``begin`` to ``end``, first sample subtracted."""
        s = self.state
        newest, phase = np.divmod(np.arange(begin, end, dtype=np.int64) * self.down + self.half, self.up)
        places, length = self.phases.shape
        count, width, stride = end - begin, s.x.shape[1], s.x.strides
        shape = (len(s.x) - length + 1, width, length)
        spans = np.ndarray(
            shape, np.float64, s.x, 0, (*stride, stride[0])
        )  # as NumPy's as_strided, at a twentieth of the cost
        rows = self.phases.take(phase * places // self.up, axis=0)
        # Summed over the first of these axes, products are added one after the other; a single column would not be.
        products = np.zeros((length, max(2, count), width))
        np.multiply(
            spans[newest + (1 - length - s.origin)],
            rows[:, None],
            out=products[:, :count].transpose(1, 2, 0),
        )
        return np.asarray(np.add.reduce(products, axis=0)[:count])

    def _trim(self) -> None:
        """Keep what the next output needs."""
        s = self.state
        newest = (s.n_out * self.down + self.half) // self.up
        oldest = max(s.origin, newest + 1 - self.phases.shape[1])
        s.x = s.x[oldest - s.origin :]
        s.origin = oldest


def low_pass_taps(half: int, cutoff: float) -> F64:
    """Taps (2 half + 1,) of a low-pass with a Kaiser window; its cutoff is a share of half the sampling rate.

    They are those of ``scipy.signal.firwin`` to the bit, whose import takes most of a second.
    """
    place = np.arange(2 * half + 1)
    away = (place - half) / half
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(0, 1 - away**2.0))) / np.i0(np.asarray(KAISER_BETA))
    taps = cutoff * np.sinc(cutoff * (place - half)) * window
    return np.asarray(taps / np.sum(taps))


@lru_cache(maxsize=8)
def _filter_phases(up: int, down: int) -> F64:
    """Taps (places, taps a place) for each place that an output may have between two inputs, by rising time."""
    if up == down:
        return np.ones((1, 1))
    lobe = Fraction(max(up, down), up)  # samples of the input
    places = min(up, int(MAX_FILTER_TAPS / (2 * FILTER_LOBES * lobe)))
    half = round(FILTER_LOBES * lobe * places)
    taps = low_pass_taps(half, 1 / float(lobe * places)) * places
    length = ceil(len(taps) / places)
    phases = np.pad(taps, (0, length * places - len(taps))).reshape(length, places)
    phases = np.ascontiguousarray(phases[::-1].T)
    phases.setflags(write=False)
    return phases
