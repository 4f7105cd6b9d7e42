"""What the tests of decoders share: a whole recording, read at once and checked for order on the way."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import Opening
from ecg_live.errors import FormatError
from ecg_live.events import F64, Chunk, Gap, Marker, State, StreamInfo


class Decoded(NamedTuple):
    info: StreamInfo
    samples: F64
    counter: list[int]  # of each sample
    gaps: list[tuple[int, int]]
    warnings: list[str]
    markers: list[Marker]


def decode(path: Path, opening: Opening | None = None, size: int = 100) -> Decoded:
    recording = open_recording(path, opening or Opening())
    stop = 0
    parts: list[F64] = []
    counter: list[int] = []
    gaps: list[tuple[int, int]] = []
    warnings: list[str] = []
    markers: list[Marker] = []
    for item in recording.chunks(size):
        if isinstance(item, Chunk):
            assert item.start == stop
            assert 0 < len(item.samples) <= size
            counter += range(item.start, item.stop)
            parts.append(item.samples[:, 0])
            stop = item.stop
        elif isinstance(item, Gap):
            assert item.start == stop
            assert item.lost > 0
            gaps.append((item.start, item.lost))
            stop = item.stop
        elif isinstance(item, State):
            assert item.state == "warning"
            warnings.append(item.detail)
        else:
            markers.append(item)
    recording.close()
    return Decoded(recording.info, np.concatenate(parts) if parts else np.empty(0), counter, gaps, warnings, markers)


def decode_until_error(path: Path, opening: Opening | None = None, *, match: str) -> F64:
    """All samples before the row that is wrong."""
    parts: list[F64] = []

    def run() -> None:
        for item in open_recording(path, opening or Opening()).chunks(7):
            if isinstance(item, Chunk):
                parts.append(item.samples[:, 0])  # noqa: PERF401 - what came before the error is kept

    with pytest.raises(FormatError, match=match):
        run()
    return np.concatenate(parts)
