"""A radio device as a source: threads, closing, errors, overflow."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from devices.device_source import DeviceSource, SampleQueue
from devices.supervisor import DeviceTimeouts
from ecg_live.errors import DeviceLost, DeviceNotFound
from ecg_live.events import Chunk, Gap, State, StreamEvent
from tests.support.chunk_cutting import cut
from tests.support.counting_driver import CountingDriver, Ether
from tests.support.hand_timed_loop import HandTime
from tests.support.synthetic_signals import ecg


class Rig:
    def __init__(self, timeouts: DeviceTimeouts | None = None) -> None:
        self.time = HandTime()
        self.ether = Ether(self.time)
        self.driver = CountingDriver(self.ether)
        self.source = DeviceSource(self.driver, self.ether, self.time, timeouts, make_loop=self.time.make_loop)
        self.items: list[Chunk | StreamEvent] = []
        self.error: Exception | None = None
        self.reader = threading.Thread(target=self._read)

    def _read(self) -> None:
        try:
            self.items.extend(self.source)
        except Exception as error:  # noqa: BLE001 - for the test to look at
            self.error = error

    def finish(self) -> None:
        self.source.close()
        self.reader.join(timeout=60)
        assert not self.reader.is_alive()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    with rig.source:
        rig.reader.start()
        yield rig
        rig.finish()


def test_what_the_driver_gives_arrives_in_order(rig: Rig) -> None:
    rig.time.advance(5)
    rig.ether.lose()
    rig.time.advance(7)
    rig.ether.present = True
    rig.time.advance(2)
    rig.source._queue.end()
    rig.reader.join(timeout=60)
    counted = [item for item in rig.items if isinstance(item, Chunk | Gap)]
    assert [item.start for item in counted[1:]] == [item.stop for item in counted[:-1]]
    assert counted[-1].stop == pytest.approx(1400, abs=20)
    assert [item.state for item in rig.items if isinstance(item, State)][:4] == [
        "searching",
        "connecting",
        "streaming",
        "lost",
    ]


def test_closing_wakes_a_silent_iterator_and_may_be_done_twice(rig: Rig) -> None:
    rig.time.advance(2)
    rig.ether.stalled = True
    rig.finish()
    rig.source.close()
    assert rig.error is None
    assert list(rig.source) == []


def test_leaving_disconnects_and_leaves_no_thread() -> None:
    before = threading.active_count()
    rig = Rig()
    with rig.source:
        rig.time.advance(1)
    assert (rig.driver.stops, rig.ether.closes) == (1, 1)
    assert threading.active_count() == before


def test_an_error_comes_after_what_came_before_it() -> None:
    rig = Rig(DeviceTimeouts(reconnect=20))
    with rig.source:
        rig.time.advance(1)
        rig.ether.lose()
        rig.time.advance(40)
        rig.reader.start()
        rig.reader.join(timeout=60)
        assert isinstance(rig.error, DeviceLost)
        assert any(isinstance(item, Chunk) for item in rig.items)
        with pytest.raises(DeviceLost):  # whoever asks again is told again
            next(iter(rig.source))


def test_nothing_in_reach() -> None:
    rig = Rig()
    rig.ether.present = False
    with rig.source:
        rig.time.advance(40)
        with pytest.raises(DeviceNotFound):
            list(rig.source)


def test_closed_before_it_was_entered() -> None:
    rig = Rig()
    rig.source.close()
    with rig.source:
        assert list(rig.source) == []
    assert rig.ether.connects == 0


def test_what_does_not_fit_is_one_counted_gap() -> None:
    queue = SampleQueue(200)
    chunks = list(cut(ecg(5, 100), 100, [50] * 9))
    for chunk in chunks[:4]:
        queue.put(chunk)
    queue.put(chunks[4])
    queue.put(Gap(250, 50, "connection lost"))
    queue.put(State("lost"))
    queue.get()
    queue.put(chunks[6])  # half must be free
    queue.get()
    queue.get()
    queue.put(chunks[7])
    queue.end()
    rest = list(iter(queue.get, None))
    assert [(type(item).__name__, getattr(item, "start", None)) for item in rest] == [
        ("Chunk", 150),
        ("State", None),
        ("Gap", 200),
        ("Chunk", 350),
    ]
    assert rest[2] == Gap(200, 150, "the computer was too slow: its queue was full", time=chunks[4].time)


def test_losses_at_the_end_are_reported_too() -> None:
    queue = SampleQueue(100)
    for chunk in cut(ecg(3, 100), 100, [100, 100]):
        queue.put(chunk)
    queue.end()
    assert [item.stop for item in iter(queue.get, None) if isinstance(item, Chunk | Gap)] == [100, 300]
