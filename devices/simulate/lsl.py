"""Play a recording as LSL streams with full description, in real time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from devices.files.recording import OpenRecording, RecordingItem
from ecg_live.errors import RecordingError
from ecg_live.events import Chunk, Gap, Marker, StreamInfo
from ecg_live.lsl_library import pylsl

_CHUNK_S = 0.020  # as a fast driver sends them


class SimulatedLsl:
    """An ECG stream and a marker stream, in reach while this object exists.

    Timestamps are on an exact grid. Gaps of the recording take their time and are not sent.

    Parameters
    ----------
    recording : Recording
        Recording to play.
    name : str
        Name of the ECG stream; the marker stream is ``NAME markers``.
    """

    def __init__(self, recording: OpenRecording, name: str) -> None:
        self._recording = recording
        self._rate = recording.info.rate
        self._ecg = pylsl.StreamOutlet(_stream_info(recording.info, name))
        self._markers = pylsl.StreamOutlet(
            pylsl.StreamInfo(f"{name} markers", "Markers", 1, 0.0, pylsl.cf_string, f"simulated:{name}:markers")
        )
        self.played = 0  # samples

    def play(self, closed: Event, seconds: float | None = None, *, loop: bool = False) -> None:
        """Play until the end, for ``seconds``, or until ``closed`` is set.

        Raises
        ------
        RecordingError
            The recording cannot be read, or holds no sample.
        """
        origin = pylsl.local_clock()
        deadline = None if seconds is None else origin + seconds
        for begin, item in self._timed_items(loop=loop):
            due = origin + begin + (item.stop / self._rate if isinstance(item, Chunk | Gap) else 0.0)
            if deadline is not None and due > deadline:
                return
            if closed.wait(max(0.0, due - pylsl.local_clock())):
                return
            if isinstance(item, Chunk):
                self._ecg.push_chunk(item.samples, origin + begin + (item.stop - 1) / self._rate)
                self.played += len(item.samples)
            elif isinstance(item, Marker):
                self._markers.push_sample([item.text], origin + begin + item.time)

    def _timed_items(self, *, loop: bool) -> Iterator[tuple[float, RecordingItem]]:
        """Yield the recording's items with the start (s) of the current pass over it."""
        begin, size = 0.0, max(1, round(_CHUNK_S * self._rate))
        while True:
            stop = 0
            for item in self._recording.chunks(size):
                stop = item.stop if isinstance(item, Chunk | Gap) else stop
                yield begin, item
            if not stop:
                raise RecordingError(f"{self._recording.info.name} holds no sample to play", "choose another recording")
            if not loop:
                return
            begin += stop / self._rate


def _stream_info(info: StreamInfo, name: str) -> pylsl.StreamInfo:
    header = pylsl.StreamInfo(name, "ECG", len(info.channels), info.rate, pylsl.cf_double64, f"simulated:{name}")
    header.set_channel_labels(list(info.channels))
    header.set_channel_types(["ECG"] * len(info.channels))
    header.set_channel_units(["millivolts"] * len(info.channels))
    desc = header.desc()
    for key, value in {"manufacturer": "ecg-live", "model": "simulated", "recording": info.name}.items():
        desc.append_child_value(key, value)
    return header
