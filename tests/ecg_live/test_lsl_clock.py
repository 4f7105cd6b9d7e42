"""LSL's clock against the session's."""

from __future__ import annotations

from collections.abc import Iterator

import pylsl
import pytest

from ecg_live.lsl_clock import clock_offset


def test_it_is_how_far_the_session_clock_is_ahead() -> None:
    assert clock_offset(lambda: pylsl.local_clock() + 500.0) == pytest.approx(500.0, abs=0.01)
    assert clock_offset(lambda: pylsl.local_clock() - 500.0) == pytest.approx(-500.0, abs=0.01)


def test_the_quickest_reading_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pylsl, "local_clock", lambda: 0.0)
    readings: Iterator[float] = iter([1.0, 3.0, 10.0, 10.2, 2.0, 4.0, 5.0, 9.0, 0.0, 1.0])
    assert clock_offset(lambda: next(readings)) == pytest.approx(10.1)
