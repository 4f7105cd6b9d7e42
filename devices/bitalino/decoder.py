"""Decode a BITalino's frames: the ECG in mV, gaps, and the other ports as a stream beside it."""

from __future__ import annotations

import numpy as np

from devices.bitalino.framer import BitalinoSkippedBytes, DataFrame
from devices.bitalino.protocol import SEQUENCE_COUNT
from devices.bitalino.settings import BitalinoSettings
from devices.sequence_timeline import SequenceTimeline
from ecg_live.events import AuxiliaryStream, Chunk, StreamEvent


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
        self._ecg_place, self._zero_count = settings.ecg_place, settings.zero_count
        self._mv_per_count = settings.mv_per_count
        self._other_ports = other_ports
        self._other_places = list(settings.other_places)
        self._other_mv_per_count = np.array(settings.other_mv_per_count)
        self._timeline = SequenceTimeline(settings.rate, SEQUENCE_COUNT)
        self._sequence: int | None = None  # of the last frame on this connection

    @property
    def holds(self) -> bool:
        """Whether frames wait for a decision."""
        return self._timeline.holds

    def resume(self) -> None:
        """Begin another connection."""
        self._timeline.resume()
        self._sequence = None

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
                before = message.sequence - 1 if self._sequence is None else self._sequence
                self._sequence = message.sequence
                self._timeline.push((message.sequence - before - 1) % SEQUENCE_COUNT, message.counts, arrived)
        return self._pop_items(arrived)

    def flush(self, now: float) -> list[Chunk | StreamEvent]:
        """Decode held frames: none follows for now."""
        self._timeline.flush()
        return self._pop_items(now)

    def _pop_items(self, arrived: float) -> list[Chunk | StreamEvent]:
        items: list[Chunk | StreamEvent] = []
        for run in self._timeline.pop_runs():
            if run.lost:
                items.append(self._timeline.gap_before(run))
            time, counts = self._timeline.host_time(run.start), run.values
            ecg = (counts[:, [self._ecg_place]] - self._zero_count) * self._mv_per_count
            items.append(Chunk(ecg, run.start, time, arrived))
            if self._other_ports is not None:
                values = counts[:, self._other_places] * self._other_mv_per_count
                items.append(self._other_ports.samples(values, time))
        if report := self._timeline.clock.drift_report(arrived):
            items.append(report)
        return items
