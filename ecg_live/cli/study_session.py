"""``run --study``: what the study file plans for one participant's session, and the study that runs beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli.cut_session import CutSession
from ecg_live.cli.study_recordings import (
    StudyRecordings,
    answered_reports,
    recorded_markers,
    refuse_growing,
    times_asked,
)
from ecg_live.config import load_settings
from ecg_live.errors import ConfigError, DeviceNotFound, IncompatibleBundle
from ecg_live.events import Clock
from ecg_live.protocols import Source
from ecg_live.results import HeadInfo
from ecg_live.study.block_order import order_blocks
from ecg_live.study.course import StudyCourse
from ecg_live.study.file import load_study
from ecg_live.study.marker_texts import block_text
from ecg_live.study.plan import Block, Study
from ecg_live.study.progress import first_unfinished, unanswered
from ecg_live.study.run import StudyRun
from ecg_live.study.source import StudyFollower, StudySource

if TYPE_CHECKING:
    from ecg_live.session import Session

DEFAULT_SESSION = "S1"
STREAM_WAIT_S = 3.0  # for the required streams to answer


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """One participant's session of a study.

    ``blocks`` in this participant's order, ``first`` the index of the one to begin with, after the ``pending``
    self-reports of the one before; ``source`` and ``options`` as the command line would give them. ``asked`` counts the
    self-reports that were asked in ``earlier`` parts, whose recordings those are.
    """

    study: Study
    participant: str
    session: str
    blocks: tuple[Block, ...]
    first: int
    source: str
    options: Mapping[str, object]
    pending: tuple[str, ...] = ()
    asked: Mapping[str, int] = field(default_factory=dict)
    earlier: tuple[Path, ...] = ()

    @property
    def cut(self) -> CutSession | None:
        """The parts of the session so far; None where it begins."""
        from ecg_live.session import DEFAULT_BASELINE_S

        if not self.earlier:
            return None
        rests = {each.name: each.seconds or DEFAULT_BASELINE_S for each in self.blocks if each.baseline}
        resting = next((each.name for each in reversed(self.blocks[: self.first]) if each.baseline), None)
        return CutSession(self.earlier, rests, resting)


def plan_session(path: Path, source: str | None, options: Mapping[str, object], *, resume: bool) -> PlannedSession:
    """Read a study file, and plan a session; what the command line gives wins.

    Parameters
    ----------
    path : Path
        Study file.
    source : str, optional
        Of the command line.
    options : mapping
        Of the command line; None where an option was not given.
    resume : bool
        Go on with a session that was cut.

    Raises
    ------
    ConfigError
        The file has a fault, no participant or source is named, the participant is not in the list, or has been
        through this session before; or there is nothing to resume.
    """
    study = load_study(path)
    settings = load_settings(options, only=("participant", "session", "record"))
    participant = settings.participant
    if not participant:
        raise ConfigError(f"{study.name}: no participant", "name one, for example --participant P01")
    blocks = order_blocks(study, participant)
    source = source or file_beside(study.source, path)
    if source is None:
        raise ConfigError(f"{path}: source: missing", 'write source = "polar:" into it, or name one: run SOURCE ...')
    session = settings.session or DEFAULT_SESSION
    record = None if settings.record is None else Path(settings.record)
    files = StudyRecordings(study, participant, session, path.parent, record)
    earlier = files.earlier(moved=resume)
    if resume and not earlier:
        raise ConfigError(
            f"{participant} has no recording of session {session} of {study.name}: there is nothing to resume; "
            f"looked for {files.places()}",
            "name one that was moved, for example --record FOLDER/NAME.xdf; "
            "else leave --resume out, or mend --participant or --session",
        )
    first = _first_block(blocks, (participant, session), earlier, resume=resume)
    given = {"model": file_beside(study.model, path), "markers": study.markers, "also": list(study.also) or None}
    own = {name: value for name, value in given.items() if options.get(name) is None}
    own |= {"participant": participant, "session": session, "record": str(files.new(earlier))}
    pending = _pending(blocks[first - 1], blocks, earlier) if first else ()
    own_options = {**options, **own}
    asked = times_asked(earlier)
    return PlannedSession(
        study, participant, session, blocks, first, source, own_options, pending, asked, tuple(earlier)
    )


def _pending(block: Block, blocks: Sequence[Block], earlier: Sequence[Path]) -> tuple[str, ...]:
    """Self-reports after a block that the session was cut before; they may be answered in a later recording."""
    answered: set[str] = set()
    for path in reversed(earlier):
        markers = recorded_markers(path)
        starts = [time for time, text in markers if text == block_text(block.name, "start")]
        answered |= answered_reports(path, block.name, starts[-1] if starts else -inf)
        if starts:
            return unanswered(blocks, markers, answered)
    return ()


def _first_block(blocks: Sequence[Block], ids: tuple[str, str], earlier: Sequence[Path], *, resume: bool) -> int:
    """Index of the block to begin with; ``ids`` are those of participant and session."""
    participant, session = ids
    if not earlier:
        return 0
    markers = [marker for each in earlier for marker in recorded_markers(each)]
    first = first_unfinished(blocks, markers)
    been = f"{participant} has been through {first} of {len(blocks)} blocks of session {session} ({earlier[-1].name})"
    if first == len(blocks):
        raise ConfigError(f"{been}: it is complete", "name another --session, or mend the id")
    if not resume:
        remedy = f"--resume goes on with block {blocks[first].name}; else name another --session, or mend the id"
        raise ConfigError(been, remedy)
    for path in earlier:
        refuse_growing(path)
    return first


def file_beside(given: str | None, path: Path) -> str | None:
    """A file's path, which may be relative to the study file; anything else as it is."""
    beside = str(path.parent / (given or ""))
    return beside if os.path.isfile(beside) else given  # noqa: PTH113 - of a long source Path.is_file raises


def check_streams(study: Study) -> None:
    """Look for the streams that a study requires.

    Raises
    ------
    DeviceNotFound
        Some are not in reach.
    """
    if not study.required_streams:
        return
    from devices.lsl.resolve import LslTimeouts, ResolvedStream, parse_query, resolve_streams

    wanted = {name: parse_query(name) for name in study.required_streams}
    missing = set(wanted)

    def all_there(found: ResolvedStream) -> bool:
        missing.difference_update(name for name, query in wanted.items() if query.matches(found))
        return not missing

    resolve_streams(all_there, LslTimeouts(find=STREAM_WAIT_S, others=0.0))
    if missing:
        names = ", ".join(name for name in wanted if name in missing)
        raise DeviceNotFound(
            f"{study.name} needs LSL streams that are not in reach: {names}",
            "start the programs that send them, or take them out of required_streams",
        )


def check_heads(study: Study, heads: Sequence[HeadInfo]) -> None:
    """Check that a model has the heads that blocks and self-reports need.

    Raises
    ------
    IncompatibleBundle
        One is missing.
    """
    known = {head.name for head in heads}
    needs = [(f"block {block.name}", block.needed_heads) for block in study.blocks]
    needs += [(f"self-report {name}", report.heads) for name, report in study.self_reports.items()]
    for what, wanted in needs:
        if missing := [name for name in wanted if name not in known]:
            raise IncompatibleBundle(
                f"{what} of {study.name} needs head {missing[0]}; the model has {', '.join(sorted(known))}",
                "give a --model that has it, or mend the study file",
            )


class SessionStudy:
    """The study that runs beside one session.

    Parameters
    ----------
    planned : PlannedSession
    clock : Clock
        Session clock.
    by_key : bool
        There is one to press a key: the first block waits for it.
    asks : bool
        Self-reports can be asked.
    """

    def __init__(self, planned: PlannedSession, clock: Clock, *, by_key: bool, asks: bool) -> None:
        self.planned = planned
        self._clock = clock
        self._by_key = by_key
        self._asks = asks
        self._source: StudySource | None = None
        self._run: StudyRun | None = None

    @property
    def run(self) -> StudyRun:
        """The study, once `beside` was called."""
        assert self._run is not None  # noqa: S101 - the session has been built
        return self._run

    def beside(self, source: Source) -> Source:
        """The source of the session."""
        planned = self.planned
        course = StudyCourse(
            planned.blocks, planned.first, by_key=self._by_key, asks=self._asks, pending=planned.pending
        )
        self._source = StudySource(source, self._clock)
        self._run = StudyRun(planned.study, course, self._source.now, planned.asked)
        return self._source

    def follower(self) -> StudyFollower:
        """A sink of the session."""
        assert self._source is not None  # noqa: S101 - `beside` came first
        return StudyFollower(self.run, self._source.info)

    def connect(self, session: Session) -> None:
        """Note the study's markers in this session."""
        assert self._source is not None  # noqa: S101 - `beside` came first
        self._source.connect(self.run, session)
