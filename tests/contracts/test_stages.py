"""What every stage of the signal path promises."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.protocols import Stage
from ecg_live.signal.highpass import HighPass
from ecg_live.signal.resample import Resampler
from ecg_live.signal.zscore import StreamingZScore, WearerScale
from tests.support.chunk_cutting import ODD_RATE, RATES, cut, sizes, through

SECONDS = 3.3  # not whole: something is left for flush
KNOWN = WearerScale(0.1, 0.04, 7)


def every_other(block: int) -> bool:
    return block % 2 == 1


def never(_block: int) -> bool:
    return False


MAKERS: dict[str, tuple[float, Callable[[], Stage]]] = {
    **{f"resample {rate:g}": (rate, lambda rate=rate: Resampler(rate)) for rate in (*RATES, ODD_RATE)},  # type: ignore[misc]  # mypy cannot infer a lambda's default
    "high-pass": (MODEL_RATE_HZ, HighPass),
    "z-score": (MODEL_RATE_HZ, StreamingZScore),
    "z-score, scale known": (MODEL_RATE_HZ, lambda: StreamingZScore(scale=KNOWN)),
    "z-score, some unusable": (MODEL_RATE_HZ, lambda: StreamingZScore(every_other)),
    "z-score, all unusable": (MODEL_RATE_HZ, lambda: StreamingZScore(never)),
}
STAGES = pytest.mark.parametrize("name", MAKERS)
FORGETFUL = pytest.mark.parametrize("name", [name for name in MAKERS if not name.startswith("z-score")])
FEW = settings(max_examples=20, deadline=None)


@cache
def signal(rate: float) -> F64:
    rng = np.random.default_rng(3)
    n = round(SECONDS * rate)
    return 300 + np.cumsum(rng.normal(size=(n, 1)), axis=0) * 0.02 + rng.normal(size=(n, 1)) * 0.1


@cache
def stage(name: str) -> Stage:
    """One per test session: some filters take long to design."""
    return MAKERS[name][1]()


def fresh(name: str) -> Stage:
    """As new: no stage but a z-score remembers anything over a reset."""
    if name.startswith("z-score"):
        return MAKERS[name][1]()
    made = stage(name)
    made.reset()
    return made


@cache
def whole(name: str) -> F64:
    rate = MAKERS[name][0]
    return through(fresh(name), cut(signal(rate), rate, ()))


@STAGES
@FEW
@given(into=sizes())
def test_any_cutting_gives_the_same_bits(name: str, into: list[int]) -> None:
    rate = MAKERS[name][0]
    assert np.array_equal(through(fresh(name), cut(signal(rate), rate, into)), whole(name))


@STAGES
def test_single_samples_give_the_same_bits(name: str) -> None:
    rate = MAKERS[name][0]
    x = signal(rate)[:700]
    singly = through(fresh(name), cut(x, rate, [1] * len(x)))
    assert np.array_equal(singly, through(fresh(name), cut(x, rate, ())))


@STAGES
@FEW
@given(share=st.floats(0, 1), spoil=st.sampled_from((0.0, 1e3, -50.0)))
def test_causal(name: str, share: float, spoil: float) -> None:
    rate = MAKERS[name][0]
    x = signal(rate)
    known = round(share * len(x))
    prefix = through(fresh(name), cut(x[:known], rate, ()), flush=False)
    assert np.array_equal(prefix, whole(name)[: len(prefix)])
    other = np.concatenate((x[:known], np.full_like(x[known:], spoil)))
    assert np.array_equal(prefix, through(fresh(name), cut(other, rate, ()))[: len(prefix)])


@STAGES
def test_output_is_no_later_than_the_stage_says(name: str) -> None:
    rate = MAKERS[name][0]
    x = signal(rate)
    held = 1.0 if name == "z-score, all unusable" else 0.0  # s, which the stage's delay does not cover
    for known in range(round(2.1 * rate), len(x), len(x) // 40):  # past held first blocks
        made = fresh(name)
        assert made.delay <= 10 / min(rate, MODEL_RATE_HZ) + 1e-12
        given = through(made, cut(x[:known], rate, ()), flush=False)
        assert len(given) >= ((known - 1) / rate - made.delay - held) * MODEL_RATE_HZ - 1e-6


@STAGES
def test_flush_leaves_nothing(name: str) -> None:
    rate = MAKERS[name][0]
    for n in (0, 1, 2, round(0.3 * rate), len(signal(rate))):
        made = fresh(name)
        given = through(made, cut(signal(rate)[:n], rate, ()))
        assert len(given) == ceil(n * MODEL_RATE_HZ / rate - 1e-9)
        assert len(made.flush().samples) == 0


@FORGETFUL
def test_reset_forgets_the_segment(name: str) -> None:
    rate = MAKERS[name][0]
    x = signal(rate)
    used = fresh(name)
    through(used, cut(-5 * x[: len(x) // 2], rate, (17,)), flush=False)
    used.reset()
    assert np.array_equal(through(used, cut(x, rate, (5, 0, 1))), whole(name))


@FORGETFUL
def test_channels_do_not_mix(name: str) -> None:
    rate = MAKERS[name][0]
    x = signal(rate)
    both = through(fresh(name), cut(np.hstack((x, x[::-1])), rate, (100,)))
    assert np.array_equal(both[:, :1], whole(name))
    assert np.array_equal(both[:, 1:], through(fresh(name), cut(x[::-1], rate, ())))
