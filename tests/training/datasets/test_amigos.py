"""AMIGOS: every video's labels are its own, behind five seconds; people and videos may be missing, and have ratings
only in the preprocessed files."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from devices.files import open_recording
from ecg_live.errors import DatasetError
from ecg_live.events import Chunk
from tests.support.files.amigos_files import ORDER, RATE, VIDEOS, level, score, video, write
from tests.support.files.mat_files import (
    beats,
    cells,
    dreamer_subject,
    original_video,
    rated,
    write_amigos_original,
    write_dreamer,
)
from training.datasets.amigos import load
from training.datasets.dataset import Annotation, Rating, SubjectSession


def median_of(sitting: SubjectSession, span: Annotation, rate: int = RATE) -> float:
    """The line's height in a span, read as training reads it."""
    part = sitting.parts[span.part]
    found = [
        item.samples[:, 0]
        for item in open_recording(part.path, part.opening).chunks(1)
        if isinstance(item, Chunk) and span.start <= item.start / rate < span.stop
    ]
    assert len(found) == round((span.stop - span.start) * rate)
    return float(np.median(found))


def test_every_video_has_its_own_five_ratings_in_its_own_place(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path / "Data_Preprocessed_P02", 2)
    dataset = load(tmp_path)
    assert dataset.labels == dict.fromkeys(ORDER, Rating(1, 9))
    assert dataset.subjects == ("01", "02")
    for person, sitting in enumerate(dataset.sessions, 1):
        shown = [span for span in sitting.annotations if not span.rest]
        assert [span.labels for span in shown] == [
            {name: score(person, k, c) for c, name in enumerate(ORDER)} for k in range(VIDEOS)
        ]
        assert [span.stop - span.start for span in shown] == [4 + k for k in range(VIDEOS)]
        assert median_of(sitting, shown[3]) == pytest.approx(level(person, 3), abs=0.005)
        assert len(shown) == len(sitting.annotations)  # five seconds of rest hold no window
        before = Annotation(0, shown[4].start - 5, shown[4].start)
        assert median_of(sitting, before) == pytest.approx(level(person, 4) + 0.05, abs=0.005)
    assert "no resting baseline: the 5 s" in "\n".join(dataset.caveats)
    assert "no file of 03, 04" in "\n".join(dataset.remarks)


def test_what_is_missing_is_left_out_and_remarked(tmp_path: Path) -> None:
    empty = np.empty((0, 0))
    nothing = dict.fromkeys(range(VIDEOS), empty)
    write(tmp_path, 8, videos={4: empty, 5: np.full((900, 17), np.nan)}, ratings={4: empty, 5: empty, 1: empty})
    write(
        tmp_path, 9, videos={0: video(9, 0)[: 4 * RATE], 1: video(9, 1)[:, :9]}, ratings={2: rated(0, 1, 2, 3, np.nan)}
    )
    write(tmp_path, 24, ratings=nothing)
    write(tmp_path, 28, videos=nothing)
    write(tmp_path, 30).write_bytes(b"MATLAB 5.0 MAT-file")
    film = np.full((900, 2), 2060.0)
    scores = {f"Score{name}": [1.0] for name in ("Valence", "Arousal", "Dominance")}
    write_dreamer(tmp_path / "Data_Preprocessed_P31.mat", [dreamer_subject([film], [], scores)])
    write(tmp_path / "copy", 8)
    dataset = load(tmp_path)
    assert dataset.subjects == ("08", "09")
    first, second = dataset.sessions
    assert [median_of(first, span) for span in first.annotations if span.labels] == pytest.approx(
        [level(8, 0), level(8, 2), level(8, 3)], abs=0.005
    )
    shown = [span for span in second.annotations if span.labels]
    assert [sorted(span.labels) for span in shown[:2]] == [["dominance", "liking", "valence"], sorted(ORDER)]
    said = "\n".join(dataset.remarks)
    for remark in (
        "subject 08: video 5: empty",
        "subject 08: video 6: no ECG but NaN",
        "subject 08, video 2: no rating of arousal",
        "subject 09, video 1: ends within its baseline of 5 s; left out",
        "subject 09: video 2: of shape (1280, 9), expected (samples, 17)",
        "subject 09, video 3: arousal is 0, expected 1 to 9; left out",
        "subject 09, video 3: no rating of familiarity",
        "subject 24: left out, without a rated video",
        "subject 28: left out, without a rated video",
        "subject 30: left out: Data_Preprocessed_P30.mat: cannot be decoded",
        "subject 31: left out: Data_Preprocessed_P31.mat is laid out as DREAMER",
        "copy/Data_Preprocessed_P08.mat: Data_Preprocessed_P08.mat is used instead",
    ):
        assert remark in said


def original(folder: Path, person: int, longer: dict[int, float] | None = None) -> Path:
    """Original recordings of the same videos, at 256 Hz and 1 mV higher."""
    videos = []
    for k in range(VIDEOS):
        right = beats(9 + k + (longer or {}).get(k, 0), 256, level(person, k) + 1)
        videos.append(original_video(right, right + 50, np.arange(len(right)) / 256))
    folder.mkdir(exist_ok=True, parents=True)
    return write_amigos_original(folder / f"Data_Original_P{person:02d}.mat", videos)


@pytest.mark.parametrize("place", ["data_original", "data_original/Data_Original_P02"])
def test_original_recordings_have_the_ratings_of_preprocessed_ones_beside(tmp_path: Path, place: str) -> None:
    write(tmp_path / "data_preprocessed" / "Data_Preprocessed_P02", 2)
    original(tmp_path / "data_original" / "Data_Original_P02", 2)
    dataset = load(tmp_path / place)
    assert (dataset.name, dataset.title[-8:], dataset.subjects) == ("amigos", "original", ("02",))
    (sitting,) = dataset.sessions
    assert [span.labels for span in sitting.annotations] == [
        {name: score(2, k, c) for c, name in enumerate(ORDER)} for k in range(VIDEOS)
    ]
    assert [span.stop - span.start for span in sitting.annotations] == [4 + k for k in range(VIDEOS)]
    assert median_of(sitting, sitting.annotations[3], 256) == pytest.approx(level(2, 3) + 1, abs=0.005)
    assert not any("unsure" in remark for remark in dataset.remarks)
    assert "ECG left is unsure" in "\n".join(dataset.caveats)


def test_preprocessed_recordings_come_first(tmp_path: Path) -> None:
    write(tmp_path / "AMIGOS" / "data_preprocessed" / "Data_Preprocessed_P02", 2)
    original(tmp_path / "AMIGOS" / "data_original" / "Data_Original_P02", 2)
    for folder in (tmp_path / "AMIGOS", tmp_path):
        dataset = load(folder)
        assert dataset.sessions[0].parts[0].path.name == "Data_Preprocessed_P02.mat"
        assert "the original recordings are not used; give their folder to train on them" in dataset.remarks


def test_original_recordings_that_no_ratings_fit(tmp_path: Path) -> None:
    original(tmp_path / "data_original", 2)
    with pytest.raises(
        DatasetError,
        match=r"P02\.mat holds no labels_selfassessment, expected five ratings a video, there "
        r"or in a Data_Preprocessed_P02\.mat beside",
    ):
        load(tmp_path / "data_original")
    write(tmp_path / "data_preprocessed", 2, videos={3: np.empty((0, 0))})
    original(tmp_path / "data_original", 2, longer={0: 7, 1: 5})
    dataset = load(tmp_path / "data_original")
    assert [span.labels["arousal"] for span in dataset.sessions[0].annotations] == [
        score(2, k, 0) for k in (1, 2, 4, 5)
    ]
    assert dataset.remarks[1:] == (
        "subject 02, video 1: lasts 16 s, but 9 s in Data_Preprocessed_P02.mat; left out",
        "subject 02, video 4: Data_Preprocessed_P02.mat has none of that number; left out",
    )


def test_original_recordings_with_ratings_of_their_own(tmp_path: Path) -> None:
    path = original(tmp_path / "data_original", 2)
    given = [rated(*[score(2, k, c) for c in range(5)]) for k in range(VIDEOS)]
    savemat(path, {"ECG_DATA": loadmat(path)["ECG_DATA"], "labels_selfassessment": cells(given)})
    (sitting,) = load(tmp_path / "data_original").sessions
    assert [span.labels["valence"] for span in sitting.annotations] == [score(2, k, 1) for k in range(VIDEOS)]


def test_folders_without_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no Data_Preprocessed_PNN\.mat, and no Data_Original_PNN\.mat"):
        load(tmp_path)
    write(tmp_path, 1, videos=dict.fromkeys(range(VIDEOS), np.empty((0, 0))))
    with pytest.raises(DatasetError, match="no subject has a rated video"):
        load(tmp_path)
