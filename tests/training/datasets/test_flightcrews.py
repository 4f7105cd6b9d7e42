"""Flight crews: scenarios with a rating a second; what is wrong with a rating is said in one line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ecg_live.errors import DatasetError
from tests.support.files import edf_files
from training.datasets.dataset import LabelTrack, Rating
from training.datasets.flightcrews import REST_S, load

SECONDS = 130


def made(folder: Path, ratings: Mapping[str, list[str]], seconds: int = SECONDS) -> Path:
    """Recordings of so many seconds by name, with a rating each second from 0 on; of none, only the file."""
    lines = ["recording,second,stress"]
    for name, values in ratings.items():
        edf_files.write(folder / f"{name}.edf", edf_files.counts(seconds=seconds, rate=100))
        lines += [f"{name},{second},{value}" for second, value in enumerate(values)]
    (folder / "stress_1hz.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def rated(value: float = 3.0, seconds: int = SECONDS) -> list[str]:
    return [f"{value + second / 100:g}" for second in range(seconds)]


def test_scenarios_are_parts_and_the_first_begins_with_rest(tmp_path: Path) -> None:
    dataset = load(made(tmp_path, {"P02Sc1": rated(), "P02Sc10": rated(), "P02Sc2": rated(), "P01Sc2": rated()}))
    assert dataset.labels == {"stress": Rating(0, 10)}
    assert dataset.subjects == ("P01", "P02")
    assert [part.path.stem for part in dataset.sessions[1].parts] == ["P02Sc1", "P02Sc2", "P02Sc10"]
    rest, task, *others = dataset.sessions[1].annotations
    assert (rest.rest, rest.start, rest.stop, task.start, task.stop) == (True, 0.0, REST_S, REST_S, float(SECONDS))
    assert not any(each.rest for each in (task, *others, *dataset.sessions[0].annotations))
    track = task.labels["stress"]
    assert isinstance(track, LabelTrack)
    assert track.within(110.0, 120.0) == pytest.approx(3 + 1.145)
    assert dataset.remarks == ()


def test_seconds_without_a_rating_are_remarked_and_have_none(tmp_path: Path) -> None:
    values = rated()
    values[10:20] = ["nan"] * 9 + [""]
    dataset = load(made(tmp_path, {"P01Sc2": values}))
    assert dataset.remarks == ("P01Sc2: 10 seconds without a rating",)
    track = dataset.sessions[0].annotations[0].labels["stress"]
    assert isinstance(track, LabelTrack)
    assert track.within(10.0, 20.0) is None
    assert track.within(5.0, 15.0) == pytest.approx(3.07)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["3", "12"], "stress_1hz.csv, line 3: stress is 12, expected 0 to 10"),
        (["3", "-0.5"], "line 3: stress is -0.5, expected 0 to 10"),
        (["3", "much"], "line 3: could not convert string to float: 'much'"),
        (["nan"] * 5, "P01Sc2.edf lasts 130 s, and its ratings are without a number: they have no second in common"),
    ],
)
def test_a_wrong_rating_ends_in_one_line(tmp_path: Path, values: list[str], message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load(made(tmp_path, {"P01Sc2": values}))
    assert message in caught.value.message


def test_ratings_of_another_time_than_the_recording(tmp_path: Path) -> None:
    made(tmp_path, {"P01Sc2": []})
    lines = ["recording,second,stress", *(f"P01Sc2,{second},4" for second in range(500, 600))]
    (tmp_path / "stress_1hz.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DatasetError, match="lasts 130 s, and its ratings are from 500 to 599 s: they have no second"):
        load(tmp_path)


def test_what_a_folder_lacks(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no P01Sc1\.edf"):
        load(tmp_path)
    made(tmp_path, {"P01Sc2": rated()})
    (tmp_path / "stress_1hz.csv").write_text("recording,second\nP01Sc2,0\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="the header lacks stress"):
        load(tmp_path)
    (tmp_path / "stress_1hz.csv").write_text("recording,second,stress\nP07Sc1,0,2\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="rates none of the 1 recordings"):
        load(tmp_path)
    (tmp_path / "stress_1hz.csv").unlink()
    with pytest.raises(DatasetError, match=r"holds no stress_1hz\.csv"):
        load(tmp_path)


def test_the_real_one(shared_data: Path) -> None:
    dataset = load(shared_data / "flightcrews")
    assert len(dataset.subjects) == 16
    assert sum(len(session.parts) for session in dataset.sessions) == 78
    assert dataset.remarks == ()
