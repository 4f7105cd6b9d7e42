"""The outlet's clock: what its readings may change, and what they must not."""

from __future__ import annotations

import pytest

from devices.lsl.inlet import SAME_CLOCK_TOLERANCE_S, RemoteClock


def test_readings_move_the_drift_and_never_the_base() -> None:
    remote = RemoteClock()
    remote.connect(1000.0)
    for correction in (1000.003, 999.998, 1000.05):
        remote.update(correction)
        assert remote.base == 1000.0
        assert remote.drift == pytest.approx(correction - 1000.0)


def test_the_same_clock_keeps_the_base_over_a_loss() -> None:
    remote = RemoteClock()
    remote.connect(1000.0)
    remote.update(1000.6)  # after hours
    remote.connect(1000.6 + 0.9 * SAME_CLOCK_TOLERANCE_S)
    assert remote.base == 1000.0
    assert remote.drift == pytest.approx(0.6 + 0.9 * SAME_CLOCK_TOLERANCE_S)


def test_another_clock_is_laid_onto_the_old_one() -> None:
    remote = RemoteClock()
    remote.connect(1000.0)
    remote.update(1000.6)
    remote.connect(-50.0)  # its machine was restarted
    stamp, ours = 2000.0, 1950.0
    assert stamp + remote.base + remote.drift == pytest.approx(ours)
    assert remote.drift == pytest.approx(0.6)
