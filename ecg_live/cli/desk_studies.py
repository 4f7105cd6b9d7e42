"""Studies on the start page: whose turn it is, how far a participant has come, and the session that is planned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ecg_live.cli.study_recordings import StudyRecordings, recorded_markers
from ecg_live.cli.study_session import DEFAULT_SESSION, PlannedSession, file_beside, plan_session
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.participant_profile import Profile
from ecg_live.preview_items import ParticipantNote, SessionPlan, StudyChoice
from ecg_live.study.block_order import order_blocks
from ecg_live.study.file import load_study
from ecg_live.study.plan import Study
from ecg_live.study.progress import first_unfinished


def study_choice(path: Path, session: str) -> StudyChoice:
    """What a study file gives for the start page; one with a fault gives the fault."""
    try:
        study = load_study(path)
        places = {each: _blocks_done(study, path, each, session) for each in study.participants}
    except (EcgLiveError, OSError) as error:
        return StudyChoice(str(path), error=str(error))
    open_ones = [each for each, done in places.items() if done < len(study.blocks)]
    return StudyChoice(
        str(path),
        study.name,
        study.participants,
        open_ones[0] if open_ones else "",
        file_beside(study.source, path) or "",
        file_beside(study.model, path) or "",
    )


def study_note(path: Path, participant: str, session: str) -> ParticipantNote:
    """How far a participant has come in a session of a study."""
    if not participant:
        return ParticipantNote("Choose the participant, or type an id", error=True)
    session = session or DEFAULT_SESSION
    try:
        Profile(participant)
        study = load_study(path)
        blocks = order_blocks(study, participant)
        done = _blocks_done(study, path, participant, session)
        earlier = bool(_earlier(study, path, participant, session))
    except ConfigError as error:
        return ParticipantNote(str(error), error=True)
    except (EcgLiveError, OSError) as error:
        return ParticipantNote(f"what was recorded of {participant} cannot be read: {error}")
    order = ", ".join(block.name for block in blocks)
    if not earlier:
        return ParticipantNote(f"{participant}, session {session}: {order}")
    if done == len(blocks):
        text = f"{participant} was used before: session {session} is complete; choose another participant or session"
        return ParticipantNote(text, error=True)
    text = f"{participant} was used before: session {session} goes on with block {blocks[done].name} ({order})"
    return ParticipantNote(text)


def planned_session(plan: SessionPlan, options: Mapping[str, object]) -> PlannedSession:
    """The session of a study that was chosen; one that was cut goes on.

    Raises
    ------
    ConfigError
        The study file has a fault, or the session is complete.
    """
    path = Path(plan.study)
    session = plan.session or DEFAULT_SESSION
    given = {"participant": plan.participant or None, "session": session, "model": plan.model or None}
    resume = bool(plan.participant and _earlier(load_study(path), path, plan.participant, session))
    return plan_session(path, plan.source, {**options, **given}, resume=resume)


def _earlier(study: Study, path: Path, participant: str, session: str) -> list[Path]:
    """Recordings of a session so far, also those that were moved."""
    return StudyRecordings(study, participant, session or DEFAULT_SESSION, path.parent).earlier(moved=True)


def _blocks_done(study: Study, path: Path, participant: str, session: str) -> int:
    """How many blocks a participant has been through."""
    earlier = _earlier(study, path, participant, session)
    if not earlier:
        return 0
    markers = [marker for each in earlier for marker in recorded_markers(each)]
    return first_unfinished(order_blocks(study, participant), markers)
