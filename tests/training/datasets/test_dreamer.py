"""DREAMER: every film's labels are its own, in its own place on the stream that training opens."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from ecg_live.errors import DatasetError, RecordingError
from ecg_live.events import Chunk
from tests.support.files.dreamer_files import FILMS, RATE, level, score, write
from tests.support.files.mat_files import cells, dreamer_subject, write_amigos, write_dreamer
from training.datasets.dataset import Annotation, Dataset, Rating, SubjectSession
from training.datasets.dreamer import load


def median_of(sitting: SubjectSession, span: Annotation) -> float:
    """The line's height in a span, read as training reads it."""
    part = sitting.parts[span.part]
    recording = open_recording(part.path, part.opening)
    parts = [
        item.samples[:, 0]
        for item in recording.chunks(1)
        if isinstance(item, Chunk) and span.start <= item.start / RATE < span.stop
    ]
    assert len(parts) == round((span.stop - span.start) * RATE)
    return float(np.median(parts))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("dreamer")
    write(folder)
    return load(folder)


def test_every_film_has_its_own_three_ratings(dataset: Dataset) -> None:
    assert dataset.labels == {name: Rating(1, 5) for name in ("valence", "arousal", "dominance")}
    assert dataset.subjects == ("01", "02", "03")
    for p, sitting in enumerate(dataset.sessions):
        films = [span for span in sitting.annotations if not span.rest]
        assert [film.labels for film in films] == [
            {name.lower(): score(name, p, k) for name in ("Valence", "Arousal", "Dominance")} for k in range(FILMS)
        ]


def test_every_span_covers_its_own_film(dataset: Dataset) -> None:
    sitting = dataset.sessions[2]
    films = [span for span in sitting.annotations if not span.rest]
    assert [median_of(sitting, film) for film in films] == pytest.approx([level(2, k) for k in range(FILMS)], abs=0.01)
    rests = [span for span in sitting.annotations if span.rest]
    assert len(rests) == FILMS
    assert median_of(sitting, rests[3]) == pytest.approx(-1.5, abs=0.01)
    assert not any(rest.labels for rest in rests)


def test_spans_do_not_overlap(dataset: Dataset) -> None:
    for sitting in dataset.sessions:
        ends = [(span.start, span.stop) for span in sitting.annotations]
        assert ends == sorted(ends)
        assert all(after[0] >= before[1] for before, after in pairwise(ends))


def test_what_is_missing_is_left_out_and_remarked(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub", holes=True)
    dataset = load(tmp_path)
    assert dataset.subjects == ("01", "03")
    films = [span for span in dataset.sessions[0].annotations if not span.rest]
    assert [sorted(film.labels) for film in films] == [
        ["arousal", "dominance", "valence"],
        ["arousal", "dominance"],
        ["dominance", "valence"],
        ["arousal", "dominance", "valence"],
    ]
    said = "\n".join(dataset.remarks)
    for remark in (
        "DREAMER.mat holds 3 subjects, expected 23",
        "subject 01: film 2: empty",
        "subject 01, film 3: no rating of valence",
        "subject 01, film 4: arousal is 6, expected 1 to 5; left out",
        "subject 02: left out, without a rated film",
    ):
        assert remark in said
    assert median_of(dataset.sessions[0], films[1]) == pytest.approx(level(0, 2), abs=0.01)


def test_folders_without_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no DREAMER\.mat"):
        load(tmp_path)
    write_dreamer(tmp_path / "DREAMER.mat", [dreamer_subject([cells([])], [], {f"Score{n}": [1] for n in NAMES})])
    with pytest.raises(DatasetError, match="no subject has a rated film"):
        load(tmp_path)
    write_amigos(tmp_path / "DREAMER.mat", [np.ones((900, 17))], [np.ones((1, 12))])
    with pytest.raises(DatasetError, match="laid out as AMIGOS, preprocessed, expected DREAMER"):
        load(tmp_path)
    (tmp_path / "DREAMER.mat").write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IMcut")
    with pytest.raises(RecordingError, match=r"DREAMER\.mat: cannot be decoded"):
        load(tmp_path)


NAMES = ("Valence", "Arousal", "Dominance")
