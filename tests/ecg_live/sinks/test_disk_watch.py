"""What is told of a disk before it is too late."""

from __future__ import annotations

from ecg_live.results import RecordingStatus
from ecg_live.sinks.disk_watch import DiskWatch


def status(free: float | None = None, late: float = 0.0, seconds: float = 100.0) -> RecordingStatus:
    """A recording that takes 1 MB a minute, with room for so many minutes."""
    size = round(seconds / 60 * 1e6)
    return RecordingStatus("a.xdf", seconds, size, None if free is None else round(free * 1e6), late)


def test_room_is_reported_at_each_step_once() -> None:
    watch = DiskWatch()
    told = [list(watch.check(status(left))) for left in (60.0, 15.1, 14.9, 9.0, 5.0, 4.0, 0.9, 0.1)]
    assert [bool(words) for words in told] == [False, False, True, False, True, False, True, False]
    assert told[2] == ["the disk will be full in about 15 min: 15 MB are free; make room"]


def test_room_that_was_made_and_goes_again_is_reported_again() -> None:
    watch = DiskWatch()
    assert [len(list(watch.check(status(left)))) for left in (4.0, 99.0, 4.0)] == [1, 0, 1]


def test_the_first_seconds_and_a_disk_that_is_unknown_say_nothing() -> None:
    watch = DiskWatch()
    assert not list(watch.check(status(0.1, seconds=9.0)))
    assert not list(watch.check(status(None)))


def test_a_slow_disk_is_reported_until_it_has_caught_up() -> None:
    watch = DiskWatch()
    told = [list(watch.check(status(late=late))) for late in (1.9, 2.1, 9.0, 1.5, 0.5, 3.0)]
    assert [len(words) for words in told] == [0, 1, 0, 0, 0, 1]
    assert told[1] == ["the disk is slow: what came 2.1 s ago is not on it yet"]


def test_what_happened_to_the_file_is_reported_once() -> None:
    watch = DiskWatch()
    told = [list(watch.check(RecordingStatus("a.xdf", note=note))) for note in ("", "gone", "gone")]
    assert told == [[], ["gone"], []]


def test_it_looks_once_a_second() -> None:
    watch = DiskWatch()
    assert [watch.due(now) for now in (0.0, 0.9, 1.0, 1.9)] == [True, False, True, False]
