"""Signal quality of a window: good, poor or unusable, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.results import Quality
from ecg_live.signal.beats import Rhythm
from ecg_live.signal.raw_quality import CLEAN, BlockQuality

MAX_BRIDGED_SHARE = 0.02  # of bridged samples; above it heads abstain
MIN_KURTOSIS = 4.0  # Gaussian noise has 3, ECG above 5 (Clifford et al. 2012, "kSQI")
MIN_GOOD_BEAT_CORRELATION = 0.90  # median, of a beat with the others; 1 of 100 windows with certain beats is below
QRS_BAND_HZ = (5.0, 15.0)  # of 5-40 Hz (ibid., "pSQI")
MIN_QRS_POWER_SHARE = 0.30
BASELINE_BAND_HZ = (0.0, 1.0)  # of 0-40 Hz (ibid., "basSQI")
MAX_BASELINE_POWER_SHARE = 0.95
ECG_BAND_END_HZ = 40.0  # end of the band in which ECG has power
QRS_REFERENCE_BAND_HZ = (QRS_BAND_HZ[0], ECG_BAND_END_HZ)
BASELINE_REFERENCE_BAND_HZ = (0.0, ECG_BAND_END_HZ)
MIN_REGULAR_RR_SHARE = 0.5  # of normal RR intervals
GOOD = Quality("good")


def assess_window(
    blocks: Sequence[BlockQuality], baseline: F64, filtered: F64, rhythm: Rhythm, bridged: float
) -> Quality:
    """Grade a window of (2560,) samples.

    Parameters
    ----------
    blocks : sequence of Block
        Verdicts on the raw seconds that the window touches.
    baseline, filtered : ndarray
        The window in mV before and after the high-pass.
    rhythm : Rhythm
        Its beats.
    bridged : float
        Share of its raw samples that were bridged.
    """
    if refused := unusable_quality(blocks, rhythm):
        return refused
    qrs = power_share(filtered, QRS_BAND_HZ, QRS_REFERENCE_BAND_HZ)
    wander = power_share(baseline - baseline.mean(), BASELINE_BAND_HZ, BASELINE_REFERENCE_BAND_HZ)
    return usable_quality(blocks, rhythm, bridged, SignalIndices(_kurtosis(filtered), qrs, wander))


class SignalIndices(NamedTuple):
    """Quality indices of a window: kurtosis, and the power in the QRS and baseline bands as shares of wider bands."""

    kurtosis: float
    qrs_share: float
    baseline_share: float


def unusable_quality(blocks: Sequence[BlockQuality], rhythm: Rhythm) -> Quality | None:
    """Verdict on a window that is unusable; None if it is not."""
    if faults := _electrode_reasons(blocks):
        return Quality("unusable", tuple(faults))
    return None if rhythm.heart_rate is not None else Quality("unusable", ("no plausible heartbeat",))


def usable_quality(blocks: Sequence[BlockQuality], rhythm: Rhythm, bridged: float, indices: SignalIndices) -> Quality:
    """Verdict on a window that is not unusable."""
    poor = [*_raw_reasons(blocks, bridged), *_shape_reasons(rhythm, indices.kurtosis), *_power_reasons(indices)]
    return Quality("poor", tuple(poor)) if poor else GOOD


def _electrode_reasons(blocks: Sequence[BlockQuality]) -> list[str]:
    found: list[str] = []
    if blocks.count(CLEAN) == len(blocks):
        return found
    if any(block.lead_off for block in blocks):
        found.append("electrode off")
    if sum(block.flat for block in blocks) > 1:
        found.append("flat line")
    if sum(block.railed for block in blocks) > 1:
        found.append("signal at the converter's limit")
    if any(block.step for block in blocks):
        found.append("baseline step")
    return found


def _raw_reasons(blocks: Sequence[BlockQuality], bridged: float) -> list[str]:
    found = []
    if any(block.flat for block in blocks):
        found.append("flat for a second")
    if any(block.railed for block in blocks):
        found.append("clipped for a second")
    if bridged > MAX_BRIDGED_SHARE:
        found.append(f"{bridged:.0%} of samples bridged")
    return found


def _shape_reasons(rhythm: Rhythm, kurtosis: float) -> list[str]:
    found = []
    if rhythm.regular_rr_share < MIN_REGULAR_RR_SHARE:
        found.append("irregular beats")
    if rhythm.beat_correlation < MIN_GOOD_BEAT_CORRELATION:
        found.append("beats of many shapes")
    if kurtosis < MIN_KURTOSIS:
        found.append("noisy: no distinct peaks")
    return found


def _power_reasons(indices: SignalIndices) -> list[str]:
    found = []
    if indices.qrs_share < MIN_QRS_POWER_SHARE:
        found.append("noisy: little power in the QRS band")
    if indices.baseline_share > MAX_BASELINE_POWER_SHARE:
        found.append("baseline wander")
    return found


def _kurtosis(x: F64) -> float:
    """Fourth standardised moment of a signal that is not constant (scipy's takes ten times as long)."""
    squares = (x - x.mean()) ** 2
    return float((squares * squares).mean() / squares.mean() ** 2)


def power_share(x: F64, part: tuple[float, float], whole: tuple[float, float]) -> float:
    """Power in one band as a share of the power in another."""
    power = np.abs(np.fft.rfft(x)) ** 2
    within, about = (float(np.add.reduce(power[band(len(x), *edges)])) for edges in (part, whole))
    return within / about if about > 0 else 0.0


@cache
def band(length: int, low: float, high: float) -> slice:
    """Places in the spectrum of a signal (length,) from one frequency in Hz to another, both included."""
    hz = np.fft.rfftfreq(length, 1 / MODEL_RATE_HZ)
    inside = np.flatnonzero((hz >= low) & (hz <= high))
    return slice(int(inside[0]), int(inside[-1]) + 1)
