"""Losses by sequence number and, where sixteen of those look like none, by arrival."""

from __future__ import annotations

import random

import pytest

from devices.sequence_timeline import CAUSE_DISCONNECTED, CAUSE_GARBLED, IndexedFrame, SequenceTimeline

RADIO_S = 0.015  # s between two packets of the radio
DELAY_S = 0.02


class Line:
    """Frames of a device at a rate, as they arrive; each carries its true index."""

    def __init__(self, rate: float = 1000.0, seed: int = 1) -> None:
        self.timeline = SequenceTimeline(rate, 16)
        self._last = -1
        self.rate = rate
        self.got: list[IndexedFrame] = []
        self._rng = random.Random(seed)  # noqa: S311
        self._arrived = 0.0

    def send(self, first: int, last: int, not_before: float = 0.0) -> None:
        """Frames from one true index up to another, no earlier than a time."""
        for index in range(first, last):
            radio = (int(index / self.rate / RADIO_S) + 1) * RADIO_S + self._rng.random() * 0.004
            self._arrived = max(self._arrived, DELAY_S + radio, not_before)
            self.timeline.push((index - self._last - 1) % 16 if self._last >= 0 else 0, (index,), self._arrived)
            self._last = index
            self.got += self.timeline.pop()

    def flush(self) -> None:
        self.timeline.flush()
        self.got += self.timeline.pop()

    def errors(self, tolerance: int = 0) -> list[tuple[int, float]]:
        """Frames whose index is not the true one."""
        return [
            (one.sample_index, one.values[0]) for one in self.got if abs(one.sample_index - one.values[0]) > tolerance
        ]


@pytest.mark.parametrize("rate", [10, 100, 1000])
def test_a_clean_stream_waits_for_nothing(rate: float) -> None:
    line = Line(rate)
    for index in range(3000):
        line.send(index, index + 1)
        assert len(line.got) == index + 1
    assert line.errors() == []


@pytest.mark.parametrize("lost", [1, 7, 15])
def test_fewer_than_sixteen_are_seen_by_their_sequence(lost: int) -> None:
    line = Line()
    line.send(0, 500)
    line.send(500 + lost, 3000)
    assert line.errors() == []
    assert len(line.got) == 3000 - lost


@pytest.mark.parametrize("lost", [16, 32, 17, 31, 160, 1000, 1007])
def test_any_number_lost_in_a_silence(lost: int) -> None:
    line = Line()
    line.send(0, 500)
    line.send(500, 690, not_before=0.5 + 0.2 + lost / 1000)  # waited in the device's buffer
    line.send(690 + lost, 4000)
    assert line.errors(tolerance=0 if lost % 16 else lost) == []
    after = [one for one in line.got if one.values[0] > 700 + lost]
    assert all(one.sample_index == one.values[0] for one in after)
    assert len(line.got) == 4000 - lost


@pytest.mark.parametrize("silence", [0.12, 0.5, 1.5])
def test_a_silence_without_loss_is_none(silence: float) -> None:
    line = Line()
    line.send(0, 500)
    line.send(500, 3000, not_before=0.5 + silence)
    assert line.errors() == []
    assert not line.timeline.holds
    assert len(line.got) == 2500 + 500


def test_frames_that_catch_up_slowly_are_not_lost() -> None:
    line = Line()
    line.send(0, 500)
    for index in range(500, 1500):  # 1.4 times as fast as they are taken, behind 0.4 s of silence
        line.send(index, index + 1, not_before=0.9 + (index - 500) / 1400)
    line.send(1500, 3000)
    assert line.errors() == []


def test_losses_after_garbage_are_counted_beyond_sixteen() -> None:
    line = Line()
    line.send(0, 500)
    line.timeline.garbled()
    line.send(553, 2000)
    assert line.errors() == []
    assert next(one.cause for one in line.got if one.sample_index == 553) == CAUSE_GARBLED


def test_held_frames_do_not_wait_for_ever() -> None:
    line = Line()
    line.send(0, 500)
    line.send(500, 510, not_before=1.0)
    assert line.timeline.holds
    line.flush()
    assert len(line.got) == 510
    line.send(510, 2000, not_before=1.6)
    assert line.errors() == []


@pytest.mark.parametrize("away", [0.3, 5.0, 3600.0])
def test_over_a_lost_connection_time_decides(away: float) -> None:
    line = Line()
    line.send(0, 500)
    line.timeline.resume()
    line._last = -1
    back = 500 + round(away * 1000)
    line.send(back, back + 500)
    assert line.errors(tolerance=25) == []  # ms of the radio's delay
    assert line.got[500].cause == CAUSE_DISCONNECTED
    assert line.got[500].sample_index == pytest.approx(back, abs=25)


def test_times_follow_the_samples() -> None:
    line = Line()
    line.send(0, 20_000)
    times = [line.timeline.host_time(index) for index in (15_000, 16_000, 19_000)]
    assert times[1] - times[0] == pytest.approx(1.0, abs=0.002)
    assert times[2] == pytest.approx(19.0 + DELAY_S, abs=0.01)
