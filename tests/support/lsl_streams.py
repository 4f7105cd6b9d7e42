"""What tests of LSL share: short time-outs, names of their own, and samples that are their own index."""

from __future__ import annotations

import uuid

import numpy as np

from devices.lsl.resolve import LslTimeouts
from ecg_live.contracts.reading import SourceReader

RATE = 256.0
QUICK = LslTimeouts(find=1.0, others=0.1, no_data=0.5)


def name() -> str:
    return f"ecg {uuid.uuid4().int % 10**9}"  # digits: they spell no kind of channel


def off(reader: SourceReader) -> set[float]:
    """What the device's index is ahead of the source's: one value where every sample is accounted for."""
    assert list(reader.counter_steps())
    return {float(value) for c in reader.chunks for value in np.round(c.samples[:, 0], 6) - np.arange(c.start, c.stop)}
