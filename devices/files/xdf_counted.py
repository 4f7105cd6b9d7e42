"""Our own recordings: samples lie where their counter was, so that a replay has the same gaps to the sample."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path

from devices.files.recording import Run
from devices.files.stamps import CENTURY
from devices.files.xdf_chunks import DAMAGED, Stream, Torn, chunks, read_samples, read_stream, read_texts, torn
from ecg_live.errors import FormatError
from ecg_live.sinks.xdf_chunks import HEADER, PLACE, SAMPLES
from ecg_live.types import Marker, State


def counted_runs(path: Path, stream: Stream, rate: float, column: int, factor: float) -> Iterator[Run | State | Marker]:
    """Decode one channel; values times ``factor`` are mV.

    Raises
    ------
    FormatError
        Samples have no place, or one that cannot be.
    """
    first = counter = -1
    raw, stamp = 0.0, math.nan  # of the newest chunk: raw time and session clock
    notes: set[int] = set()
    early: list[tuple[float, str]] = []  # stamps and texts of markers from before the first sample, which places them
    for file, chunk in chunks(path):
        if isinstance(chunk, Torn):
            yield torn(path, chunk)
        elif chunk.tag == HEADER:
            if read_stream(path, chunk.stream, file.read(chunk.size)).own.get("key") == "markers":
                notes.add(chunk.stream)
        elif (chunk.tag, chunk.stream) == (PLACE, stream.number):
            counter = _place(path, file.read(chunk.size), counter, rate)
            first = counter if first < 0 else first
        elif (chunk.tag, chunk.stream) == (SAMPLES, stream.number):
            stamps, values = read_samples(path, stream, file.read(chunk.size))
            if first < 0:
                raise FormatError(f"{path.name}, byte {chunk.begin}: samples that have no place", DAMAGED)
            if len(values):
                raw, stamp = (counter - first) / rate, float(stamps[0])
                yield from (_marker(raw, time - stamp, text) for time, text in early)
                early.clear()
                yield Run(counter - first, values[:, column] * factor, "missing in the recording")
                counter += len(values)
        elif chunk.tag == SAMPLES and chunk.stream in notes:
            noted = read_texts(file.read(chunk.size))
            if math.isnan(stamp):
                early += noted
            else:
                yield from (_marker(raw, time - stamp, text) for time, text in noted)


def _marker(raw: float, behind: float, text: str) -> Marker:
    """A marker so many seconds behind a raw time; at that where nobody knows."""
    return Marker(raw + behind if math.isfinite(behind) else raw, text)


def _place(path: Path, data: bytes, counter: int, rate: float) -> int:
    """Raw counter of the next sample, which never goes back."""
    found = int(struct.unpack("<Q", data)[0]) if len(data) == 8 else -1
    if found < counter or found < 0 or (found - max(counter, 0)) / rate > CENTURY:
        raise FormatError(f"{path.name}: samples placed at {found} after {counter}", DAMAGED)
    return found
