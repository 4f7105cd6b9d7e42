"""Sequence numbers that wrap at one of several places: what a step back means, however the file is cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest

from devices.files.opensignals.sequence import SequenceCounter
from devices.files.recording import SampleRun

PLUX = (1 << 15, 1 << 16)


def gaps(numbers: list[int], block: int) -> list[tuple[int, int]]:
    """Counter and length of each loss."""
    asked: list[int] = []

    def highest() -> int:
        asked.append(1)
        return max(numbers)

    counter = SequenceCounter(PLUX, 1000.0, highest=highest)
    stop, found = 0, []
    for at in range(0, len(numbers), block):
        part = np.array(numbers[at : at + block], dtype=np.float64)
        for run in counter.push(part, part, "here"):
            assert isinstance(run, SampleRun)
            found += [(stop, run.start - stop)] if run.start > stop else []
            stop = run.start + len(run.samples)
    assert len(asked) <= 1  # reading a file twice is enough
    return found


BLOCKS = pytest.mark.parametrize("block", [1 << 20, 1000, 7777])


@BLOCKS
@pytest.mark.parametrize("bits", [15, 16])
def test_a_counter_that_wraps_loses_nothing(block: int, bits: int) -> None:
    assert gaps([n % (1 << bits) for n in range(30_000, 150_000)], block) == []


@BLOCKS
@pytest.mark.parametrize("bits", [15, 16])
def test_a_loss_across_the_first_wrap(block: int, bits: int) -> None:
    wrap = 1 << bits
    numbers = [n % wrap for n in range(wrap - 1000, wrap + 40_000) if not wrap - 50 <= n < wrap + 50]
    assert gaps(numbers, block) == [(950, 100)]


@BLOCKS
def test_what_the_file_counts_up_to_reports_15_bits_from_16(block: int) -> None:
    numbers = [*range(31_000, 32_000), *range(5000, 40_000)]
    assert gaps(numbers, block) == [(1000, 65_536 + 5000 - 32_000)]
    assert gaps(numbers[:20_000], block) == [(1000, 32_768 + 5000 - 32_000)]  # nothing speaks for 16 bits


@BLOCKS
def test_numbers_beyond_16_bits_do_not_wrap(block: int) -> None:
    assert gaps([*range(65_000, 70_000), *range(70_100, 71_000)], block) == [(5000, 100)]
