"""From data packets to chunks and events: index by the device's clock, mV, electrodes, and what was lost in between."""

from __future__ import annotations

import numpy as np

from devices.clock import DeviceClock
from devices.repeated_warnings import Tally
from devices.shimmer.electrodes import Electrodes
from devices.shimmer.protocol import Layout
from devices.shimmer.settings import Settings
from devices.shimmer.timeline import Timeline
from ecg_live.events import Chunk, Gap, State, StreamEvent

_FRESH = 0x80  # of a chip's status: the sample is of this conversion; else its bytes are an older one's
_DROPPED, _GARBLED = "the device dropped packets", "bytes were garbled on the way"
_AWAY, _ANEW = "the connection was lost", "the device was switched off and on"


class Stream:
    """All connections of one wearer's device. A sample is lost when either chip had no fresh conversion for it."""

    def __init__(self, settings: Settings) -> None:
        self._clock = DeviceClock()
        self._scale = settings.millivolts
        self._timeline = Timeline(settings.divider)
        self._electrodes = Electrodes(settings.lead, settings.rate)
        self._stop = 0  # index behind the last sample that was given
        self._cause = ""
        self._items: list[Chunk | StreamEvent] = []
        self._rows: list[tuple[int, ...]] = []  # those that go up to `_stop`
        self._arrived = 0.0
        self._dropped = Tally()

    def resume(self, tick_bits: int) -> None:
        """Note that the device was started."""
        taken = self._clock.host(self._timeline.seconds)
        self._timeline.resume(tick_bits, taken)
        self._cause = _AWAY

    def push(self, packets: list[bytes | None], layout: Layout, arrived: float) -> list[Chunk | StreamEvent]:
        """Take packets that arrived together; None stands where bytes were skipped."""
        self._items, self._arrived = [], arrived
        for index, cause, packet in self._place(packets, layout):
            self._cause = cause if cause == _ANEW else self._cause or cause
            if packet is None:
                continue
            if index is None:
                self._give()
                if (times := self._dropped.add()) is not None:
                    said = f"the device sent a packet twice or out of place; it is dropped{times}"
                    self._items.append(State("warning", said, arrived))
            else:
                self._sample(index, layout.status(packet), layout.samples(packet))
        self._give()
        if news := self._clock.news(arrived):
            self._items.append(news)
        return self._items

    def _place(self, packets: list[bytes | None], layout: Layout) -> list[tuple[int | None, str, bytes | None]]:
        """Give each packet its index, None to one that was there before, and why samples before it are missing."""
        placed: list[tuple[int | None, str, bytes | None]] = []
        for packet in packets:
            if packet is None:
                placed.append((None, _GARBLED, None))
            elif self._timeline.next or not stale(layout.status(packet)):  # the counter begins with a sample
                index = self._timeline.place(layout.ticks(packet), self._arrived)
                if self._timeline.set_anew:
                    self._clock.reset()
                placed.append((index, _ANEW if self._timeline.set_anew else "", packet))
        if any(index is not None for index, _, _ in placed):
            self._clock.push(self._timeline.seconds, self._arrived)
        return placed

    def _sample(self, index: int, status: tuple[int, int], samples: tuple[int, ...]) -> None:
        if chip := stale(status):
            self._cause = self._cause or f"chip {chip} had no fresh conversion"
            return
        if index > self._stop:
            self._give()
            time = self._host(self._stop)
            self._items.append(Gap(self._stop, index - self._stop, self._cause or _DROPPED, time=time))
        self._cause = ""
        if lead := self._electrodes.push(index, status):
            self._give()
            self._items.append(lead)
        self._rows.append(samples)
        self._stop = index + 1

    def _give(self) -> None:
        if self._rows:
            start = self._stop - len(self._rows)
            samples = np.array(self._rows, dtype=np.float64) * self._scale
            self._items.append(Chunk(samples, start, self._host(start), self._arrived))
            self._rows = []

    def _host(self, index: int) -> float:
        return self._clock.host(self._timeline.at(index))


def stale(status: tuple[int, int]) -> int:
    """Which chip's sample is of an older conversion, counted from 1; 0 for none."""
    return next((chip for chip, byte in enumerate(status, 1) if not byte & _FRESH), 0)
