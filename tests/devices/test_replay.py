"""Replay against a clock that only moves when somebody waits."""

import math
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from devices import open_recording
from devices.files.recording import FileRecording, SampleRun
from devices.read_options import ReadOptions
from devices.replay import Replay
from ecg_live.errors import ConfigError, FormatError
from ecg_live.events import Chunk, Gap, Marker, State, StreamEvent, StreamInfo
from ecg_live.resources import recordings_folder


class Time:
    """A clock, and a wait that moves it, never quite as far as asked."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits = 0

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits += 1
        self.now += seconds if seconds < 1e-6 else 0.9 * seconds
        return False


def ramp(start: int, count: int) -> SampleRun:
    return SampleRun(start, np.arange(start, start + count, dtype=np.float64), "lost")


def recording(*items: SampleRun | State | Marker, rate: float = 1000.0, error: bool = False) -> FileRecording:
    def runs() -> Iterator[SampleRun | State | Marker]:
        yield from items
        if error:
            raise FormatError("line 9")

    return FileRecording(StreamInfo(rate, ("ECG",)), runs)


def play(source: Replay) -> list[Chunk | StreamEvent]:
    with source:
        return list(source)


@pytest.mark.parametrize("speed", [0.5, 1.0, 7.0, 1000.0])
def test_chunks_come_when_they_are_due_and_no_drift_adds_up(speed: float) -> None:
    time_ = Time()
    seen: list[tuple[float, Chunk]] = []
    with Replay(recording(ramp(0, 10005)), ReadOptions(speed=speed), time_.clock, time_.wait) as source:
        seen = [(time_.now, item) for item in source if isinstance(item, Chunk)]
    assert [len(c.samples) for _, c in seen] == [20] * 500 + [5]
    for now, chunk in seen:
        due = 1000 + chunk.stop / 1000 / speed
        assert due <= now < due + 2e-6
        assert chunk.arrived == due
        assert chunk.time == pytest.approx(1000 + chunk.start / 1000 / speed, abs=1e-9)


def test_as_fast_as_it_goes_never_waits() -> None:
    time_ = Time()
    items = play(Replay(recording(ramp(0, 64_500)), ReadOptions(speed=math.inf), time_.clock, time_.wait))
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert time_.waits == 0
    assert [len(c.samples) for c in chunks] == [32_000] * 2 + [500]
    assert all(c.arrived is None for c in chunks)


def test_a_late_consumer_shows_and_is_caught_up_with() -> None:
    time_ = Time()
    source = iter(Replay(recording(ramp(0, 1000)), ReadOptions(), time_.clock, time_.wait))
    first = next(source)
    time_.now += 0.5
    waits = time_.waits
    late = [next(source) for _ in range(25)]
    assert isinstance(first, Chunk)
    assert first.arrived == 1000.02
    assert all(isinstance(c, Chunk) and c.arrived is not None and c.arrived <= time_.now for c in late)
    assert time_.waits == waits


def test_what_was_played_before_is_not_waited_for() -> None:
    time_ = Time()
    source = Replay(recording(ramp(0, 2000)), ReadOptions(speed=2.0), time_.clock, time_.wait)
    source.begin_at(1.5)
    seen = [(time_.now, item) for item in source if isinstance(item, Chunk)]
    assert [item.start for _, item in seen] == list(range(0, 2000, 20))
    assert {now for now, item in seen if item.stop <= 1500} == {1000.0}
    assert seen[-1][0] == pytest.approx(1000.25, abs=1e-5)
    assert seen[-1][1].time == pytest.approx(1000 + (1.98 - 1.5) / 2, abs=1e-9)


def test_a_gap_takes_its_time() -> None:
    time_ = Time()
    gaps: list[tuple[float, Gap]] = []
    items: list[Chunk | StreamEvent] = []
    for item in Replay(recording(ramp(0, 100), ramp(3100, 100)), ReadOptions(speed=2), time_.clock, time_.wait):
        items.append(item)
        if isinstance(item, Gap):
            gaps.append((time_.now, item))
    ((now, gap),) = gaps
    assert (gap.start, gap.lost, gap.cause, gap.bridged) == (100, 3000, "lost", False)
    assert gap.time == 1000.05
    assert now == pytest.approx(1000 + 3.1 / 2, abs=1e-5)
    after = items[items.index(gap) + 1]
    assert isinstance(after, Chunk)
    assert after.start == 3100
    assert time_.now == pytest.approx(1001.6, abs=1e-5)


def test_remarks_and_markers_are_put_on_the_session_clock() -> None:
    time_ = Time()
    played = recording(ramp(0, 40), Marker(0.03, "go"), State("warning", "cut"))
    items = play(Replay(played, ReadOptions(speed=2), time_.clock, time_.wait))
    assert [type(item) for item in items] == [Chunk, Chunk, Marker, State]
    assert [item.time for item in items[2:] if isinstance(item, Marker | State)] == [1000.015, 1000.02]


def test_an_error_comes_behind_what_was_good() -> None:
    source = iter(Replay(recording(ramp(0, 30), error=True), ReadOptions(speed=math.inf)))
    first = next(source)
    assert isinstance(first, Chunk)
    assert len(first.samples) == 30
    with pytest.raises(FormatError, match="line 9"):
        next(source)


def test_close_wakes_one_that_waits() -> None:
    source = Replay(recording(ramp(0, 100), rate=0.001), ReadOptions(chunk=1e6))
    got: list[Chunk | StreamEvent] = []
    reader = threading.Thread(target=lambda: got.extend(source))
    reader.start()
    source.close()
    reader.join(60)
    assert not reader.is_alive()
    assert got == []


def test_closed_is_closed() -> None:
    source = Replay(recording(ramp(0, 5000)), ReadOptions(speed=math.inf))
    items = iter(source)
    next(items)
    source.close()
    assert list(items) == []
    assert list(source) == []


@pytest.mark.parametrize(
    "opening",
    [
        ReadOptions(speed=0),
        ReadOptions(speed=1e-300),
        ReadOptions(speed=-1),
        ReadOptions(speed=math.nan),
        ReadOptions(chunk=0),
    ],
)
def test_settings_that_cannot_be(opening: ReadOptions) -> None:
    with pytest.raises(ConfigError, match=r"expected (?:more than 0|at least 0\.001)"):
        Replay(recording(ramp(0, 5)), opening)


def test_a_real_recording() -> None:
    time_ = Time()
    opened = open_recording(recordings_folder() / "supine_1min.txt", ReadOptions())
    items = play(Replay(opened, ReadOptions(speed=50), time_.clock, time_.wait))
    assert sum(len(item.samples) for item in items if isinstance(item, Chunk)) == 60000
    assert time_.now == pytest.approx(1000 + 60 / 50, abs=1e-4)
