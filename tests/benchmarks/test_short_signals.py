"""How many times less than NumPy's and SciPy's public functions the path's own take on a second or less of signal.

CPU time, the best of rounds that alternate; printed with ``pytest -s``, never asserted. The results are.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import butter

from ecg_live.signal.compiled_filter import filter_sections, filtered_by_scipy
from ecg_live.signal.order_statistics import median, percentiles
from ecg_live.xdf.decode import StreamHeader, read_samples

RANDOM = np.random.default_rng(0)
SECOND = RANDOM.normal(size=256)
SOS, CHUNK, STATE = butter(2, 0.8, "highpass", fs=256, output="sos"), RANDOM.normal(size=(1, 5)), np.zeros((1, 1, 2))
Task = Callable[[], Any]


def best_times(tasks: tuple[Task, Task], calls: int, rounds: int = 7) -> list[float]:
    """Seconds of CPU a call."""
    best = [float("inf")] * len(tasks)
    for _ in range(rounds):
        for i, task in enumerate(tasks):
            start = time.process_time()
            for _ in range(calls):
                task()
            best[i] = min(best[i], (time.process_time() - start) / calls)
    return best


def arrays(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize(
    ("name", "public", "own"),
    [
        ("median", lambda: np.median(SECOND), lambda: median(SECOND)),
        ("percentiles", lambda: np.percentile(SECOND, (1, 99)).tolist(), lambda: list(percentiles(SECOND, (1, 99)))),
        (
            "high-pass of 20 ms",
            lambda: filtered_by_scipy(SOS, CHUNK, STATE),
            lambda: filter_sections(SOS, CHUNK, STATE),
        ),
    ],
)
def test_own_functions_against_public_ones(name: str, public: Task, own: Task) -> None:
    for found, wanted in zip(arrays(own()), arrays(public()), strict=True):
        assert np.array_equal(found, wanted)
    slow, fast = best_times((public, own), calls=200)
    print(f"\n{name}: {1e6 * slow:.1f} us by the public function, {1e6 * fast:.1f} us here, ratio {slow / fast:.1f}")


def test_xdf_chunk_of_mixed_stamps_against_a_plain_one() -> None:
    """A chunk of 1,000 samples with a stamp on every 20th, as LabRecorder writes devices that send packets."""
    header = StreamHeader(1, "ECG", "ECG", "double64", 1000.0, ("ECG",), ("ECG",), ("mV",), "", {})
    values = RANDOM.normal(size=1000)

    def chunk(period: int) -> bytes:
        marks = (b"\x08" + struct.pack("<d", i / 1000) if i % period == 0 else b"\0" for i in range(1000))
        rows = (mark + value.tobytes() for mark, value in zip(marks, values, strict=True))
        return b"\x04" + struct.pack("<I", 1000) + b"".join(rows)

    path, mixed, plain = Path("a.xdf"), chunk(20), chunk(1)
    stamps, found = read_samples(path, header, mixed)
    assert np.array_equal(found[:, 0], values)
    assert np.array_equal(np.flatnonzero(np.isfinite(stamps)), np.arange(0, 1000, 20))
    slow, fast = best_times(
        (lambda: read_samples(path, header, mixed), lambda: read_samples(path, header, plain)), calls=20
    )
    print(f"\nchunk with a stamp on every 20th of its samples: {slow / fast:.1f} times a chunk with a stamp on each")
