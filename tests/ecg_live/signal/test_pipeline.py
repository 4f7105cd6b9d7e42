"""Windows, states and trace of the whole path, and when they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.errors import ConfigError
from ecg_live.events import F32, F64, Chunk
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.zscore import WearerScale
from tests.support.chunk_cutting import BEGAN, ODD_RATE, RATES, cut
from tests.support.synthetic_signals import Tape, ecg, info, play

EVERY_RATE = pytest.mark.parametrize("rate", [*RATES, ODD_RATE])


@EVERY_RATE
def test_a_minute_has_51_windows_at_a_hop_of_a_second(rate: float) -> None:
    made = play(SignalPath(info(rate)), Tape(ecg(60, rate), rate).items([round(rate / 50)] * 100))
    assert len(made.windows) == 51
    assert [window.start for window in made.windows] == list(range(51))
    assert [window.first for window in made.windows] == list(range(0, 51 * MODEL_RATE_HZ, MODEL_RATE_HZ))
    assert all(len(window.data) == WINDOW_SAMPLES and window.data.dtype == np.float32 for window in made.windows)
    assert [window.stop - window.start for window in made.windows] == [10.0] * 51


@pytest.mark.parametrize("hop", [0.5, 1.0, 2.5, 10.0])
def test_every_hop_before_the_first_window_says_how_long_it_takes(hop: float) -> None:
    made = play(SignalPath(info(256.0), hop), Tape(ecg(12, 256), 256).items())
    assert [state.state for state in made.states] == ["warming_up"] * len(made.states)
    assert [state.seconds_left for state in made.states] == [10 - k * hop for k in range(round(10 / hop))]
    assert [state.time for state in made.states] == pytest.approx([BEGAN + k * hop for k in range(round(10 / hop))])


def test_a_recording_shorter_than_a_window_has_none() -> None:
    made = play(SignalPath(info(500.0)), Tape(ecg(9.99, 500), 500).items())
    assert made.windows == []
    assert len(made.trace()) == round(9.99 * MODEL_RATE_HZ + 0.5)


def test_an_empty_stream_gives_nothing() -> None:
    empty = [Chunk(np.empty((0, 1)), 0, BEGAN)] * 3
    assert play(SignalPath(info(500.0)), empty).order == []


def pulse(at: float, seconds: float, rate: float) -> F64:
    """A bell of 0.5 mV, narrow enough for the high-pass not to move its top by a millisecond."""
    t = np.arange(round(seconds * rate)) / rate
    return 0.5 * np.exp(-(((t - at) / 0.01) ** 2) / 2)[:, None]


def peak(x: F32) -> float:
    """Where the highest value lies, between samples: the top of a parabola through three."""
    at = int(np.argmax(x))
    left, top, right = map(float, x[at - 1 : at + 2])
    return at + (left - right) / (left - 2 * top + right) / 2


@EVERY_RATE
def test_a_pulse_comes_out_when_it_went_in(rate: float) -> None:
    at = 12.345  # s of raw time
    made = play(SignalPath(info(rate)), Tape(pulse(at, 24, rate) + 40, rate).items())
    half = 0.5 / MODEL_RATE_HZ
    assert peak(made.trace()) / MODEL_RATE_HZ == pytest.approx(at, abs=half)
    inside = [window for window in made.windows if window.start + 1 < at < window.stop - 1]
    assert len(inside) >= 7
    for window in inside:
        assert window.start + peak(window.data) / MODEL_RATE_HZ == pytest.approx(at, abs=half)


@EVERY_RATE
def test_raw_time_is_kept_over_gaps(rate: float) -> None:
    at, begin = 31.234, 14.567  # s
    x = pulse(at, 45, rate)
    start = round(begin * rate)
    made = play(SignalPath(info(rate)), Tape(x, rate, ((start, round(3 * rate)),)).items())
    second = [trace for trace in made.traces if trace.segment == 1]
    resumed = (start + round(3 * rate)) / rate
    assert second[0].start == pytest.approx(resumed, abs=1e-12)
    assert resumed + peak(made.trace(1)) / MODEL_RATE_HZ == pytest.approx(at, abs=0.5 / MODEL_RATE_HZ)
    assert next(window.start for window in made.windows if window.segment == 1) == pytest.approx(resumed)
    assert all(window.time == pytest.approx(BEGAN + window.start, abs=1e-6) for window in made.windows)


def test_times_follow_the_session_clock_rather_than_the_nominal_rate() -> None:
    slow = 1.01  # the device's crystal: a second of its samples takes 1.01 s
    cuts = cut(ecg(30, 256), 256, [64] * 200)
    chunks = [replace(chunk, time=BEGAN + chunk.start / 256 * slow) for chunk in cuts]
    made = play(SignalPath(info(256.0)), chunks)
    for window in made.windows:
        assert window.time == pytest.approx(BEGAN + window.start * slow, abs=0.25 * 0.01 + 1e-9)


def test_a_wearers_scale_may_be_given() -> None:
    x = ecg(12, 256)
    made = play(SignalPath(info(256.0), scale=WearerScale(0.0, 4.0, 100)), Tape(x, 256).items())
    assert np.allclose(made.windows[0].data[:MODEL_RATE_HZ], made.trace()[:MODEL_RATE_HZ] / 2, atol=1e-6)


@pytest.mark.parametrize("hop", [0.0, -1.0, 10.5, 0.3, float("nan"), float("inf")])
def test_hops_that_cannot_be(hop: float) -> None:
    with pytest.raises(ConfigError, match="hop"):
        SignalPath(info(256.0), hop)


@pytest.mark.parametrize("rate", [0.0, -5.0, float("nan"), float("inf"), 0.5])
def test_rates_that_cannot_be(rate: float) -> None:
    with pytest.raises(ConfigError, match="rate"):
        SignalPath(info(rate))
