"""Other orders of a subject's windows: the same windows, so that what came before is all that differs.

Whatever looks further back than its window learns the order of the conditions as well as their effect: trailing heart
rate variability over 60 s had an AUROC of .86 with rest before load and .43 with load before rest. So such features are
fitted on blocks in random order (`shuffled_order`) and scored in each of `ORDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, get_args

import numpy as np

from ecg_live.events import F64
from ecg_live.model.baseline import TIME_TOLERANCE_S, WINDOW_S
from training.data.feature_table import Ints, Names

OrderName = Literal["natural", "reversed", "interleaved", "interleaved reversed"]
ORDERS: tuple[OrderName, ...] = get_args(OrderName)
LONG_BLOCK_S, SHORT_BLOCK_S = 60.0, 30.0  # blocks of the class with most windows, and of the others, taking turns
SHUFFLED_BLOCK_S = (20.0, 60.0)  # shortest and longest block that is drawn


@dataclass(frozen=True, slots=True, eq=False)
class WindowOrder:
    """Windows of several subjects in an order in which each could have lived through them, subject by subject.

    Parameters
    ----------
    rows : Ints
        Rows (n,) of the table, each once: ``rows[i]`` is the i-th window.
    start : F64
        Where the i-th window begins (n,), in s from the subject's first, on an axis on which that order is real time.
    """

    rows: Ints
    start: F64


@dataclass(frozen=True, slots=True, eq=False)
class PlacedWindows:
    """Where windows lie, in a table's order: their subject, recording, onset (s of it) and class (n,).

    A subject's windows are in the order in which they were recorded.
    """

    subject: Names
    recording: Names
    onset: F64
    label: Ints

    def subject_rows(self) -> list[Ints]:
        """Rows of each subject."""
        return [np.flatnonzero(self.subject == each) for each in np.unique(self.subject)]


Blocks = list[Ints]  # rows of one subject, contiguous in time and of one class each
Arrange = Callable[[Ints], Blocks]


def window_order(windows: PlacedWindows, order: OrderName) -> WindowOrder:
    """Windows in one of the orders that scores are made in.

    ``reversed`` takes the stretches of one class from the last to the first, each in its own direction: load before
    rest. ``interleaved`` lets blocks of the classes take turns (60 s of the class with most windows, 30 s of others),
    beginning with the class that came first; ``interleaved reversed`` begins with the class that came last.
    """

    def arrange(rows: Ints) -> Blocks:
        if order == "natural":
            return [rows]
        if order == "reversed":
            return _stretches(windows, rows)[::-1]
        by_class = _class_blocks(windows, rows, LONG_BLOCK_S, SHORT_BLOCK_S)
        turns = by_class if order == "interleaved" else by_class[::-1]
        return [block for turn in zip_longest(*turns) for block in turn if block is not None]

    return _in_order(windows, arrange)


def shuffled_order(windows: PlacedWindows, rng: np.random.Generator) -> WindowOrder:
    """Windows with each subject's blocks in random order, for fitting; the blocks' length is drawn for each subject."""

    def arrange(rows: Ints) -> Blocks:
        length = float(rng.uniform(*SHUFFLED_BLOCK_S))
        blocks = [block for each in _class_blocks(windows, rows, length, length) for block in each]
        return [blocks[i] for i in rng.permutation(len(blocks))]

    return _in_order(windows, arrange)


def _in_order(windows: PlacedWindows, arrange: Arrange) -> WindowOrder:
    """All subjects' windows as ``arrange`` orders those of one."""
    rows, start = [np.empty(0, np.int64)], [np.empty(0)]
    for own in windows.subject_rows():
        axis = _session_axis(windows, own)
        now = 0.0
        for block in arrange(own):
            offset = axis[np.searchsorted(own, block)]
            rows.append(block)
            start.append(now + offset - offset[0])
            now += float(offset[-1] - offset[0]) + WINDOW_S
    return WindowOrder(np.concatenate(rows), np.concatenate(start))


def _session_axis(windows: PlacedWindows, rows: Ints) -> F64:
    """Where one subject's windows begin (n,), in s on an axis on which recordings follow each other."""
    onset, recording = windows.onset[rows], windows.recording[rows]
    new = np.flatnonzero(recording[1:] != recording[:-1]) + 1
    axis = onset.copy()
    for i in new.tolist():
        axis[i:] += axis[i - 1] + WINDOW_S - axis[i]
    return axis


def _stretches(windows: PlacedWindows, rows: Ints) -> Blocks:
    """Windows of one class that follow each other within a recording."""
    label, recording = windows.label[rows], windows.recording[rows]
    return np.split(rows, np.flatnonzero((label[1:] != label[:-1]) | (recording[1:] != recording[:-1])) + 1)


def _class_blocks(windows: PlacedWindows, rows: Ints, longest: float, others: float) -> list[Blocks]:
    """Blocks of each class in order, the classes by their first window.

    A block has ``longest`` seconds of the class with most windows and ``others`` of another; stretches of a class are
    laid end to end before they are cut.
    """
    label = windows.label[rows]
    names, first, count = np.unique(label, return_index=True, return_counts=True)
    most = int(names[np.argmax(count)])
    stretches = _stretches(windows, rows)
    made: list[Blocks] = []
    for name in names[np.argsort(first)].tolist():
        own = [each for each in stretches if windows.label[each[0]] == name]
        made.append(_cut(windows, own, longest if name == most else others))
    return made


def _cut(windows: PlacedWindows, stretches: Blocks, seconds: float) -> Blocks:
    """Blocks of at most ``seconds``, of stretches of one class laid end to end."""
    rows = np.concatenate(stretches)
    elapsed, now = [], 0.0
    for stretch in stretches:
        offset = windows.onset[stretch] - windows.onset[stretch[0]]
        elapsed.append(now + offset)
        now += float(offset[-1]) + WINDOW_S
    number = ((np.concatenate(elapsed) + TIME_TOLERANCE_S) // seconds).astype(np.int64)
    return np.split(rows, np.flatnonzero(number[1:] != number[:-1]) + 1)
