"""Recordings among files and folders: the files of each, and those that give no rows, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError
from ecg_live.recorded.recording_files import later_files
from ecg_live.recorded.report.annotated_session import AnnotatedSession, annotate_session
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import load_session
from ecg_live.recorded.session_file import read_contents, read_file_header

RECORDING_PATTERN = "*.xdf"


@dataclass(frozen=True, slots=True)
class RecordingFiles:
    """The files of one recording; ``named`` if the user gave the path of one of them, and not of a folder only."""

    paths: tuple[Path, ...]
    named: bool


def find_recordings(paths: Sequence[Path]) -> list[RecordingFiles]:
    """Group files, and those of folders and the folders within, by the recording that they are of.

    Files that continue a given one belong to it. Each file counts once, however often it is given.

    Raises
    ------
    ConfigError
        A path does not exist, or a folder holds no recording.
    """
    found: dict[Path, bool] = {}
    for path in paths:
        for each in _files_of(path):
            found[each.resolve()] = found.get(each.resolve(), False) or not path.is_dir()
    for path in list(found):
        for each in later_files(path):
            found.setdefault(each.resolve(), found[path])
    groups: dict[str, list[Path]] = {}
    for path in sorted(found):
        groups.setdefault(_recording_id(path), []).append(path)
    return [RecordingFiles(tuple(group), any(found[path] for path in group)) for group in groups.values()]


def _files_of(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if not path.exists():
            raise ConfigError(f"{path}: there is no such file or folder", "check the path")
        yield path
        return
    inside = [each for each in path.rglob(RECORDING_PATTERN) if each.is_file()]
    if not inside:
        raise ConfigError(f"{path}: it holds no recording ({RECORDING_PATTERN})", "check the path")
    yield from inside


def _recording_id(path: Path) -> str:
    """ID of the recording that a file is of; a file without one is a recording of its own."""
    return read_file_header(path).get("recording") or str(path)


def load_recording(files: RecordingFiles) -> AnnotatedSession:
    """Read a recording that is intact, or was cut at its end.

    Raises
    ------
    RecordingError
        A file is damaged, cannot be read, or was not recorded by ecg-live; or its annotations are of another recording.
    """
    try:
        session = load_session(read_recording_files(files.paths))
    except EcgLiveError as error:
        raise _as_recording_error(error) from error
    for each in session.files:
        if not each.checked.sound:
            raise FormatError(f"{each.path.name}: {each.checked.problems[0]}", "see ecg-live verify")
        if each.contents.damage is not None:
            raise FormatError(f"{each.path.name}: {each.contents.damage.message}", "see ecg-live verify")
    return annotate_session(session)


def _as_recording_error(error: EcgLiveError) -> EcgLiveError:
    """Files that do not fit together, such as two copies of one, are for the table a mistake in its files."""
    return RecordingError(error.message, error.remedy) if isinstance(error, ConfigError) else error


def is_ours(files: RecordingFiles) -> bool:
    """Whether ecg-live recorded the files, or nothing can be read of them."""
    try:
        return any(read_contents(path, ()) is not None for path in files.paths)
    except RecordingError:
        return True
