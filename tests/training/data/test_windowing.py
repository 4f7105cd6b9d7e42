"""Training windows are those that the live path makes, bit for bit."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
import pytest

from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.constants import PART_GAP_S
from ecg_live.errors import DatasetError
from ecg_live.resources import demo_recording
from ecg_live.results import Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.small_datasets import csv
from training.data.windowing import PlacedWindow, offline_windows, session_windows
from training.datasets.dataset import RecordingPart, SubjectSession


def live_windows(path: Path, chunk: float) -> list[Window]:
    """Windows of a replayed file."""
    source = open_source(str(path), ReadOptions(speed=inf, chunk=chunk))
    signal = SignalPath(source.info)
    with source:
        outputs = [output for item in source for output in signal.push(item)]
    return [output for output in [*outputs, *signal.flush()] if isinstance(output, Window)]


def made(*paths: Path, remarks: list[str] | None = None) -> list[PlacedWindow]:
    """Windows of a sitting of files."""
    parts = tuple(RecordingPart(path) for path in paths)
    return list(session_windows(SubjectSession("a", parts), 10.0, [] if remarks is None else remarks))


def test_training_and_live_windows_are_equal_bit_for_bit() -> None:
    path = demo_recording()
    live = {window.first: window for window in live_windows(path, 0.02)}
    found = made(path)
    assert len(found) == 41
    for window, part, start in found:
        assert np.array_equal(window.data, live[window.first].data)
        assert window.quality == live[window.first].quality
        assert (part, start) == (0, window.first / 256)


def test_parts_carry_the_scale_over_a_gap_and_start_at_nought(tmp_path: Path) -> None:
    first, second = csv(tmp_path / "1.csv", 25), csv(tmp_path / "2.csv", 25, level=2)
    both, alone = made(first, second), made(second)
    assert [(part, start) for _, part, start in both] == [(0, 0), (0, 10), (1, 0), (1, 10)]
    assert both[2].window.start == pytest.approx(25 + PART_GAP_S, abs=0.01)
    assert np.abs(both[2].window.data).max() > 1.5 * np.abs(alone[0].window.data).max()


def test_a_part_that_breaks_off_is_used_up_to_there_and_remarked(tmp_path: Path) -> None:
    broken = csv(tmp_path / "1.csv", 25)
    with broken.open("a") as file:
        file.write("no,number\n" + "26,1\n" * 3)
    remarks: list[str] = []
    found = made(broken, csv(tmp_path / "2.csv", 15), remarks=remarks)
    assert [(part, start) for _, part, start in found] == [(0, 0), (0, 10), (1, 0)]
    assert len(remarks) == 1
    assert "1.csv is used up to where it breaks off" in remarks[0]


def test_parts_of_different_rates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"rates \[256, 512\]"):
        made(csv(tmp_path / "1.csv", 12), csv(tmp_path / "2.csv", 12, rate=512))


def test_the_offline_scale_is_one_for_the_whole_sitting(tmp_path: Path) -> None:
    first, second = csv(tmp_path / "1.csv", 35), csv(tmp_path / "2.csv", 35, level=3)
    sitting = SubjectSession("a", (RecordingPart(first), RecordingPart(second)))
    found = list(offline_windows(sitting, 10.0, []))
    quiet, loud = found[1][1], found[4][1]
    assert loud.dtype == np.float32
    assert np.std(loud) / np.std(quiet) == pytest.approx(3, rel=0.05)
    everything = np.concatenate([data for _, data in found])
    middle = np.sort(everything)[round(0.025 * len(everything)) : round(0.975 * len(everything))]
    assert middle.std() == pytest.approx(1, abs=0.1)
