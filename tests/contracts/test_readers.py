"""What every reader of files keeps to: its output does not depend on how it is cut, and a second pass agrees."""

from __future__ import annotations

import pytest

from ecg_live.contracts.decoding import ReaderFile, check_chunk_size, check_numbers, check_two_passes
from tests.fuzz.seeds import MAKERS
from tests.fuzz.targets import WFDB, opening_of


@pytest.fixture(scope="module", params=list(MAKERS))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ReaderFile:
    path = MAKERS[request.param](tmp_path_factory.mktemp("reader") / request.param)
    path = path.with_suffix(".hea") if request.param in WFDB else path
    return ReaderFile(path, opening_of(request.param))


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_is_read_does_not_depend_on_the_size_of_chunks(made: ReaderFile, size: int) -> None:
    check_chunk_size(made, size)


def test_a_second_pass_gives_the_same(made: ReaderFile) -> None:
    check_two_passes(made)


def test_counter_duration_and_markers_fit_each_other(made: ReaderFile) -> None:
    check_numbers(made)
