"""Read the ECG of any recording block by block; of a session's own recording all channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from devices.files import OpenRecording, open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import RecordingError
from ecg_live.events import Chunk
from ecg_live.recorded.annotated_file import AnnotatedFile, SignalItem
from ecg_live.recorded.session_file import SessionContents

READ_BLOCK_S = 60.0


@dataclass(slots=True)
class RecordedSignal:
    """Channels side by side; after `items` ended, ``error`` holds the damage that ended them.

    ``annotated``: what was annotated afterwards, with which `items` has the markers as they were edited.
    """

    recordings: Sequence[OpenRecording]
    error: RecordingError | None = None
    annotated: AnnotatedFile = field(default_factory=AnnotatedFile)
    channels: tuple[str, ...] = field(init=False)
    rate: float = field(init=False)

    def __post_init__(self) -> None:
        self.channels = tuple(each.info.channels[0] for each in self.recordings)
        self.rate = self.recordings[0].info.rate

    def items(self) -> Iterator[SignalItem]:
        """Chunks (n, channels), gaps, markers and states, in order."""
        return self.annotated.with_markers(self._recorded_items(), self.rate)

    def _recorded_items(self) -> Iterator[SignalItem]:
        size = max(1, round(READ_BLOCK_S * self.rate))
        try:
            for found in zip(*(each.chunks(size) for each in self.recordings), strict=True):
                first = found[0]
                if isinstance(first, Chunk):
                    columns = [each.samples for each in found if isinstance(each, Chunk)]
                    yield replace(first, samples=np.concatenate(columns, axis=1))
                else:
                    yield first
        except RecordingError as error:
            self.error = error


def open_signal(path: Path, options: ReadOptions, contents: SessionContents | None) -> RecordedSignal:
    """Open one channel, or all channels of a session's own recording if none is chosen.

    Raises
    ------
    RecordingError
        The file cannot be read.
    ConfigError
        It is ambiguous which channel is the ECG.
    """
    own = contents.streams.get("ecg") if contents else None
    if own is None or options.channel is not None:
        return RecordedSignal([open_recording(path, options)])
    chosen = [replace(options, channel=str(column + 1)) for column in range(len(own.labels))]
    return RecordedSignal([open_recording(path, each) for each in chosen])
