"""A recording's annotations: where their file is, which recording it belongs to, and what they change in a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecg_live.annotations.change import Change
from ecg_live.annotations.current import Annotations
from ecg_live.annotations.log_file import ANNOTATIONS_SUFFIX, AnnotationLog, RecordingIdentity
from ecg_live.errors import FormatError, RecordingError
from ecg_live.recorded.annotated_file import AnnotatedFile
from ecg_live.recorded.recording_files import first_file
from ecg_live.recorded.session_file import SessionContents, read_contents, read_file_header
from ecg_live.xdf.decode import TruncatedChunk, iter_chunks
from ecg_live.xdf.encode import DIGEST_TAG


@dataclass(frozen=True, slots=True)
class AnnotationCheck:
    """What `check_annotations` found: the file, its number of changes, and what is wrong with it."""

    path: Path
    changes: int = 0
    problem: str = ""

    def lines(self) -> Iterator[str]:
        """Lines to print."""
        what = "1 change" if self.changes == 1 else f"{self.changes} changes"
        found = f"problem: {self.problem}" if self.problem else f"{what} of this recording's annotations"
        yield f"  {self.path.name}: {found}"

    def as_json(self) -> dict[str, str | int | None]:
        """All of it as a JSON object."""
        return {"path": str(self.path), "changes": self.changes, "problem": self.problem or None}


def annotations_path(recording: Path) -> Path:
    """The file with a recording's annotations, beside its first file."""
    return recording.with_suffix(ANNOTATIONS_SUFFIX)


def recording_identity(path: Path) -> RecordingIdentity:
    """What names a recording: its ID, and the digest with which it sealed its headers.

    Raises
    ------
    FormatError
        ecg-live did not record it, or it was cut within its headers.
    RecordingError
        It cannot be read.
    """
    contents = read_contents(path, ())
    if contents is None:
        raise FormatError(
            f"{path.name} was not recorded by ecg-live, whose recordings have an ID to annotate",
            f"run it and annotate that: ecg-live run {path.name} --headless --speed max --record NEW.xdf",
        )
    recording = contents.file_header.get("recording", "")
    return RecordingIdentity(recording, _first_digest(path), contents.header_texts.get("participant", ""), path.name)


def _first_digest(path: Path) -> str:
    for file, chunk in iter_chunks(path):
        if isinstance(chunk, TruncatedChunk):
            break
        if chunk.tag == DIGEST_TAG:
            return file.read(chunk.size).hex()
    raise FormatError(f"{path.name} holds no digest of its headers", "see ecg-live verify")


def open_annotations(path: Path, author: str = "") -> AnnotationLog:
    """The annotations of the recording that a file is of, for reading and for changes.

    Raises
    ------
    RecordingError
        As `recording_identity`; or the file continues a recording whose first file is not beside it.
    """
    first = first_file(path)
    if (part := read_file_header(first).get("part", "1")) != "1":
        raise RecordingError(
            f"{path.name} is part {part} of a recording, and its first file is not beside it", "give the first file"
        )
    return AnnotationLog(annotations_path(first), recording_identity(first), author)


def read_annotations(path: Path) -> Annotations:
    """The annotations of the recording that a file is of; none if there is no file with them.

    Raises
    ------
    RecordingError
        That file is damaged, or belongs to another recording.
    """
    if not annotations_path(first_file(path)).exists():
        return Annotations()
    return open_annotations(path).read()


def begin_annotations(path: Path, changes: Sequence[Change]) -> None:
    """Make the annotations of a new recording with the changes of the one that it was copied from.

    Raises
    ------
    RecordingError
        They are there already, or cannot be written.
    """
    if changes:
        AnnotationLog(annotations_path(path), recording_identity(path)).begin(changes)


def read_annotated_file(path: Path, contents: SessionContents | None) -> AnnotatedFile:
    """The annotations as one file of a recording has them; errors are those of `read_annotations`."""
    annotations = Annotations() if contents is None else read_annotations(path)
    if contents is None or not annotations.changes:
        return AnnotatedFile()
    first = first_file(path)
    begin = read_contents(first, ()) if first != path else contents
    return AnnotatedFile(annotations, contents.start_s - begin.start_s if begin else 0.0)


def check_annotations(path: Path) -> AnnotationCheck | None:
    """Check that the annotations beside a recording are whole and belong to it; None if there are none."""
    beside = annotations_path(path)
    if not beside.exists():
        return None
    try:
        return AnnotationCheck(beside, len(open_annotations(path).read().changes))
    except RecordingError as error:
        return AnnotationCheck(beside, problem=error.message)
