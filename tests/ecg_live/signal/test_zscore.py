"""The streaming z-score, against a slow one that follows the text of the design sentence by sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal.zscore import StreamingZScore, WearerScale
from tests.support.chunk_cutting import cut, sizes, through


def slow(x: F64, usable: list[bool], known: WearerScale | None) -> tuple[F64, WearerScale | None]:
    """Block by block, mean and variance after clipping to the block's 1st-99th percentile."""
    out = []
    m, v, k = (known.mean, known.var, known.blocks) if known else (0.0, 0.0, 0)
    for number, begin in enumerate(range(0, len(x), 256)):
        block = x[begin : begin + 256]
        low, high = np.percentile(block, 1), np.percentile(block, 99)
        clipped = np.array([min(max(value, low), high) for value in block])
        mean, var = sum(clipped) / len(clipped), float(np.mean((clipped - clipped.mean()) ** 2))
        by_mean, by_var = (m, v) if k else (mean, var)  # known when it began, else its own
        out.append((block - by_mean) / max(by_var**0.5, 0.001))
        if len(block) == 256 and usable[number]:
            k += 1
            a = max(1 / k, 1 / 60)
            m, v = m + a * (mean - m), v + a * (var - v)
    return np.concatenate(out), WearerScale(m, v, k) if k else None


@settings(max_examples=40, deadline=None)
@given(
    usable=st.lists(st.booleans(), min_size=8, max_size=8),
    known=st.none() | st.builds(WearerScale, st.floats(-1, 1), st.floats(0, 4), st.integers(1, 100)),
    n=st.integers(1, 8 * 256),
    into=sizes(600, 10),
)
def test_as_the_slow_one(usable: list[bool], known: WearerScale | None, n: int, into: list[int]) -> None:
    x = np.random.default_rng(n).normal(size=n) * 0.3 + 0.1
    stage = StreamingZScore(usable.__getitem__, known)
    expected, learnt = slow(x, usable, known)
    assert np.allclose(through(stage, cut(x[:, None], MODEL_RATE_HZ, into))[:, 0], expected, rtol=1e-9, atol=1e-9)
    if learnt is None or stage.scale is None:
        assert stage.scale == learnt
    else:
        assert stage.scale.blocks == learnt.blocks
        assert (stage.scale.mean, stage.scale.var) == pytest.approx((learnt.mean, learnt.var), rel=1e-9)


def test_a_new_second_weighs_a_sixtieth_at_last() -> None:
    stage = StreamingZScore()
    x = np.random.default_rng(0).normal(size=(200 * 256, 1))
    through(stage, cut(x, MODEL_RATE_HZ, ()))
    before = stage.scale
    stage.reset()
    through(stage, cut(np.full((256, 1), 60.0), MODEL_RATE_HZ, ()))
    assert before is not None
    assert stage.scale is not None
    assert stage.scale.mean == pytest.approx(before.mean + (60 - before.mean) / 60)
    assert stage.scale.blocks == 201


def test_the_wearer_is_remembered_over_a_reset_and_the_part_of_a_block_is_not() -> None:
    x = np.random.default_rng(0).normal(size=(3 * 256 + 100, 1))
    stage = StreamingZScore()
    through(stage, cut(x, MODEL_RATE_HZ, ()))
    known = stage.scale
    assert known is not None
    assert known.blocks == 3
    stage.reset()
    assert np.array_equal(
        through(stage, cut(x, MODEL_RATE_HZ, ())), through(StreamingZScore(scale=known), cut(x, MODEL_RATE_HZ, ()))
    )


def test_the_deviation_is_never_below_a_microvolt() -> None:
    out = through(StreamingZScore(), cut(np.zeros((512, 1)) + 1e-6 * (np.arange(512)[:, None] % 2), MODEL_RATE_HZ, ()))
    assert np.abs(out).max() <= 0.001 + 1e-12


def test_a_block_is_scaled_by_what_was_known_when_it_began() -> None:
    x = np.random.default_rng(0).normal(size=(4 * 256, 1))
    loud = x.copy()
    loud[512:768] *= 100
    calm, shaken = (through(StreamingZScore(), cut(signal, MODEL_RATE_HZ, ())) for signal in (x, loud))
    assert np.array_equal(shaken[:512], calm[:512])
    assert np.allclose(shaken[512:768], calm[512:768] * 100, rtol=0.2, atol=20)
    assert np.abs(shaken[768:]).max() < np.abs(calm[768:]).max()  # the loud second has taught it


def test_flush_says_where_and_when() -> None:
    stage = StreamingZScore()
    stage.push(next(cut(np.ones((100, 1)), MODEL_RATE_HZ, ())))
    rest = stage.flush()
    assert (rest.start, len(rest.samples)) == (0, 100)
    assert rest.time == pytest.approx(100.0)
