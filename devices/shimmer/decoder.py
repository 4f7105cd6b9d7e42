"""From data packets to chunks and events: index by the device's clock, mV, electrodes, and what was lost in between."""

from __future__ import annotations

import numpy as np

from devices.clock import DeviceClock
from devices.repeated_warnings import WarningCounter
from devices.shimmer.electrodes import ElectrodeMonitor
from devices.shimmer.protocol import PacketLayout
from devices.shimmer.settings import ShimmerSettings
from devices.shimmer.timeline import ShimmerTimeline
from ecg_live.events import Chunk, Gap, State, StreamEvent

_FRESH_BIT = 0x80  # of a chip's status: the sample is of this conversion; else its bytes are an older one's
_CAUSE_DROPPED, _CAUSE_GARBLED = "the device dropped packets", "bytes were garbled on the way"
_CAUSE_DISCONNECTED, _CAUSE_RESTARTED = "the connection was lost", "the device was switched off and on"


class ShimmerDecoder:
    """All connections of one wearer's device. A sample is lost when either chip had no fresh conversion for it."""

    def __init__(self, settings: ShimmerSettings) -> None:
        self._clock = DeviceClock()
        self._scale = settings.millivolts
        self._timeline = ShimmerTimeline(settings.divider)
        self._electrodes = ElectrodeMonitor(settings.lead, settings.rate)
        self._stop = 0  # index behind the last sample that was given
        self._cause = ""
        self._items: list[Chunk | StreamEvent] = []
        self._rows: list[tuple[int, ...]] = []  # those that go up to `_stop`
        self._arrived = 0.0
        self._dropped = WarningCounter()

    def resume(self, tick_bits: int) -> None:
        """Note that the device was started."""
        taken = self._clock.host_time(self._timeline.seconds)
        self._timeline.resume(tick_bits, taken)
        self._cause = _CAUSE_DISCONNECTED

    def push(self, packets: list[bytes | None], layout: PacketLayout, arrived: float) -> list[Chunk | StreamEvent]:
        """Take packets that arrived together; None stands where bytes were skipped."""
        self._items, self._arrived = [], arrived
        for index, cause, packet in self._place(packets, layout):
            self._cause = cause if cause == _CAUSE_RESTARTED else self._cause or cause
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
        if news := self._clock.drift_report(arrived):
            self._items.append(news)
        return self._items

    def _place(self, packets: list[bytes | None], layout: PacketLayout) -> list[tuple[int | None, str, bytes | None]]:
        """Give each packet its index, None to one that was there before, and why samples before it are missing."""
        placed: list[tuple[int | None, str, bytes | None]] = []
        for packet in packets:
            if packet is None:
                placed.append((None, _CAUSE_GARBLED, None))
            elif self._timeline.next or not stale_chip(layout.status(packet)):  # the counter begins with a sample
                index = self._timeline.place(layout.ticks(packet), self._arrived)
                if self._timeline.clock_was_reset:
                    self._clock.reset()
                placed.append((index, _CAUSE_RESTARTED if self._timeline.clock_was_reset else "", packet))
        if any(index is not None for index, _, _ in placed):
            self._clock.push(self._timeline.seconds, self._arrived)
        return placed

    def _sample(self, index: int, status: tuple[int, int], samples: tuple[int, ...]) -> None:
        if chip := stale_chip(status):
            self._cause = self._cause or f"chip {chip} had no fresh conversion"
            return
        if index > self._stop:
            self._give()
            time = self._host(self._stop)
            self._items.append(Gap(self._stop, index - self._stop, self._cause or _CAUSE_DROPPED, time=time))
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
        return self._clock.host_time(self._timeline.at(index))


def stale_chip(status: tuple[int, int]) -> int:
    """Which chip's sample is of an older conversion, counted from 1; 0 for none."""
    return next((chip for chip, byte in enumerate(status, 1) if not byte & _FRESH_BIT), 0)
