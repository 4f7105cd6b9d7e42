"""Which measurements are faults: the limits of a good signal, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_live.events import StreamInfo
from ecg_live.preview_items import SignalFault
from ecg_live.signal.check.measure import QrsSize
from ecg_live.signal.check.raw_seconds import RawSecond
from ecg_live.signal.order_statistics import median
from ecg_live.signal.quality import MAX_BRIDGED_SHARE
from ecg_live.signal.unit_check import CHECKED_SECONDS, MAX_MEDIAN_SPAN_MV, MIN_MEDIAN_SPAN_MV

# "Measured": on 56 recordings of eegmat, 26 of flight crews and 250 of CinC 2017, 6 s at every second.
MAX_HUM_MV = 0.1  # from peak to peak: one small box of ECG paper; no recording had more than 0.02 (measured)
MAX_HUM_SHARE = 0.1  # of the QRS complex, where that is more
MAX_WANDER_MV = 1.0  # two large boxes of ECG paper: as tall as a QRS complex; 98 of 100 seconds had less (measured)
MIN_QRS_MV = 0.15  # the smallest complexes of a recording that could be used had 0.18 (measured)
MAX_BELOW_RATIO = 2.0  # of the part below the baseline to that above: leads I and II and a strap point up
MAX_RATE_DEVIATION = 0.02  # a crystal's is below 0.0001, the jitter of a radio's packets below 0.01


@dataclass(frozen=True, slots=True)
class ShapeMeasures:
    """Measured of some seconds: ``hum`` by mains frequency and ``wander`` in mV; None without plausible beats."""

    heart_rate: float | None
    hum: Mapping[float, float]
    wander: float
    qrs: QrsSize | None


def block_faults(seconds: Sequence[RawSecond], *, clipped: bool) -> Iterator[SignalFault]:
    """Faults of electrodes and converter in seconds of raw signal."""
    if any(second.quality.lead_off for second in seconds):
        names = {name: None for second in seconds for name in second.electrodes}
        yield SignalFault("electrode_off", electrodes=tuple(names))
        return
    if any(second.quality.flat for second in seconds):
        yield SignalFault("flat")
        return
    if clipped or any(second.quality.railed for second in seconds):
        yield SignalFault("clipping")
    if any(second.quality.step for second in seconds):
        yield SignalFault("step")


def unit_faults(seconds: Sequence[RawSecond], info: StreamInfo) -> Iterator[SignalFault]:
    """Fault of samples without a stated unit that cannot be in mV."""
    spans = [second.span for second in seconds if second.span > 0]
    if not info.unit_assumed or len(spans) < CHECKED_SECONDS:
        return
    span = median(np.array(spans))
    if not MIN_MEDIAN_SPAN_MV <= span <= MAX_MEDIAN_SPAN_MV:
        yield SignalFault("unit", span, MAX_MEDIAN_SPAN_MV)


def loss_faults(share: float) -> Iterator[SignalFault]:
    """Fault of a connection that loses this share of the samples."""
    if share > MAX_BRIDGED_SHARE:
        yield SignalFault("losses", share, MAX_BRIDGED_SHARE)


def rate_faults(measured: float | None, nominal: float) -> Iterator[SignalFault]:
    """Fault of a stream that comes at another rate than it states."""
    if measured is not None and abs(measured / nominal - 1) > MAX_RATE_DEVIATION:
        yield SignalFault("rate", measured, nominal)


def shape_faults(found: ShapeMeasures, info: StreamInfo) -> Iterator[SignalFault]:
    """Faults of the ECG's shape; those of the QRS complex only where there are beats."""
    mains, hum = max(found.hum.items(), key=lambda each: each[1], default=(0.0, 0.0))
    allowed = max(MAX_HUM_MV, MAX_HUM_SHARE * found.qrs.amplitude) if found.qrs else MAX_HUM_MV
    if hum > allowed:
        yield SignalFault("hum", hum, allowed, mains)
    if found.wander > MAX_WANDER_MV:
        yield SignalFault("drift", found.wander, MAX_WANDER_MV)
    if found.qrs is None:
        yield SignalFault("no_heartbeat")
        return
    if info.signal != "ecg":
        return
    if found.qrs.amplitude < MIN_QRS_MV:
        yield SignalFault("small", found.qrs.amplitude, MIN_QRS_MV)
    if found.qrs.below > MAX_BELOW_RATIO * found.qrs.above:
        yield SignalFault("inverted", found.qrs.below / max(found.qrs.above, 1e-6), MAX_BELOW_RATIO)
