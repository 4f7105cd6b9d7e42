"""Open a recording to play it back: all its files, what they hold, and what was annotated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecg_live.annotations.log_file import AnnotationLog
from ecg_live.errors import EcgLiveError, FormatError, RecordingError
from ecg_live.recorded.annotated import annotate_session, first_file, open_annotations
from ecg_live.recorded.playback.timed_items import RecordedItems, TimedItem, recorded_items, replace_markers
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedSession, load_session
from ecg_live.recorded.session_file import read_contents


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A recorded session, its items with markers as edited, and the log of its annotations.

    ``warnings`` state what is damaged or missing. ``log`` is None if nothing can be annotated, ``error`` then says why.
    """

    session: RecordedSession
    recorded: RecordedItems
    warnings: tuple[str, ...]
    log: AnnotationLog | None = None
    error: EcgLiveError | None = None

    def add_marker(self, text: str, at: float) -> tuple[TimedItem, ...]:
        """Annotate a marker; return all items with it.

        Raises
        ------
        EcgLiveError
            It cannot be written.
        """
        if self.log is None:
            raise self.error or RecordingError("nothing can be annotated here")
        self.log.add("marker", at, text=text)
        return self.items_now()

    def items_now(self) -> tuple[TimedItem, ...]:
        """All items, with the markers as the annotations have them by now."""
        markers = [(each.time, each.text) for each in self.session.markers]
        edited = self.log.read().edited_markers(markers) if self.log else markers
        return replace_markers(self.recorded.items, edited)


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
    try:
        log, error = open_annotations(path, author), None
        edited = annotate_session(session).session
    except EcgLiveError as found:
        log, error, edited = None, found, session
        warnings.append(found.message)
    return OpenedSession(session, recorded_items(edited), tuple(dict.fromkeys(warnings)), log, error)
