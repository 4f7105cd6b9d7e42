"""Ways to cut a signal into chunks, for all who must not care how it was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from hypothesis import strategies as st

from ecg_live.events import F64, Chunk
from ecg_live.protocols import Stage

RATES = (100.0, 128.0, 130.0, 250.0, 256.0, 300.0, 360.0, 500.0, 512.0, 700.0, 1000.0, 2000.0, 2048.0, 4000.0)
ODD_RATE = 129.87
BEGAN = 100.0  # s, session clock of a stream's first sample


def sizes(longest: int = 3000, most: int = 25) -> st.SearchStrategy[list[int]]:
    """Chunk sizes, empty chunks and single samples among them; what is left makes one more chunk."""
    return st.lists(st.one_of(st.sampled_from((0, 1)), st.integers(0, 60), st.integers(0, longest)), max_size=most)


def cut(samples: F64, rate: float, into: Iterable[int], start: int = 0) -> Iterator[Chunk]:
    """Cut samples (n, c), the first of them number ``start``, into chunks of these sizes and a last one."""
    at = 0
    for size in (*into, len(samples)):
        part = samples[at : at + size]
        yield Chunk(part, start + at, BEGAN + (start + at) / rate)
        at += len(part)


def through(stage: Stage, chunks: Iterable[Chunk], *, flush: bool = True) -> F64:
    """What a stage makes of chunks; checks that its own chunks follow each other on the counter and on the clock."""
    out = [stage.push(chunk) for chunk in chunks]
    if flush:
        out.append(stage.flush())
    stop = 0
    for chunk in (given for given in out if len(given.samples)):
        assert chunk.start == stop
        stop = chunk.stop
    return np.concatenate([chunk.samples for chunk in out])
