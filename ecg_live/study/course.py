"""The course of a session through its blocks: which one runs, what is noted, and when it is over. Time is given to it.

A block waits, runs, and is followed by its self-reports; then the next one begins. Every call returns what is to be
done, in its order. Ends by time are exact however late `tick` is called, so that markers do not depend on how often
that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ecg_live.study.marker_texts import Note, block_text
from ecg_live.study.plan import Block

Phase = Literal["waiting", "running", "self_report", "finished"]


@dataclass(frozen=True, slots=True)
class NoteMarker:
    """To be noted: a marker at ``time``, in the seconds that the course was given."""

    time: float
    text: str


@dataclass(frozen=True, slots=True)
class BeginBaseline:
    """To be begun: a resting baseline at ``time``; ``seconds`` is None for a block that ends with a key or a marker."""

    time: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class PlaySound:
    """To be heard: a block has ended."""


@dataclass(frozen=True, slots=True)
class LeaveUnasked:
    """To be noted: a self-report of a block that ended at ``time`` cannot be asked."""

    time: float
    self_report: str
    block: str


Action = NoteMarker | BeginBaseline | PlaySound | LeaveUnasked


@dataclass(frozen=True, slots=True)
class CourseStatus:
    """What experimenter and participant see.

    ``block`` runs, waits, or was followed by the self-report that is asked; ``number`` counts from 1 in the order of
    this participant. ``seconds_left`` is None for a block that ends with a key or a marker. ``coming`` begins after it.
    ``self_report`` is the name of the one that is asked.
    """

    phase: Phase
    block: Block | None
    number: int
    blocks: int
    seconds_left: float | None = None
    elapsed: float = 0.0
    coming: Block | None = None
    self_report: str | None = None


class StudyCourse:
    """Steps through the blocks of a session.

    Parameters
    ----------
    blocks : sequence of Block
        In the order for this participant.
    first : int
        Index of the block that comes first: a session that was cut goes on.
    by_key : bool
        The first block waits for the experimenter, whatever its plan: there is one to press a key.
    asks : bool
        Self-reports can be asked; else it is noted that they were not.
    pending : sequence of str
        Self-reports of the block before ``first``, which the cut session still had to ask.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        first: int = 0,
        *,
        by_key: bool = True,
        asks: bool = True,
        pending: Sequence[str] = (),
    ) -> None:
        self._blocks = tuple(blocks)
        self._asked = list(pending) if asks and first else []  # self-reports that are still to be answered
        self._index = first - 1 if self._asked else first
        self._held = by_key  # the block that waits begins by a key only
        self._asks = asks
        self._began: float | None = None

    @property
    def finished(self) -> bool:
        """Whether no block is left."""
        return self._index >= len(self._blocks)

    def status(self, now: float) -> CourseStatus:
        """What runs at ``now``."""
        count = len(self._blocks)
        if self.finished:
            return CourseStatus("finished", None, count, count)
        block, number = self._blocks[self._index], self._index + 1
        coming = self._blocks[number] if number < count else None
        if self._asked:
            return CourseStatus("self_report", block, number, count, coming=coming, self_report=self._asked[0])
        if self._began is None:
            return CourseStatus("waiting", block, number, count, coming=coming)
        elapsed = max(0.0, now - self._began)
        left = None if block.seconds is None else max(0.0, block.seconds - elapsed)
        return CourseStatus("running", block, number, count, left, elapsed, coming)

    def tick(self, now: float) -> tuple[Action, ...]:
        """Begin what begins by itself, and end what is over by ``now``."""
        actions = self._begin_unless_held(now)
        while (over := self._due(now)) is not None:
            actions += self._end(over)
        return actions

    def advance(self, now: float) -> tuple[Action, ...]:
        """Begin the block that waits; end one that ends by a key, break off another; decline a self-report."""
        actions = self.tick(now)
        if self.finished:
            return actions
        if self._asked:
            return actions + self.answered(now)
        if self._began is None:
            return actions + self._begin(now)
        block = self._blocks[self._index]
        if block.seconds is None and block.until_marker is None:
            return actions + self._end(now)
        return actions + self.skip(now)

    def skip(self, now: float) -> tuple[Action, ...]:
        """Leave out the block that waits, or break off the one that runs, and go on; its self-reports are left out."""
        actions = self.tick(now)
        if self.finished:
            return actions
        if self._began is not None:
            actions += self._break_off(now)
        elif not self._asked:
            actions += self._note(now, "skip")
        return actions + self._go_on(now)

    def abort(self, now: float) -> tuple[Action, ...]:
        """Break off the block that runs; the next one waits for the experimenter, who may ask to repeat this one."""
        actions = self.tick(now)
        if self._began is None:
            return actions
        actions += self._break_off(now)
        self._held = True
        return actions + self._go_on(now)

    def repeat(self, now: float) -> tuple[Action, ...]:
        """Have the block that runs, or else the last one before, run again; it waits for the experimenter."""
        actions = self.tick(now)
        if self._began is not None:
            actions += self._break_off(now)
        elif not self._asked:
            if self._index == 0:
                return actions
            self._index -= 1
        self._asked.clear()
        self._held = True
        return actions + self._note(now, "repeat")

    def marker(self, time: float, text: str) -> tuple[Action, ...]:
        """A marker came: it may end the block that runs."""
        actions = self.tick(time)
        if self._began is None or time < self._began or self._blocks[self._index].until_marker != text:
            return actions
        return actions + self._end(time)

    def answered(self, now: float) -> tuple[Action, ...]:
        """The self-report that is asked was answered, or declined."""
        actions = self.tick(now)
        if self._asked:
            self._asked.pop(0)
            if not self._asked:
                actions += self._go_on(now)
        return actions

    def stop(self, now: float) -> tuple[Action, ...]:
        """End of the session: a block that runs is broken off."""
        actions = self.tick(now)
        return actions if self._began is None else actions + self._break_off(now)

    def _due(self, now: float) -> float | None:
        """When the block that runs is over, if that is not after ``now``."""
        if self._began is None:
            return None
        seconds = self._blocks[self._index].seconds
        return None if seconds is None or now < self._began + seconds else self._began + seconds

    def _begin_unless_held(self, now: float) -> tuple[Action, ...]:
        waits = not self.finished and self._began is None and not self._asked
        held = self._held or (waits and self._blocks[self._index].begin == "key")
        return self._begin(now) if waits and not held else ()

    def _begin(self, now: float) -> tuple[Action, ...]:
        self._held, self._began = False, now
        block = self._blocks[self._index]
        baseline = (BeginBaseline(now, block.seconds),) if block.baseline else ()
        return (*self._note(now, "start"), *baseline)

    def _end(self, time: float) -> tuple[Action, ...]:
        block, self._began = self._blocks[self._index], None
        sound = (PlaySound(),) if block.sound else ()
        unasked = () if self._asks else (LeaveUnasked(time, name, block.name) for name in block.self_reports)
        actions = (*self._note(time, "stop"), *sound, *unasked)
        self._asked = list(block.self_reports) if self._asks else []
        return actions if self._asked else actions + self._go_on(time)

    def _break_off(self, now: float) -> tuple[Action, ...]:
        self._began = None
        return (*self._note(now, "abort"), *self._note(now, "stop"))

    def _go_on(self, time: float) -> tuple[Action, ...]:
        self._asked.clear()
        self._index += 1
        return self._begin_unless_held(time)

    def _note(self, time: float, note: Note) -> tuple[Action, ...]:
        return (NoteMarker(time, block_text(self._blocks[self._index].name, note)),)
