"""Turn a device's sequence numbers into sample indices, with gaps for lost samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from devices.files.recording import SampleRun
from ecg_live.constants import MAX_BRIDGED_GAP_S
from ecg_live.events import F64, State

I64 = npt.NDArray[np.int64]


class SequenceCounter:
    """Finds lost and repeated samples in a sequence number that wraps.

    Parameters
    ----------
    moduli : sequence of int
        Possible wraps of the number, the lowest first: 16 on BITalino, 32768 or 65536 on PLUX, by firmware. A higher
        number excludes a wrap below itself.
    rate : float
        Hz.
    saturates : bool
        Whether the number stays at the last of ``moduli`` less 1 once it is reached, as in OpenSignals HDF5.
    highest : callable
        Finds the file's highest number, if only that distinguishes a loss from a wrap; it may read the whole file.

    Notes
    -----
    A step of more than 1 is lost data. A step back by up to a second is a repetition and is dropped. A step back to the
    start is a device that was restarted: the loss is unknown, and the shortest gap that ends a segment is counted.
    """

    def __init__(
        self, moduli: Sequence[int], rate: float, *, saturates: bool = False, highest: Callable[[], int] = lambda: 0
    ) -> None:
        self._moduli = tuple(moduli)
        self._rate = rate
        self._highest = highest
        self._ceiling = moduli[-1] - 1 if saturates else -1
        self._first: int | None = None
        self._number = 0  # sequence number of the last row
        self._position = -1  # sample index of the last row
        self._top = -1  # highest sample index so far

    def push(self, numbers: F64, samples: F64, where: str) -> Iterator[SampleRun | State]:
        """Return runs of the samples (n,) that are new; ``where`` names the file and the first line or sample."""
        if not len(numbers):
            return
        count = numbers.astype(np.int64)
        if self._first is None:
            self._first = int(count[0])
            self._number = self._first - 1
        self._exclude(int(count.max()))
        advance, causes = self._advance(count)
        position = np.cumsum(advance) + self._position
        top = np.maximum.accumulate(np.concatenate(([self._top], position)))
        new = position > top[:-1]
        self._number = int(count[-1])
        self._position = int(position[-1])
        self._top = int(top[-1])
        if not new.all():
            yield State("warning", f"{where}: {int((~new).sum())} repeated samples were dropped")
        yield from _split_at_jumps(position[new], samples[new], causes)

    def _exclude(self, number: int) -> None:
        """Exclude wraps at ``number`` and below, as it was reached."""
        self._moduli = tuple(modulus for modulus in self._moduli if modulus > number)

    def _advance(self, count: I64) -> tuple[I64, dict[int, str]]:
        """Return the advance of the sample index at each row, and causes of gaps by sample index."""
        before = np.concatenate(([self._number], count[:-1]))
        step = count - before
        if len(self._moduli) > 1 and ((step < 0) & (step != 1 - self._moduli[0])).any():
            self._exclude(self._highest())
            self._moduli = self._moduli[:1]
        regular = step == 1
        for modulus in self._moduli[:1]:
            regular |= step == 1 - modulus
        regular |= (count == self._ceiling) & (before == count)
        advance = np.ones(len(count), dtype=np.int64)
        restarts: list[int] = []
        for i in np.flatnonzero(~regular):
            advance[i], restart = self._irregular(int(before[i]), int(count[i]))
            restarts += [int(i)] if restart else []
        position = np.cumsum(advance) + self._position
        cause = "the device's counter restarted; how many samples were lost is unknown"
        return advance, {int(position[i]): cause for i in restarts}

    def _irregular(self, before: int, now: int) -> tuple[int, bool]:
        """Return the advance of one irregular step, and whether the device was restarted."""
        second, step = round(self._rate), now - before
        shortest = int(MAX_BRIDGED_GAP_S * self._rate) + 2  # one sample more than is bridged, and the next
        if not self._moduli:
            if step > 0:
                return step, False
            return (step, False) if -step <= second else (shortest, True)
        modulus = self._moduli[0]
        ahead = step % modulus
        back = modulus - ahead if ahead else 0
        if back == 0 or (modulus > 2 * second and back <= second):
            return -back, False
        if step < 0 and now in (0, 1, self._first) and back > second and modulus - before > second:
            return shortest, True
        return ahead, False


def _split_at_jumps(position: I64, samples: F64, causes: dict[int, str]) -> Iterator[SampleRun]:
    """Split samples with rising indices into contiguous runs."""
    edges = np.flatnonzero(np.diff(position) != 1) + 1
    for low, high in zip([0, *edges], [*edges, len(position)], strict=True):
        if high > low:
            start = int(position[low])
            yield SampleRun(start, samples[low:high], causes.get(start, "samples are missing in the device's counter"))
