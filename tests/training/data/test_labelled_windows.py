"""Windows get the class of the annotation that they are within, or are kept as rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.errors import ConfigError, DatasetError
from tests.support.small_datasets import corpus
from training.data.labelled_windows import LabelledWindows, check_label, label_windows

INF = float("inf")


def class_names(windows: LabelledWindows) -> list[str]:
    return [windows.table.classes[each] for each in windows.table.label]


def test_each_window_has_the_label_of_its_own_annotation() -> None:
    made = corpus([[INF] * 4, [INF] * 3], [[0, 1, -1, 2], [1, 1, 0]])
    found = label_windows("task", made)
    assert found.index.tolist() == [0, 1, 4, 5, 6]
    assert class_names(found) == ["rest", "load", "load", "load", "rest"]
    assert found.class_names(7).tolist() == ["rest", "load", "", "", "load", "load", "rest"]
    assert class_names(label_windows("valence", made)) == ["high", "low", "low", "low", "high"]
    assert class_names(label_windows("valence", made, "raw")) == ["7", "3", "3", "3", "7"]
    assert [label_windows(name, made).split for name in ("task", "valence")] == ["named", "middle"]


def test_rest_without_a_label_is_kept_without_a_class() -> None:
    made = corpus([[10.0, INF, INF]], [[2, 1, 2]])
    found = label_windows("task", made)
    assert found.index.tolist() == [0, 1]
    assert found.table.label.tolist() == [-1, 1]
    assert found.class_names(3).tolist() == ["", "load", ""]


def test_labels_that_are_not_there_are_named() -> None:
    made = corpus([[INF] * 2], [[2, -1]])
    with pytest.raises(ConfigError, match="made has no label arousal; its labels are task, valence"):
        label_windows("arousal", made)
    with pytest.raises(DatasetError, match="no usable window of made has the label task"):
        label_windows("task", made)


def test_windows_that_share_a_sample_with_the_baseline_are_not_scored_relative_to_it() -> None:
    """Every 5 s a window: 0-10 to 50-60 s are the baseline, 5-15 to 55-65 s overlap it."""
    rest = [10.0 + 5 * k for k in range(15)]
    made = corpus([rest] * 3)
    table = label_windows("task", made, baseline=60.0).table
    assert table.rest.sum() == 3 * 6
    keep = table.scored(relative=True)
    assert np.array(made.rows["start"])[keep].tolist() == [60.0, 65.0, 70.0] * 3
    assert table.scored(relative=False).all()


def test_the_embedding_is_that_of_the_labelled_windows() -> None:
    made = corpus([[INF] * 3], [[0, 2, 1]])
    table = label_windows("task", made).with_embedding(np.arange(3.0)[:, None])
    assert table.embedding[:, 0].tolist() == [0, 2]


def test_labels_are_checked_by_their_annotations_before_there_are_windows() -> None:
    data = corpus([[INF]]).dataset
    check_label("task", data)
    short = [
        replace(each, annotations=tuple(replace(one, stop=one.start + 2) for one in each.annotations))
        for each in data.sessions
    ]
    with pytest.raises(DatasetError, match="label task: its annotations last 2 s at most; a window lasts 10 s"):
        check_label("task", replace(data, sessions=tuple(short)))
    check_label("task", replace(data, sessions=tuple(short)), rule="largest")
    alike = [replace(each, annotations=each.annotations[:1]) for each in data.sessions]
    with pytest.raises(DatasetError, match="label task: all 1 annotations are of rest; two classes are needed"):
        check_label("task", replace(data, sessions=tuple(alike)))
