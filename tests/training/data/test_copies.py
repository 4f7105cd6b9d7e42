"""One subject's recording under two names is refused, whatever the files are called and whatever their format."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from tests.support.small_datasets import corpus, csv, dataset
from training.data.copies import refuse_copied_files, refuse_copied_windows
from training.datasets.dataset import RecordingPart, SubjectSession


def test_a_copied_file_is_named_with_both_subjects(tmp_path: Path) -> None:
    own, other = csv(tmp_path / "a.csv", 12), csv(tmp_path / "b.csv", 13)
    copy = Path(shutil.copy(own, tmp_path / "c.csv"))
    parts = {"anna": own, "bert": other, "carl": copy}
    sessions = [SubjectSession(name, (RecordingPart(path),)) for name, path in parts.items()]
    with pytest.raises(DatasetError, match=r"c\.csv of subject carl is the same recording as a\.csv of subject anna"):
        refuse_copied_files(dataset(*sessions))
    refuse_copied_files(dataset(*sessions[:2], replace(sessions[2], subject="anna")))


def test_two_subjects_may_share_a_file_with_a_channel_each(tmp_path: Path) -> None:
    path = csv(tmp_path / "both.csv", 12)
    parts = {name: RecordingPart(path, ReadOptions(channel=name)) for name in ("anna", "bert")}
    refuse_copied_files(dataset(*(SubjectSession(name, (part,)) for name, part in parts.items())))


def test_the_same_signal_in_another_format_is_named_with_both_subjects() -> None:
    made = corpus([[10.0, 20.0], [10.0, 20.0]])
    noise = np.random.default_rng(0).normal(size=(4, 2560)).astype(np.float32)
    refuse_copied_windows(replace(made, windows=noise))
    first, second = made.dataset.subjects
    with pytest.raises(DatasetError, match=f"subjects {first} and {second} have the same signal"):
        refuse_copied_windows(replace(made, windows=noise[[0, 1, 2, 1]]))
    refuse_copied_windows(replace(made, windows=noise[[0, 0, 2, 3]]))
