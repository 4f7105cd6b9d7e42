"""Classes and numbers of windows, from ratings that change and from those that do not."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from tests.support.small_datasets import corpus
from training.data.corpus import Corpus
from training.data.labelled_windows import check_label, label_windows
from training.data.window_labels import WindowLabels
from training.datasets.dataset import Annotation, LabelTrack, Rating

INF = float("inf")


def rated(*tracks: LabelTrack, high: float = 9.0) -> Corpus:
    """One subject for each track of a minute, with six windows in it."""
    made = corpus([[INF] * 6] * len(tracks), [[0] * 6] * len(tracks))
    made.rows["start"] = np.tile(10.0 * np.arange(6), len(tracks))
    sessions = tuple(
        replace(session, annotations=(Annotation(0, 0, 60, {"stress": track}),))
        for session, track in zip(made.dataset.sessions, tracks, strict=True)
    )
    return replace(made, dataset=replace(made.dataset, sessions=sessions, labels={"stress": Rating(0, high)}))


def ramp(step: float = 1.0, start: float = 0.0) -> LabelTrack:
    """A rating that rises every five seconds."""
    return LabelTrack(tuple(5.0 * np.arange(12)), tuple(start + step * np.arange(12)), 60.0)


def test_a_rating_that_stays_a_number_is_the_mean_within_the_window() -> None:
    windows = label_windows("stress", rated(ramp(), ramp(0.5)), "none")
    assert windows.table.classes == ()
    np.testing.assert_allclose(windows.table.ratings[:6], [0.5, 2.5, 4.5, 6.5, 8.5, 10.5])
    assert windows.table.label.tolist() == [0] * 12
    assert (windows.split, windows.table.scale) == ("none", (0, 9))
    assert set(windows.class_names(12)) == {"stress"}


def test_majority_and_lag() -> None:
    made = rated(ramp())
    late = label_windows("stress", made, "none", lag=5.0).table.ratings
    np.testing.assert_allclose(late, [1.5, 3.5, 5.5, 7.5, 9.5, 11.0])
    first = label_windows("stress", made, "none", rule="majority").table.ratings
    np.testing.assert_allclose(first, [0, 2, 4, 6, 8, 10])


@pytest.mark.parametrize(("split", "classes"), [("middle", [0, 0, 0, 1, 1, 1]), ("median", [0, 0, 0, 1, 1, 1])])
def test_a_track_is_split_by_the_middle_or_by_the_median_of_its_ratings(split: str, classes: list[int]) -> None:
    windows = label_windows("stress", rated(ramp(), ramp(0.5)), "middle" if split == "middle" else "median")
    assert windows.table.classes == ("low", "high")
    assert windows.table.label[:6].tolist() == classes
    assert windows.table.label[6:].tolist() == ([0, 0, 0, 0, 0, 1] if split == "middle" else [0, 0, 0, 1, 1, 1])


def test_who_rates_all_alike_is_left_out_of_the_median_split() -> None:
    windows = label_windows("stress", rated(ramp(), ramp(0.0, 4.0)), "median")
    assert windows.table.subjects == ("p0",)
    assert "left out, as all their ratings are the same: p1" in windows.remarks


def test_names_that_change_and_numbers_that_do_not() -> None:
    labels = WindowLabels("valence", corpus([[INF]]).dataset, "none")
    assert (labels.number_at(0, 0, 5.0), labels.class_at(0, 0, 5.0)) == (7.0, 0)
    assert isnan(labels.number_at(0, -1, 5.0))
    assert isnan(labels.number_at(0, 2, 5.0))
    raw = WindowLabels("stress", rated(ramp()).dataset, "raw")
    assert raw.names[raw.class_at(0, 0, 0.0)] == "1"


def test_a_rating_that_never_changes_is_refused_before_windows_are_made() -> None:
    alike = rated(ramp(0.0, 5.0), ramp(0.0, 5.0)).dataset
    with pytest.raises(DatasetError, match=r"all 24 ratings are 5\.0; a rating that never changes cannot be learnt"):
        check_label("stress", alike, "none")
    check_label("stress", rated(ramp()).dataset, "none")
