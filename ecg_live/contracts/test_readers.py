"""The contract of readers, for ``--reader-file``."""

from __future__ import annotations

import pytest

from ecg_live.contracts.decoding import ReaderFile, check_chunk_size, check_numbers, check_two_passes


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_is_read_does_not_depend_on_the_size_of_chunks(reader_file: ReaderFile, size: int) -> None:
    """Chunk-size invariance."""
    check_chunk_size(reader_file, size)


def test_a_second_pass_gives_the_same(reader_file: ReaderFile) -> None:
    """Replays and exports read a recording more than once."""
    check_two_passes(reader_file)


def test_counter_duration_and_markers_fit_each_other(reader_file: ReaderFile) -> None:
    """Units, gaps and times."""
    check_numbers(reader_file)
