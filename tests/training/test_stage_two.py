"""From windows and labels to examples: who is asked what, and which windows are a wearer's baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.model.baseline import Baseline
from ecg_live.types import Quality, Window
from training.corpus import Corpus
from training.datasets.dataset import Classes, Dataset, Rating, Sitting, Span
from training.examples import Names
from training.settings import load_settings
from training.stage_two import baseline_windows, labelled
from training.store import ROW

SETTINGS = load_settings()


def corpus(rests: list[list[float]], spans: list[list[int]] | None = None) -> Corpus:
    """One sitting a person with windows of ``rest`` seconds passed, and the spans that they lie in."""
    stretches = (Span(0, 0, 60, {"valence": 7.0, "task": "rest"}), Span(0, 60, 120, {"valence": 3.0, "task": "load"}))
    sittings = tuple(Sitting(f"p{i}", (), (*stretches, Span(0, 120, 180))) for i in range(len(rests)))
    data = Dataset("made", "made", "none", sittings, {"task": Classes(("rest", "load")), "valence": Rating(1, 9)})
    rows = np.zeros(sum(map(len, rests)), ROW)
    rows["sitting"] = np.repeat(np.arange(len(rests)), [len(rest) for rest in rests])
    rows["rest"] = np.concatenate(rests)
    rows["span"] = np.concatenate(spans) if spans else 0
    return Corpus(data, "key", np.zeros((len(rows), 2560), np.float32), rows, 0, {}, 0.0, ())


def subjects(made: Corpus) -> Names:
    return np.array([made.dataset.sittings[i].subject for i in made.rows["sitting"].tolist()])


INF = float("inf")


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ([10, 20, 30, 40, 50, 60, 70, 80, INF], [True] * 6 + [False] * 3),
        ([40, 50, 60, 70, 80, 90, 100, INF], [True] * 6 + [False] * 2),  # bad signal at first: it begins later
        ([10, 60, 70, 80], [True, True, True, False]),  # bad signal within: fewer windows
        ([10, 90, 150, 160], [True, True, True, False]),  # nearly all bad: goes on until there are three
        ([INF, INF], [False, False]),
    ],
)
def test_a_baseline_in_training_is_the_one_that_would_have_been_taken_live(
    rest: list[float], wanted: list[bool]
) -> None:
    made = corpus([rest, [10, 20, INF]])
    mask = baseline_windows(made, subjects(made), 60.0)
    assert mask.tolist() == [*wanted, True, True, False]
    live = Baseline(60.0)
    for stop in (value for value in rest if np.isfinite(value)):
        if live.complete:
            break
        window = Window(np.zeros(2560, np.float32), 0, stop - 10, stop, 0.0, 0, Quality("good"))
        live.take(window, np.zeros((1, 128)), np.zeros((1, 3)), usable=True)
    assert len(live) == sum(wanted)


def test_no_baseline_is_no_window() -> None:
    made = corpus([[10, 20, 30]])
    assert not baseline_windows(made, subjects(made), 0.0).any()


def test_each_window_has_the_label_of_its_own_stretch() -> None:
    made = corpus([[INF] * 4, [INF] * 3], [[0, 1, -1, 2], [1, 1, 0]])
    found = labelled("task", made, SETTINGS)
    assert found.at.tolist() == [0, 1, 4, 5, 6]
    assert [found.classes[each] for each in found.label] == ["rest", "load", "load", "load", "rest"]
    rated = labelled("valence", made, SETTINGS)
    assert [rated.classes[each] for each in rated.label] == ["high", "low", "low", "low", "high"]
    raw = labelled("valence", made, replace(SETTINGS, head=replace(SETTINGS.head, split="raw")))
    assert [raw.classes[each] for each in raw.label] == ["7", "3", "3", "3", "7"]


def test_labels_that_are_not_there_are_named() -> None:
    made = corpus([[INF] * 2], [[2, -1]])
    with pytest.raises(ConfigError, match="made has no label arousal; its labels are task, valence"):
        labelled("arousal", made, SETTINGS)
    with pytest.raises(DatasetError, match="no usable window of made has the label task"):
        labelled("task", made, SETTINGS)
