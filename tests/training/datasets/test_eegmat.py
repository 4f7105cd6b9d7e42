"""eegmat: rest, then arithmetic; only people who have both."""

from math import inf
from pathlib import Path

import pytest

from ecg_live.errors import DatasetError
from training.datasets.dataset import Annotation, Classes, RecordingPart
from training.datasets.eegmat import load


def test_rest_and_load_are_the_two_recordings(tmp_path: Path) -> None:
    for number in (0, 3, 12):
        for part in (1, 2):
            (tmp_path / f"Subject{number:02d}_{part}.edf").touch()
    dataset = load(tmp_path)
    assert dataset.labels == {"mental_load": Classes(("rest", "load"))}
    assert dataset.subjects == ("00", "03", "12")
    sitting = dataset.sessions[1]
    assert sitting.parts == (RecordingPart(tmp_path / "Subject03_1.edf"), RecordingPart(tmp_path / "Subject03_2.edf"))
    assert sitting.annotations == (
        Annotation(0, 0.0, inf, {"mental_load": "rest"}, rest=True),
        Annotation(1, 0.0, inf, {"mental_load": "load"}),
    )
    assert dataset.remarks == (f"no files of {', '.join(f'{n:02d}' for n in range(36) if n not in (0, 3, 12))}",)
    assert "rest always comes first" in dataset.caveats[0]


def test_subjects_that_lack_a_recording_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no Subject00_1\.edf and Subject00_2\.edf"):
        load(tmp_path)
    (tmp_path / "Subject01_1.edf").touch()
    (tmp_path / "Subject02_2.edf").touch()
    with pytest.raises(DatasetError, match="no subject has both"):
        load(tmp_path)
    for part in (1, 2):
        (tmp_path / f"Subject03_{part}.edf").touch()
    dataset = load(tmp_path)
    assert dataset.subjects == ("03",)
    assert dataset.remarks[1:] == (
        "subject 01: left out, as arithmetic is missing",
        "subject 02: left out, as rest is missing",
    )


def test_the_real_one(shared_data: Path) -> None:
    dataset = load(shared_data / "eegmat")
    assert len(dataset.subjects) == 28
    assert dataset.remarks == ("no files of 03, 07, 11, 15, 19, 23, 27, 33",)
    assert load(shared_data).sessions == dataset.sessions
    assert all(part.path.is_file() for sitting in dataset.sessions for part in sitting.parts)
