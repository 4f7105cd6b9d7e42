"""What a report shows of data: everything counted, and windows that can be found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.constants import WINDOW_SAMPLES
from tests.support.small_datasets import dataset
from training.data.corpus import Corpus
from training.data.window_store import WINDOW_DTYPE
from training.datasets.dataset import RecordingPart, SubjectSession
from training.report import data_summary
from training.report.data_summary import MIN_MAP_WINDOWS, embedding_map, example_windows, summarise

RNG = np.random.default_rng(0)


def corpus(grades: list[int]) -> Corpus:
    """A window of each grade, half of them of each of two people, that holds its own number."""
    data = replace(
        dataset(*[SubjectSession(name, (RecordingPart(None),) * 2) for name in ("a", "b")]),  # type: ignore[arg-type]  # never read
        remarks=("of the data",),
        caveats=("mind",),
    )
    rows = np.zeros(len(grades), WINDOW_DTYPE)
    rows["grade"], rows["start"] = grades, np.arange(len(grades)) * 10
    rows["session"] = np.arange(len(grades)) * 2 // len(grades)
    windows = np.repeat(np.arange(len(grades), dtype=np.float32)[:, None], WINDOW_SAMPLES, axis=1)
    return Corpus(data, "key", windows, rows, 3, {"rail": 1, "flat line": 2}, 5400.0, ("of the corpus",))


def test_a_summary_counts_what_is_there_and_what_is_not() -> None:
    found = summarise(corpus([0] * 8), {"task": {"rest": 5, "load": 3}}, ("of the label",))
    assert (found.subjects, found.recordings, found.hours, found.used, found.unusable) == (2, 4, 1.5, 8, 3)
    assert list(found.reasons.items()) == [("flat line", 2), ("rail", 1)]
    assert found.labels == {"task": {"rest": 5, "load": 3}}
    assert found.remarks == ("of the data", "of the corpus", "of the label")
    assert found.caveats == ("mind",)


def test_examples_are_the_middle_good_window_of_each_class_and_a_poor_one() -> None:
    label = np.array(["rest", "rest", "rest", "load", "load", "", "", "load"])
    found = example_windows(corpus([0, 0, 0, 1, 0, 0, 1, 0]), label)
    assert [(one.caption, one.samples[0]) for one in found] == [
        ("load: subject b, part 1, from 70 s", 7.0),
        ("rest: subject a, part 1, from 10 s", 1.0),
        ("poor quality: subject b, part 1, from 60 s", 6.0),
    ]
    assert len(found[0].samples) == WINDOW_SAMPLES
    assert [one.caption[:4] for one in example_windows(corpus([0, 0]), np.array(["rest", ""]))] == ["rest"]


def test_a_map_lays_like_windows_together() -> None:
    names = np.repeat(["a", "b"], 20)
    x = RNG.standard_normal((40, 128)) + 20 * (names == "b")[:, None]
    x[:, 5] = 1.0  # a feature that never varies
    found = embedding_map(x, names, np.char.add("of ", names))
    assert [(one.subject, one.label) for one in found] == [(name, f"of {name}") for name in names]
    at = np.array([(one.x, one.y) for one in found])
    within = max(float(np.ptp(at[names == name], axis=0).max()) for name in "ab")
    assert float(np.linalg.norm(at[:20].mean(axis=0) - at[20:].mean(axis=0))) > within / 2
    assert embedding_map(x, names, names)[0].x == found[0].x


@pytest.mark.parametrize(
    ("windows", "points"), [(MIN_MAP_WINDOWS - 1, 0), (MIN_MAP_WINDOWS, MIN_MAP_WINDOWS), (70, 30)]
)
def test_a_map_has_neither_too_few_nor_too_many_points(
    monkeypatch: pytest.MonkeyPatch, windows: int, points: int
) -> None:
    monkeypatch.setattr(data_summary, "MAX_MAP_POINTS", 30)
    names = np.array(["a"] * windows)
    assert len(embedding_map(RNG.standard_normal((windows, 4)), names, names)) == points


def test_of_an_encoder_that_gives_every_window_the_same_there_is_no_map() -> None:
    names = np.array(["a", "b"] * 10)
    assert embedding_map(np.zeros((20, 128)), names, names) == ()
