"""Rows of a board become samples in mV, gaps and markers."""

from __future__ import annotations

import numpy as np
import pytest

from devices.brainflow.decoder import BrainflowDecoder
from devices.brainflow.library import Board
from ecg_live.events import F64, Chunk, Gap, Marker, StreamEvent
from tests.support.bitalino_rig import follow

BOARD = Board("ANY_BOARD", 7, 250.0, (1, 2), 0, 3, 4, 5)  # package, two ECG, timestamp, marker
OFFSET = -1e9  # session clock minus wall clock
DELAY = 0.01


def rows(first: int, last: int, late: float = 0.0) -> F64:
    """Rows whose ECG is their index, in microvolt, and its double."""
    index = np.arange(first, last, dtype=np.float64)
    stamps = index / 250 + DELAY + late - OFFSET
    return np.stack([index % 256, index, 2 * index, stamps, np.zeros(len(index))], axis=1)


def decode(pieces: list[F64], decoder: BrainflowDecoder | None = None) -> list[Chunk | StreamEvent]:
    decoder = decoder or BrainflowDecoder(BOARD, 1e-3)
    items: list[Chunk | StreamEvent] = []
    for piece in pieces:
        items += decoder.push(piece, OFFSET, float(piece[-1, 3]) + OFFSET + 0.02)
    return items


def chunks(items: list[Chunk | StreamEvent]) -> list[Chunk]:
    return [item for item in items if isinstance(item, Chunk)]


def check(items: list[Chunk | StreamEvent]) -> None:
    """Each sample is its index."""
    for chunk in chunks(items):
        expected = np.arange(chunk.start, chunk.stop) * 1e-3
        np.testing.assert_allclose(chunk.samples, np.stack([expected, 2 * expected], axis=1))


def test_samples_in_millivolt() -> None:
    items = decode([rows(0, 500), rows(500, 510), rows(510, 1200)])
    check(items)
    assert follow(items) == 1200
    times = [chunk.time for chunk in chunks(items)]
    assert times[-1] - times[0] == pytest.approx(510 / 250, abs=0.005)


@pytest.mark.parametrize("lost", [1, 30, 254])
def test_a_jump_of_the_package_number_is_a_gap(lost: int) -> None:
    items = decode([rows(0, 600), rows(600 + lost, 1500)])
    assert [(gap.start, gap.lost) for gap in items if isinstance(gap, Gap)] == [(600, lost)]
    check(items)


@pytest.mark.parametrize("lost", [256, 300, 512])
def test_a_loss_of_a_whole_cycle_shows_in_the_timestamps(lost: int) -> None:
    items = decode([rows(0, 600), rows(600 + lost, 1500)])
    assert [(gap.start, gap.lost) for gap in items if isinstance(gap, Gap)] == [(600, lost)]
    check(items)


def test_rows_that_come_late_are_not_lost() -> None:
    items = decode([rows(0, 600), rows(600, 601, late=0.8), rows(601, 800), rows(800, 1500)])
    assert [gap for gap in items if isinstance(gap, Gap)] == []
    check(items)


def test_over_a_lost_connection_time_decides() -> None:
    decoder = BrainflowDecoder(BOARD, 1e-3)
    items = decode([rows(0, 600)], decoder)
    decoder.resume()
    items += decode([rows(1600, 2000)], decoder)
    (gap,) = [item for item in items if isinstance(item, Gap)]
    assert gap.start == 600
    assert gap.lost == pytest.approx(1000, abs=2)
    assert gap.cause == "the connection was lost"


def test_markers() -> None:
    piece = rows(0, 300)
    piece[100, 4], piece[200, 4] = 7.0, 2.5
    items = decode([piece])
    markers = [item for item in items if isinstance(item, Marker)]
    assert [marker.text for marker in markers] == ["7", "2.5"]
    assert markers[1].time - markers[0].time == pytest.approx(100 / 250, abs=0.002)


def test_timestamps_of_another_clock_are_not_used() -> None:
    piece = rows(0, 300)
    piece[:, 3] = np.nan
    decoder = BrainflowDecoder(BOARD, 1e-3)
    (chunk,) = chunks(decoder.push(piece, OFFSET, 5.0))
    assert chunk.time == pytest.approx(5.0, abs=1.3)


def test_a_few_rows_do_not_wait_for_ever() -> None:
    decoder = BrainflowDecoder(BOARD, 1e-3)
    assert decode([rows(0, 10)], decoder) == []
    assert decoder.holds
    assert follow(decoder.flush(2.0)) == 10
