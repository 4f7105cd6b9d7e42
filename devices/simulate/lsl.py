"""A recording as LSL streams on the network, fully described, at its own pace."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from devices.files.recording import OpenRecording, RecordingItem
from ecg_live.errors import RecordingError
from ecg_live.events import Chunk, Gap, Marker, StreamInfo
from ecg_live.lsl_library import pylsl

_CHUNK_S = 0.020  # s; what a driver that is not too slow sends at once


class SimulatedLsl:
    """A stream of ECG and one of markers, which can be found as long as this lives.

    Samples are stamped on an exact grid. Gaps of the recording take their time and are not sent.

    Parameters
    ----------
    recording : Recording
        What to play.
    name : str
        Of the stream; the marker stream's is ``NAME markers``.
    """

    def __init__(self, recording: OpenRecording, name: str) -> None:
        self._recording, self._rate = recording, recording.info.rate
        self._ecg = pylsl.StreamOutlet(_stream_info(recording.info, name))
        self._markers = pylsl.StreamOutlet(
            pylsl.StreamInfo(f"{name} markers", "Markers", 1, 0.0, pylsl.cf_string, f"simulated:{name}:markers")
        )
        self.played = 0  # samples

    def wait_for_listener(self, seconds: float) -> bool:
        """Wait until somebody listens to the ECG; whether somebody does."""
        return self._ecg.wait_for_consumers(seconds)

    def play(self, closed: Event, seconds: float | None = None, *, loop: bool = False) -> None:
        """Play until the end, for so many seconds, or until it is closed.

        Raises
        ------
        RecordingError
            The recording cannot be read, or holds no sample.
        """
        origin = pylsl.local_clock()
        until = None if seconds is None else origin + seconds
        for begin, item in self._pieces(loop=loop):
            due = origin + begin + (item.stop / self._rate if isinstance(item, Chunk | Gap) else 0.0)
            if until is not None and due > until:
                return
            if closed.wait(max(0.0, due - pylsl.local_clock())):
                return
            if isinstance(item, Chunk):
                self._ecg.push_chunk(item.samples, origin + begin + (item.stop - 1) / self._rate)
                self.played += len(item.samples)
            elif isinstance(item, Marker):
                self._markers.push_sample([item.text], origin + begin + item.time)

    def _pieces(self, *, loop: bool) -> Iterator[tuple[float, RecordingItem]]:
        """What the recording holds, with the seconds at which its pass began."""
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
