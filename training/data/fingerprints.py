"""Whose recordings two data sets share: by the people's names within one data set, by the files' content elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from ecg_live.errors import DatasetError
from training.datasets.dataset import Dataset, RecordingPart

SAMPLED_BLOCK_BYTES = 1 << 16  # bytes that are read at a file's head, middle and tail
FINGERPRINT_DIGITS = 12  # of a print: among 10,000 files and 1,000 others, one pair in 30 million looks alike by chance


def fingerprints(dataset: Dataset) -> dict[str, frozenset[str]]:
    """What tells the files of each person from all others, whatever they are called; by subject.

    A recording that was cut, or converted to another format, is no longer the same.

    Raises
    ------
    DatasetError
        If a file cannot be read.
    """
    found: dict[str, frozenset[str]] = {}
    for sitting in dataset.sessions:
        found[sitting.subject] = found.get(sitting.subject, frozenset()) | {
            _fingerprint(part) for part in sitting.parts
        }
    return found


def seen_subjects(dataset: Dataset, seen: Mapping[str, Iterable[str]], files: Iterable[str]) -> tuple[str, ...]:
    """People of a data set who are among those ``seen`` (subjects by data set), or whose prints are among ``files``.

    Raises
    ------
    DatasetError
        As `fingerprints`.
    """
    names = set(seen.get(dataset.name, ()))
    there = {key for each in files for key in _index_keys(each)}
    own = fingerprints(dataset)
    return tuple(
        who for who in sorted(own) if who in names or any(not there.isdisjoint(_lookup_keys(p)) for p in own[who])
    )


def match_subjects(dataset: Dataset, scored: Dataset) -> dict[str, frozenset[str]]:
    """Who of the people scored each person of a data set is: nobody, or several where a file is all theirs.

    Raises
    ------
    DatasetError
        As `fingerprints`.
    """
    index: dict[str, set[str]] = {}
    for who, own in fingerprints(scored).items():
        for key in (key for each in own for key in _index_keys(each)):
            index.setdefault(key, set()).add(who)
    named = set(scored.subjects) if dataset.name == scored.name else set()
    return {
        who: frozenset({who} & named).union(*(index.get(key, ()) for each in own for key in _lookup_keys(each)))
        for who, own in fingerprints(dataset).items()
    }


def _index_keys(each: str) -> tuple[str, ...]:
    """Under what a print is kept: its own, and for one person's part of a file, any part of that."""
    whole, _, part = each.partition("#")
    return (each, f"{whole}#") if part else (each,)


def _lookup_keys(each: str) -> tuple[str, ...]:
    """Under what it is looked up: a part of a file is in the whole of it, and the other way round."""
    whole, _, part = each.partition("#")
    return (each, whole) if part else (each, f"{whole}#")


@cache
def _fingerprint(part: RecordingPart) -> str:
    """Read little of a large file, and that once."""
    path = _signal_file(part.path)
    try:
        size = path.stat().st_size
        sha = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            for start in sorted({0, max(0, size // 2 - SAMPLED_BLOCK_BYTES // 2), max(0, size - SAMPLED_BLOCK_BYTES)}):
                file.seek(start)
                sha.update(file.read(SAMPLED_BLOCK_BYTES))
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "check the file") from error
    content = sha.hexdigest()[:FINGERPRINT_DIGITS]
    return f"{content}#{part.opening.part}" if part.opening.part else content


def _signal_file(path: Path) -> Path:
    """The file itself; of a WFDB record, which may go by its header or by no ending, the one with the signals."""
    record = path.with_suffix("") if path.suffix == ".hea" else path
    beside = (record.with_name(record.name + ending) for ending in (".dat", ".mat"))
    return path if record.is_file() else next((each for each in beside if each.is_file()), path)
