"""The ring: samples by their index, whatever was forgotten."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.constants import WIDTH
from ecg_live.signal.ring_buffer import ROOM, Ring


@settings(max_examples=30, deadline=None)
@given(pieces=st.lists(st.integers(0, 5000), max_size=30), hop=st.integers(1, WIDTH))
def test_values_are_their_own_index(pieces: list[int], hop: int) -> None:
    ring, first = Ring(), 0
    for size in pieces:
        ring.append(np.arange(ring.stop, ring.stop + size, dtype=np.float64))
        while first + WIDTH <= ring.stop:
            assert np.array_equal(ring.window(first), np.arange(first, first + WIDTH))
            first += hop
            ring.forget(first)
    assert ring.stop == sum(pieces)


def test_a_window_is_a_copy() -> None:
    ring = Ring()
    ring.append(np.zeros(WIDTH))
    ring.window(0)[:] = 1
    assert not ring.window(0).any()


def test_memory_is_bounded() -> None:
    ring = Ring()
    for k in range(2000):
        ring.append(np.zeros(256))
        ring.forget(256 * k - WIDTH)
    assert len(ring._x) <= 2 * ROOM
