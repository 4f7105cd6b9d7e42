"""What was annotated after a session, in the file beside its recording: excluded stretches, and markers as edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ecg_live.annotations.current import Annotations
from ecg_live.annotations.log_file import ANNOTATIONS_SUFFIX, AnnotationLog, RecordingIdentity
from training.datasets.session_file import SessionFile

Stretch = tuple[float, float]  # from and to, s of stream time
MAX_MARKER_SHIFT_S = 0.01  # by which the place of a marker differs from that in its file of annotations


def read_session_annotations(files: Sequence[SessionFile]) -> tuple[list[SessionFile], list[Stretch]]:
    """The files of a recording with their markers as edited, and the stretches that were excluded.

    Parameters
    ----------
    files : sequence of SessionFile
        In order; without the first one there are no annotations.

    Raises
    ------
    RecordingError
        The annotations are damaged, or belong to another recording.
    """
    first = files[0]
    path = first.path.with_suffix(ANNOTATIONS_SUFFIX)
    if first.part != 1 or not path.exists():
        return list(files), []
    participant = first.texts.get("participant", "")
    found = AnnotationLog(path, RecordingIdentity(first.recording, first.seal, participant, first.path.name)).read()
    excluded = [(first.start + each.onset, first.start + each.stop) for each in found.excluded]
    return [_edited(file, found, first.start, added=file is first) for file in files], excluded


def outside(start: float, stop: float, excluded: Iterable[Stretch]) -> list[Stretch]:
    """The parts of a stretch that lie outside of others."""
    left = [(start, stop)]
    for begin, end in excluded:
        left = [piece for a, b in left for piece in ((a, min(b, begin)), (max(a, end), b)) if piece[1] > piece[0]]
    return left


def _edited(file: SessionFile, found: Annotations, zero: float, *, added: bool) -> SessionFile:
    """A file with its markers as they are now, and those that were added; ``zero`` is where annotations count from."""
    markers: list[tuple[float, str]] = []
    for time, text in file.markers:
        edits = (
            now
            for key, now in found.markers.items()
            if key.text == text and abs(zero + key.onset - time) <= MAX_MARKER_SHIFT_S
        )
        now = next(edits, None)
        if now is None:
            markers.append((time, text))
        elif not now.deleted:
            markers.append((zero + now.onset, now.text))
    if added:
        markers += [(zero + each.onset, each.text) for each in found.standing("marker")]
    return replace(file, markers=tuple(sorted(markers, key=lambda marker: marker[0])))
