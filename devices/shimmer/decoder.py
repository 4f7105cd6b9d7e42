"""Decode a Shimmer's data packets: sample indices by the device's clock, mV, lead-off, and losses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from devices.clock import DeviceClock
from devices.repeated_warnings import WarningCounter
from devices.shimmer.protocol import PacketLayout
from devices.shimmer.settings import ShimmerSettings
from devices.shimmer.timeline import ShimmerTimeline
from ecg_live.events import Chunk, Gap, LeadOff, State, StreamEvent

_FRESH_BIT = 0x80  # of a chip's status: the sample is a new conversion; else its bytes are an older one's
_CAUSE_DROPPED, _CAUSE_GARBLED = "the device dropped packets", "bytes were garbled on the way"
_CAUSE_DISCONNECTED, _CAUSE_RESTARTED = "the connection was lost", "the device was switched off and on"

_OFF_HOLD_S = 0.25  # an electrode must be on that long to count as back: a comparator flickers while it settles
# Chip, bit and electrode; a status byte is 1 0 0 RLD IN2N IN2P IN1N IN1P (docs/pages/protocols.md).
_LEAD_OFF_BITS = ((0, 0x01, "LL"), (0, 0x02, "RA"), (0, 0x04, "LA"), (0, 0x08, "RA"), (0, 0x10, "RL"), (1, 0x04, "Vx"))
# Other electrodes may be left off by choice; RL drives the body in each.
_ELECTRODES_BY_LEAD = {"LL-RA": ("LL", "RA", "RL"), "LA-RA": ("LA", "RA", "RL"), "Vx-RL": ("Vx", "RL")}


class _IndexedPacket(NamedTuple):
    """A packet, None for skipped bytes; its sample index, None if repeated; and the cause of samples lost before it."""

    sample_index: int | None
    cause: str
    packet: bytes | None


class ShimmerDecoder:
    """Decodes the packets of one device over all its connections.

    A sample is lost if either chip had no new conversion for it.
    """

    def __init__(self, settings: ShimmerSettings) -> None:
        self._clock = DeviceClock()
        self._mv_per_count = settings.mv_per_count
        self._timeline = ShimmerTimeline(settings.divider)
        self._electrodes = ElectrodeMonitor(settings.lead, settings.rate)
        self._stop = 0  # index after the last decoded sample
        self._cause = ""
        self._items: list[Chunk | StreamEvent] = []
        self._rows: list[tuple[int, ...]] = []  # samples up to `_stop`, in counts
        self._arrived = 0.0
        self._misplaced = WarningCounter()

    def resume(self, tick_bits: int) -> None:
        """Begin another connection."""
        last_sample = self._clock.host_time(self._timeline.seconds)
        self._timeline.resume(tick_bits, last_sample)
        self._cause = _CAUSE_DISCONNECTED

    def push(self, packets: list[bytes | None], layout: PacketLayout, arrived: float) -> list[Chunk | StreamEvent]:
        """Decode packets that arrived together.

        Parameters
        ----------
        packets : list of bytes or None
            Packets; None where bytes were skipped.
        layout : PacketLayout
            Positions in a packet.
        arrived : float
            Arrival in s on the session clock.

        Returns
        -------
        list of Chunk or StreamEvent
            Samples in mV, gaps, lead-off and warnings.
        """
        self._items, self._arrived = [], arrived
        for index, cause, packet in self._index_packets(packets, layout):
            self._cause = cause if cause == _CAUSE_RESTARTED else self._cause or cause
            if packet is None:
                continue
            if index is None:
                self._flush_rows()
                if (times := self._misplaced.add()) is not None:
                    detail = f"the device sent a packet twice or out of place; it is dropped{times}"
                    self._items.append(State("warning", detail, arrived))
            else:
                self._add_sample(index, layout.status(packet), layout.samples(packet))
        self._flush_rows()
        if report := self._clock.drift_report(arrived):
            self._items.append(report)
        return self._items

    def _index_packets(self, packets: list[bytes | None], layout: PacketLayout) -> list[_IndexedPacket]:
        indexed: list[_IndexedPacket] = []
        for packet in packets:
            if packet is None:
                indexed.append(_IndexedPacket(None, _CAUSE_GARBLED, None))
            elif self._timeline.next or not stale_chip(layout.status(packet)):  # index 0 is a valid sample
                index = self._timeline.index_of(layout.ticks(packet), self._arrived)
                was_reset = self._timeline.clock_was_reset
                if was_reset:
                    self._clock.reset()
                indexed.append(_IndexedPacket(index, _CAUSE_RESTARTED if was_reset else "", packet))
        if any(one.sample_index is not None for one in indexed):
            self._clock.push(self._timeline.seconds, self._arrived)
        return indexed

    def _add_sample(self, index: int, status: tuple[int, int], sample: tuple[int, ...]) -> None:
        if chip := stale_chip(status):
            self._cause = self._cause or f"chip {chip} had no fresh conversion"
            return
        if index > self._stop:
            self._flush_rows()
            time = self._host_time(self._stop)
            self._items.append(Gap(self._stop, index - self._stop, self._cause or _CAUSE_DROPPED, time=time))
        self._cause = ""
        if lead_off := self._electrodes.push(index, status):
            self._flush_rows()
            self._items.append(lead_off)
        self._rows.append(sample)
        self._stop = index + 1

    def _flush_rows(self) -> None:
        if self._rows:
            start = self._stop - len(self._rows)
            samples = np.array(self._rows, dtype=np.float64) * self._mv_per_count
            self._items.append(Chunk(samples, start, self._host_time(start), self._arrived))
            self._rows = []

    def _host_time(self, index: int) -> float:
        return self._clock.host_time(self._timeline.device_time(index))


def stale_chip(status: tuple[int, int]) -> int:
    """Return which chip had no new conversion, 1 or 2; 0 for none."""
    return next((chip for chip, byte in enumerate(status, 1) if not byte & _FRESH_BIT), 0)


class ElectrodeMonitor:
    """Detects when electrodes of the chosen lead come off or are back, from the chips' lead-off bits.

    Parameters
    ----------
    lead : str
        LL-RA, LA-RA or Vx-RL.
    rate : float
        Sampling rate in Hz.
    """

    def __init__(self, lead: str, rate: float) -> None:
        self._electrodes = _ELECTRODES_BY_LEAD[lead]
        self._hold_samples = round(_OFF_HOLD_S * rate)
        self._off: dict[str, int] = {}  # index of the last sample with the electrode off
        self._status: tuple[int, int] | None = None

    def push(self, index: int, status: tuple[int, int]) -> LeadOff | None:
        """Add a sample's status bytes; return a change, which names all electrodes that are off."""
        if status == self._status and not self._off:
            return None
        self._status = status
        before = tuple(self._off)
        for chip, bit, electrode in _LEAD_OFF_BITS:
            if status[chip] & bit and electrode in self._electrodes:
                self._off[electrode] = index
        for electrode in [one for one, last in self._off.items() if index - last >= self._hold_samples]:
            del self._off[electrode]
        now = tuple(self._off)
        if set(now) == set(before):
            return None
        return LeadOff(index, off=bool(now), electrodes=now or before)
