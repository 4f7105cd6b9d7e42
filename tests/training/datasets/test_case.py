"""CASE: joystick ratings a video; files made here in the layout of the interpolated part."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.files import open_recording
from ecg_live.errors import DatasetError
from training.datasets import open_dataset
from training.datasets.case import load
from training.datasets.dataset import LabelTrack, Rating

VIDEO_SECONDS = 20
VIDEOS = (10, 11, 7, 11, 1, 12)  # start, blue screen, scary, blue screen, amusing, end
OFFSET_MS = 250  # of both clocks: the first sample's time


def made(folder: Path, number: int = 1, *, valence: str = "7.5") -> Path:
    """Two files of a subject, each video so many seconds; the signal at every hundredth sample only."""
    for name in ("physiological", "annotations"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signal = ["daqtime,ecg,bvp,gsr,rsp,skt,emg_zygo,emg_coru,emg_trap,video"]
    signal += [f"{OFFSET_MS + i},{i % 7 / 10},34.5,11.1,29.1,25.4,9.1,6.2,6.6,{VIDEOS[0]}" for i in range(3000)]
    (folder / "physiological" / f"sub_{number}.csv").write_text("\n".join(signal) + "\n")
    rows = ["jstime,valence,arousal,video"]
    for i, video in enumerate(VIDEOS):
        start = OFFSET_MS + 1000 * VIDEO_SECONDS * i
        rows += [f"{start + 50 * j},{valence if video == 7 else 5},{2 + j / 1000:g},{video}" for j in range(400)]
    (folder / "annotations" / f"sub_{number}.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize("place", ["", "interpolated", "data/interpolated"])
def test_each_video_is_an_annotation_with_its_ratings(tmp_path: Path, place: str) -> None:
    made(tmp_path / place)
    data = open_dataset("case", tmp_path)
    assert data.labels == {"valence": Rating(0.5, 9.5), "arousal": Rating(0.5, 9.5)}
    rest, scary, amusing = data.sessions[0].annotations
    assert (rest.rest, rest.start, rest.stimulus) == (True, 0.0, "start")
    assert (scary.start, scary.stimulus) == (40.0, "scary 1")
    assert [rest.stop, scary.stop] == pytest.approx([20.0, 60.0])
    assert (amusing.start, amusing.stimulus) == (80.0, "amusing 1")
    track = scary.labels["valence"]
    assert isinstance(track, LabelTrack)
    assert track.within(42.0, 52.0) == pytest.approx(7.5)
    assert data.remarks[0].startswith("no file of subject 2, 3,")


def test_the_ecg_is_in_mv_at_1000_hz(tmp_path: Path) -> None:
    part = load(made(tmp_path)).sessions[0].parts[0]
    recording = open_recording(part.path, part.opening)
    recording.close()
    assert (recording.info.rate, recording.info.channels) == (1000.0, ("ecg",))
    assert not recording.info.unit_assumed


def test_a_subject_without_ratings_is_left_out_and_named(tmp_path: Path) -> None:
    made(tmp_path)
    made(tmp_path, 2)
    (tmp_path / "annotations" / "sub_2.csv").unlink()
    data = load(tmp_path)
    assert data.subjects == ("01",)
    assert "subject 2: left out, as annotations/sub_2.csv is missing" in data.remarks


@pytest.mark.parametrize(
    ("valence", "message"),
    [
        ("26225", r"line 802: valence is 26225, expected 0.5 to 9.5"),
        ("x", "line 802: could not convert string to float"),
    ],
)
def test_ratings_off_their_scale_are_one_line(tmp_path: Path, valence: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load(made(tmp_path, valence=valence))


def test_a_missing_rating_is_none(tmp_path: Path) -> None:
    track = load(made(tmp_path, valence="nan")).sessions[0].annotations[1].labels["valence"]
    assert isinstance(track, LabelTrack)
    assert track.within(42.0, 52.0) is None


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no physiological/sub_1\.csv"):
        load(tmp_path)
