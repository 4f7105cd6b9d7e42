"""What a study holds: blocks, keys, self-reports, participants. All frozen, made by `ecg_live.study.file`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Order = Literal["fixed", "counterbalanced"]
ReportKind = Literal["sam", "slider", "grid", "likert", "text"]

DEFAULT_RECORD = "{study}_{participant}_{session}.xdf"
SAM_POINTS = 9  # of each manikin scale (Bradley and Lang 1994, J. Behav. Ther. Exp. Psychiatry 25:49)


@dataclass(frozen=True, slots=True)
class SelfReport:
    """A question to the participant.

    ``sam`` asks for valence, arousal and, where listed in ``items``, dominance, 9 points each. ``slider`` and ``grid``
    (valence x arousal) are continuous. ``likert`` has one row for each of ``items`` and ``points`` answers between
    the two ``anchors``. ``text`` is free text.
    """

    name: str
    kind: ReportKind
    question: str = ""
    items: tuple[str, ...] = ()
    points: int = SAM_POINTS
    anchors: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a session.

    It ends after ``seconds``, or with a key, or with the marker ``until_marker``; ``seconds`` beside the marker is the
    longest that it may take. ``baseline``: its start begins the wearer's resting baseline. ``sound``: its end is
    heard. ``self_reports`` are asked after it, by name. ``in_place``: counterbalancing does not move it.
    """

    name: str
    seconds: float | None = None
    until_marker: str | None = None
    instruction: str = ""
    baseline: bool = False
    sound: bool = False
    self_reports: tuple[str, ...] = ()
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class KeyMarker:
    """What a key notes: ``text`` at each press, or the start and stop of an interval by turns."""

    text: str
    interval: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """A study as its file plans it.

    ``record`` is the template of a recording's name, with ``{study}``, ``{participant}``, ``{session}`` and ``{date}``.
    ``order`` is how the blocks follow each other; see `ecg_live.study.block_order`.
    """

    name: str
    blocks: tuple[Block, ...]
    source: str | None = None
    required_streams: tuple[str, ...] = ()
    model: str | None = None
    record: str = DEFAULT_RECORD
    participants: tuple[str, ...] = ()
    order: Order = "fixed"
    keys: Mapping[str, KeyMarker] = field(default_factory=dict)
    self_reports: Mapping[str, SelfReport] = field(default_factory=dict)
