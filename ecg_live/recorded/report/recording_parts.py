"""The files of a recording, in order, with their contents and the result of `verify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ecg_live.errors import ConfigError, FormatError, TruncatedError
from ecg_live.recorded.recording_files import later_files, part_number
from ecg_live.recorded.session_file import SessionContents, read_contents
from ecg_live.recorded.verify import verify
from ecg_live.recorded.verify.result import StreamCount, VerifyReport


@dataclass(frozen=True, slots=True, eq=False)
class RecordedFile:
    """A file of a recording: its number in the series, its contents, and the result of `verify`."""

    number: int
    contents: SessionContents
    checked: VerifyReport

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.contents.path

    @property
    def ecg(self) -> StreamCount | None:
        """Sample counts of the ECG; None if the file has none."""
        found = [each for each in self.checked.counts.values() if each.key == "ecg"]
        return found[0] if found else None


def read_recording_files(files: Sequence[Path]) -> tuple[RecordedFile, ...]:
    """Read the files of one recording, in order; the first file alone stands for all that follow it.

    Raises
    ------
    ConfigError
        The files are not of one recording.
    RecordingError
        A file cannot be read, or was not recorded by ecg-live.
    """
    chosen = list(files) if len(files) > 1 else [*files, *later_files(files[0])]
    recorded = sorted((_read_file(path) for path in chosen), key=lambda file: file.number)
    ids = {file.contents.file_header.get("recording", "") for file in recorded}
    if len(ids) > 1:
        names = " and ".join(file.path.name for file in recorded[:2])
        raise ConfigError(f"{names} are not of one recording", "make a report of each")
    for one, other in pairwise(recorded):
        if one.number == other.number:  # copies, or one was rescued while it was written
            what = f"{one.path.name} and {other.path.name} are both part {one.number} of one recording"
            raise ConfigError(what, "leave out the shorter one, or one of two copies")
    return tuple(recorded)


def _read_file(path: Path) -> RecordedFile:
    checked = verify(path)
    contents = read_contents(path)
    if contents is None and not checked.counts and checked.torn_bytes:
        raise TruncatedError(f"{path.name} was cut before anything was recorded", "choose another file")
    if contents is None:
        raise FormatError(
            f"{path.name} was not recorded by ecg-live: it holds no heart rate, quality or predictions",
            f"run it and report that: ecg-live run {path.name} --headless --speed max --record NEW.xdf",
        )
    return RecordedFile(part_number(contents.file_header.get("part", "")), contents, checked)
