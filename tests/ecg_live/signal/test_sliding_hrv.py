"""Heart rate variability as it slides: whole stretches only, a reason where there is none, and NeuroKit2's values."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import F64
from ecg_live.results import HrvResult, RrInterval
from ecg_live.signal.hrv import compute_hrv
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import WindowIntervals, intervals_of
from ecg_live.signal.sliding_hrv import STEP_S, SlidingHrv
from tests.ecg_live.signal.test_hrv import tachogram

DATA = Path(__file__).parents[4] / "shared" / "data"


def intervals(stop: F64, rr: F64, abnormal: range | None = None) -> list[RrInterval]:
    flags = ["ectopic" if abnormal and k in abnormal else "normal" for k in range(len(rr))]
    rows = zip(stop.tolist(), rr.tolist(), flags, strict=True)
    return [RrInterval(100 + end, end, length, flag, "ecg") for end, length, flag in rows]  # type: ignore[arg-type]


def slid(given: list[RrInterval], span: float = 120.0, speed: float = 1.0) -> list[HrvResult]:
    sliding = SlidingHrv(span, speed)
    return [result for each in given for result in sliding.push(each)]


def test_each_result_is_that_of_its_whole_stretch() -> None:
    stop, rr = tachogram(400.0)
    found = slid(intervals(stop, rr))
    assert [each.raw for each in found] == list(np.arange(5.0, 400.1, STEP_S))
    assert [each.time for each in found] == pytest.approx([100 + each.raw for each in found])
    for each in found:
        if each.raw >= 120:
            assert each.hrv == compute_hrv(stop, rr, np.ones(len(rr), bool), (each.raw - 120, each.raw))
            assert None not in (each.hrv.sdnn, each.hrv.lf, each.hrv.lf_hf, each.hrv.sd2)
            assert (each.hrv.reason, each.hrv.spectrum_reason) == (None, None)
        else:
            assert (each.hrv.sdnn, each.hrv.lf, each.hrv.reason) == (None, None, f"{each.raw:.0f} of 120 s so far")


def test_a_stretch_of_a_minute_has_no_lf_and_states_why() -> None:
    found = slid(intervals(*tachogram(100.0)), 60.0)[-1].hrv
    assert found.sdnn is not None
    assert found.hf is not None
    assert (found.lf, found.lf_hf, found.spectrum_reason) == (None, None, "60 s long; LF needs 120 s")


def test_a_broken_stretch_has_none_and_states_how_broken() -> None:
    stop, rr = tachogram(200.0)
    at = int(np.searchsorted(stop, 90))
    hidden = (stop < 90) | (stop - rr > 97)
    gap = slid(intervals(stop[hidden], rr[hidden]))[-1].hrv
    assert gap.sdnn is not None
    assert (gap.lf, gap.spectrum_reason) == (None, "8 s without a normal interval; a spectrum spans at most 5 s")
    many = slid(intervals(stop, rr, range(at, at + 40)))[-1].hrv
    assert many.sdnn is None
    assert many.reason == "normal intervals cover 72% of it, 80% are needed, 40 ectopic or artefact"


def test_nothing_comes_while_no_interval_does() -> None:
    stop, rr = tachogram(400.0)
    heard = (stop < 200) | (stop - rr > 260)
    raws = [each.raw for each in slid(intervals(stop[heard], rr[heard]))]
    assert raws == [*np.arange(5.0, 200.0, 5.0), *np.arange(260.0, 400.1, 5.0)]


def test_speed_changes_no_measure() -> None:
    given = intervals(*tachogram(200.0))
    slow, fast = slid(given), slid([replace(each, time=100 + (each.raw or 0) / 10) for each in given], speed=10.0)
    assert [each.hrv for each in slow] == [each.hrv for each in fast]
    assert [each.time for each in fast] == pytest.approx([100 + each.raw / 10 for each in fast])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.2, 4.0), max_size=200), st.integers(0, 200))
def test_no_intervals_give_anything_but_numbers_or_a_reason(rr: list[float], abnormal: int) -> None:
    stop = np.cumsum(rr) + 3
    for each in slid(intervals(stop, np.array(rr), range(abnormal))):
        measures = [getattr(each.hrv, name) for name in ("sdnn", "rmssd", "pnn50", "sd1", "sd2")]
        assert (each.hrv.reason is None) == (each.hrv.sdnn is not None)
        assert (each.hrv.spectrum_reason is None) == (each.hrv.lf is not None)
        assert all(value is None or np.isfinite(value) for value in measures)


@pytest.mark.parametrize("span", [59.0, 301.0, nan])
def test_a_length_that_no_measure_has_is_refused(span: float) -> None:
    with pytest.raises(ConfigError, match=r"HRV over .* s; it must be from 60 to 300 s"):
        SlidingHrv(span)


@pytest.mark.parametrize(
    "file", ["opensignals/ecg_5_min.h5", "eegmat/Subject05_1.edf", "eegmat/Subject10_1.edf", "flightcrews/P01Sc2.edf"]
)
def test_a_real_recording_has_neurokits_values(file: str) -> None:
    """NeuroKit2's own R peaks of the raw ECG, and its measures of them, over the same two minutes.

    Every beat is the same; time domain within 1 % (or .5 ms), pNN50 within a point. Bands of NeuroKit2's intervals
    within 2 % by our code; by its own, which takes segments of half the length, within a factor of two.
    """
    path = DATA / file
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    neurokit = _neurokit()
    recording = open_recording(path, ReadOptions())
    rate = recording.info.rate
    items = list(recording.chunks(round(60 * rate)))
    raw = np.concatenate([item.samples[:, 0] for item in items if hasattr(item, "samples")])
    signal, tracker = SignalPath(recording.info), WindowIntervals()
    found = [each for item in items for each in intervals_of(signal.push(item), tracker)]
    found += intervals_of(signal.flush(), tracker)
    result = next(each for each in slid(found) if each.raw == 150)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cleaned = neurokit.ecg_clean(raw[: round(160 * rate)], sampling_rate=rate)
        peaks = neurokit.ecg_peaks(cleaned, sampling_rate=rate)[1]["ECG_R_Peaks"] / rate
        rr, stop = np.diff(peaks), peaks[1:]
        inside = (stop - rr >= 30) & (stop <= 150)
        expected = {"RRI": rr[inside] * 1000, "RRI_Time": stop[inside]}
        time = neurokit.hrv_time(expected).iloc[0]
        bands = neurokit.hrv_frequency(expected, normalize=False, interpolation_rate=4).iloc[0]
    hrv, same = result.hrv, compute_hrv(stop, rr, np.ones(len(rr), bool), (30.0, 150.0))
    assert (hrv.ectopic, hrv.intervals) == (0, inside.sum())
    assert hrv.sdnn == pytest.approx(time["HRV_SDNN"], rel=0.01, abs=0.5)
    assert hrv.rmssd == pytest.approx(time["HRV_RMSSD"], rel=0.01, abs=0.5)
    assert hrv.pnn50 == pytest.approx(time["HRV_pNN50"], abs=1.0)
    for ours, theirs, itself in ((hrv.lf, same.lf, bands["HRV_LF"]), (hrv.hf, same.hf, bands["HRV_HF"])):
        assert ours is not None
        assert ours == pytest.approx(theirs, rel=0.02)
        assert 0.5 < ours / itself < 2.0


def _neurokit() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("neurokit2", reason="NeuroKit2 is not installed")
