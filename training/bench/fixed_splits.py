"""Fixed splits: which windows each fold tests, as a file with digests that later runs can be held to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ecg_live.atomic_write import write_whole
from ecg_live.errors import ConfigError, DatasetError, FormatError
from training.data.feature_table import FeatureTable, Mask

SPLITS_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FixedSplit:
    """One data set's folds by one protocol.

    Parameters
    ----------
    dataset, label, protocol : str
        What is split.
    subjects : tuple of str
        Subjects with a labelled window.
    windows : int
        How many windows there are.
    windows_sha256 : str
        Of all windows' subjects, recordings, onsets and labels.
    tests : mapping
        Rows of the windows that each fold tests, by the fold's name.
    """

    dataset: str
    label: str
    protocol: str
    subjects: tuple[str, ...]
    windows: int
    windows_sha256: str
    tests: Mapping[str, tuple[int, ...]]

    @property
    def digest(self) -> str:
        """SHA-256 of the split."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def title(self) -> str:
        """What is split, for messages."""
        return f"{self.dataset}, {self.label}, {self.protocol}"

    def masks(self) -> dict[str, Mask]:
        """Windows (n,) that each fold tests."""
        return {name: np.isin(np.arange(self.windows), rows) for name, rows in self.tests.items()}


def fix_split(dataset: str, label: str, protocol: str, table: FeatureTable, tests: Mapping[str, Mask]) -> FixedSplit:
    """The split of a table of windows by the folds' test windows (n,)."""
    rows = {name: tuple(np.flatnonzero(mask).tolist()) for name, mask in tests.items()}
    subjects = table.take(table.label >= 0).subjects
    return FixedSplit(dataset, label, protocol, subjects, len(table), _windows_sha256(table), rows)


def _windows_sha256(table: FeatureTable) -> str:
    labels = table.label if table.value is None else table.value
    places = zip(table.subject, table.recording, table.onset.tolist(), labels.tolist(), strict=True)
    lines = "\n".join(f"{subject}\t{recording}\t{onset!r}\t{label!r}" for subject, recording, onset, label in places)
    return hashlib.sha256(lines.encode("utf-8", "backslashreplace")).hexdigest()


def write_splits(path: Path, splits: Sequence[FixedSplit]) -> None:
    """Write splits, each with its digest.

    Raises
    ------
    DatasetError
        The file cannot be written.
    """
    content = {"ecg_live_splits": SPLITS_SCHEMA, "splits": [{**asdict(each), "sha256": each.digest} for each in splits]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(content, indent=1) + "\n").encode())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "choose a place that can be written to") from error


def read_splits(path: Path) -> list[FixedSplit]:
    """Read what `write_splits` wrote.

    Raises
    ------
    FormatError
        The file is missing, is no such file, or was changed: a digest does not fit.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _check_schema(content["ecg_live_splits"])
        found = [(_read_split(each), str(each["sha256"])) for each in content["splits"]]
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}", "check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path}: no splits of the benchmark: {error}", "give the splits.json of a bench") from error
    for split, digest in found:
        if split.digest != digest:
            raise FormatError(
                f"{path}: the split of {split.title} has the digest {split.digest[:12]}, and states {digest[:12]}: it "
                "was changed",
                "give the file as it was written",
            )
    return [split for split, _ in found]


def _check_schema(found: object) -> None:
    if found != SPLITS_SCHEMA:
        raise ValueError(f"schema {found!r}, expected {SPLITS_SCHEMA}")


def _read_split(found: Mapping[str, object]) -> FixedSplit:
    values = {name: found[name] for name in ("dataset", "label", "protocol", "windows", "windows_sha256")}
    subjects, tests = found["subjects"], found["tests"]
    if not isinstance(subjects, list) or not isinstance(tests, dict):
        raise TypeError("subjects and tests must be a list and an object")
    rows = {name: tuple(map(int, own)) for name, own in tests.items()}
    return FixedSplit(subjects=tuple(subjects), tests=rows, **values)  # type: ignore[arg-type]  # the digest is checked


def given_split(ours: FixedSplit, given: Sequence[FixedSplit], path: Path) -> FixedSplit:
    """The split that a file holds in place of ours.

    Raises
    ------
    ConfigError
        The file has none for this data set, label and protocol, or it is of other windows.
    """
    for each in given:
        if (each.dataset, each.label, each.protocol) == (ours.dataset, ours.label, ours.protocol):
            if each.windows_sha256 != ours.windows_sha256:
                raise ConfigError(
                    f"{path}: the split of {ours.title} is of {each.windows} windows of {len(each.subjects)} subjects "
                    f"(digest {each.windows_sha256[:12]}); here are {ours.windows} of {len(ours.subjects)} (digest "
                    f"{ours.windows_sha256[:12]})",
                    "give the recordings and settings that it was made with, or leave --splits out",
                )
            return each
    known = "; ".join(each.title for each in given) or "none"
    raise ConfigError(f"{path} has no split of {ours.title}; it has {known}", "leave --splits out, or choose these")
