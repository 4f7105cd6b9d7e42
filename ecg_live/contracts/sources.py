"""Checks for every source."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np

from ecg_live.contracts.reading import SourceReader
from ecg_live.events import Chunk
from ecg_live.protocols import Source


def check_order(reader: SourceReader) -> None:
    """Chunks come in order, and have the shape and kind that the stream promises."""
    info = reader.source.info
    assert info.rate > 0
    assert 0 <= info.ecg < len(info.channels)
    times: list[float] = []
    for item in reader.counter_steps():
        assert item.time is not None
        times.append(item.time)
        if isinstance(item, Chunk):
            assert item.samples.shape[1] == len(info.channels)
            assert item.samples.dtype == np.float64
            assert np.isfinite(item.samples).all()
            assert item.arrived is None or item.arrived >= item.time
    assert all(a <= b for a, b in pairwise(times))


def check_gaps(reader: SourceReader) -> None:
    """Gaps have a cause, lose samples, and are not bridged: the signal path decides on that."""
    assert all(gap.cause and gap.lost > 0 and not gap.bridged for gap in reader.gaps)


def check_is_over(source: Source, before: set[threading.Thread]) -> None:
    """A source that was closed gives nothing more, may be closed again, and leaves no thread of its own."""
    assert list(source) == []
    source.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(2)  # one that opens a port can only be waited for
        assert not thread.is_alive(), f"thread {thread.name} goes on"
