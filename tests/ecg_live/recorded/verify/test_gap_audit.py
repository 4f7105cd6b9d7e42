"""The books of lost samples: what verify makes of the gaps that a session told, and of those that it did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.cli.commands.verify import verify_files
from ecg_live.events import Chunk, Gap
from ecg_live.recorded.verify import verify
from ecg_live.recorded.verify.gap_audit import GapAudit
from tests.support.xdf_recordings import BEGAN, INFO, counted, prediction, record

Samples = tuple[int, Sequence[float]]  # where they lie
Told = tuple[int, int]  # first, lost
UNTOLD = "2 samples are missing or invalid, and the session did not report them as lost"
GOOD: dict[str, list[Samples | Told]] = {
    "nothing": [],
    "nothing lost": [(0, [1, 1]), (2, [1])],
    "told": [(0, [1, 1]), (5, [1]), (2, 3), (6, [1])],
    "no numbers beside a hole": [(0, [1, nan]), (5, [inf, 1]), (1, 5), (7, [1])],
    "no numbers in two chunks": [(0, [1, nan]), (2, [-2e9, 1]), (1, 2), (4, [1])],
    "told in two parts": [(0, [1]), (5, [1]), (1, 2), (3, 2), (6, [1])],
    "begins in a gap that is told later": [(100, [1, 1]), (80, 20), (102, [1])],
    "begins without numbers": [(100, [nan, 1]), (80, 21), (102, [1])],
    "ends before the last gap is told": [(0, [1]), (5, [1])],
    "ends without numbers": [(0, [1]), (1, [1, nan]), (3, [nan])],
    "the device gave up": [(0, [1]), (1, 1000)],
}
BAD: dict[str, tuple[list[Samples | Told], str]] = {
    "untold": ([(0, [1]), (3, [1]), (4, [1])], UNTOLD),
    "no numbers untold": ([(0, [1]), (1, [nan, nan, 1]), (4, [1])], UNTOLD),
    "told too late": ([(0, [1]), (3, [1]), (4, [1]), (5, [1])], UNTOLD),
    "too little": ([(0, [1]), (6, [1]), (1, 3), (7, [1])], UNTOLD),
    "elsewhere": ([(0, [1]), (3, [1, 1, 1, 1]), (5, 2), (7, [1])], UNTOLD),
    "too much": (
        [(0, [1]), (3, [1, 1]), (1, 3), (5, [1])],
        "the session reported 1 samples as lost that the file holds",
    ),
}


def books(entries: Sequence[Samples | Told]) -> GapAudit:
    kept, stop = GapAudit(), -1
    for at, what in entries:
        if isinstance(what, int):
            kept.add_reported(np.array([[at, what]], dtype=np.float64))
            continue
        if at != stop:
            kept.move_to(at)
        kept.add_samples(np.array(what))
        stop = at + len(what)
    return kept


@pytest.mark.parametrize("name", GOOD)
def test_books_that_are_right(name: str) -> None:
    assert books(GOOD[name]).problem() is None


@pytest.mark.parametrize("name", BAD)
def test_books_that_are_wrong(name: str) -> None:
    entries, problem = BAD[name]
    assert books(entries).problem() == problem


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 2**64), st.integers(0, 2**60)),
            st.tuples(st.integers(0, 2**64), st.lists(st.floats(), max_size=9)),
        )
    )
)
def test_nonsense_is_no_crash(entries: list[Samples | Told]) -> None:
    books(entries).problem()


def test_verify_says_what_does_not_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.xdf"
    record(path, [*counted(0, 1000), *counted(1100, 2000), prediction(), *counted(2000, 3000), Gap(1000, 99, "lost")])
    assert verify(path).problems == ["1 samples are missing or invalid, and the session did not report them as lost"]
    assert verify_files([path], as_json=False) == 4
    assert "NOT SOUND" in capsys.readouterr().out


def test_which_of_two_channels_with_one_name_was_judged_is_unknown(tmp_path: Path) -> None:
    path, info = tmp_path / "a.xdf", replace(INFO, channels=("ECG", "ECG"), ecg=1)
    samples = np.full((10, 2), nan)
    record(path, [Chunk(samples, 0, BEGAN), prediction(), Chunk(samples, 20, BEGAN)], info)
    assert verify(path).sound
