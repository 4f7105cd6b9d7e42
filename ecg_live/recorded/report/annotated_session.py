"""A recorded session with what was annotated of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ecg_live.annotations.change import MarkerKey
from ecg_live.annotations.current import Annotations
from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.recorded.annotated import first_file, open_annotations, read_annotations
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedMarker, RecordedSession, load_session


@dataclass(frozen=True, slots=True)
class AnnotatedSession:
    """A session with its markers as edited, and its annotations."""

    session: RecordedSession
    annotations: Annotations


def annotate_session(session: RecordedSession) -> AnnotatedSession:
    """Apply a recording's annotations to its session; errors are those of `read_annotations`."""
    annotations = read_annotations(session.files[0].path)
    if not annotations.changes:
        return AnnotatedSession(session, annotations)
    clocks = {MarkerKey.of(each.time, each.text): each.clock for each in session.markers}
    edited = [
        RecordedMarker(time, text, clocks.get(MarkerKey.of(time, text)))
        for time, text in annotations.edited_markers((each.time, each.text) for each in session.markers)
    ]
    return AnnotatedSession(replace(session, markers=tuple(edited), annotations=annotations), annotations)


def open_editor(path: Path, author: str = "") -> AnnotationEditor:
    """Open the annotations of a recording, to be listed and changed; errors are those of `open_annotations`."""
    log = open_annotations(path, author)
    session = load_session(read_recording_files([first_file(path)]))
    return AnnotationEditor(log, [(each.time, each.text) for each in session.markers], session.duration)
