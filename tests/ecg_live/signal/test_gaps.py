"""Gaps are found, named and bridged, before anything is filtered."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.events import F64, Chunk, Gap, State
from ecg_live.signal.gaps import GapFinder
from tests.support.chunk_cutting import BEGAN, sizes
from tests.support.synthetic_signals import Tape

RATE = 500.0
HOLES = st.lists(st.tuples(st.integers(1, 300), st.integers(1, 40)), max_size=8)  # samples between, samples missing


def broken(holes: list[tuple[int, int]], *, counted: bool) -> Tape:
    """Samples that are their own index, with holes: lost on the way, or there but no numbers."""
    x = np.arange(3000.0)[:, None]
    at, lost = 1, []
    for between, missing in holes:
        at += between
        lost.append((at, missing))
        if not counted:
            x[at : at + missing] = np.nan
        at += missing + 1
    return Tape(x, RATE, tuple(lost) if counted else ())


@settings(max_examples=40, deadline=None)
@given(holes=HOLES, counted=st.booleans(), into=sizes(900, 8))
def test_samples_that_are_their_own_index_show_every_loss(
    holes: list[tuple[int, int]], counted: bool, into: list[int]
) -> None:
    finder = GapFinder(RATE)
    out = [part for item in broken(holes, counted=counted).items(into) for part in finder.push(item)]  # type: ignore[arg-type]  # chunks only
    out += finder.flush()
    gaps = [part for part in out if isinstance(part, Gap)]
    assert [(gap.lost, gap.bridged) for gap in gaps] == [(missing, missing <= 20) for _, missing in holes]
    assert finder.delivered + sum(gap.lost for gap in gaps) == 3000
    where = 0
    for part in out:
        if isinstance(part, Gap):
            assert part.start == where
            where = where if part.bridged else part.stop
        elif isinstance(part, Chunk):
            assert part.start == where
            assert abs(part.time - BEGAN - part.start / RATE) < 1e-9
            index = np.arange(part.start, part.stop)
            assert np.allclose(part.samples[:, 0], index, rtol=0, atol=1e-9)  # in bridges as well
            where = part.stop
    assert where == 3000


def numbers(x: F64) -> list[Chunk | Gap | State]:
    return list(GapFinder(RATE).push(Chunk(x[:, None], 0, BEGAN)))


def test_no_numbers_at_the_very_start_are_a_gap_of_their_own() -> None:
    gap, run = numbers(np.array([np.nan, np.inf, 1.0, 2.0]))
    assert gap == Gap(0, 2, "samples are invalid (NaN)")
    assert isinstance(run, Chunk)
    assert run.start == 2


def test_infinities_and_absurd_values_are_no_numbers() -> None:
    kinds = [type(part) for part in numbers(np.array([1.0, np.inf, 2.0, -1e200, 3.0, np.nan, 4.0]))]
    assert kinds == [Chunk, Gap, Chunk, Chunk] + [Gap, Chunk, Chunk] * 2
