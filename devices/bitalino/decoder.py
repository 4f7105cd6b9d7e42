"""Decode a BITalino's frames: the ECG in mV, gaps, and the other ports as a stream beside it."""

from __future__ import annotations

import numpy as np

from devices.bitalino.framer import BitalinoSkippedBytes, DataFrame
from devices.bitalino.settings import BitalinoSettings
from devices.bitalino.timeline import BitalinoTimeline
from ecg_live.events import AuxiliarySamples, AuxiliaryStream, Chunk, Gap, StreamEvent


class BitalinoDecoder:
    """Decodes the frames of one device over all its connections.

    Parameters
    ----------
    settings : BitalinoSettings
        Rate and ports.
    other_ports : AuxiliaryStream, optional
        Takes the ports without the ECG; None where there is none.
    """

    def __init__(self, settings: BitalinoSettings, other_ports: AuxiliaryStream | None) -> None:
        self._rate = settings.rate
        self._ecg_place, self._zero_count = settings.ecg_place, settings.zero_count
        self._mv_per_count = settings.mv_per_count
        self._other_ports = other_ports
        self._other_places = list(settings.other_places)
        self._other_mv_per_count = np.array(settings.other_mv_per_count)
        self._timeline = BitalinoTimeline(settings.rate)
        self._stop = 0  # index after the last sample
        self._rows: list[tuple[int, ...]] = []  # samples up to `_stop`, in counts
        self._items: list[Chunk | StreamEvent] = []

    @property
    def holds(self) -> bool:
        """Whether frames wait for a decision."""
        return self._timeline.holds

    def resume(self) -> None:
        """Begin another connection."""
        self._timeline.resume()

    def push(self, messages: list[DataFrame | BitalinoSkippedBytes], arrived: float) -> list[Chunk | StreamEvent]:
        """Decode frames that arrived together.

        Parameters
        ----------
        messages : list of DataFrame or BitalinoSkippedBytes
            From the framer.
        arrived : float
            Arrival in s on the session clock.

        Returns
        -------
        list of Chunk or StreamEvent
            Samples in mV, gaps, samples of the other ports, and the clock's drift.
        """
        for message in messages:
            if isinstance(message, BitalinoSkippedBytes):
                self._timeline.garbled()
            else:
                self._timeline.push(message.sequence, message.counts, arrived)
        return self._pop_items(arrived)

    def flush(self, now: float) -> list[Chunk | StreamEvent]:
        """Decode held frames: none follows for now."""
        self._timeline.flush()
        return self._pop_items(now)

    def _pop_items(self, arrived: float) -> list[Chunk | StreamEvent]:
        self._items = []
        for index, counts, cause in self._timeline.pop():
            if index > self._stop:
                self._flush_rows(arrived)
                time = self._timeline.host_time(self._stop)
                self._items.append(Gap(self._stop, index - self._stop, cause, time=time))
            self._rows.append(counts)
            self._stop = index + 1
        self._flush_rows(arrived)
        if report := self._timeline.clock.drift_report(arrived):
            self._items.append(report)
        return self._items

    def _flush_rows(self, arrived: float) -> None:
        if not self._rows:
            return
        counts, self._rows = np.array(self._rows, dtype=np.float64), []
        start = self._stop - len(counts)
        time = self._timeline.host_time(start)
        ecg = (counts[:, [self._ecg_place]] - self._zero_count) * self._mv_per_count
        self._items.append(Chunk(ecg, start, time, arrived))
        if self._other_ports is not None:
            values = counts[:, self._other_places] * self._other_mv_per_count
            times = time + np.arange(len(counts)) / self._rate
            self._items.append(AuxiliarySamples(self._other_ports, times, values))
