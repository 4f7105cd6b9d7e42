"""Open a recording to play it back: all its files, what they hold, and what was annotated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.errors import EcgLiveError, FormatError
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.playback.timed_items import RecordedItems, recorded_items
from ecg_live.recorded.recording_files import first_file
from ecg_live.recorded.report.annotated_session import annotate_session
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedSession, load_session
from ecg_live.recorded.session_file import read_contents


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A recorded session, its items with markers as edited, and what edits its annotations.

    ``warnings`` state what is damaged or missing. ``editor`` is None if nothing can be annotated.
    """

    session: RecordedSession
    recorded: RecordedItems
    warnings: tuple[str, ...]
    editor: AnnotationEditor | None = None


def open_session(path: Path, author: str = "") -> OpenedSession:
    """Open a recording by any of its files; damage costs what is damaged.

    Raises
    ------
    RecordingError
        It cannot be read, or ecg-live did not record it.
    """
    if read_contents(path, ()) is None:
        raise FormatError(
            f"{path.name} was not recorded by ecg-live: it holds no predictions to play back",
            f"watch it with a model: ecg-live run {path}",
        )
    session = load_session(read_recording_files([first_file(path)]))
    warnings = [problem for each in session.files for problem in (*each.checked.problems, *each.checked.warnings)]
    warnings += [each.contents.damage.message for each in session.files if each.contents.damage]
    editor: AnnotationEditor | None = None
    edited = session
    try:
        markers = [(each.time, each.text) for each in session.markers]
        editor = AnnotationEditor(open_annotations(path, author), markers, session.duration)
        edited = annotate_session(session).session
    except EcgLiveError as found:
        editor = None
        warnings.append(f"{found.message}: nothing can be annotated")
    return OpenedSession(session, recorded_items(edited), tuple(dict.fromkeys(warnings)), editor)
