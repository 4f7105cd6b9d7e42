"""Who is kept back is decided by names alone, before anything is known of anybody."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.support.small_datasets import corpus
from training.data.kept_back import split_subjects
from training.datasets.dataset import Dataset

INF = float("inf")


def people(count: int) -> Dataset:
    return corpus([[10.0, INF]] * count).dataset


@pytest.mark.parametrize(("count", "share", "kept"), [(28, 0.2, 6), (15, 0.2, 3), (40, 0.01, 1), (30, 0.5, 15)])
def test_a_share_of_the_subjects_is_kept_back(count: int, share: float, kept: int) -> None:
    split = split_subjects(people(count), share)
    assert len(split.kept_back) == kept
    assert sorted((*split.kept_back, *split.others)) == sorted(people(count).subjects)


@pytest.mark.parametrize(("count", "share"), [(14, 0.2), (1, 0.5), (28, 0.0)])
def test_with_few_subjects_or_no_share_nobody_is(count: int, share: float) -> None:
    assert split_subjects(people(count), share).kept_back == ()


def test_neither_order_nor_signal_nor_labels_decide() -> None:
    data = people(20)
    first = split_subjects(data, 0.2)
    turned = replace(data, sessions=tuple(replace(each, annotations=()) for each in data.sessions[::-1]))
    assert split_subjects(turned, 0.2) == first
    assert split_subjects(replace(data, name="other"), 0.2).kept_back != first.kept_back
    assert json.loads(first.to_json())["kept_back"] == list(first.kept_back)
