"""An ECG with faults made by hand, and what a signal check finds in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ecg_live.events import F64, Chunk, StreamEvent, StreamInfo
from ecg_live.preview_items import FaultKind, SignalVerdict
from ecg_live.results import Trace
from ecg_live.signal.check.signal_check import SignalCheck
from tests.support.simulated_view import synthetic_ecg

RATE = 250.0
LIVE = StreamInfo(RATE, ("ECG",), name="Lab")


def clean_ecg(seconds: float, rate: float = RATE) -> F64:
    """An ECG at 72 bpm with a little noise, in mV (n,)."""
    count = round(seconds * rate)
    noise = np.random.default_rng(1).normal(0, 0.005, count)
    return synthetic_ecg(0, count, rate).astype(np.float64) + noise


def seconds_of(x: F64, rate: float = RATE) -> F64:
    return np.arange(len(x)) / rate


def with_hum(x: F64, rate: float = RATE, peak_to_peak: float = 0.4, mains: float = 50.0) -> F64:
    return x + peak_to_peak / 2 * np.sin(2 * np.pi * mains * seconds_of(x, rate))


def with_drift(x: F64, rate: float = RATE, peak_to_peak: float = 3.0) -> F64:
    return x + peak_to_peak / 2 * np.sin(2 * np.pi * 0.15 * seconds_of(x, rate))


def clipped(x: F64, rate: float = RATE) -> F64:
    return np.minimum(x, 0.6 * float(x.max()))


def stepped(x: F64, rate: float = RATE) -> F64:
    return x + np.where(seconds_of(x, rate) % 4 < 2, 0.0, 20.0)


def noise_only(x: F64, rate: float = RATE) -> F64:
    return np.random.default_rng(2).normal(0, 0.3, len(x))


MADE_FAULTS: dict[FaultKind, Callable[[F64, float], F64]] = {
    "hum": with_hum,
    "drift": with_drift,
    "inverted": lambda x, _: -x,
    "small": lambda x, _: x * 0.05,
    "flat": lambda x, _: x * 0.0,
    "clipping": clipped,
    "step": stepped,
    "no_heartbeat": noise_only,
}


def chunks(x: F64, length: int = 25, rate: float = RATE, start: int = 0) -> list[Chunk | StreamEvent]:
    """Cut a signal into chunks with exact times."""
    return [Chunk(x[at : at + length, None], start + at, 100 + (start + at) / rate) for at in range(0, len(x), length)]


def verdicts(items: Iterable[Chunk | StreamEvent], info: StreamInfo = LIVE) -> list[SignalVerdict]:
    check = SignalCheck(info)
    return [output for item in items for output in check.push(item) if isinstance(output, SignalVerdict)]


def trace(items: Iterable[Chunk | StreamEvent], info: StreamInfo = LIVE) -> F64:
    check = SignalCheck(info)
    found = [output.samples for item in items for output in check.push(item) if isinstance(output, Trace)]
    return np.concatenate(found).astype(np.float64)


def kinds(verdict: SignalVerdict) -> set[FaultKind]:
    return {fault.kind for fault in verdict.faults}
