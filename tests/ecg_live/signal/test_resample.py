"""Any rate to 256 Hz, against scipy's resampler over the whole signal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecg_live.errors import ConfigError
from ecg_live.signal.resample import MAX_RATE_ERROR, Resampler, simplest
from ecg_live.types import RATE
from tests.contracts.cutting import BEGAN, ODD_RATE, RATES, cut, through

EVERY_RATE = pytest.mark.parametrize("rate", [*RATES, ODD_RATE])


@EVERY_RATE
def test_as_scipy_between_the_ends(rate: float) -> None:
    x = np.random.default_rng(0).normal(size=(round(3 * rate), 1))
    x[0] = 0  # ours takes the first sample for what lasted for ever, scipy's takes nothing for it
    ratio = RATE / Fraction(str(rate))
    ours = through(Resampler(rate), cut(x, rate, [100] * 10))
    theirs = resample_poly(x, ratio.numerator, ratio.denominator)
    assert len(ours) == len(theirs)
    edge = round(20 / min(rate, RATE) * RATE) + 1
    assert np.abs(ours - theirs)[edge:-edge].max() < 1e-9


@EVERY_RATE
def test_output_k_lies_at_k_256ths(rate: float) -> None:
    x = np.arange(2 * rate)[:, None]  # values are their own index: half a sample would show
    out = through(Resampler(rate), cut(x, rate, [33] * 10))
    edge = round(10 / min(rate, RATE) * RATE) + 1
    expected = np.arange(len(out)) * rate / RATE
    assert np.abs(out[:, 0] - expected)[edge:-edge].max() < 0.5 * max(1, rate / RATE)


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
    assert all(chunk.time == pytest.approx(BEGAN + 5 + chunk.start / RATE) for chunk in given)


@pytest.mark.parametrize("rate", [0.0, 0.99, -1.0, 1e9, float("nan"), float("inf")])
def test_rates_that_cannot_be(rate: float) -> None:
    with pytest.raises(ConfigError, match="between 1 and 100,000 Hz") as error:
        Resampler(rate)
    assert "--rate" in error.value.remedy


@pytest.mark.parametrize(
    ("rate", "fraction"),
    [
        (1000.0, "1000"),
        (51.2, "256/5"),
        (1000 / 3, "1000/3"),
        (999.412, "16990/17"),  # 1000 samples in 1.000588 s, as EDF files have it
        (1000 / 1.000588, "16990/17"),
        (130.0123, "10531/81"),
    ],
)
def test_a_rate_becomes_a_short_fraction_so_that_the_filter_stays_short(rate: float, fraction: str) -> None:
    found = simplest(rate)
    assert found == Fraction(fraction)
    assert abs(float(found) / rate - 1) < MAX_RATE_ERROR


def test_an_odd_rate_does_not_drift_from_its_raw_times() -> None:
    rate = 999.412
    x = np.arange(round(100 * rate), dtype=np.float64)[:, None]
    out = through(Resampler(rate), cut(x, rate, [1000] * 10))
    assert abs(out[99 * RATE, 0] / rate - 99) < 99 * MAX_RATE_ERROR + 1e-3  # s
