"""Training windows are those that the live path makes, bit for bit."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
import pytest

from devices.uri import open_source
from ecg_live.errors import DatasetError
from ecg_live.signal.path import SignalPath
from ecg_live.types import Opening, Window
from training import eegmat
from training.corpus import pretext_windows, session_windows


def live_windows(path: Path, chunk: float) -> list[Window]:
    """Windows of a replayed file."""
    source = open_source(str(path), Opening(speed=inf, chunk=chunk))
    signal = SignalPath(source.info)
    with source:
        outputs = [output for item in source for output in signal.push(item)]
    return [output for output in [*outputs, *signal.flush()] if isinstance(output, Window)]


def test_training_and_live_windows_are_equal_bit_for_bit(shared_data: Path) -> None:
    path = shared_data / "eegmat" / "Subject00_1.edf"
    live = {window.first: window for window in live_windows(path, 0.02)}
    made = [window for window, _ in session_windows([path])]
    assert len(made) == 18
    for window in made:
        assert np.array_equal(window.data, live[window.first].data)
        assert window.quality == live[window.first].quality


def test_a_session_of_two_recordings_carries_the_scale_over_a_gap(shared_data: Path) -> None:
    paths = [shared_data / "eegmat" / f"Subject01_{part}.edf" for part in (1, 2)]
    made = session_windows(paths)
    alone = [window for window, _ in session_windows(paths[1:])]
    second = [window for window, part in made if part == 1]
    assert {part for _, part in made} == {0, 1}
    assert {window.segment for window, part in made if part == 0} == {0}
    assert {window.segment for window in second} == {1}
    assert len(second) == len(alone)
    assert not np.array_equal(second[0].data, alone[0].data)


def test_pretext_windows_leave_out_and_count_the_unusable(shared_data: Path) -> None:
    paths = sorted((shared_data / "cinc2017").glob("*.hea"))[:24]
    kept, dropped = pretext_windows(paths, 10.0)
    assert kept.dtype == np.float32
    assert kept.shape[1] == 2560
    assert len(kept) + dropped == sum(len(session_windows([path])) for path in paths)
    assert np.isfinite(kept).all()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no usable window in 0 recordings"):
        pretext_windows(tmp_path.glob("*.hea"), 10.0)
    with pytest.raises(DatasetError, match="holds no SubjectNN_1"):
        eegmat.load(tmp_path)


def test_hrv_of_a_steady_rhythm(shared_data: Path) -> None:
    window, _ = session_windows([shared_data / "eegmat" / "Subject00_1.edf"])[3]
    rate, sdnn, rmssd = eegmat.hrv(window)
    assert window.heart_rate is not None
    assert rate == pytest.approx(window.heart_rate, abs=3)
    assert 0 < np.exp(sdnn) < 300
    assert 0 < np.exp(rmssd) < 300
