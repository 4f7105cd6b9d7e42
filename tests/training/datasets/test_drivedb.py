"""Drivers: roads by the marker or by a table, on records made here in the data set's layout, and on a real drive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from training.datasets import open_dataset, open_unlabelled
from training.datasets.drivedb import find_presses, load

REAL = Path(__file__).parents[4] / "shared" / "data" / "drivedb"
SIGNALS = ("ECG", "EMG", "foot GSR", "hand GSR", "HR", "marker", "RESP")
FRAMES, FRAME_RATE_HZ, ECG_PER_FRAME = 6000, 15.5, 32


def drive(folder: Path, name: str, presses: list[float]) -> None:
    """A record of 387 s with 32 samples of ECG a frame, and a marker pressed at these seconds."""
    marker = np.full(FRAMES, 1000)
    for time in presses:
        marker[int(time * FRAME_RATE_HZ) :][:15] = 2500
    ecg = np.tile(np.arange(ECG_PER_FRAME), (FRAMES, 1))
    others = np.zeros((FRAMES, 4))
    frames = np.concatenate([ecg, others, marker[:, None], others[:, :1]], axis=1).astype("<i2")
    (folder / f"{name}.dat").write_bytes(frames.tobytes())
    lines = [f"{name} {len(SIGNALS)} {FRAME_RATE_HZ} {FRAMES}"]
    lines += [
        f"{name}.dat 16{'x32' if each == 'ECG' else ''} {1000 if each == 'ECG' else 100} 16 0 0 0 0 {each}"
        for each in SIGNALS
    ]
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")


def test_six_presses_divide_a_drive_into_seven_segments(tmp_path: Path) -> None:
    drive(tmp_path, "drive05", [40, 90, 140, 190, 240, 290])
    data = open_dataset("drivedb", tmp_path)
    found = data.sessions[0].annotations
    assert [each.stimulus for each in found] == ["rest", "city", "highway", "city", "highway", "city", "rest"]
    assert [each.labels["stress"] for each in found[:3]] == ["low", "high", "medium"]
    assert [each.start for each in found] == pytest.approx([0, 40, 90, 140, 190, 240, 290], abs=0.1)
    assert found[-1].stop == pytest.approx(FRAMES / FRAME_RATE_HZ, rel=0.01)
    assert [each.rest for each in found] == [True, *[False] * 5, True]


def test_a_drive_in_two_records_is_cut_where_the_second_begins(tmp_path: Path) -> None:
    drive(tmp_path, "drive17a", [40, 90, 140])
    drive(tmp_path, "drive17b", [50, 100, 150])
    found = load(tmp_path).sessions[0].annotations
    assert [(each.part, each.stimulus) for each in found[3:5]] == [(0, "city"), (1, "city")]
    assert [found[4].start, found[4].stop] == pytest.approx([0.0, 50.0], abs=0.1)


def test_other_numbers_of_presses_leave_a_drive_out_unless_a_table_states_the_roads(tmp_path: Path) -> None:
    drive(tmp_path, "drive05", [40, 90])
    with pytest.raises(DatasetError, match=r"pressed 2 times \(drive05 40 s, drive05 90 s\), expected 6") as caught:
        load(tmp_path)
    assert "segments.csv" in caught.value.remedy
    table = tmp_path / "segments.csv"
    table.write_text("recording,start_s,stop_s,road\ndrive05,100,200,city\ndrive05,0,90,rest\n")
    assert [each.stimulus for each in load(tmp_path).sessions[0].annotations] == ["rest", "city"]
    table.write_text("recording,start_s,stop_s,road\ndrive05,100,200,bridge\n")
    with pytest.raises(DatasetError, match=r"segments\.csv, line 2: road is 'bridge'; known are rest, highway, city"):
        load(tmp_path)
    table.write_text("recording,start_s,stop_s,road\ndrive05,300,200,city\n")
    with pytest.raises(DatasetError, match="line 2: from 300 to 200 s"):
        load(tmp_path)


def test_presses_close_together_are_one() -> None:
    marker = np.zeros(1000)
    marker[[100, 110, 500]] = 9.0
    assert find_presses(marker, 2.0) == [50.0, 250.0]


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/drivedb")
def test_a_real_drive_whose_marker_is_unclear_is_left_out() -> None:
    with pytest.raises(DatasetError, match=r"drive17: left out: its marker was pressed 5 times \(drive17a 24 s"):
        load(REAL)


def test_drives_without_roads_are_recordings_for_the_pretext_task(tmp_path: Path) -> None:
    drive(tmp_path, "drive05", [40, 90])
    found = open_unlabelled(tmp_path)
    assert [part.path.stem for session in found.sessions for part in session.parts] == ["drive05"]
    assert not found.labels
