"""What a tile shows of a wearer, and how tiles share a window."""

from __future__ import annotations

import pytest

from ecg_live.events import State
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.tiles import TileStatus, grid_shape, head_line, summary_text, tile_status
from ecg_live.results import Poll
from tests.support.simulated_view import CHEST, FOUR, LOAD, STRAP, SimulatedView, abstained, answer


def shown(view: SimulatedView, after: float = 0.0) -> TileStatus:
    values = LiveValues(view.info)
    snapshot, _ = view.poll(Poll())
    values.update(snapshot, view.clock())
    view.wait(after)
    snapshot, _ = view.poll(Poll())
    return tile_status(values.count_beats_as_samples(snapshot, view.clock()), values, view.heads, view.clock())


def live() -> SimulatedView:
    view = SimulatedView((LOAD, FOUR))
    view.feed_ecg(12)
    view.predict(answer(LOAD, 1, 0.83), abstained("outside the training range"))
    return view


def test_a_wearer_who_is_well() -> None:
    status = shown(live())
    assert (status.stream.word, status.fault) == ("LIVE", False)
    assert (status.heart_rate, status.heart_rate_dim) == ("72", False)
    assert [head_line(head) for head in status.heads] == ["Load 83 %", "No estimate"]
    assert (status.quality, status.quality_tone, status.lost) == ("Good", "live", "lost 0")
    assert (status.recording.word, status.veiled) == ("", False)


def test_an_old_number_never_looks_live() -> None:
    stale, gone = shown(live(), 5), shown(live(), 20)
    assert stale.heart_rate == "72"
    assert stale.heart_rate_dim
    assert stale.veiled
    assert stale.fault
    assert gone.heart_rate == "--"
    assert [head_line(head) for head in gone.heads] == ["--", "--"]
    assert gone.quality == "--"
    assert gone.lost.startswith("lost ≈ 20")


def test_recording_and_its_failure() -> None:
    view = live()
    view.record(True)
    assert shown(view).recording.tone == "rec"
    view.record(False)
    view.send(State("recording_failed", "the disk is full"))
    failed = shown(view).recording
    assert (failed.tone, failed.word, failed.text) == ("fault", "REC FAILED", "The disk is full")


def test_a_strap_without_ecg() -> None:
    view = SimulatedView((LOAD,), STRAP)
    for _ in range(3):
        view.beat(64)
    status = shown(view)
    assert (status.heart_rate, status.heart_rate_dim, status.lost) == ("64", False, "")
    assert head_line(status.heads[0]) == "No estimate"


@pytest.mark.parametrize(
    ("count", "size", "shape"),
    [
        (1, (1260, 720), (1, 1)),
        (2, (1260, 720), (2, 1)),
        (2, (2500, 600), (1, 2)),
        (3, (1260, 720), (2, 2)),
        (5, (1260, 720), (3, 2)),
        (9, (1340, 680), (3, 3)),
        (12, (1260, 720), (4, 3)),
        (16, (1260, 720), (4, 4)),
        (16, (600, 2000), (8, 2)),
    ],
)
def test_rows_and_columns_follow_the_number_and_the_room(
    count: int, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    assert grid_shape(count, *size) == shape


def test_there_is_a_place_for_each() -> None:
    for count in range(1, 17):
        for size in ((1260, 720), (900, 500), (1900, 1000), (0, 0)):
            rows, columns = grid_shape(count, *size)
            assert rows * columns >= count
            assert (rows - 1) * columns < count  # no empty row


def test_all_in_one_line() -> None:
    views = [live() for _ in range(4)]
    views[1].state = State("lost", "out of reach")
    views[2].record(True)
    views[3].state = State("lost", "out of reach")
    statuses = [shown(view) for view in views]
    assert summary_text(statuses) == "2 of 4 live   ·   2 disconnected   ·   1 recording"
    assert summary_text(statuses[:1]) == "1 of 1 live   ·   not recording"


def test_a_rate_of_another_wearer_changes_nothing() -> None:
    slow = SimulatedView((LOAD,), CHEST)
    slow.feed_ecg(12)
    assert shown(slow).heart_rate == "--"
    assert shown(live()).heart_rate == "72"
