"""Recognise recordings by their content: which subjects two data sets share, whatever their files are called.

Subjects are matched by name within one data set, by fingerprints of their files across data sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from devices.files.content_files import content_files
from ecg_live.errors import DatasetError
from training.datasets.dataset import Dataset, RecordingPart

SAMPLED_BLOCK_BYTES = 1 << 16  # read at a file's start, middle and end
FINGERPRINT_DIGITS = 12  # among 10,000 files and 1,000 others, one pair in 30 million collides


def fingerprints(dataset: Dataset) -> dict[str, frozenset[str]]:
    """Fingerprints of each subject's files.

    A recording that was cut, or converted to another format, has another fingerprint.

    Raises
    ------
    DatasetError
        If a file cannot be read.
    """
    found: dict[str, frozenset[str]] = {}
    for session in dataset.sessions:
        found[session.subject] = found.get(session.subject, frozenset()) | {
            _fingerprint(part) for part in session.parts
        }
    return found


def recording_key(part: RecordingPart) -> tuple[str, str]:
    """A recording's fingerprint and its channel: the same for a copy under another name.

    Raises
    ------
    DatasetError
        As `fingerprints`.
    """
    return _fingerprint(part), part.opening.channel or ""


def seen_subjects(dataset: Dataset, seen: Mapping[str, Iterable[str]], files: Iterable[str]) -> tuple[str, ...]:
    """Subjects of a data set that an encoder has seen, sorted.

    Parameters
    ----------
    dataset : Dataset
        Where to look for them.
    seen : mapping
        Subjects that the encoder learnt from, by the name of their data set.
    files : iterable of str
        Fingerprints of the recordings that it learnt from.

    Raises
    ------
    DatasetError
        As `fingerprints`.
    """
    names = set(seen.get(dataset.name, ()))
    index = {key for each in files for key in _index_keys(each)}
    return tuple(
        subject
        for subject, own in sorted(fingerprints(dataset).items())
        if subject in names or any(not index.isdisjoint(_lookup_keys(each)) for each in own)
    )


def match_subjects(dataset: Dataset, scored: Dataset) -> dict[str, frozenset[str]]:
    """The scored subjects that each subject of a data set is: none, one, or all those in a shared file.

    Raises
    ------
    DatasetError
        As `fingerprints`.
    """
    index: dict[str, set[str]] = {}
    for subject, own in fingerprints(scored).items():
        for key in (key for each in own for key in _index_keys(each)):
            index.setdefault(key, set()).add(subject)
    named = set(scored.subjects) if dataset.name == scored.name else set()
    return {
        subject: frozenset({subject} & named).union(*(index.get(key, ()) for each in own for key in _lookup_keys(each)))
        for subject, own in fingerprints(dataset).items()
    }


def _index_keys(fingerprint: str) -> tuple[str, ...]:
    """Keys to store a fingerprint under: itself, and for a part of a file, any part of that file."""
    whole, _, part = fingerprint.partition("#")
    return (fingerprint, f"{whole}#") if part else (fingerprint,)


def _lookup_keys(fingerprint: str) -> tuple[str, ...]:
    """Keys to find a fingerprint by: a part of a file matches the whole of it, and the other way round."""
    whole, _, part = fingerprint.partition("#")
    return (fingerprint, whole) if part else (fingerprint, f"{whole}#")


@cache
def _fingerprint(part: RecordingPart) -> str:
    """Hash of a file's size and three blocks, and the part of it that is read; computed once a run."""
    content = hashlib.sha256(b"".join(_sampled(path) for path in _signal_files(part.path)))
    digits = content.hexdigest()[:FINGERPRINT_DIGITS]
    return f"{digits}#{part.opening.part}" if part.opening.part else digits


def _sampled(path: Path) -> bytes:
    """A file's size and three blocks."""
    try:
        size = path.stat().st_size
        found = [str(size).encode()]
        with path.open("rb") as file:
            for start in sorted({0, max(0, size // 2 - SAMPLED_BLOCK_BYTES // 2), max(0, size - SAMPLED_BLOCK_BYTES)}):
                file.seek(start)
                found.append(file.read(SAMPLED_BLOCK_BYTES))
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "check the file") from error
    return b"".join(found)


def _signal_files(path: Path) -> list[Path]:
    """The file itself; for a WFDB record, given by its header or without ending, the files with the signals."""
    record = path.with_suffix("") if path.suffix == ".hea" else path
    if record.is_file():
        return [path]
    beside = (record.with_name(record.name + ending) for ending in (".dat", ".mat"))
    if found := next((each for each in beside if each.is_file()), None):
        return [found]
    named = [each for each in content_files(path) if each.suffix != ".hea"] if path.exists() else []
    return named or [path]  # of a record in segments, or whose signals have another name
