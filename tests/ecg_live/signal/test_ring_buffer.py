"""The ring: samples by their index, whatever was forgotten."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.signal.ring_buffer import SPARE_SAMPLES, RingBuffer


@settings(max_examples=30, deadline=None)
@given(pieces=st.lists(st.integers(0, 5000), max_size=30), hop=st.integers(1, WINDOW_SAMPLES))
def test_values_are_their_own_index(pieces: list[int], hop: int) -> None:
    ring, first = RingBuffer(), 0
    for size in pieces:
        ring.append(np.arange(ring.stop, ring.stop + size, dtype=np.float64))
        while first + WINDOW_SAMPLES <= ring.stop:
            assert np.array_equal(ring.window(first), np.arange(first, first + WINDOW_SAMPLES))
            first += hop
            ring.forget(first)
    assert ring.stop == sum(pieces)


def test_a_window_is_a_copy() -> None:
    ring = RingBuffer()
    ring.append(np.zeros(WINDOW_SAMPLES))
    ring.window(0)[:] = 1
    assert not ring.window(0).any()


def test_memory_is_bounded() -> None:
    ring = RingBuffer()
    for k in range(2000):
        ring.append(np.zeros(256))
        ring.forget(256 * k - WINDOW_SAMPLES)
    assert len(ring._x) <= 2 * SPARE_SAMPLES
