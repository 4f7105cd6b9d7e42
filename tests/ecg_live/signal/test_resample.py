"""Any rate to 256 Hz, against scipy's resampler over the whole signal."""

from __future__ import annotations

import platform
import time
from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import firwin, resample_poly, upfirdn

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.errors import ConfigError
from ecg_live.signal.resample import Resampler
from tests.support.chunk_cutting import BEGAN, ODD_RATE, RATES, cut, through

EVERY_RATE = pytest.mark.parametrize("rate", [*RATES, ODD_RATE])


@EVERY_RATE
def test_as_scipy_between_the_ends(rate: float) -> None:
    x = np.random.default_rng(0).normal(size=(round(3 * rate), 1))
    x[0] = 0  # ours takes the first sample for what lasted for ever, scipy's takes nothing for it
    ratio = MODEL_RATE_HZ / Fraction(str(rate))
    ours = through(Resampler(rate), cut(x, rate, [100] * 10))
    theirs = resample_poly(x, ratio.numerator, ratio.denominator)
    assert len(ours) == len(theirs)
    edge = round(20 / min(rate, MODEL_RATE_HZ) * MODEL_RATE_HZ) + 1
    assert np.abs(ours - theirs)[edge:-edge].max() < 1e-9


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="scipy's own sum is fused elsewhere")
@pytest.mark.parametrize("rate", [*RATES, 51.2, 102.4, 204.8, 999.0, 1024.0, 8192.0, 32768 / 33])
def test_the_same_to_the_bit_as_scipys_sum(rate: float) -> None:
    x = np.random.default_rng(1).normal(size=(round(2 * rate), 1)) + 3.0
    ratio = MODEL_RATE_HZ / Fraction(rate).limit_denominator(1000)
    up, down = ratio.numerator, ratio.denominator
    half = 0 if up == down else 10 * max(up, down)
    taps = firwin(2 * half + 1, 1 / max(up, down), window=("kaiser", 5.0)) * up if half else np.ones(1)
    pad = -half % down
    y = upfirdn(np.concatenate((np.zeros(pad), taps)), x - x[0], up, down, axis=0)[(half + pad) // down :] + x[0]
    ours = through(Resampler(rate), cut(x, rate, [17] * 9))
    sure = ((len(x) - 1) * up - half) // down + 1  # outputs whose look-ahead is there
    assert sure > 200
    np.testing.assert_array_equal(ours[:sure], y[:sure])


@pytest.mark.parametrize("rate", [999.412, 250.0017, 256.001, 1000.0003, 51199.123])
def test_an_odd_rate_is_exact_and_stays_so(rate: float) -> None:
    x = np.sin(2 * np.pi * 17 * np.arange(round(60 * rate)) / rate)
    ours = through(Resampler(rate), cut(x[:, None], rate, [round(rate)] * 5))[:, 0]
    true = np.sin(2 * np.pi * 17 * np.arange(len(ours)) / MODEL_RATE_HZ)
    assert np.abs(ours - true)[100:-100].max() < 1.5e-3  # the filter's ripple; 1 ms off would be 0.1


def test_an_odd_rate_costs_what_a_round_one_costs() -> None:
    def seconds(rate: float) -> float:
        resampler, spent = Resampler(rate), []
        for chunk in cut(np.zeros((6000, 1)), rate, [20] * 299):
            began = time.perf_counter()
            resampler.push(chunk)
            spent.append(time.perf_counter() - began)
        return float(np.median(spent))

    assert seconds(999.412) < 4 * seconds(1000.0)  # it was 600 times as much
    assert seconds(129.87) < 4 * seconds(130.0)


@EVERY_RATE
def test_output_k_lies_at_k_256ths(rate: float) -> None:
    x = np.arange(2 * rate)[:, None]  # values are their own index: half a sample would show
    out = through(Resampler(rate), cut(x, rate, [33] * 10))
    edge = round(10 / min(rate, MODEL_RATE_HZ) * MODEL_RATE_HZ) + 1
    expected = np.arange(len(out)) * rate / MODEL_RATE_HZ
    assert np.abs(out[:, 0] - expected)[edge:-edge].max() < 0.5 * max(1, rate / MODEL_RATE_HZ)


@EVERY_RATE
@pytest.mark.parametrize("level", [300.0, -0.5])
def test_a_level_stays_what_it_is(rate: float, level: float) -> None:
    out = through(Resampler(rate), cut(np.full((round(rate), 1), level), rate, ()))
    assert np.all(out == level)


def test_256_hz_goes_through_untouched() -> None:
    x = np.random.default_rng(0).normal(size=(1000, 1))
    resampler = Resampler(256.0)
    assert np.allclose(through(resampler, cut(x, 256, ())), x, rtol=0, atol=1e-15)
    assert resampler.delay == 0


@pytest.mark.parametrize("rate", [500.0, 1000.0, 4000.0])
def test_what_256_hz_cannot_hold_is_gone(rate: float) -> None:
    t = np.arange(round(4 * rate)) / rate
    out = through(Resampler(rate), cut(np.sin(2 * np.pi * 190 * t)[:, None], rate, ()))
    assert np.abs(out[100:-100]).max() < 0.01


def test_its_clock_starts_with_the_segment() -> None:
    resampler = Resampler(1000.0)
    given = [resampler.push(chunk) for chunk in cut(np.zeros((900, 1)), 1000, [300, 300], 5000)]
    assert all(chunk.time == pytest.approx(BEGAN + 5 + chunk.start / MODEL_RATE_HZ) for chunk in given)


@pytest.mark.parametrize("rate", [0.0, 0.99, -1.0, 1e9, float("nan"), float("inf")])
def test_rates_that_cannot_be(rate: float) -> None:
    with pytest.raises(ConfigError, match="between 1 and 100,000 Hz") as error:
        Resampler(rate)
    assert "--rate" in error.value.remedy


def test_an_odd_rate_does_not_drift_from_its_raw_times() -> None:
    rate = 999.412
    x = np.arange(round(100 * rate), dtype=np.float64)[:, None]
    out = through(Resampler(rate), cut(x, rate, [1000] * 10))
    assert abs(out[99 * MODEL_RATE_HZ, 0] / rate - 99) < 1e-3  # s
