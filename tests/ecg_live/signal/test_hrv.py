"""Heart rate variability against NeuroKit2, and where there is none."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.events import F64
from ecg_live.results import Hrv
from ecg_live.signal.hrv import compute_hrv, with_reasons

MEASURES = ("sdnn", "rmssd", "pnn50", "sd1", "sd2")


def tachogram(seconds: float, seed: int = 0, breathing: float = 40.0, baroreflex: float = 25.0) -> tuple[F64, F64]:
    """Ends and lengths (s) of RR intervals of .8 s, changed (ms) by breathing (.25 Hz) and the baroreflex (.1 Hz)."""
    draws, now, rr = np.random.default_rng(seed), 0.0, []
    while now < seconds:
        swing = breathing * np.sin(2 * np.pi * 0.25 * now) + baroreflex * np.sin(2 * np.pi * 0.1 * now)
        rr.append(0.8 + (swing + draws.normal(0, 8)) / 1000)
        now += rr[-1]
    return np.cumsum(rr), np.array(rr)


def measured(stop: F64, rr: F64, normal: F64 | None = None, seconds: float = 300.0) -> Hrv:
    return compute_hrv(stop, rr, np.ones(len(rr), bool) if normal is None else normal.astype(bool), (0.0, seconds))


@pytest.mark.parametrize("seconds", [120.0, 300.0])
def test_the_measures_are_neurokits(seconds: float) -> None:
    """The time domain to the digit; the bands depend on the segments: within a tenth, of two minutes a fifth."""
    neurokit = _neurokit()
    stop, rr = tachogram(seconds)
    stop, rr = stop[stop <= seconds], rr[stop <= seconds]
    found = measured(stop, rr, seconds=seconds)
    intervals = {"RRI": rr * 1000, "RRI_Time": stop}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        time = neurokit.hrv_time(intervals).iloc[0]
        bands = neurokit.hrv_frequency(intervals, normalize=False, interpolation_rate=4).iloc[0]
    assert found.sdnn == pytest.approx(time["HRV_SDNN"], rel=1e-9)
    assert found.rmssd == pytest.approx(time["HRV_RMSSD"], rel=1e-9)
    assert found.pnn50 == pytest.approx(time["HRV_pNN50"], abs=100 / len(rr))  # it divides by n, not n - 1
    along, across = rr[1:] + rr[:-1], rr[1:] - rr[:-1]  # the axes of the Poincare plot
    assert found.sd1 == pytest.approx(across.std(ddof=1) / np.sqrt(2) * 1000, rel=1e-9)
    assert found.sd2 == pytest.approx(along.std(ddof=1) / np.sqrt(2) * 1000, rel=1e-2)
    tolerance = 0.1 if seconds == 300.0 else 0.2
    assert found.lf == pytest.approx(bands["HRV_LF"], rel=tolerance)
    assert found.hf == pytest.approx(bands["HRV_HF"], rel=tolerance)


@pytest.mark.parametrize(("seconds", "hole"), [(30.0, 0), (90.0, 0), (90.0, 6), (150.0, 0), (150.0, 12), (150.0, 60)])
def test_the_numbers_alone_tell_why_there_is_none(seconds: float, hole: float) -> None:
    stop, rr = tachogram(seconds)
    found = compute_hrv(stop, rr, (stop < 20) | (stop > 20 + hole), (0.0, seconds))
    again = with_reasons(replace(found, reason=None, spectrum_reason=None))
    assert again.reason == found.reason
    if found.spectrum_reason is not None and "without a normal" in found.spectrum_reason:
        assert again.spectrum_reason == "more than 5 s without a normal interval"
    else:
        assert again.spectrum_reason == found.spectrum_reason


@pytest.mark.parametrize("seed", range(20))
def test_the_time_domain_is_numpys_to_the_bit(seed: int) -> None:
    stop, rr = tachogram(60.0 + 12 * seed, seed)
    found, nn = measured(stop, rr, seconds=float(stop[-1])), rr[(stop - rr >= 0.0)] * 1000
    steps = np.diff(rr[stop - rr >= 0.0]) * 1000
    assert found.heart_rate == 60_000 / nn.mean()
    assert found.sdnn == nn.std(ddof=1)
    assert found.rmssd == np.sqrt(np.mean(steps**2))
    assert found.pnn50 == np.mean(np.abs(steps) > 50) * 100
    sd1 = steps.std(ddof=1) / np.sqrt(2)
    assert (found.sd1, found.sd2) == (sd1, np.sqrt(2 * nn.var(ddof=1) - sd1**2))


def test_the_bands_hold_the_power_that_was_put_in() -> None:
    """A sine of amplitude a has a power of a² / 2."""
    found = measured(*tachogram(300.0, breathing=40.0, baroreflex=25.0))
    assert found.hf is not None
    assert found.lf is not None
    assert found.hf == pytest.approx(40.0**2 / 2, rel=0.15)
    assert found.lf == pytest.approx(25.0**2 / 2, rel=0.15)
    assert found.lf_hf == found.lf / found.hf


@pytest.mark.parametrize(
    ("seconds", "there", "missing"),
    [
        (59.0, (), ("heart_rate", *MEASURES, "lf", "hf")),
        (61.0, ("heart_rate", *MEASURES, "hf"), ("lf", "lf_hf")),
        (121.0, ("heart_rate", *MEASURES, "hf", "lf", "lf_hf"), ()),
    ],
)
def test_short_stretches_have_fewer_measures(seconds: float, there: tuple[str, ...], missing: tuple[str, ...]) -> None:
    found = asdict(measured(*tachogram(seconds), seconds=seconds))
    assert all(found[name] is not None for name in there)
    assert all(found[name] is None for name in missing)


def test_ectopic_beats_and_what_follows_them_are_left_out() -> None:
    stop, rr = tachogram(300.0)
    clean, beats = measured(stop, rr), np.concatenate(([0.0], stop))
    early = np.arange(20, len(rr) - 2, 20)
    beats[early] -= 0.3  # each comes early, and a pause follows
    normal = np.ones(len(rr))
    normal[early - 1] = normal[early] = 0.0
    found = measured(beats[1:], np.diff(beats), normal)
    assert found.ectopic == 2 * len(early)
    assert found.rmssd == pytest.approx(clean.rmssd, rel=0.05)
    assert found.sdnn == pytest.approx(clean.sdnn, rel=0.05)
    spoilt = measured(beats[1:], np.diff(beats))
    assert spoilt.rmssd is not None
    assert clean.rmssd is not None
    assert spoilt.rmssd > 2 * clean.rmssd


def test_a_gap_makes_no_difference_of_its_own() -> None:
    """Beats that were lost: the intervals around the gap do not follow each other."""
    stop, rr = tachogram(300.0)
    kept = (stop < 100.0) | (stop - rr > 104.0)
    found = measured(stop[kept], rr[kept])
    assert found.rmssd == pytest.approx(measured(stop, rr).rmssd, rel=0.03)
    assert found.lf is not None
    longer = (stop < 100.0) | (stop - rr > 130.0)
    assert measured(stop[longer], rr[longer]).lf is None  # no spectrum across half a minute
    half = stop < 200.0
    assert measured(stop[half], rr[half]).sdnn is None  # a third is missing


@given(st.integers(0, 80), st.integers(0, 2**31 - 1))
def test_no_input_gives_anything_but_numbers_or_none(count: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    rr = draws.uniform(0.2, 3.0, count)
    found = measured(np.cumsum(rr), rr, (draws.random(count) < 0.9).astype(float), float(draws.uniform(1.0, 200.0)))
    assert all(value is None or isinstance(value, str) or np.isfinite(value) for value in asdict(found).values())


def test_one_interval_has_no_variability() -> None:
    """A damaged file may hold one that is long enough for all else."""
    found = measured(np.array([110.0]), np.array([109.0]), seconds=120.0)
    assert (found.sdnn, found.reason) == (None, "1 normal interval, 2 are needed")
    assert with_reasons(replace(found, reason=None, spectrum_reason=None)) == found


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="2 times, 1 intervals, 1 flags in 0 to 10 s"):
        compute_hrv(np.zeros(2), np.zeros(1), np.ones(1, bool), (0, 10))
    with pytest.raises(ValueError, match="in 10 to 10 s"):
        compute_hrv(np.zeros(0), np.zeros(0), np.ones(0, bool), (10, 10))


def _neurokit() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("neurokit2", reason="NeuroKit2 is not installed")
