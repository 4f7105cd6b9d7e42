"""The trace of a recorded session: its ECG on the live path's 256 Hz, high-passed, read by a thread as it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from threading import Event, Thread

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.errors import EcgLiveError
from ecg_live.events import F32, Chunk, Gap
from ecg_live.recorded.open_signal import READ_BLOCK_S, RecordedSignal
from ecg_live.recorded.report.recording_parts import RecordedFile
from ecg_live.signal.gaps import GapFinder
from ecg_live.signal.highpass import HighPass
from ecg_live.signal.resample import Resampler

TracePiece = tuple[int, F32]  # index of the first sample on the 256 Hz grid, and samples in mV


class RecordedTrace:
    """Samples (n,) in mV at 256 Hz from the recording's first sample; NaN where there are none.

    A thread reads them; `loaded` grows meanwhile. Damage ends the reading of a file.

    Parameters
    ----------
    files : sequence of RecordedFile
    duration : float
        Of the recording, s.
    """

    def __init__(self, files: Sequence[RecordedFile], duration: float) -> None:
        self.samples: F32 = np.full(ceil(duration * MODEL_RATE_HZ), np.nan, dtype=np.float32)
        self._files = tuple(files)
        self._loaded = 0
        self._stopped = Event()
        self._thread = Thread(target=self._load, name="trace", daemon=True)

    @property
    def loaded(self) -> int:
        """Samples before this index are as they will be."""
        return self._loaded

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the reading."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait(self) -> None:
        """Wait until everything is read."""
        self._thread.join()

    def _load(self) -> None:
        for start, samples in filtered_pieces(self._files):
            if self._stopped.is_set():
                return
            begin, end = max(0, start), min(start + len(samples), len(self.samples))
            if begin < end:
                self.samples[begin:end] = samples[begin - start : end - start]
                self._loaded = max(self._loaded, end)
        self._loaded = len(self.samples)


def filtered_pieces(files: Sequence[RecordedFile]) -> Iterator[TracePiece]:
    """Index on the 256 Hz grid and samples of each piece of the files' ECG, in order."""
    first = min((file.contents.first_sample_index for file in files), default=0)
    for file in files:
        try:
            signal = RecordedSignal([open_recording(file.path, ReadOptions())])
        except EcgLiveError:
            continue  # no usable sample in the file; the result of `verify` states why
        yield from _FilteredFile(signal, file.contents.first_sample_index - first).pieces()


class _FilteredFile:
    """Filters one file; each run of samples without a gap begins afresh, as on the live path."""

    def __init__(self, signal: RecordedSignal, offset: int) -> None:
        self._signal = signal
        self._offset = offset
        self._gaps = GapFinder(signal.rate, READ_BLOCK_S)
        self._resampler, self._highpass = Resampler(signal.rate), HighPass()
        self._begin: int | None = None  # index on the 256 Hz grid of the run's first sample

    def pieces(self) -> Iterator[TracePiece]:
        for item in self._signal.items():
            if isinstance(item, Gap):
                self._gaps.announce(item)
            elif isinstance(item, Chunk):
                for part in self._gaps.push(item):
                    yield from self._filter(part) if isinstance(part, Chunk) else self._pause(part)
        yield from self._end()

    def _pause(self, part: object) -> Iterator[TracePiece]:
        return self._end() if isinstance(part, Gap) and not part.bridged else iter(())

    def _filter(self, chunk: Chunk) -> Iterator[TracePiece]:
        if self._begin is None:
            self._begin = round((chunk.start + self._offset) / self._signal.rate * MODEL_RATE_HZ)
        yield from self._placed(self._highpass.push(self._resampler.push(chunk)))

    def _end(self) -> Iterator[TracePiece]:
        if self._begin is not None:
            yield from self._placed(self._highpass.push(self._resampler.flush()))
            yield from self._placed(self._highpass.flush())
            self._resampler.reset()
            self._highpass.reset()
            self._begin = None

    def _placed(self, filtered: Chunk) -> Iterator[TracePiece]:
        if len(filtered.samples) and self._begin is not None:
            yield self._begin + filtered.start, filtered.samples[:, 0].astype(np.float32)
