"""A whole recording, checked for order while it is read; and what holds of every reader."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.events import F64, Chunk, Gap, Marker, State, StreamInfo

MIN_SAMPLES = 100  # in a file, for the checks to be meaningful


class ReaderFile(NamedTuple):
    """A file, and how it is opened."""

    path: Path
    opening: ReadOptions


class DecodedRecording(NamedTuple):
    """All that a reader gave: ``counter`` is the index of each sample, ``gaps`` are start and lost samples."""

    info: StreamInfo
    samples: F64
    counter: list[int]
    gaps: list[tuple[int, int]]
    warnings: list[str]
    markers: list[Marker]

    @property
    def findings(self) -> tuple[object, ...]:
        """All but the samples, for the comparison of two passes."""
        return self.info, self.counter, self.gaps, self.warnings, [(each.time, each.text) for each in self.markers]


def decode(path: Path, opening: ReadOptions | None = None, size: int = 100) -> DecodedRecording:
    """Read a recording in chunks of ``size``; each item must follow the last."""
    recording = open_recording(path, opening or ReadOptions())
    stop = 0
    parts: list[F64] = []
    counter: list[int] = []
    gaps: list[tuple[int, int]] = []
    warnings: list[str] = []
    markers: list[Marker] = []
    for item in recording.chunks(size):
        if isinstance(item, Chunk):
            assert item.start == stop, f"a chunk starts at sample {item.start}, expected {stop}"
            assert 0 < len(item.samples) <= size, f"a chunk of {len(item.samples)} samples, expected 1 to {size}"
            counter += range(item.start, item.stop)
            parts.append(item.samples[:, 0])
            stop = item.stop
        elif isinstance(item, Gap):
            assert item.start == stop, f"a gap starts at sample {item.start}, expected {stop}"
            assert item.lost > 0, f"a gap of {item.lost} samples"
            gaps.append((item.start, item.lost))
            stop = item.stop
        elif isinstance(item, State):
            assert item.state == "warning", f"state {item.state!r} of a file, expected 'warning'"
            warnings.append(item.detail)
        else:
            markers.append(item)
    recording.close()
    return DecodedRecording(
        recording.info, np.concatenate(parts) if parts else np.empty(0), counter, gaps, warnings, markers
    )


def check_chunk_size(recording_file: ReaderFile, size: int) -> None:
    """What is read does not depend on the size of the chunks."""
    first, second = decode(*recording_file, size=64), decode(*recording_file, size=size)
    assert len(first.samples) > MIN_SAMPLES, f"{len(first.samples)} samples, expected more than {MIN_SAMPLES}"
    np.testing.assert_array_equal(first.samples, second.samples)
    assert first.findings == second.findings


def check_two_passes(recording_file: ReaderFile) -> None:
    """A recording gives the same a second time."""
    recording = open_recording(*recording_file)
    passes = [[item.samples for item in recording.chunks(64) if isinstance(item, Chunk)] for _ in range(2)]
    recording.close()
    np.testing.assert_array_equal(np.concatenate(passes[0]), np.concatenate(passes[1]))


def check_numbers(recording_file: ReaderFile) -> None:
    """Counter, duration, markers and full scale fit each other."""
    decoded = decode(*recording_file)
    rate = decoded.info.rate
    assert rate > 0
    assert decoded.samples.dtype == np.float64
    assert len(decoded.info.channels) == 1
    assert decoded.counter[0] == 0
    assert decoded.counter[-1] + 1 - len(decoded.counter) == sum(lost for _, lost in decoded.gaps)
    if decoded.info.duration is not None:
        assert abs(decoded.info.duration - (decoded.counter[-1] + 1) / rate) <= 1.01 / rate
    assert all(a.time <= b.time for a, b in zip(decoded.markers, decoded.markers[1:], strict=False))
    assert decoded.info.full_scale is None or decoded.info.full_scale[0] < decoded.info.full_scale[1]
