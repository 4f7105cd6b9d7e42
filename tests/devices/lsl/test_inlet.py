"""The outlet's clock: what its readings may change, and what they must not."""

from __future__ import annotations

import pytest

from devices.lsl.inlet import SAME_CLOCK_TOLERANCE_S, RemoteClock


def test_readings_move_the_drift_and_never_the_base() -> None:
    theirs = RemoteClock()
    theirs.connect(1000.0)
    for correction in (1000.003, 999.998, 1000.05):
        theirs.read(correction)
        assert theirs.base == 1000.0
        assert theirs.drift == pytest.approx(correction - 1000.0)


def test_the_same_clock_keeps_the_base_over_a_loss() -> None:
    theirs = RemoteClock()
    theirs.connect(1000.0)
    theirs.read(1000.6)  # after hours
    theirs.connect(1000.6 + 0.9 * SAME_CLOCK_TOLERANCE_S)
    assert theirs.base == 1000.0
    assert theirs.drift == pytest.approx(0.6 + 0.9 * SAME_CLOCK_TOLERANCE_S)


def test_another_clock_is_laid_onto_the_old_one() -> None:
    theirs = RemoteClock()
    theirs.connect(1000.0)
    theirs.read(1000.6)
    theirs.connect(-50.0)  # its machine was started anew
    stamp, ours = 2000.0, 1950.0
    assert stamp + theirs.base + theirs.drift == pytest.approx(ours)
    assert theirs.drift == pytest.approx(0.6)
