"""A wearer's day as a source: a real ECG over and over, with all that goes wrong in hours; the same every time.

A second channel carries each sample's index, so that a sample lost, doubled or moved shows in any file.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from threading import Event
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.events import F64, Battery, Chunk, Gap, LeadOff, Marker, State, StreamEvent, StreamInfo
from ecg_live.resources import demo_recording

RATE = 250.0
INFO = StreamInfo(RATE, ("ECG", "Index"), (-1.5, 1.5), "A day", "day", ecg=0, speed=math.inf)
APART = (8 * RATE, 40 * RATE)  # samples from one fault to the next
LONGEST = 5000  # samples of a fault
NOTHING = (math.nan, math.inf, -1e12)  # what is no number of mV


class Books(NamedTuple):
    """What a day held: ECG samples that are numbers, those that are none, and those that never came."""

    numbers: int
    empty: int
    lost: int

    @property
    def total(self) -> int:
        return sum(self)


def minute() -> F64:
    """The bundled minute at 250 Hz, in mV (n,)."""
    recording = open_recording(demo_recording(), ReadOptions())
    found = [item.samples[:, 0] for item in recording.chunks(10_000) if isinstance(item, Chunk)]
    recording.close()
    return np.concatenate(found)[::4]


def day(seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[Chunk | StreamEvent]:
    """All that comes; ``clock`` stamps it and changes nothing else. It begins and ends with samples."""
    dice, base = random.Random(round(seconds)), minute()  # noqa: S311 - no secret
    at, end, due = 0, round(seconds * RATE), round(dice.uniform(*APART))
    while at < end:
        stop = min(end, due, at + dice.randint(1, 500))
        yield Chunk(_samples(base, at, stop), at, clock())
        at = stop
        if at == due:
            for item in _fault(dice, base, at, min(dice.choice((3, 9, 100, LONGEST)), end - at - 1), clock):
                yield item
                at = item.stop if isinstance(item, Chunk | Gap) else at
            due = at + round(dice.uniform(*APART))


def _samples(base: F64, start: int, stop: int) -> F64:
    k = np.arange(start, stop)
    return np.column_stack((base[k % len(base)], k.astype(np.float64)))


def _fault(
    dice: random.Random, base: F64, at: int, most: int, clock: Callable[[], float]
) -> Iterator[Chunk | StreamEvent]:
    """One thing that goes wrong, of up to ``most`` samples from ``at`` on."""
    count = dice.randint(1, most) if most > 0 else 0
    kind = dice.choice(("lost", "silently lost", "no numbers", "flat", "rail", "step", "lead off", "marker", "battery"))
    if not count or kind == "marker":
        yield Marker(clock(), f"marker at {at}")
    elif kind == "battery":
        yield Battery(clock(), dice.random())
        yield State("clock", f"device clock {dice.randint(-50, 50):+d} ppm", clock())
    elif kind == "lost":
        yield Gap(at, count, "radio lost", time=clock())
    elif kind == "silently lost":
        yield Chunk(_samples(base, at + count, at + count + 1), at + count, clock())
    else:
        samples = _samples(base, at, at + count)
        spoil = {"no numbers": dice.choice(NOTHING), "flat": samples[0, 0], "rail": 1.5}
        samples[:, 0] = spoil.get(kind, samples[:, 0] + (300.0 if kind == "step" else 0.0))
        if kind == "lead off":
            yield LeadOff(at, off=True)
        yield Chunk(samples, at, clock())
        if kind == "lead off":
            yield LeadOff(at + count, off=False)


def books(seconds: float) -> Books:
    """Count a day."""
    chunks = [item for item in day(seconds, lambda: 0.0) if isinstance(item, Chunk)]
    came = sum(len(chunk.samples) for chunk in chunks)
    numbers = sum(int((np.abs(chunk.samples[:, 0]) < 1e9).sum()) for chunk in chunks)
    return Books(numbers, came - numbers, chunks[-1].stop - came)


class Day:
    """The source: as fast as it goes, until it is closed."""

    info = INFO

    def __init__(self, seconds: float) -> None:
        self._seconds, self._closed = seconds, Event()
        self.reached = 0.0  # s of raw time

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closed.set()

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        for item in day(self._seconds):
            if self._closed.is_set():
                return
            yield item
            if isinstance(item, Chunk | Gap):
                self.reached = item.stop / RATE
