"""What a study holds: blocks, keys, self-reports, participants. All frozen, made by `ecg_live.study.file`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Order = Literal["fixed", "counterbalanced"]
Begin = Literal["at once", "key"]
ReportKind = Literal["sam", "slider", "grid", "likert", "text"]

HEART_RATE = "heart_rate"  # what biofeedback may show beside a head
DEFAULT_RECORD = "{study}_{participant}_{session}.xdf"
SAM_POINTS = 9  # of each manikin scale (Bradley and Lang 1994, J. Behav. Ther. Exp. Psychiatry 25:49)


@dataclass(frozen=True, slots=True)
class SelfReport:
    """A question to the participant.

    ``sam`` asks for valence, arousal and, where listed in ``items``, dominance, 9 points each. ``slider`` and ``grid``
    (valence x arousal) are continuous. ``likert`` has one row for each of ``items`` and ``points`` answers between
    the two ``anchors``. ``text`` is free text. ``heads`` names heads that the model must have beside it.
    """

    name: str
    kind: ReportKind
    question: str = ""
    items: tuple[str, ...] = ()
    points: int = SAM_POINTS
    anchors: tuple[str, str] = ("", "")
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a session.

    It ends after ``seconds``, or with a key, or with the marker ``until_marker``; ``seconds`` beside the marker is the
    longest that it may take. ``baseline``: its start begins the wearer's resting baseline. ``sound``: its end is
    heard. ``self_reports`` are asked after it, by name. ``in_place``: counterbalancing does not move it. ``begin``:
    when the block before is over, or by the experimenter's key. ``heads`` names heads that the model must have.

    The participant sees the instruction; with ``countdown`` the time that is left, and with ``biofeedback`` a slow
    figure of the heart rate (``heart_rate``) or of a head by its name. ``labels``: that head's label in words as well.
    ``rating`` names a self-report of kind ``grid`` that the participant rates by hand all through the block.
    """

    name: str
    seconds: float | None = None
    until_marker: str | None = None
    instruction: str = ""
    baseline: bool = False
    sound: bool = False
    self_reports: tuple[str, ...] = ()
    in_place: bool = False
    begin: Begin = "at once"
    countdown: bool = False
    biofeedback: str | None = None
    labels: bool = False
    heads: tuple[str, ...] = ()
    rating: str | None = None

    @property
    def needed_heads(self) -> tuple[str, ...]:
        """Heads without which the block cannot be run as planned."""
        shown = () if self.biofeedback in {None, HEART_RATE} else (str(self.biofeedback),)
        return tuple(dict.fromkeys((*self.heads, *shown)))


@dataclass(frozen=True, slots=True)
class KeyMarker:
    """What a key notes: ``text`` at each press, or the start and stop of an interval by turns."""

    text: str
    interval: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """A study as its file plans it.

    ``record`` is the template of a recording's name, with ``{study}``, ``{participant}``, ``{session}`` and ``{date}``.
    ``markers`` is the LSL marker stream that a session follows, ``also`` what is recorded beside the source.
    ``order`` is how the blocks follow each other; see `ecg_live.study.block_order`.
    """

    name: str
    blocks: tuple[Block, ...]
    source: str | None = None
    required_streams: tuple[str, ...] = ()
    markers: str | None = None
    also: tuple[str, ...] = ()
    model: str | None = None
    record: str = DEFAULT_RECORD
    participants: tuple[str, ...] = ()
    order: Order = "fixed"
    keys: Mapping[str, KeyMarker] = field(default_factory=dict)
    self_reports: Mapping[str, SelfReport] = field(default_factory=dict)
