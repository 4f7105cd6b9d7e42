"""A choice of windows is what indexing the corpora one after the other would give."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from torch.utils.data import DataLoader

from ecg_live.constants import WINDOW_SAMPLES
from tests.support.small_datasets import dataset
from training.data.corpus import Corpus
from training.data.subset import WindowSubset, train_validation_split
from training.data.window_store import WINDOW_DTYPE
from training.datasets.dataset import SubjectSession


def corpus(key: str, first: int, sittings: int, each: int, hop: float = 2.0) -> Corpus:
    """Windows that hold nothing but their own number."""
    data = dataset(*[SubjectSession(f"{key}{i}", ()) for i in range(sittings)])
    n = sittings * each
    windows = np.repeat(np.arange(first, first + n, dtype=np.float32)[:, None], WINDOW_SAMPLES, axis=1)
    rows = np.zeros(n, WINDOW_DTYPE)
    rows["session"], rows["start"] = np.repeat(np.arange(sittings), each), np.tile(np.arange(each) * hop, sittings)
    return Corpus(data, key, windows, rows, 0, {}, 0.0, ())


def numbers(choice: WindowSubset, at: npt.NDArray[np.int64] | None = None) -> list[int]:
    found = choice[np.arange(len(choice)) if at is None else at]
    assert (found == found[:, :1]).all()
    return [int(value) for value in found[:, 0]]


def test_indices_run_over_all_corpora() -> None:
    one, two = corpus("a", 0, 2, 3), corpus("b", 100, 1, 4)
    choice = WindowSubset([(one, np.array([5, 0, 3])), (two, np.array([], np.int64)), (two, np.array([1, 2]))])
    assert numbers(choice) == [5, 0, 3, 101, 102]
    assert numbers(choice, np.array([4, 0, 4, 2])) == [102, 5, 102, 3]
    assert len(WindowSubset([])) == 0


def test_an_index_gives_one_window_and_none_beyond_the_end() -> None:
    choice = WindowSubset([(corpus("a", 0, 2, 3), np.array([5, 0, 3])), (corpus("b", 100, 1, 4), np.array([1, 2]))])
    assert [window.shape for window in choice] == [(WINDOW_SAMPLES,)] * 5  # type: ignore[attr-defined]  # by index, to IndexError
    assert [choice[at][0] for at in (0, 3, np.int64(4), -1)] == [5, 101, 102, 102]
    for beyond in (5, -6):
        with pytest.raises(IndexError, match="of 5"):
            choice[beyond]


def test_a_data_loader_of_pytorch_takes_it() -> None:
    loader = DataLoader(WindowSubset([(corpus("a", 0, 2, 3), np.array([5, 0, 3]))]), batch_size=2)
    assert [batch[:, 0].tolist() for batch in loader] == [[5, 0], [3]]


def test_the_key_changes_with_windows() -> None:
    one = corpus("a", 0, 2, 3)
    keys = {WindowSubset([(one, np.array(at))]).key for at in ([0, 1], [1, 0], [0])}
    assert len(keys) == 3
    assert WindowSubset([(corpus("b", 0, 2, 3), np.array([0, 1]))]).key not in keys


def test_every_twentieth_recording_is_kept_back_whole_and_without_overlap() -> None:
    learnt, kept = train_validation_split([(corpus("a", 0, 40, 7), ()), (corpus("b", 1000, 19, 2), ())])
    assert numbers(kept) == [19 * 7, 19 * 7 + 5, 39 * 7, 39 * 7 + 5]
    assert sorted(numbers(learnt)) == [
        *(i for i in range(280) if i // 7 not in (19, 39)),
        *range(1000, 1038),
    ]


@pytest.mark.parametrize("person", ["a3", "a19"])
def test_a_subject_left_out_is_nowhere(person: str) -> None:
    learnt, kept = train_validation_split([(corpus("a", 0, 40, 7), {person}), (corpus("b", 1000, 19, 2), ())])
    number = int(person[1:])
    assert not {n // 7 for n in numbers(learnt) + numbers(kept) if n < 280} & {number}
    assert {n // 7 for n in numbers(learnt) + numbers(kept) if n < 280} == set(range(40)) - {number}


def test_of_few_recordings_the_last_twentieth_of_each_is_kept_back_without_overlap() -> None:
    made = corpus("a", 0, 3, 42)
    made.rows["part"][42 + 21 : 84] = 1  # two recordings of the second person
    learnt, kept = train_validation_split([(made, {"a2"})])
    assert numbers(kept) == [40, 62, 83]  # of 40 and 41, which overlap, the first
    assert numbers(learnt) == [*range(36), *range(42, 58), *range(63, 79)]


def test_another_process_gets_a_files_name_not_its_windows(tmp_path: Path) -> None:
    made = corpus("a", 0, 2, 3)
    made.windows.tofile(tmp_path / "windows.f32")
    mapped = np.memmap(tmp_path / "windows.f32", np.float32, "r", shape=made.windows.shape)
    for windows, most in ((mapped, 2000), (made.windows, 100_000)):
        choice = WindowSubset([(replace(made, windows=windows), np.array([5, 0, 3]))])
        sent = pickle.dumps(choice)
        assert len(sent) < most
        again = pickle.loads(sent)  # noqa: S301 - our own
        assert numbers(again) == [5, 0, 3]
        assert again.key == choice.key
