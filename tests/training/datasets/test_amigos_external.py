"""AMIGOS' external annotation: each clip has its own, in its own place, and rows that do not fit are left out."""

from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from tests.support.files.mat_files import amigos_video, beats, rated, write_amigos
from training.datasets.amigos_external import load
from training.datasets.dataset import Rating

# 85 s: 5 before the video and 80 of it: clips at 0, 5, 25, 45 and the last 20 s, at 65; after 85.5 s at 65 as well
LENGTHS = (85, 85.5)


def rows(count: int, first: int = 1) -> F64:
    """Segment, valence, arousal."""
    number = np.arange(count)
    return np.stack([number + first, number / 10 - 0.3, 0.5 - number / 10], axis=1)


def write(folder: Path, *annotations: F64) -> Path:
    videos = [amigos_video(beats(length, 128), beats(length, 128)) for length in LENGTHS]
    return write_amigos(folder / "Data_Preprocessed_P03.mat", videos, [rated(1, 2, 3, 4, 5)] * 2, annotations)


def test_clips_follow_each_other_from_the_videos_start(tmp_path: Path) -> None:
    write(tmp_path, rows(5), rows(6, first=0))
    dataset = load(tmp_path)
    assert (dataset.name, dataset.subjects) == ("amigos-external", ("03",))
    assert dict(dataset.labels) == {"valence_external": Rating(-1, 1), "arousal_external": Rating(-1, 1)}
    spans = dataset.sessions[0].annotations
    second = 85 + 60  # where the second video's recording begins
    assert [(span.start, span.stop) for span in spans] == [
        (start, start + 20) for start in (5, 25, 45, second + 5, second + 25, second + 45, second + 65)
    ]
    assert [span.labels["valence_external"] for span in spans] == pytest.approx([-0.2, -0.1, 0, -0.2, -0.1, 0, 0.1])
    assert [span.labels["arousal_external"] for span in spans] == pytest.approx([0.4, 0.3, 0.2, 0.4, 0.3, 0.2, 0.1])
    assert not any(span.rest for span in spans)
    assert any("from -1 to 1, as in the paper" in caveat for caveat in dataset.caveats)


def test_rows_that_do_not_fit_are_left_out_and_remarked(tmp_path: Path) -> None:
    holed = rows(5)
    holed[1, 1], holed[2, 1:] = np.nan, 1.5
    write(tmp_path, holed, rows(5))
    dataset = load(tmp_path)
    assert [sorted(span.labels) for span in dataset.sessions[0].annotations] == [
        ["arousal_external"], ["arousal_external", "valence_external"],
    ]  # fmt: skip
    assert dataset.remarks[1:] == (
        "subject 03, video 1: 3 annotations are not from -1 to 1; left out",
        "subject 03, video 2: labels_ext_annotation has 5 rows, expected 6 for 86 s, numbered one by one; left out",
    )
    holed[2, 0] = 9
    write(tmp_path, holed, np.empty((0, 0)))
    with pytest.raises(
        DatasetError,
        match=r"no subject has a rated video: .*labels_ext_annotation has 5 rows, expected 5 .*"
        r"video 2: labels_ext_annotation is empty",
    ):
        load(tmp_path)


def test_a_wrong_folder_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no Data_Preprocessed_PNN\.mat"):
        load(tmp_path)
