"""The files that our tests write, through the readers of torcheeg: both must find the same ratings for each trial.

It cannot be installed beside this project as it is. Version 1.1.3, installed with --no-deps together with what it
imports (pandas, mne, lmdb, einops, pytorch-lightning and so on), does run these tests, and they pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.files import amigos_files as our_amigos
from tests.support.files import dreamer_files as our_dreamer
from training.datasets import amigos, dreamer
from training.datasets.dataset import Dataset


@pytest.fixture(scope="module")
def theirs() -> Any:
    """Its data sets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reason = "torcheeg is not installed: it asks for scipy <= 1.10.1, older than this project's"
        return pytest.importorskip("torcheeg.datasets", reason=reason, exc_type=ImportError)


def ratings(found: Iterable[dict[str, Any]], names: Iterable[str]) -> list[dict[str, float]]:
    """Ratings of each trial, in order."""
    trials = {item["info"]["trial_id"]: item["info"] for item in found if "info" in item}
    return [{name: float(trial[name]) for name in names} for _, trial in sorted(trials.items())]


def ours(dataset: Dataset, number: int) -> list[dict[str, float]]:
    return [
        {k: v for k, v in span.labels.items() if isinstance(v, float)}
        for span in dataset.sessions[number].annotations
        if span.labels
    ]


def test_dreamer(theirs: Any, tmp_path: Path) -> None:
    path = our_dreamer.write(tmp_path)
    dataset = dreamer.load(tmp_path)
    for person in range(our_dreamer.SUBJECT_COUNT):
        found = theirs.DREAMERDataset.process_record(file=person, mat_path=str(path), num_baseline=2)
        assert ratings(found, dataset.labels) == ours(dataset, person)


def test_amigos(theirs: Any, tmp_path: Path) -> None:
    for person in (1, 2):
        our_amigos.write(tmp_path, person)
    dataset = amigos.load(tmp_path)
    for number, person in enumerate((1, 2)):
        name = f"Data_Preprocessed_P{person:02d}.mat"
        found = theirs.AMIGOSDataset.process_record(file=name, root_path=str(tmp_path), num_trial=-1)
        assert ratings(found, dataset.labels) == ours(dataset, number)
