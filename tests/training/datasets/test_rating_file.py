"""Files of continuous ratings that a manifest names."""

from pathlib import Path

import pytest

from ecg_live.errors import DatasetError
from tests.support.files import edf_files
from training.datasets.dataset import LabelTrack, Rating
from training.datasets.manifest import load
from training.datasets.rating_file import read_rating_file

HEAD = "file,subject,start_s,stop_s,ratings\n"


def made(folder: Path, ratings: str, rows: str = "a.edf,anna,0,30,joy.csv\n", head: str = HEAD) -> Path:
    edf_files.write(folder / "a.edf", edf_files.counts(seconds=30))
    (folder / "joy.csv").write_text(ratings, encoding="utf-8")
    (folder / "manifest.csv").write_text(head + rows, encoding="utf-8")
    return folder


def test_ratings_of_a_file_label_the_recording_as_they_change(tmp_path: Path) -> None:
    text = "time_s,valence[1-9],arousal\n0,2,1.5\n10,nan,2\n20,8,\n40,9,3\n"
    dataset = load(made(tmp_path, text, "a.edf,anna,0,15,joy.csv\na.edf,anna,15,,joy.csv\n"))
    assert dataset.labels == {"valence": Rating(1, 9), "arousal": Rating(1.5, 3)}
    first, second = dataset.sessions[0].annotations
    assert first.labels == {
        "valence": LabelTrack((0.0, 10.0), (2.0, None), 15.0),
        "arousal": LabelTrack((0.0, 10.0), (1.5, 2.0), 15.0),
    }
    assert second.labels["valence"] == LabelTrack((20.0,), (8.0,), 30.0)


def test_a_row_every_two_seconds_is_a_rating_that_changes(tmp_path: Path) -> None:
    rows = "".join(f"a.edf,anna,{2 * i},{2 * i + 2},{i}\n" for i in range(15))
    (annotation,) = load(made(tmp_path, "", rows, "file,subject,start_s,stop_s,stress\n")).sessions[0].annotations
    track = annotation.labels["stress"]
    assert isinstance(track, LabelTrack)
    assert (annotation.stop, track.within(0.0, 10.0)) == (30.0, 2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_s,stress[0-10]\n0,3\n1,11\n", "joy.csv, line 3: stress is 11, expected 0 to 10"),
        ("time_s,stress[0-10]\n0,3\n1,much\n", "joy.csv, line 3: stress is 'much', expected a number"),
        ("time_s,stress[0-10]\n1,3\n1,3\n", "joy.csv, line 3: time_s is '1', expected one after the line before"),
        ("time_s,stress[0-10]\n1,3,4\n", "joy.csv, line 2: found 3 cells, expected 2"),
        ("second,stress\n1,3\n", "joy.csv: expected a column time_s"),
        ("time_s,stress[0-10]\n", "joy.csv: expected a column time_s"),
        ("time_s,stress[0-10]\n100,3\n", "joy.csv rates 100 to 100 s; the recording is used from 0 to 30 s"),
        ("time_s,stress[0-10]\n0,nan\n", "stress has no number in joy.csv"),
        ("time_s,stress[9-1]\n0,3\n", "stress[9-1]: the scale has no extent"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load(made(tmp_path, text))
    assert message in caught.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_rating_file(tmp_path / "none.csv")
