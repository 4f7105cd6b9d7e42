"""Gaps of a stream: jumps of the sample counter, and NaN or infinite samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecg_live.constants import MAX_BRIDGED_GAP_S
from ecg_live.errors import ProtocolError
from ecg_live.events import Chunk, Gap, State
from ecg_live.mask_runs import mask_runs

MAX_AMPLITUDE_MV = 1e9  # beyond any converter's range, and its square is still finite
INVALID_SAMPLES = "samples are invalid (NaN)"


class GapFinder:
    """Cut a stream into contiguous runs of valid samples, with the gaps between them.

    Gaps of at most 40 ms are bridged linearly. Longer ones end the segment.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    hop : float
        Seconds from one state to the next while only invalid samples come.

    Attributes
    ----------
    delivered : int
        Valid samples that came.
    """

    def __init__(self, rate: float, hop: float = 1.0) -> None:
        self._rate = rate
        self._hop = hop * rate
        self._begun = False
        self._next = 0  # index after the last sample that was yielded
        self._taken_stop = 0  # index after the last sample that was taken, or that the adapter reported lost
        self._last: Chunk | None = None
        self._announced_hops = 0  # hops without valid samples that were announced
        self._cause = ""
        self.delivered = 0

    @property
    def stop(self) -> int:
        """Index after the last sample that was taken or reported lost."""
        return self._taken_stop

    def announce(self, gap: Gap) -> None:
        """Note the samples that the adapter reports as lost, and the cause."""
        self._begin(gap.start)
        self._taken_stop, self._cause = max(self._taken_stop, gap.stop), gap.cause

    def push(self, chunk: Chunk) -> Iterator[Chunk | Gap | State]:
        """Yield contiguous chunks and the gaps between them, in order.

        Raises
        ------
        ProtocolError
            If the counter goes backward, which no adapter may let through.
        """
        if len(chunk.samples) == 0:
            return
        self._begin(chunk.start)
        if chunk.start < self._taken_stop:
            raise ProtocolError(
                f"the stream's counter went back from {self._taken_stop} to {chunk.start}; it may only go forward",
                "report this with the recording: the adapter should have dropped the repeated samples",
            )
        self._taken_stop = chunk.stop
        for run in _finite_runs(chunk, self._rate):
            if run.start > max(self._next, chunk.start):
                yield from self._announce_missing(run.start)
            yield from self._close_gap(run)
            yield run
            self._next, self._last, self._announced_hops = run.stop, run, 0
            self.delivered += len(run.samples)
        if chunk.stop > self._next:
            yield from self._announce_missing(chunk.stop)

    def continues_at(self, start: int) -> bool:
        """Whether samples from this index on follow valid ones, with nothing missing between them."""
        return self._last is not None and start == self._next == self._taken_stop

    def take_valid(self, last: Chunk, count: int) -> None:
        """Take so many valid samples that follow valid ones (`continues_at`); ``last`` holds the last of them."""
        self._taken_stop = self._next = last.stop
        self._last, self._announced_hops = last, 0
        self.delivered += count

    def flush(self) -> Iterator[Gap]:
        """End of the stream: yield the gap at its end, if there is one."""
        if self._taken_stop > self._next:
            yield self._gap(self._taken_stop, bridged=False)
            self._next = self._taken_stop

    def _begin(self, start: int) -> None:
        if not self._begun:
            self._begun, self._next, self._taken_stop = True, start, start

    def _close_gap(self, run: Chunk) -> Iterator[Chunk | Gap]:
        last, lost = self._last, run.start - self._next
        if lost == 0:
            return
        if last is None or self._too_long(lost):
            yield self._gap(run.start, bridged=False)
        else:
            yield self._gap(run.start, bridged=True)
            yield self._bridge(last, run)

    def _bridge(self, last: Chunk, run: Chunk) -> Chunk:
        before, after, lost = last.samples[-1], run.samples[0], run.start - last.stop
        share = np.arange(1, lost + 1)[:, None] / (lost + 1)
        return Chunk(before + share * (after - before), last.stop, run.time - lost / self._rate, run.arrived)

    def _gap(self, stop: int, *, bridged: bool) -> Gap:
        cause, self._cause = self._cause or "lost samples", ""
        return Gap(self._next, stop - self._next, cause, bridged)

    def _announce_missing(self, stop: int) -> Iterator[State]:
        """Announce missing valid samples once they are too many to bridge, and again every hop."""
        self._cause = self._cause or INVALID_SAMPLES
        missing = stop - self._next
        while self._too_long(missing) and self._announced_hops * self._hop <= missing:
            self._announced_hops += 1
            yield State("gap", f"{INVALID_SAMPLES} since {self._next / self._rate:.1f} s")

    def _too_long(self, lost: int) -> bool:
        return lost > MAX_BRIDGED_GAP_S * self._rate * (1 + 1e-9)


def _finite_runs(chunk: Chunk, rate: float) -> Iterator[Chunk]:
    finite = np.abs(chunk.samples) <= MAX_AMPLITUDE_MV
    if finite.all():
        yield chunk
        return
    for start, stop in mask_runs(finite.all(axis=1)).tolist():
        time = chunk.time + start / rate
        yield Chunk(chunk.samples[start:stop], chunk.start + start, time, chunk.arrived)
