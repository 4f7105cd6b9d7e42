"""A recording in several files is one recording, and two recordings are two."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import ConfigError
from ecg_live.recorded.report import write_report
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import load_session
from ecg_live.recorded.report.statistics import count_losses
from tests.support.html_pages import words
from tests.support.recorded_sessions import SECOND, recorded, reported, rolled, story
from tests.support.xdf_recordings import record


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    found = rolled(tmp_path / "a[1].xdf", story())
    assert len(found) == 3
    return found


def test_the_first_file_stands_for_all(parts: list[Path], tmp_path: Path) -> None:
    record(tmp_path / "a[1]_9.xdf", story())  # of another recording
    found = read_recording_files(parts[:1])
    assert [part.path for part in found] == parts
    whole, one = load_session(found), recorded(tmp_path / "whole.xdf", story())
    assert count_losses(whole) == count_losses(one)
    assert whole.duration == one.duration
    for name in ("start", "stop", "heart_rate", "grade"):
        np.testing.assert_array_equal(getattr(whole.windows, name), getattr(one.windows, name))
    assert [(note.time, note.text) for note in whole.markers] == [(note.time, note.text) for note in one.markers]
    assert whole.ecg is not None
    assert one.ecg is not None
    np.testing.assert_array_equal(whole.ecg.envelope.low, one.ecg.envelope.low)
    for ours, theirs in zip(whole.ecg.snippets, one.ecg.snippets, strict=True):
        np.testing.assert_array_equal(ours.samples, theirs.samples)
    assert "All 3 files are whole" in words(reported(parts[0]))


def test_files_that_are_named_are_those_that_count_in_whatever_order(parts: list[Path]) -> None:
    assert [part.path for part in read_recording_files(parts[::-1])] == parts
    made = write_report([parts[0], parts[2]])
    assert "part 2 is not in this report" in made.remarks[0]
    assert made.error is None
    session = load_session(read_recording_files([parts[0], parts[2]]))
    assert count_losses(session).missing > 10 * SECOND
    later = load_session(read_recording_files(parts[1:2]))
    assert later.windows.stop.min() >= 0
    assert later.duration < 30


def test_two_recordings_are_not_mixed(parts: list[Path], tmp_path: Path) -> None:
    record(tmp_path / "b.xdf", story())
    with pytest.raises(ConfigError, match="not of one recording"):
        write_report([parts[0], tmp_path / "b.xdf"])
    again = shutil.copy(parts[0], tmp_path / "c.xdf")
    with pytest.raises(ConfigError, match="part 1"):
        write_report([parts[0], Path(again)])
    assert not list(tmp_path.glob("*.html"))
