"""A recorded session with what was annotated of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ecg_live.annotations.change import MarkerKey
from ecg_live.annotations.current import Annotations
from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.recorded.annotated import open_annotations, read_annotated_file
from ecg_live.recorded.recording_files import first_file
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedMarker, RecordedSession, load_session


@dataclass(frozen=True, slots=True)
class AnnotatedSession:
    """A session with its markers as edited, and its annotations."""

    session: RecordedSession
    annotations: Annotations


def annotate_session(session: RecordedSession) -> AnnotatedSession:
    """Apply a recording's annotations to its session; errors are those of `read_annotations`.

    They count from the recording's first file, which need not be the session's.
    """
    found = read_annotated_file(session.files[0].path, session.files[0].contents)
    annotations, shift = found.annotations, found.shift
    if not annotations.changes:
        return AnnotatedSession(session, annotations)
    recorded = [(each.time + shift, each.text) for each in session.markers]
    clocks = {MarkerKey.of(*each): marker.clock for each, marker in zip(recorded, session.markers, strict=True)}
    edited = [
        RecordedMarker(time - shift, text, clocks.get(MarkerKey.of(time, text)))
        for time, text in annotations.edited_markers(recorded)
        if not shift or 0 <= time - shift <= session.duration
    ]
    annotations = annotations.from_second(shift)
    return AnnotatedSession(replace(session, markers=tuple(edited), annotations=annotations), annotations)


def open_editor(path: Path, author: str = "") -> AnnotationEditor:
    """Open the annotations of a recording, to be listed and changed; errors are those of `open_annotations`."""
    log = open_annotations(path, author)
    session = load_session(read_recording_files([first_file(path)]))
    return AnnotationEditor(log, [(each.time, each.text) for each in session.markers], session.duration)
