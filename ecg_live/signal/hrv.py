"""Heart rate variability of a stretch of RR intervals: the standard measures, or None where they do not hold."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64
from ecg_live.results import Hrv
from ecg_live.signal.spectrum import cubic_spline, welch

# Task Force of ESC and NASPE 1996 (Circulation 93:1043): HF needs about a minute, LF two; RMSSD of one minute agrees
# with five (Munoz et al. 2015, PLoS ONE 10:e0138921), SDNN depends on the length, which is stated beside it.
MIN_TIME_DOMAIN_S, MIN_LF_S, MIN_HF_S = 60.0, 120.0, 60.0
LF_BAND_HZ, HF_BAND_HZ = (0.04, 0.15), (0.15, 0.40)  # Task Force 1996, table 2
# Of the stretch by normal intervals. Leaving out 30 to 50 % of five minutes changes SDNN by less than 5 %, bands more
# (Salo, Huikuri & Seppanen 2001, Ann. Noninvasive Electrocardiol. 6:5).
MIN_COVERAGE = 0.8
MAX_HOLE_S = 5.0  # without a normal interval, which a spectrum may span
MIN_SPECTRUM_INTERVALS = 4  # that a cubic spline needs
NN50_MS = 50.0  # Task Force 1996, table 1
INTERPOLATION_HZ = 4.0  # of the tachogram, usual for spectra up to 0.4 Hz (Task Force 1996, appendix B: 2 to 4)
WELCH_SEGMENT_S = 120.0  # six periods of the lowest frequency of LF, or the stretch if that is shorter
SUCCESSIVE_TOLERANCE_S = 1e-3  # between the end of an interval and the start of the next


def compute_hrv(stop: F64, rr: F64, normal: npt.NDArray[np.bool_], span: tuple[float, float]) -> Hrv:
    """Heart rate variability of the intervals that lie in a stretch of time.

    Parameters
    ----------
    stop : F64
        Times (n,) in s of the beats that end the intervals, ascending.
    rr : F64
        RR intervals (n,) in s.
    normal : array of bool
        Mask (n,): the interval is from one normal beat to the next, neither ectopic nor an artefact.
    span : tuple of float
        Begin and end of the stretch in s.

    Returns
    -------
    Hrv
        With standard deviations by n - 1, as the Task Force and NeuroKit2 have it.

    Raises
    ------
    ValueError
        The arrays differ in length, or the span is empty.
    """
    begin, end = span
    if not (len(stop) == len(rr) == len(normal)) or not end > begin:
        raise ValueError(f"{len(stop)} times, {len(rr)} intervals, {len(normal)} flags in {begin} to {end} s")
    inside = (stop - rr >= begin) & (stop <= end)
    stop, rr, normal = stop[inside], rr[inside], normal[inside]
    nn, seconds = rr[normal], end - begin
    found = Hrv(seconds, len(nn), float(nn.sum() / seconds), int((~normal).sum()))
    if reason := _why_none(found):
        return replace(found, reason=reason, spectrum_reason=reason)
    steps = _successive_differences(stop, rr, normal)
    bands = _bands(stop[normal], nn, seconds)
    return replace(
        _time_domain(found, nn * 1000, steps * 1000),
        lf=bands.lf,
        hf=bands.hf,
        lf_hf=bands.lf / bands.hf if bands.lf is not None and bands.hf else None,
        spectrum_reason=bands.reason,
    )


def with_reasons(found: Hrv) -> Hrv:
    """A recorded result, of which a file has the numbers alone, with the reasons that follow from them."""
    reason = None if found.sdnn is not None else _why_none(found)
    spectrum = reason
    if reason is None and found.hf is None:
        spectrum = f"more than {MAX_HOLE_S:.0f} s without a normal interval"
    elif reason is None and found.lf is None:
        spectrum = _too_short_for_lf(found.seconds)
    return replace(found, reason=reason, spectrum_reason=spectrum)


def _too_short_for_lf(seconds: float) -> str:
    return f"{seconds:.0f} s long; LF needs {MIN_LF_S:.0f} s"


def _why_none(found: Hrv) -> str | None:
    """Why a stretch is too short or too broken for any measure."""
    if found.seconds < MIN_TIME_DOMAIN_S:
        return f"{found.seconds:.0f} s long; {MIN_TIME_DOMAIN_S:.0f} s are needed"
    if found.coverage < MIN_COVERAGE:
        left_out = f", {found.ectopic} ectopic or artefact" if found.ectopic else ""
        return f"normal intervals cover {found.coverage:.0%} of it, {MIN_COVERAGE:.0%} are needed{left_out}"
    if found.intervals < 2:  # as a damaged file may say; no heart beats so slowly
        return f"{found.intervals} normal interval, 2 are needed"
    return None


def _successive_differences(stop: F64, rr: F64, normal: npt.NDArray[np.bool_]) -> F64:
    """Differences (m,) of normal intervals that follow each other without a beat or a gap between."""
    follows = np.abs(stop[1:] - rr[1:] - stop[:-1]) <= SUCCESSIVE_TOLERANCE_S
    return np.asarray(np.diff(rr)[follows & normal[1:] & normal[:-1]])


def _time_domain(found: Hrv, nn: F64, steps: F64) -> Hrv:
    """Add the measures of normal intervals (n,) and successive differences (m,) in ms."""
    mean, var = _mean_and_variance(nn)
    if len(steps) < 2:
        return replace(found, heart_rate=60_000 / mean, sdnn=sqrt(var))
    sd1 = sqrt(_mean_and_variance(steps)[1]) / sqrt(2)
    return replace(
        found,
        heart_rate=60_000 / mean,
        sdnn=sqrt(var),
        rmssd=sqrt(np.add.reduce(steps**2) / len(steps)),
        pnn50=int(np.count_nonzero(np.abs(steps) > NN50_MS)) / len(steps) * 100,
        sd1=sd1,  # Brennan et al. 2001 (IEEE Trans. Biomed. Eng. 48:1342): SD1² + SD2² = 2 SDNN²
        sd2=sqrt(max(2 * var - sd1**2, 0.0)),
    )


def _mean_and_variance(x: F64) -> tuple[float, float]:
    """Mean and variance (by n - 1) of numbers (n,); NumPy's to the bit, at a third of the time."""
    mean = float(np.add.reduce(x)) / len(x)
    away = x - mean
    return mean, float(np.add.reduce(away * away) / (len(x) - 1))


class _Bands(NamedTuple):
    """Power of the bands in ms²; None with a reason."""

    lf: float | None = None
    hf: float | None = None
    reason: str | None = None


def _bands(stop: F64, nn: F64, seconds: float) -> _Bands:
    """Power by Welch's method on an evenly sampled tachogram."""
    hole = float((stop[1:] - nn[1:] - stop[:-1]).max(initial=0.0))
    if hole > MAX_HOLE_S:
        return _Bands(reason=f"{hole:.0f} s without a normal interval; a spectrum spans at most {MAX_HOLE_S:.0f} s")
    if len(nn) < MIN_SPECTRUM_INTERVALS:
        return _Bands(reason=f"{len(nn)} normal intervals; {MIN_SPECTRUM_INTERVALS} are needed")
    grid = np.arange(stop[0], stop[-1], 1 / INTERPOLATION_HZ)
    tachogram = cubic_spline(stop, nn * 1000, grid)
    segment = min(len(grid), int(WELCH_SEGMENT_S * INTERPOLATION_HZ))
    frequency, density = welch(tachogram, INTERPOLATION_HZ, segment)
    hf = _band_power(frequency, density, HF_BAND_HZ) if seconds >= MIN_HF_S else None
    if seconds < MIN_LF_S:
        return _Bands(None, hf, _too_short_for_lf(seconds))
    return _Bands(_band_power(frequency, density, LF_BAND_HZ), hf)


def _band_power(frequency: F64, density: F64, band: tuple[float, float]) -> float:
    inside = (frequency >= band[0]) & (frequency < band[1])
    return float(density[inside].sum() * (frequency[1] - frequency[0]))
