"""Any folder of recordings that can be read, without labels: a corpus for the pretext task."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from devices.files import open_recording
from devices.files.search import recording_files
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError, EcgLiveError
from training.datasets.dataset import Dataset, RecordingPart, SubjectSession

RECORD_PATTERN = "A[0-9][0-9][0-9][0-9][0-9].hea"  # how the challenge names its records
_MAX_NAMED_FILES = 20  # of those left out


def load(folder: Path) -> Dataset:
    """All recordings in a folder and the folders within it, each a subject of its own.

    A file that cannot be opened is left out, with a remark; so are hidden ones and what belongs to a WFDB header,
    signals and segments, without.

    Raises
    ------
    DatasetError
        Nothing in it can be opened.
    """
    return _dataset(
        folder, recording_files(folder), "recordings", f"Recordings in {folder.name}", "unknown", "recording"
    )


def load_cinc2017(folder: Path) -> Dataset:
    """The records of the PhysioNet Challenge 2017 in a folder and the folders within it; its classes are not used.

    Raises
    ------
    DatasetError
        There is no such record, or none can be opened.
    """
    title = "PhysioNet Challenge 2017 (Clifford et al. 2017)"
    return _dataset(folder, sorted(folder.rglob(RECORD_PATTERN)), "cinc2017", title, "ODC-By 1.0", "A00001.hea")


def _dataset(folder: Path, paths: Iterable[Path], name: str, title: str, licence: str, wanted: str) -> Dataset:
    sessions: list[SubjectSession] = []
    remarks: list[str] = []
    for path in paths:
        where = path.relative_to(folder).as_posix()
        try:
            open_recording(path, ReadOptions()).close()
        except EcgLiveError as error:
            remarks.append(f"{where}: left out: {error.message.removeprefix(f'{path.name}: ')}")
        else:
            sessions.append(SubjectSession(where, (RecordingPart(path),)))
    if not sessions:
        why = f": {remarks[0]}" if remarks else ""
        raise DatasetError(f"{folder} holds no {wanted} that can be opened{why}", "give a folder of recordings")
    if len(remarks) > _MAX_NAMED_FILES:
        remarks = [*remarks[:_MAX_NAMED_FILES], f"{len(remarks) - _MAX_NAMED_FILES} more files are left out"]
    return Dataset(name, title, licence, tuple(sessions), {}, tuple(remarks))
