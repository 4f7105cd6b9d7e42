"""Markers that a file keeps apart from its samples, put between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from devices.files.recording import SampleRun
from ecg_live.events import Marker, State


def with_markers(
    runs: Iterable[SampleRun | State | Marker], markers: Iterable[Marker], rate: float
) -> Iterator[SampleRun | State | Marker]:
    """Give each marker behind the last sample that is not later than it, before a gap that it lies in.

    Parameters
    ----------
    runs : iterable
        What a decoder gives, samples in order.
    markers : iterable of Marker
        In order of ``time``, in s from the file's first sample.
    rate : float
        Hz.
    """
    left = iter(markers)
    marker = next(left, None)
    for item in runs:
        if not isinstance(item, SampleRun):
            yield item
            continue
        while marker is not None and marker.time * rate < item.start + len(item.samples):
            cut = max(0, math.floor(marker.time * rate) + 1 - item.start)
            if cut:
                yield item._replace(samples=item.samples[:cut])
                item = SampleRun(item.start + cut, item.samples[cut:])  # noqa: PLW2901 - what is left of it
            yield marker
            marker = next(left, None)
        yield item
    if marker is not None:
        yield marker
    yield from left
